"""robots.txt by RFC 9309, and an officer's written order where there is one.

2.3.1.3: a status of 400–499 means there is none, anything may be asked (429 we take for «busy»);
2.3.1.4: a status of 500–599, or none at all, means that nothing may be asked.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawler.addresses import host_of
from crawler.tasks import Incident, Task
from policies import CHINA, RobotsException

__all__ = ["Robots", "RobotsUnreachable"]


class RobotsUnreachable(IgnoreRequest):
    """The host did not answer for its robots.txt; `cause` is what went wrong."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"robots.txt could not be had: {cause}")
        self.cause = cause


class Robots(RobotsTxtMiddleware):
    """Refuses what a host's robots.txt forbids, but for an exception that is in force."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.settings = crawler.settings["YUNJIAN_SETTINGS"].settings
        self.closed: dict[str, str] = {}
        self.unreachable: dict[str, Exception] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raises `IgnoreRequest` naming why, or `RobotsUnreachable`."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        rules = await self.robot_parser(request)
        netloc = urlsplit(request.url).netloc
        if error := self.unreachable.get(netloc):
            raise error if isinstance(error, IgnoreRequest) else RobotsUnreachable(error)
        why = self.closed.get(netloc, "")
        if rules is not None and not rules.allowed(request.url, self._robotstxt_useragent or ""):
            why = "robots.txt forbids this address"
        if not why:
            return
        task: Task | None = request.meta.get("task")
        order = self._order(task, request.url) if task else None
        if task is None or order is None:
            raise IgnoreRequest(why)
        detail = f"{why}; asked by {order}"
        self.crawler.spider.sink.incident(  # type: ignore[union-attr]
            Incident(task, "exception", "robots", detail, request.url)
        )

    def _order(self, task: Task, url: str) -> RobotsException | None:
        order: RobotsException | None = self.settings.policy(
            task.source, task.reader
        ).robots_exception
        readers = self.crawler.spider.readers  # type: ignore[union-attr]
        own = task.start_url if task.reader == "shop" else ""
        home = host_of(own or readers[task.reader].base)
        covered = order and order.covers(host_of(url), home, datetime.now(CHINA).date())
        return order if covered else None

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status == 429 or response.status >= 500:
            self.closed[netloc] = f"robots.txt answered {response.status}: taken as forbidding all"
        if response.status >= 400:
            self._settle(netloc)
            return
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self.unreachable[netloc] = exc
        self._settle(netloc)

    def _settle(self, netloc: str) -> None:
        waiting = self._parsers[netloc]
        self._parsers[netloc] = None
        waiting.callback(None)  # type: ignore[union-attr]
