"""360 搜索 (so.com), by its documented page shape; no real page of it was read here.

- address: /s?q=QUERY&pn=N; about ten entries a page, li.res-list
- results link through /link?m=…, and name their target as data-mdurl; advertisements stand in
  lists of their own (#e_idea_pp above, #e_idea_pp_vip_bottom below), link through e.so.com and
  name where they land as e-landurl
- a suspicious visitor is sent to qcaptcha.so.com
"""

from __future__ import annotations

from urllib.parse import urlencode

from parsel import Selector

from crawler.addresses import host_of
from crawler.page import Page, ReadError, SearchPage
from spiders.base import Blocked, Source
from spiders.engine import Engine, has_class

__all__ = ["So360"]

_ADS = 'starts-with(@id, "e_idea_pp")'


class So360(Engine):
    """Reads advertisements and results in the order of the page."""

    source = Source(
        name="so360",
        title="360 搜索",
        kind="search_engine",
        home="https://www.so.com",
        unproven=True,
        proven="the practice town's page of the documented shape",
        limits="soon asks for a captcha; the engine's own boxes are left out",
    )
    paths = ("/link", "/search/eclk")
    hosts = ("e.so.com", "e.tf.360.cn")
    heading = ".//h3"
    snippets = (
        f".//*[{has_class('res-desc')}]",
        f".//*[{has_class('res-list-summary')}]",
        f".//*[{has_class('res-rich')}]",
    )

    def search_url(self, query: str, page: int) -> str:
        """Pages count from 1."""
        return f"{self.base}/s?{urlencode({'q': query, 'pn': page})}"

    def block_at(self, url: str) -> str:
        """The captcha has a host of its own."""
        return "qcaptcha" if host_of(url).startswith("qcaptcha.") else ""

    def read_search(self, page: Page) -> SearchPage:
        """Both lists of advertisements and the list of results."""
        if self.block_at(page.url) or "访问异常出错" in page.text[:5000]:
            raise Blocked("captcha", "360 访问异常")
        entries = page.selector.xpath(f"//*[{_ADS}]/li | //li[{has_class('res-list')}]")
        if not entries:
            if page.selector.xpath('//*[@id="no-result" or contains(@class, "no-result")]'):
                return SearchPage()
            if not page.selector.xpath(f"//ul[{has_class('result')}]"):
                raise ReadError(page, "no results (li.res-list) and no word that there are none")
        more = page.selector.xpath('//a[@id="snext"]')
        return self.search_page(page, entries, more)

    def link_of(self, entry: Selector, heading: Selector) -> str:
        """The target where the entry names it: an advertisement's costs no click then."""
        named = entry.xpath(".//a/@e-landurl").get("") or heading.xpath(
            ".//a/@data-mdurl"
        ).get("")  # fmt: skip
        if named.startswith("http") and not self.redirects(named):
            return named
        # An advertisement's heading may stand inside its link.
        inside = heading.xpath("ancestor::a[1]/@href").get("")
        return heading.xpath(".//a/@href").get("") or inside

    def is_ad(self, entry: Selector) -> bool:
        """By its list, or by the mark."""
        return bool(entry.xpath(f"parent::*[{_ADS}]")) or super().is_ad(entry)
