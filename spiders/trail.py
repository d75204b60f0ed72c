"""Where the results of search engines lead, and how a result page is asked for.

An engine's redirect is asked once and not followed: only its target is wanted, and whether
that may be asked at all (no private address) is settled before it counts as a shop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrapy import Request

from crawler.addresses import Guard, host_of
from crawler.page import Page, ReadError
from listing import SearchResult
from spiders.base import Blocked, Reader
from spiders.classify import ResultClass, result_class
from spiders.engine import target_of

__all__ = ["REDIRECTS", "Trail", "place_of", "shaped"]

REDIRECTS = [301, 302, 303, 307, 308]


def shaped(request: Request, reader: Reader, query: str, page: int) -> Request:
    """`request` for a result page as the source wants it: its method, body, key."""
    ask = reader.ask(query, page)
    meta: dict[str, Any] = dict(request.meta)
    if reader.source.access == "api":
        # robots.txt speaks to those who come unasked; a key is an invitation.
        key = reader.source.key or meta["task"].reader
        meta |= {"key": key, "dont_obey_robotstxt": True}
    if not ask.body:
        return request.replace(meta=meta)
    headers = {"Content-Type": ask.content_type, "Accept": ask.content_type}
    return request.replace(method="POST", body=ask.body, headers=headers, meta=meta)


def place_of(result: SearchResult) -> str:
    """How a result was shown, as the source's «how found» says it."""
    return f"{'advertisement' if result.ad else 'result'} {result.rank}"


class Trail:
    """Follows results; knows the sources' own hosts."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self.readers = readers
        self.guard = Guard()
        """Set by the crawl from its settings."""
        self.met: set[str] = set()
        homes = [(one.source.kind, host_of(one.base)) for one in readers.values() if one.base]
        self.marketplaces = {host for kind, host in homes if kind == "marketplace"}
        self.engines = {host for kind, host in homes if kind == "search_engine"}

    def is_new(self, link: str) -> bool:
        """Whether a result with this link is met for the first time."""
        known = link in self.met
        self.met.add(link)
        return not known

    def kind(self, url: str, title: str) -> ResultClass:
        """What a target is. Raises `PrivateAddress` for one that must not be asked."""
        self.guard.check_url(url)
        return result_class(url, title, self.marketplaces, self.engines)

    def target(self, reader: Reader, page: Page) -> str:
        """Where an engine's redirect leads, out of the engine.

        Raises `Blocked` where it leads to a captcha, `ReadError` where it leads nowhere.
        """
        target = target_of(page)
        if sign := reader.block_at(target or page.url):
            raise Blocked("captcha", sign)
        if not target or reader.redirects(target):
            raise ReadError(page, "a result's redirect leads nowhere")
        return target
