"""When and how much a source may be asked: its window of hours, its budget of pages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.asyncio import call_later
from twisted.python.failure import Failure

from crawler.tasks import Task
from policies import SourcePolicy
from settings import Settings

__all__ = ["Limits", "OverBudget", "TaskWaits"]


class TaskWaits(IgnoreRequest):
    """The source may not be asked now: its task stays pending, which is no failure."""


class OverBudget(IgnoreRequest):
    """The source has given as many pages as one sweep may take."""


class Limits:
    """Refuses requests outside a source's window, and pages past its budget.

    Pages are counted as they are sent, not as they are planned: what is urgent is sent first,
    so a small budget goes to it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.settings: Settings = crawler.settings["YUNJIAN_SETTINGS"].settings
        self.asked = Counter(crawler.settings.getdict("YUNJIAN_ASKED"))
        self.closing: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Limits:
        """With our settings, and what earlier runs of the sweep have asked by source; known to
        other parts as `limits`."""
        self = cls(crawler)
        crawler.limits = self  # type: ignore[attr-defined]
        return self

    async def process_request(self, request: Request) -> None:
        """Raises `TaskWaits` or `OverBudget`."""
        task: Task | None = request.meta.get("task")
        if task is None:
            return
        policy = self.settings.policy(task.source, task.reader)
        self.check_window(request)
        again = request.meta.get("retry_times") or request.meta.get("redirect_times")
        if again or request.meta.get("picture"):
            return
        budget = self.budget(policy, task)
        if budget and self.asked[task.source] >= budget:
            raise OverBudget(f"budget of {budget} pages used up")
        self.asked[task.source] += 1

    def check_window(self, request: Request) -> None:
        """Raises `TaskWaits` where the request's source may not be asked now."""
        task: Task | None = request.meta.get("task")
        if task is None:
            return
        policy, now = self.settings.policy(task.source, task.reader), datetime.now(UTC)
        if not policy.open_at(now):
            raise self._waits(policy, now)
        closes = policy.closes_at(now)
        if closes and policy.window not in self.closing:
            self.closing.add(policy.window)
            call_later((closes - now).total_seconds() + 0.01, self._close, policy)

    def _close(self, policy: SourcePolicy) -> None:
        """Takes back what passed the gate in time and still waits for its host's turn."""
        self.closing.discard(policy.window)
        engine = self.crawler.engine
        for slot in engine.downloader.slots.values() if engine else ():
            for request, waiting in list(slot.queue):
                try:
                    self.check_window(request)
                except TaskWaits as why:
                    slot.queue.remove((request, waiting))
                    waiting.errback(Failure(why))  # type: ignore[no-untyped-call]

    @staticmethod
    def _waits(policy: SourcePolicy, now: datetime) -> TaskWaits:
        opens = policy.opens_at(now)
        return TaskWaits(f"window {policy.window} (China time), opens {opens:%Y-%m-%d %H:%M}")

    def budget(self, policy: SourcePolicy, task: Task) -> int:
        """Pages that one sweep may ask of the task's source; 0 is no limit here."""
        general = 0 if task.reader == "shop" else self.settings.source_budget
        return policy.pages or general
