"""Retry-After: a site that says when to come again is not asked before.

Source: RFC 9110, 10.2.3 (Retry-After), 15.6.4 (503); RFC 6585, 4 (429).
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.asyncio import call_later

from crawler.addresses import host_of
from crawler.limits import TaskWaits
from crawler.tasks import Incident

__all__ = ["Waiting", "seconds_asked"]


def seconds_asked(value: str, now: datetime) -> float | None:
    """The seconds that a Retry-After asks for; None where it says nothing that can be read."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class Waiting:
    """Holds everything for a host until the time it named; nearer to the wire than retries.

    A time past the bound is not waited for: the host is left alone for this sweep.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.longest = crawler.settings.getfloat("YUNJIAN_RETRY_AFTER_MAX")
        self.until: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Waiting:
        """With the bound of this crawl's settings."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Returns when the host may be asked again; raises `TaskWaits` where the crawl ends first."""
        host = host_of(request.url)
        held = False
        while (left := self.until.get(host, 0.0) - time.monotonic()) > 0:
            if not self.crawler.crawling:
                raise TaskWaits("the sweep was stopped")
            held = True
            await asyncio.sleep(min(left, 0.5))
        if held:
            # Its source's hours may have ended meanwhile.
            self.crawler.limits.check_window(request)  # type: ignore[attr-defined]

    def process_response(self, request: Request, response: Response) -> Response:
        """Takes down what a busy host asks for; the response goes on to the retries."""
        value = response.headers.get("Retry-After")
        if response.status not in (429, 503) or not value:
            return response
        said = value.decode("latin-1")
        seconds = seconds_asked(said, _their_clock(response))
        if seconds is None:
            return response
        host = host_of(request.url)
        if seconds > self.longest:
            detail = f"status {response.status}, Retry-After: {said}: longer than this sweep waits ({self.longest:g} s)"
            request.meta["dont_retry"] = True
            self.crawler.back_off.leave_alone(host, detail)  # type: ignore[attr-defined]
        else:
            detail = f"status {response.status}, Retry-After: {said}: waited"
            self._hold(host, seconds)
        if task := request.meta.get("task"):
            record = request.meta.get("evidence", "")
            incident = Incident(task, "wait", "retry_after", detail, request.url, record)
            self.crawler.spider.sink.incident(incident)  # type: ignore[union-attr]
        return response

    def _hold(self, host: str, seconds: float) -> None:
        until = time.monotonic() + seconds
        if until <= self.until.get(host, 0.0):
            return
        self.until[host] = until
        engine = self.crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None
        if engine is None or slot is None:
            return
        # What stands in the host's queue passed `process_request` before it said so.
        if slot.latercall:
            slot.latercall.cancel()
        slot.latercall = call_later(seconds, engine.downloader._latercall, slot)


def _their_clock(response: Response) -> datetime:
    """The host's own time where it tells it: our clocks may differ."""
    try:
        told = parsedate_to_datetime((response.headers.get("Date") or b"").decode("latin-1"))
    except ValueError:
        return datetime.now(UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)
