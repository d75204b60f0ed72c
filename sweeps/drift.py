"""The drift alarm: a source that answers, and gives nothing or far less than it used to.

A site that is rebuilt, or that shows robots an empty page, fails silently: every page comes,
none says anything. So each task's yield is kept, and a sweep that ended is held against the
last ones. The rule stands in docs/operate.md; the figures are below.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from statistics import median

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crawler.addresses import host_of
from storage import models as m

__all__ = ["alarms"]

LAST = 5
"""Sweeps that tell what is usual."""
LESS = 0.5
"""Part of the usual yield below which an alarm is raised."""
ENOUGH = 10
"""Items; smaller yields jump by themselves."""


def alarms(session: Session, sweep_id: int) -> list[tuple[str, str]]:
    """Writes an incident for each source that drifted; returns (what, sentence) of each.

    `what` is ``nothing`` or ``less``. Called again for a sweep it adds nothing.
    """
    rows = session.scalars(
        select(m.TaskRow).where(
            m.TaskRow.sweep_id == sweep_id,
            m.TaskRow.state.in_(("done", "failed")),
            m.TaskRow.answers > 0,
        )
    )
    by_source: defaultdict[str, list[m.TaskRow]] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    told = set(
        session.scalars(
            select(m.Incident.source).where(
                m.Incident.sweep_id == sweep_id, m.Incident.kind == "drift"
            )
        )
    )
    found = []
    for source, tasks in by_source.items():
        usual = _usual(session, sweep_id, tasks)
        if source in told or not (alarm := _alarm(source, tasks, usual)):
            continue
        what, detail = alarm
        poorest = min(tasks, key=lambda task: (task.items, task.poorest_id is None, task.id))
        session.execute(
            insert(m.Incident).values(
                sweep_id=sweep_id, source=source, host=host_of(poorest.poorest_url)[:255],
                kind="drift", what=what, detail=detail, url=poorest.poorest_url,
                evidence_id=poorest.poorest_id, at=datetime.now(UTC),
            )
        )  # fmt: skip
        found.append((what, f"drift/{what}: {source}: {detail}; see {poorest.poorest_url}"))
    return found


def _alarm(
    source: str, tasks: Sequence[m.TaskRow], usual: dict[str, float]
) -> tuple[str, str] | None:
    items, pages = sum(t.items for t in tasks), sum(t.answers for t in tasks)
    # A site that never was a shop need not sell: of an unknown one, nothing is no news.
    known = any(usual.values()) or any(task.reader != "shop" for task in tasks)
    if items == 0 and known:
        before = f", usually {sum(usual.values()):g} items" if any(usual.values()) else ""
        return "nothing", f"{pages} pages came, and not one item was read{before}"
    compared = [task for task in tasks if task.whole and task.key in usual]
    now, before_ = sum(t.items for t in compared), sum(usual[t.key] for t in compared)
    if before_ >= ENOUGH and now < LESS * before_:
        return "less", f"{now} items where the last sweeps had {before_:g} for the same tasks"
    return None


def _usual(session: Session, sweep_id: int, tasks: Iterable[m.TaskRow]) -> dict[str, float]:
    """The median yield of each task in the last sweeps that asked the same of the same, by key."""
    pages = {task.key: task.pages for task in tasks}
    earlier: defaultdict[str, list[int]] = defaultdict(list)
    keys = list(pages)
    for start in range(0, len(keys), 500):
        rows = session.execute(
            select(m.TaskRow.key, m.TaskRow.pages, m.TaskRow.items)
            .where(m.TaskRow.key.in_(keys[start : start + 500]), m.TaskRow.sweep_id < sweep_id)
            .where(m.TaskRow.state.in_(("done", "failed")))
            .where(m.TaskRow.answers > 0, m.TaskRow.whole)
            .order_by(m.TaskRow.id.desc())
        )
        for key, depth, items in rows:
            if depth == pages[key] and len(earlier[key]) < LAST:
                earlier[key].append(items)
    return {key: median(counts) for key, counts in earlier.items() if counts}
