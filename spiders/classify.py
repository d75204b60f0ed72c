"""What a search result leads to: a shop, a marketplace's page, news, or something else."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

from crawler.addresses import host_of

__all__ = ["ResultClass", "result_class"]

ResultClass = Literal["shop", "marketplace", "news", "other"]

_MARKETPLACES = (
    "taobao.com", "tmall.com", "tmall.hk", "jd.com", "jd.hk", "yangkeduo.com", "pinduoduo.com", "1688.com",
    "suning.com", "jinritemai.com", "douyin.com", "weidian.com", "goofish.com", "kuaishou.com", "vip.com",
    "dangdang.com", "alibaba.com", "amazon.cn", "smzdm.com",
)  # fmt: skip
_NEWS = (
    "sina.com.cn", "sohu.com", "163.com", "qq.com", "people.com.cn", "xinhuanet.com", "news.cn", "ifeng.com",
    "toutiao.com", "chinanews.com.cn", "thepaper.cn", "yunnan.cn",
)  # fmt: skip
_OTHER = (
    "baidu.com", "zhihu.com", "douban.com", "weibo.com", "bilibili.com", "wikipedia.org", "csdn.net", "so.com",
    "sogou.com", "bing.com", "xiaohongshu.com", "youku.com", "iqiyi.com", "docin.com", "tianyancha.com",
    "qcc.com", "cnki.net", "51job.com", "zhipin.com", "58.com",
)  # fmt: skip
_NEWS_WORDS = re.compile(r"新闻|日报|晚报|百科|资讯|招聘|论文|_知道|贴吧|视频|公告")


def _below(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def result_class(
    url: str, title: str = "", marketplaces: Collection[str] = (), engines: Collection[str] = ()
) -> ResultClass:
    """By the address (`marketplaces` and `engines` name further hosts); among unknown hosts, `shop` unless host or title say otherwise.

    Whether an unknown host really sells is found out by reading it: calling it a shop costs
    one visit, calling a shop something else would lose it.
    """
    host = host_of(url)
    if host in marketplaces or _below(host, _MARKETPLACES):
        return "marketplace"
    if _below(host, _NEWS) or host.startswith(("news.", "xinwen.")):
        return "news"
    if host in engines or _below(host, _OTHER) or host.endswith((".gov.cn", ".edu.cn", ".mil.cn")):
        return "other"
    if host.startswith(("baike.", "wiki.", "bbs.", "zhidao.", "tieba.", "blog.")):
        return "other"
    if _NEWS_WORDS.search(title[-12:]):
        return "news"
    return "shop"
