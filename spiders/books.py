"""The books of a sweep's tasks: what each gave, and why it stopped short of its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Literal

from crawler.absent import Gone, gone_of
from crawler.page import Page, ReadError
from crawler.tasks import Incident, Sink, Task, Yield
from crawler.whole import cut_off

__all__ = ["Books", "unread_as"]


def unread_as(page: Page, error: Gone | ReadError) -> tuple[Literal["failure", "unread"], str, str]:
    """How a page that gave nothing is put down: kind, what, detail."""
    sign = error.sign if isinstance(error, Gone) else gone_of(page)
    if sign:
        return "failure", "soft_404", f"status 200, and the page says {sign}"
    assert isinstance(error, ReadError)
    return "unread", "unreadable", error.what


class Books:
    """Kept by the spider of one process; what they say goes to the sink."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.yields: defaultdict[int, Yield] = defaultdict(Yield)
        self.waiting: set[int] = set()
        """Tasks that stay pending."""
        self._told: set[tuple[str, str]] = set()

    def came(self, task: Task) -> None:
        """A page came that is no block, whatever it says."""
        self.yields[task.id].answers += 1

    def read(self, task: Task, items: int, meta: Mapping[str, Any], page: Page) -> None:
        """A page that may name items was read."""
        self.yields[task.id].add(items, meta.get("evidence", ""), page.url)

    def empty(self, task: Task, what: str, meta: Mapping[str, Any], page: Page) -> None:
        """A page is what it should be and offers nothing: no failure, but put down."""
        record = meta.get("evidence", "")
        detail = "the page came and offers nothing"
        self.sink.incident(Incident(task, "empty", what, detail, page.url, record))

    def looked_over(self, task: Task, meta: Mapping[str, Any], page: Page) -> None:
        """Put down what may be missing from a page, which is read all the same: it never came
        to rest in the browser, or it does not go to its end."""
        record = meta.get("evidence", "")
        if seconds := meta.get("unsettled"):
            detail = f"read as it stood after {seconds:g} s"
            self.sink.incident(Incident(task, "wait", "unsettled", detail, page.url, record))
        if not meta["picture"] and (why := cut_off(page.body)):
            self.sink.incident(Incident(task, "unread", "cut_off", why, page.url, record))

    def waits(self, task: Task, url: str, why: str) -> None:
        """The task is neither done nor failed: it stays pending, for when the sweep is resumed."""
        self.waiting.add(task.id)
        if self._first(task, "window"):
            self.sink.incident(Incident(task, "wait", "window", why, url))

    def over_budget(self, task: Task, url: str, why: str) -> None:
        """The task stops here."""
        self.yields[task.id].whole = False
        if self._first(task, "budget"):
            self.sink.unreadable(task, url, why, "over_budget")

    def _first(self, task: Task, what: str) -> bool:
        fresh = (task.source, what) not in self._told
        self._told.add((task.source, what))
        return fresh
