"""How each source did lately, out of the summaries of the last sweeps and what was put down beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from storage import models as m
from storage.runs import Run

__all__ = [
    "CONDITIONS",
    "Health",
    "SweepRow",
    "folded",
    "health",
    "last_sweeps",
    "missed_runs",
    "night_of",
]

SWEEPS = 30
"""The last sweeps, among which the last one of each source is looked for."""
LATELY = timedelta(hours=24)
RUNS = 200
"""Planned runs among which those of the last day are: a promotion has some fifty a day."""
COUNTS = ("pages", "listings", "blocks", "failures", "clues_opened")
CONDITIONS = {
    "blocked": "受阻", "drifting": "异动", "failed": "失败", "empty": "无结果", "waiting": "等候", "done": "完成",
    "never": "未巡检",
}  # fmt: skip
"""From what wants a look most, with the words of the desk."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A sweep as a row; times are UTC."""

    id: int
    mode: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    summary: dict[str, Any]

    @property
    def total(self) -> dict[str, int]:
        """All its sources together."""
        total: dict[str, int] = self.summary.get("total", {})
        return {name: total.get(name, 0) for name in COUNTS}


@dataclass(slots=True)
class Health:
    """A source, or several as one, by its last sweep."""

    name: str
    sweep_id: int | None = None
    mode: str = ""
    at: datetime | None = None
    """When that sweep ended; where it has not, when it began."""
    pages: int = 0
    listings: int = 0
    blocks: int = 0
    failures: int = 0
    clues_opened: int = 0
    drift: list[str] = field(default_factory=list)
    """Alarms of the last 24 hours, in words."""
    waiting: str = ""
    """Until when its tasks wait for their hours."""
    sites: int = 1
    bad: int = 0
    """Of several sites: how many are blocked or failed."""

    @property
    def condition(self) -> str:
        """One of `CONDITIONS`."""
        if self.blocks and self.blocks * 2 > self.pages:
            return "blocked"
        if self.drift:
            return "drifting"
        if self.waiting:
            return "waiting"
        if self.sweep_id is None:
            return "never"
        if self.failures and self.failures * 2 > self.pages:
            return "failed"
        return "done" if self.listings or not self.pages else "empty"


def last_sweeps(session: Session) -> list[SweepRow]:
    """The last sweeps of sources, newest first."""
    rows = session.execute(
        select(
            m.Sweep.id, m.Sweep.mode, m.Sweep.state, m.Sweep.started_at, m.Sweep.ended_at, m.Sweep.summary,
        )
        .where(m.Sweep.mode != "archive")
        .order_by(m.Sweep.id.desc())
        .limit(SWEEPS)
    )  # fmt: skip
    return [
        SweepRow(id_, mode, state, began, ended, summary or {})
        for id_, mode, state, began, ended, summary in rows
    ]


def health(session: Session, sweeps: Iterable[SweepRow], now: datetime) -> dict[str, Health]:
    """Each source that the sweeps know, by name."""
    found: dict[str, Health] = {}
    for sweep in sweeps:
        waiting: dict[str, str] = sweep.summary.get("waiting", {})
        counted: dict[str, dict[str, int]] = sweep.summary.get("sources", {})
        for name in {*counted, *waiting}:
            if not name or name in found:
                continue
            counts = counted.get(name, {})
            found[name] = one = Health(
                name, sweep.id, sweep.mode, sweep.ended_at or sweep.started_at
            )
            for key in COUNTS:
                setattr(one, key, counts.get(key, 0))
            if sweep.state in ("running", "waiting"):
                one.waiting = waiting.get(name, "")
    drifts = session.execute(
        select(m.Incident.source, m.Incident.detail)
        .where(text("incident.kind = 'drift'"), m.Incident.at > now - LATELY)
        .order_by(m.Incident.at.desc())
        .limit(RUNS)
    )
    for name, detail in drifts:
        found.setdefault(name, Health(name)).drift.append(detail)
    return found


def folded(found: dict[str, Health], named: Collection[str]) -> list[Health]:
    """Named sources each, independent shops as one (`shop`) and files as one (`file`); those that
    want a look first."""
    several: defaultdict[str, list[Health]] = defaultdict(list)
    for name, one in found.items():
        own = name in named and name not in ("shop", "file")
        kind = name if own else "file" if name.startswith("file:") else "shop"
        several[kind].append(one)
    rows = [ones[0] if ones[0].name == kind else _one(kind, ones) for kind, ones in several.items()]
    order = list(CONDITIONS)
    return sorted(rows, key=lambda one: (order.index(one.condition), one.name))


def _one(kind: str, ones: list[Health]) -> Health:
    last = max(ones, key=lambda one: one.sweep_id or 0)
    same = [one for one in ones if one.sweep_id == last.sweep_id]
    made = Health(kind, last.sweep_id, last.mode, last.at, sites=len(ones))
    for name in COUNTS:
        setattr(made, name, sum(getattr(one, name) for one in same))
    made.drift = [f"{one.name}: {detail}" for one in ones for detail in one.drift]
    made.waiting = next((one.waiting for one in same if one.waiting), "")
    made.bad = sum(one.condition in ("blocked", "failed") for one in ones)
    return made


def night_of(sweeps: Iterable[SweepRow], now: datetime) -> list[SweepRow]:
    """Those that were at work in the last 24 hours, newest first."""
    return [one for one in sweeps if (one.ended_at or now) > now - LATELY]


def missed_runs(session: Session, now: datetime) -> list[Run]:
    """Planned runs of the last 24 hours that were not done in full, or are late; oldest first."""
    rows = session.scalars(select(Run).order_by(Run.id.desc()).limit(RUNS)).all()
    wrong = ("missed", "failed", "partial", "skipped")
    return sorted(
        (
            one
            for one in rows
            if (one.outcome in wrong and one.planned_at > now - LATELY)
            or (one.outcome in ("queued", "begun") and one.kind == "nightly" and one.until < now)
        ),
        key=lambda one: one.planned_at,
    )
