"""百度 web search: what the public result page gives.

- address: /s?wd=QUERY&pn=10×(page-1); ten entries a page, ranked as shown
- results link through the engine's own redirect (/link?url=…), advertisements through another
- robots.txt of the live site forbids unknown agents: an officer's exception or the API is needed
- a suspicious visitor is shown 百度安全验证
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from parsel import Selector

from crawler.page import Page, ReadError, SearchPage
from spiders.base import Blocked, Source
from spiders.engine import Engine, has_class

__all__ = ["Baidu"]


class Baidu(Engine):
    """Reads the result column; the boxes on the right are not results."""

    source = Source(
        name="baidu",
        title="百度",
        kind="search_engine",
        home="https://www.baidu.com",
        official_api="百度智能云千帆 百度搜索 (source baidu_api, with a key)",
        proven="four recorded result pages of 2020",
        limits="robots.txt forbids unknown agents; links are redirects",
    )
    paths = ("/link", "/baidu.php")
    snippets = (
        f".//*[{has_class('c-abstract')}]",
        './/*[contains(@class, "content-right_")]',
        f".//*[{has_class('c-span-last')}]//p",
    )

    def search_url(self, query: str, page: int) -> str:
        """Ten results a page; `pn` counts results, from 0."""
        return f"{self.base}/s?{urlencode({'wd': query, 'pn': (page - 1) * 10})}"

    def block_at(self, url: str) -> str:
        """The captcha has a place of its own (wappass.baidu.com)."""
        return "百度安全验证" if urlsplit(url).path.startswith("/static/captcha") else ""

    def read_search(self, page: Page) -> SearchPage:
        """All entries of the result column; boxes without a title or link are no results."""
        if "百度安全验证" in page.text[:5000] or self.block_at(page.url):
            raise Blocked("captcha", "百度安全验证")
        column = page.selector.xpath('//div[@id="content_left"]')
        if not column:
            if page.selector.xpath('//*[contains(@class, "nors")]'):
                return SearchPage()
            raise ReadError(page, "no result column (#content_left)")
        more = page.selector.xpath('//div[@id="page"]//a[contains(., "下一页")]')
        entries = column[0].xpath("./div[@id or contains(@class, 'result')]")
        return self.search_page(page, entries, more)

    def link_of(self, entry: Selector, heading: Selector) -> str:
        """An advertisement may name where it lands: that costs the advertiser no click."""
        landing = heading.xpath(".//a/@data-landurl").get("")
        return landing or heading.xpath(".//a/@href").get("") or entry.attrib.get("mu", "")

    def title_of(self, heading: Selector) -> str:
        """Without the badge 官方."""
        return super().title_of(heading).removesuffix("官方").strip()

    def own_box(self, entry: Selector) -> bool:
        """A box of the engine's own needs no title; a result does."""
        return "result-op" in entry.attrib.get("class", "")

    def is_ad(self, entry: Selector) -> bool:
        """By the mark, or by the attribute that makes the mark."""
        tagged = "data-tuiguang" in entry.attrib or entry.xpath(".//*[@data-tuiguang]")
        return bool(tagged) or super().is_ad(entry)
