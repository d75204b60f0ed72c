"""What search engines have in common: entries with a heading, a link, a snippet, a mark of 广告.

An engine links through a redirect of its own. Where the page itself names the target (an
attribute, an encoded parameter) that is the result's address and nothing need be asked;
else the redirect is asked once, and `target_of` reads where it leads.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar
from urllib.parse import urlsplit

from parsel import Selector

from crawler.addresses import host_of
from crawler.extract import compact
from crawler.page import Page, ReadError, SearchPage
from listing import Listing, SearchResult
from spiders.base import Reader

__all__ = ["Engine", "has_class", "target_of"]

_REFRESH = re.compile(r"url\s{0,5}=\s{0,5}[\"']?(https?://[^\"'>]{1,4000})", re.IGNORECASE)
_SCRIPTED = re.compile(
    r"(?:location\.replace\(|location(?:\.href)?\s{0,5}=|var\s{1,5}u\s{0,5}=)\s{0,5}[\"'](https?:[^\"']{1,4000})"
)
_STUB = 20_000
"""A redirect's page is small; a script in a longer one is not about redirecting."""


def has_class(name: str) -> str:
    """The XPath condition that an element has the class `name`, whole."""
    return f'contains(concat(" ", normalize-space(@class), " "), " {name} ")'


def target_of(page: Page) -> str:
    """Where a redirect leads: by its header, its refresh, its script; "" if it doesn't say."""
    if location := page.headers.get("Location", ""):
        return page.absolute(location)
    refresh = page.selector.xpath(
        '//meta[translate(@http-equiv, "REFSH", "refsh")="refresh"]/@content'
    ).get("")
    if found := _REFRESH.search(refresh):
        return found[1].strip()
    if len(page.body) < _STUB and (found := _SCRIPTED.search(page.text)):
        return found[1].replace("\\/", "/")
    return ""


class Engine(Reader):
    """A reader of result pages. What a subclass states as XPath is relative to an entry."""

    paths: ClassVar[tuple[str, ...]]
    """How the paths of its redirects begin."""
    hosts: ClassVar[tuple[str, ...]] = ()
    """Further hosts of its redirects, besides its own."""
    heading: ClassVar[str] = ".//h3"
    snippets: ClassVar[tuple[str, ...]] = ()
    ad_marks: ClassVar[str] = './/*[self::span or self::a or self::i][normalize-space(.)="广告"]'
    """The Advertising Law (art. 14) asks for a mark that tells an advertisement: 广告."""

    def redirects(self, url: str) -> bool:
        """By host and path."""
        own = host_of(url) in (host_of(self.base), *self.hosts)
        return own and urlsplit(url).path.startswith(self.paths)

    def read_item(self, page: Page) -> Listing:
        """A search engine has no item pages."""
        raise ReadError(page, "a search engine has no item pages")

    def link_of(self, entry: Selector, heading: Selector) -> str:
        """The target where the entry names it, else the redirect, "" for neither."""
        return heading.xpath(".//a/@href").get("")

    def title_of(self, heading: Selector) -> str:
        """The heading's words."""
        return compact(heading.xpath("string()").get(""))

    def is_ad(self, entry: Selector) -> bool:
        """Whether the entry is marked as an advertisement."""
        return bool(entry.xpath(self.ad_marks))

    def own_box(self, entry: Selector) -> bool:
        """Whether it is a box of the engine's own (a calculator, the weather), not a result."""
        return False

    def search_page(
        self, page: Page, entries: Iterable[Selector], has_next: object = False
    ) -> SearchPage:
        """The entries that have a heading with a link, ranked as shown."""
        results: list[SearchResult] = []
        problems: list[str] = []
        for entry in entries:
            heading, place = entry.xpath(self.heading), f"result {len(results) + 1}"
            try:
                link = self.link_of(entry, heading[0]) if heading else ""
                url = page.absolute(link)
            except ValueError:
                problems.append(f"{place}: its address is none")
                continue
            if not link or link.startswith(("javascript", "#")):
                continue
            title = self.title_of(heading[0])
            if not title:
                if not self.own_box(entry):
                    problems.append(f"{place}: no title")
                continue
            results.append(
                SearchResult(
                    title=title,
                    url=url,
                    snippet=self._snippet(entry),
                    rank=len(results) + 1,
                    ad=self.is_ad(entry),
                )
            )
        return SearchPage(results=tuple(results), has_next=bool(has_next), problems=tuple(problems))

    def _snippet(self, entry: Selector) -> str:
        for path in self.snippets:
            if found := entry.xpath(path):
                return compact(found[0].xpath("string()").get(""))
        return ""
