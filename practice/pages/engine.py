"""The search engine: ten results a page in #content_left, redirect links, marked advertisements.

The hooks are those of recorded 百度 result pages (2020).
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from practice.data import Offer, offers, sellers
from practice.pages import news
from practice.pages.html import Answer, Query, Town, document, e, link, not_found
from practice.search import find, groups_of

__all__ = ["answer"]

PAGE_SIZE = 10
NAME = "百寻(虚构)搜索"


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    snippet: str
    url: str
    ad: bool = False


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the engine."""
    if path == "/":
        form = '<form action="/s"><input name="wd" id="kw"><input type="submit" id="su"></form>'
        return Answer.page(document(NAME, form))
    if path == "/s":
        return _results(town, query)
    if path in ("/link", "/baidu.php"):
        target = _targets(town).get(query.get("url", ""))
        return Answer.redirect(target) if target else not_found()
    return not_found()


def _token(url: str) -> str:
    """Opaque and stable, as long as the real ones."""
    return urlsafe_b64encode(hashlib.sha512(url.encode()).digest()).decode().rstrip("=")[:64]


@lru_cache(maxsize=4)
def _targets(town: Town) -> dict[str, str]:
    known = [town.of(offer) for offer in offers().values()]
    known += [town.shop(seller) for seller in sellers().values()]
    known += [news.url(town, article) for article in news.ARTICLES]
    return {_token(url): url for url in known}


@lru_cache(maxsize=1024)
def _found(town: Town, words: str) -> list[_Entry]:
    every = find(words)
    on_offer = {o.seller.key: o.seller for o in every if o.seller.site == "shop"}
    homes = [
        _Entry(f"{s.name} - 官方首页", s.about or f"{s.name}，在线选购。", town.shop(s))
        for s in on_offer.values()
    ]
    articles = [
        _Entry(a.title + a.suffix, a.text[:90], news.url(town, a))
        for a in news.ARTICLES
        if a.goods in groups_of(words)
    ]
    items = [_item(town, o) for o in every if o.seller.site == "shop"]
    market = [_item(town, o) for o in every if o.seller.site != "shop"]
    found = articles[:1] + homes + articles[1:]
    found += [x for pair in zip(items, market, strict=False) for x in pair]
    shorter = min(len(items), len(market))
    return found + items[shorter:] + market[shorter:]


def _item(town: Town, offer: Offer) -> _Entry:
    said = offer.listing
    price = f"￥{offer.price_text} " if offer.price_text else ""
    title = f"{said.title}_{offer.seller.name}"
    return _Entry(title, f"{price}{said.text[:80]}...", town.of(offer))


def _ads(town: Town, words: str) -> list[_Entry]:
    promoted = find(words, ["shop", "taoji"])[:2]
    return [
        _Entry(f"{o.listing.title} 火热促销", o.listing.text[:60], town.of(o), ad=True)
        for o in promoted
    ]


def _results(town: Town, query: Query) -> Answer:
    words = query.get("wd", "")
    start = int(query["pn"]) if query.get("pn", "").isdigit() else 0
    found = _found(town, words)
    shown = found[start : start + PAGE_SIZE]
    if not shown:
        body = f'<div id="container"><div class="nors"><p>很抱歉，没有找到与“{e(words)}”相关的网页。</p></div></div>'
        return Answer.page(document(f"{words}_{NAME}", body))
    entries = "".join(_entry(entry, 4000 + n, words) for n, entry in enumerate(_ads(town, words)))
    entries += "".join(_entry(entry, n, words) for n, entry in enumerate(shown, start + 1))
    pages = (len(found) + PAGE_SIZE - 1) // PAGE_SIZE
    here = start // PAGE_SIZE + 1
    numbers = "".join(
        f'<strong><span class="fk fk_cur"></span><span class="pc">{n}</span></strong>'
        if n == here
        else f'<a href="{e(link("/s", wd=words, pn=(n - 1) * PAGE_SIZE))}"><span class="pc">{n}</span></a>'
        for n in range(max(1, here - 5), min(pages, here + 5) + 1)
    )
    more = link("/s", wd=words, pn=start + PAGE_SIZE)
    following = f'<a href="{e(more)}" class="n">下一页 &gt;</a>' if here < pages else ""
    body = f"""<div id="wrapper" class="wrapper_l"><div id="head"><form action="/s"><input id="kw" name="wd" value="{e(words)}"></form></div>
<div id="container"><div class="nums"><span class="nums_text">{NAME}为您找到相关结果约{len(found):,}个</span></div>
<div id="content_left">{entries}</div>
<div id="rs"><div class="tt">相关搜索</div></div></div>
<div id="page"><div class="page-inner">{numbers}{following}</div></div></div>"""
    return Answer.page(document(f"{words}_{NAME}", body))


def _entry(entry: _Entry, number: int, words: str) -> str:
    token = _token(entry.url)
    where = entry.url.split("/")[2].split(":")[0]
    title = e(entry.title).replace(e(words), f"<em>{e(words)}</em>") if words else e(entry.title)
    if entry.ad:
        url = f"/baidu.php?url={token}"
        mark = '<span class="m ec-tuiguang ecfc-tuiguang" data-tuiguang="1">广告</span>'
        kind, template = "result c-container ec_ad_results", "ec_ad"
    else:
        url = f"/link?url={token}"
        mark, kind, template = "", "result c-container ", "se_com_default"
    return f"""<div class="{kind}" id="{number}" srcid="1599" tpl="{template}" data-click="{{'rsv_bdr':'0'}}">
<h3 class="t"><a data-click="{{}}" href="{url}" target="_blank">{title}</a></h3>
<div class="c-abstract">{e(entry.snippet)}</div>
<div class="f13 se_st_footer"><a target="_blank" href="{url}" class="c-showurl">{e(where)}/</a> {mark}</div></div>"""
