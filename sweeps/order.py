"""What a sweep is ordered to do, and the plan that is drawn from it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.plan import Query
from settings import Settings

__all__ = [
    "PRICE_WATCH", "SETTLED", "SHOPS", "URGENT", "Plan", "PlannedTask", "SweepError", "SweepOrder",
]  # fmt: skip

PRICE_WATCH = "price-watch"
URGENT = 30
"""Priority of a shop with open clues: before the item pages (10) and pictures (20) of others."""
SHOPS = "shop"
"""As the name of a source: all independent shops that are watched."""
SETTLED = ("rejected", "closed")
"""States in which a clue is no longer open."""


class SweepError(ValueError):
    """A sweep that can't be run as ordered: says what to change."""


@dataclass(frozen=True, slots=True)
class SweepOrder:
    """What to sweep. Nothing named means all goods, and all sources that can be searched."""

    goods: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Names of readers, addresses of independent shops, ``shop`` for all watched ones,
    handed-over files (``file:PATH``)."""
    region: str = ""
    """A division code; listings known to be elsewhere are left out."""
    mode: str = "ad-hoc"
    max_pages: int = 0
    """Result pages per query; 0 is the setting."""
    resume: int = 0
    """The sweep to take up again."""
    budget: int = 0
    """Pages asked of one source at most (of a price watch: item pages in all); 0 is the setting."""
    window: str = ""
    """Hours of China in which sources are asked that have no hours of their own (`01:00-06:00`)."""
    archives: tuple[str, ...] = ()
    """WARC or WACZ files to read instead of asking anybody; `sources` may name their reader."""


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """One source and one query, one shop, or one handed-over file."""

    source: str
    reader: str
    goods: str
    query: str
    url: str
    """The first address that is asked."""
    pages: int
    """Result pages at most; of a shop its budget."""
    priority: int = 0
    why: str = ""
    item: bool = False
    """Whether `url` is one item page, and nothing else is asked."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The tasks in the order in which they are taken up, and who is left out."""

    tasks: tuple[PlannedTask, ...]
    queries: tuple[Query, ...]
    shops: tuple[str, ...]
    """Addresses of the independent shops."""
    sources: tuple[str, ...]
    """Names of the sources that are searched."""
    files: tuple[Path, ...] = ()
    """Those that were handed over."""
    resting: tuple[str, ...] = ()

    def to_dict(self, settings: Settings) -> dict[str, Any]:
        """Plain JSON values: what is asked of each source under which limits, and every task."""
        now = datetime.now(UTC)
        sources: dict[str, dict[str, Any]] = {}
        for task in self.tasks:
            row = sources.setdefault(
                task.source, {"reader": task.reader, "tasks": 0, "result_pages": 0, "urgent": 0}
            )
            row["tasks"] += 1
            row["result_pages"] += task.pages
            row["urgent"] += task.priority > 0
        for name, row in sources.items():
            policy = settings.policy(name, row["reader"])
            shop = row["reader"] == "shop"
            budget = policy.pages or (0 if shop else settings.source_budget)
            limit = min(budget or math.inf, settings.shop_budget) if shop else budget
            row["budget"] = int(limit)
            row["delay"] = settings.download_delay
            row["window"] = policy.window
            row["opens"] = "" if policy.open_at(now) else policy.opens_at(now).isoformat()
            exception = policy.robots_exception
            row["robots_exception"] = str(exception) if exception else ""
        return {
            "sources": sources,
            "tasks": [asdict(task) for task in self.tasks],
            "resting": list(self.resting),
        }
