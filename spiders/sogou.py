"""搜狗 web search, by its documented page shape; no real page of it was read here.

- address: /web?query=QUERY&page=N; ten entries a page in .results (.vrwrap, or .rb of old)
- results link through /link?url=…, a small page whose script leads on (no 302); some entries
  carry the target as data-url, advertisements (.biz_sponsor) go through /bill_cpc
- a suspicious visitor is sent to /antispider/, with a picture to type off
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from parsel import Selector

from crawler.page import Page, ReadError, SearchPage
from spiders.base import Blocked, Source
from spiders.engine import Engine, has_class

__all__ = ["Sogou"]

_ENTRY = f"{has_class('vrwrap')} or {has_class('rb')}"


class Sogou(Engine):
    """Reads advertisements and results in the order of the page."""

    source = Source(
        name="sogou",
        title="搜狗",
        kind="search_engine",
        home="https://www.sogou.com",
        unproven=True,
        proven="the practice town's page of the documented shape",
        limits="links are redirects; soon asks for a captcha",
    )
    paths = ("/link", "/bill_cpc")
    snippets = tuple(
        f".//*[{has_class(name)}]"
        for name in ("ft", "biz_ft", "attribute-centent", "space-txt", "text-layout", "str_info")
    )

    def search_url(self, query: str, page: int) -> str:
        """Pages count from 1."""
        return f"{self.base}/web?{urlencode({'query': query, 'page': page})}"

    def block_at(self, url: str) -> str:
        """The captcha has a place of its own."""
        return "/antispider" if urlsplit(url).path.startswith("/antispider") else ""

    def read_search(self, page: Page) -> SearchPage:
        """All entries but the box of further searches (大家还在搜)."""
        if self.block_at(page.url) or page.selector.xpath('//*[starts-with(@id, "seccode")]'):
            raise Blocked("captcha", "搜狗 antispider")
        column = page.selector.xpath(f"//div[{has_class('results')}]")
        if not column:
            if page.selector.xpath('//*[contains(@class, "no-result")]'):
                return SearchPage()
            raise ReadError(page, "no result column (.results)")
        ads = f"//*[{has_class('biz_sponsor')}]/*[{has_class('biz_rb')}]"
        organic = (
            f"//div[{has_class('results')}]//*[({_ENTRY}) and not(ancestor::*[{_ENTRY}])"
            f" and not(.//*[contains(@class, 'special-wrap')])]"
        )
        more = page.selector.xpath('//*[@id="sogou_next"] | //*[@id="pagebar_container"]//a[@class="np"]')  # fmt: skip
        return self.search_page(page, page.selector.xpath(f"{ads} | {organic}"), more)

    def link_of(self, entry: Selector, heading: Selector) -> str:
        """The target where the entry names it."""
        link = heading.xpath(".//a/@href").get("")
        named = entry.xpath('.//@data-url[starts-with(., "http")]').get("")
        return named if named and "/link?" in link else link

    def is_ad(self, entry: Selector) -> bool:
        """By its box, or by the mark."""
        return bool(entry.xpath(f"self::*[{has_class('biz_rb')}]")) or super().is_ad(entry)
