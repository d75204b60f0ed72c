"""Turns at hosts: what one process asks of a host, no other asks of it at the same time.

Several workers crawl at once. Each of them keeps delay and concurrency per host by itself, so it
is enough that a host is one worker's at a time. A host is held while requests for it are under
way, and never while waiting for another host: so no two workers wait for each other for ever.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Protocol

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.addresses import host_of
from crawler.limits import TaskWaits
from crawler.waiting import seconds_asked

__all__ = ["HostTurns", "Turns"]

AGAIN = 0.25
"""Seconds until a host that another worker has is tried once more."""


class Turns(Protocol):
    """Hosts that only one process has at a time."""

    def take(self, host: str) -> bool:
        """Whether the host is ours now."""

    def give_back(self, host: str, rest: float) -> None:
        """The host is free after `rest` seconds."""


class HostTurns:
    """Nearest to the wire: each request waits until its host is ours."""

    def __init__(self, crawler: Crawler, turns: Turns | None) -> None:
        self.crawler = crawler
        self.turns = turns
        self.delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.longest = crawler.settings.getfloat("YUNJIAN_RETRY_AFTER_MAX")
        self.held: set[str] = set()
        self.under_way: Counter[str] = Counter()
        self.told: dict[str, float] = {}
        """Seconds that a busy host asked for at last."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> HostTurns:
        """With the turns of this crawl; without them every host is ours."""
        held = crawler.settings.get("YUNJIAN_TURNS")
        return cls(crawler, held.turns if held else None)

    async def process_request(self, request: Request) -> None:
        """Returns when the host is ours; raises `TaskWaits` where the crawl ends first."""
        if self.turns is None:
            return
        host = host_of(request.url)
        while not self._ours(host):
            if not self.crawler.crawling:
                raise TaskWaits("the sweep was stopped")
            await asyncio.sleep(AGAIN)
        self.under_way[host] += 1
        request.meta["turn"] = host

    def _ours(self, host: str) -> bool:
        if host in self.held:
            return True
        assert self.turns is not None
        if self.turns.take(host):
            self.held.add(host)
        return host in self.held

    def process_response(self, request: Request, response: Response) -> Response:
        """The request has come to its end."""
        value = response.headers.get("Retry-After")
        if response.status in (429, 503) and value:
            seconds = seconds_asked(value.decode("latin-1"), datetime.now(UTC)) or 0.0
            self.told[host_of(request.url)] = min(seconds, self.longest)
        self._ended(request)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """The request has failed."""
        self._ended(request)

    def _ended(self, request: Request) -> None:
        host = request.meta.pop("turn", None)
        if host is None or self.turns is None:
            return
        self.under_way[host] -= 1
        if not self.under_way[host]:
            self.held.discard(host)
            engine = self.crawler.engine
            slot = engine.downloader.slots.get(host) if engine else None
            pause = max(self.delay, slot.delay if slot else 0.0, self.told.pop(host, 0.0))
            self.turns.give_back(host, pause)
