"""百度 web search: what the public result page gives.

- address: /s?wd=QUERY&pn=10×(page-1); ten entries a page, ranked as shown
- results link through the engine's own redirect (/link?url=…), advertisements through another
- robots.txt of the live site forbids unknown agents: an officer's exception or the API is needed
- a suspicious visitor is shown 百度安全验证
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from parsel import Selector

from crawler.extract import compact
from crawler.page import Page, ReadError, SearchPage
from listing import Listing, SearchResult
from spiders.base import Blocked, Reader, Source

__all__ = ["Baidu"]

_SNIPPETS = (
    './/*[contains(concat(" ", @class, " "), " c-abstract ")]',
    './/*[contains(@class, "content-right_")]',
    './/*[contains(concat(" ", @class, " "), " c-span-last ")]//p',
)


class Baidu(Reader):
    """Reads the result column; the boxes on the right are not results."""

    source = Source(
        name="baidu",
        title="百度",
        kind="search_engine",
        home="https://www.baidu.com",
        official_api="百度智能云 搜索 API (with a key)",
        proven="four recorded result pages of 2020",
        limits="robots.txt forbids unknown agents; links are redirects",
    )

    def search_url(self, query: str, page: int) -> str:
        """Ten results a page; `pn` counts results, from 0."""
        return f"{self.base}/s?{urlencode({'wd': query, 'pn': (page - 1) * 10})}"

    def read_search(self, page: Page) -> SearchPage:
        """All entries of the result column; boxes without a title or link are no results."""
        path = urlsplit(page.url).path
        if "百度安全验证" in page.text[:5000] or path.startswith("/static/captcha"):
            raise Blocked("captcha", "百度安全验证")
        column = page.selector.xpath('//div[@id="content_left"]')
        if not column:
            if page.selector.xpath('//*[contains(@class, "nors")]'):
                return SearchPage()
            raise ReadError(page, "no result column (#content_left)")
        results: list[SearchResult] = []
        problems: list[str] = []
        for entry in column[0].xpath("./div[@id or contains(@class, 'result')]"):
            found = self._entry(page, entry, len(results) + 1)
            if isinstance(found, str):
                problems.append(found)
            elif found is not None:
                results.append(found)
        more = page.selector.xpath('//div[@id="page"]//a[contains(., "下一页")]')
        return SearchPage(results=tuple(results), has_next=bool(more), problems=tuple(problems))

    def _entry(self, page: Page, entry: Selector, rank: int) -> SearchResult | str | None:
        heading = entry.xpath(".//h3")
        if not heading:
            return None
        link = heading.xpath(".//a/@href").get("") or entry.attrib.get("mu", "")
        if not link or link.startswith("javascript"):
            return None
        title = compact(heading[0].xpath("string()").get("")).removesuffix("官方").strip()
        if not title:
            # The engine's own boxes (a calculator, a weather chart) need no title; a result does.
            own = "result-op" in entry.attrib.get("class", "")
            return None if own else f"result {rank}: no title"
        snippet = ""
        for path in _SNIPPETS:
            if found := entry.xpath(path):
                snippet = compact(found[0].xpath("string()").get(""))
                break
        return SearchResult(
            title=title, url=page.absolute(link), snippet=snippet, rank=rank, ad=_is_ad(entry)
        )

    def read_item(self, page: Page) -> Listing:
        """A search engine has no item pages."""
        raise ReadError(page, "a search engine has no item pages")


def _is_ad(entry: Selector) -> bool:
    """Marked as the Advertising Law asks: 广告, in a mark of its own."""
    if "data-tuiguang" in entry.attrib or entry.xpath(".//*[@data-tuiguang]"):
        return True
    marks = entry.xpath('.//*[self::span or self::a][normalize-space(.)="广告"]')
    return bool(marks)
