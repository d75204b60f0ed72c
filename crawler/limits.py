"""When and how much a source may be asked: its window of hours, its budget of pages."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

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

    def __init__(self, settings: Settings, asked: dict[str, int]) -> None:
        self.settings = settings
        self.asked = Counter(asked)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Limits:
        """With our settings, and what earlier runs of the sweep have asked by source."""
        settings = crawler.settings
        return cls(settings["YUNJIAN_SETTINGS"].settings, settings.getdict("YUNJIAN_ASKED"))

    async def process_request(self, request: Request) -> None:
        """Raises `TaskWaits` or `OverBudget`."""
        task: Task | None = request.meta.get("task")
        if task is None:
            return
        policy = self.settings.policy(task.source, task.reader)
        now = datetime.now(UTC)
        if not policy.open_at(now):
            opens = policy.opens_at(now)
            raise TaskWaits(f"window {policy.window} (China time), opens {opens:%Y-%m-%d %H:%M}")
        again = request.meta.get("retry_times") or request.meta.get("redirect_times")
        if again or request.meta.get("picture"):
            return
        budget = self.budget(policy, task)
        if budget and self.asked[task.source] >= budget:
            raise OverBudget(f"budget of {budget} pages used up")
        self.asked[task.source] += 1

    def budget(self, policy: SourcePolicy, task: Task) -> int:
        """Pages that one sweep may ask of the task's source; 0 is no limit here."""
        general = 0 if task.reader == "shop" else self.settings.source_budget
        return policy.pages or general
