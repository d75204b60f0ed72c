"""How things stand, read out of the store: so that all processes of all machines are in it.

Each question is answered by an index or by a small table, whatever was ever observed; what has
to look at every open clue, or at the evidence's files, is asked at most every quarter of an hour
(`Slow`).
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from clues.deadlines import clue_reminders, load_periods
from settings import Settings
from spiders import READERS
from storage import Store
from storage import models as m
from storage.leases import clock
from storage.runs import Run, ScheduleLease
from storage.work import LeaseRow

__all__ = [
    "Backlog",
    "Night",
    "Slow",
    "Standing",
    "free_bytes",
    "named_sources",
    "source_title",
    "standing",
]

SWEEPS = 30
"""The last sweeps, among which the last one of each source is looked for."""
LATELY = timedelta(hours=24)
COUNTS = ("pages", "listings", "blocks", "failures")
GOING_ON = ("running", "waiting")
log = logging.getLogger("yunjian.metrics")


@dataclass(frozen=True, slots=True)
class Night:
    """The last nightly sweep that ended."""

    sweep_id: int
    ended_at: datetime
    pages: int
    listings: int
    clues: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Tasks that wait in sweeps that go on; `oldest` is when the first of these sweeps began."""

    tasks: int = 0
    oldest: datetime | None = None


@dataclass(slots=True)
class Standing:
    """All of it, at one time (UTC). Independent shops are one source, `shop`; files another."""

    at: datetime
    sweeps: dict[tuple[str, str], int]
    """By mode and state."""
    night: Night | None
    sources: dict[str, Counter[str]]
    """The last sweep of each source: `COUNTS`, and the `sweep`."""
    blocked: dict[str, list[str]]
    """Sources of which at least every second page of their last sweep was a block, by their
    names, shops by hosts."""
    clues: dict[tuple[str, str], int]
    """By state and violation."""
    backlog: Backlog
    drifting: dict[str, list[str]]
    """Alarms of the last 24 hours, in words."""
    runs: dict[tuple[str, str], int]
    """Planned runs by kind and outcome."""
    late: list[Run] = field(default_factory=list)
    """Nights that are still open after their window."""
    scheduler: str = ""
    """Who holds the schedule; "" where nobody does."""
    decided_to: datetime | None = None
    """Up to when runs are decided: a scheduler that lives moves it on every turn."""
    workers: int = 0
    """At work just now."""


def named_sources(settings: Settings) -> set[str]:
    """Sources that are told by name; independent shops are too many."""
    return {*READERS, *settings.apis}


def source_title(name: str) -> str:
    """What people call a source; independent shops and files are named together."""
    several = {"shop": "独立网店", "file": "移交文件"}
    return several.get(name) or (READERS[name].source.title if name in READERS else name)


def standing(settings: Settings, store: Store) -> Standing:
    """How things stand now. Raises SQLAlchemy's errors where the store can't be asked."""
    now = datetime.now(UTC)
    named = named_sources(settings)
    with store.session() as session:
        sources, blocked = _sources(session, named)
        lease = session.get(ScheduleLease, "scheduler")
        return Standing(
            at=now,
            sweeps=_counts(session, m.Sweep.mode, m.Sweep.state),
            night=_night(session),
            sources=sources,
            blocked=blocked,
            clues=_counts(session, m.Clue.state, m.Clue.violation),
            backlog=_backlog(session),
            drifting=_drifting(session, now, named),
            runs=_counts(session, Run.kind, Run.outcome),
            late=_late(session, now),
            scheduler=lease.holder if lease else "",
            decided_to=lease.watermark if lease else None,
            workers=_workers(session),
        )


def _counts(session: Session, first: Any, second: Any) -> dict[tuple[str, str], int]:
    rows = session.execute(select(first, second, func.count()).group_by(first, second))
    return {(one, other): count for one, other, count in rows}


def _night(session: Session) -> Night | None:
    row = session.scalars(
        select(m.Sweep)
        .where(m.Sweep.mode == "nightly", m.Sweep.state == "done", m.Sweep.ended_at.is_not(None))
        .order_by(m.Sweep.ended_at.desc())
        .limit(1)
    ).first()
    if row is None or row.ended_at is None:
        return None
    total = (row.summary or {}).get("total", {})
    return Night(
        row.id, row.ended_at, *(total.get(k, 0) for k in ("pages", "listings", "clues_opened"))
    )


def _sources(
    session: Session, named: Collection[str]
) -> tuple[dict[str, Counter[str]], dict[str, list[str]]]:
    rows = session.execute(
        select(m.Sweep.id, m.Sweep.summary)
        .where(m.Sweep.mode != "archive")
        .order_by(m.Sweep.id.desc())
        .limit(SWEEPS)
    )
    found: dict[str, Counter[str]] = {}
    blocked: defaultdict[str, list[str]] = defaultdict(list)
    for sweep_id, summary in rows:
        counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for source, counts in (summary or {}).get("sources", {}).items():
            name = _name(source, named)
            if not source or name in found:
                continue
            for key in COUNTS:
                counted[name][key] += counts.get(key, 0)
            if counts.get("blocks", 0) * 2 > counts.get("pages", 0):
                blocked[name].append(source)
        for name, counts in counted.items():
            found[name] = counts
            counts["sweep"] = sweep_id
    return found, dict(blocked)


def _name(source: str, named: Collection[str]) -> str:
    return source if source in named else "file" if source.startswith("file:") else "shop"


def _backlog(session: Session) -> Backlog:
    """Of sweeps that go on: a night that ended in part waits for nobody."""
    pending = (
        select(m.TaskRow.sweep_id, func.count().label("tasks"))
        .where(text("task.state = 'pending'"))
        .group_by(m.TaskRow.sweep_id)
        .subquery()
    )
    tasks, oldest = session.execute(
        select(func.sum(pending.c.tasks), func.min(m.Sweep.started_at))
        .select_from(pending)
        .join(m.Sweep, m.Sweep.id == pending.c.sweep_id)
        .outerjoin(Run, Run.sweep_id == m.Sweep.id)
        .where(m.Sweep.state.in_(GOING_ON))
        .where(or_(Run.id.is_(None), Run.outcome.in_(("queued", "begun"))))
    ).one()
    return Backlog(int(tasks or 0), oldest)


def _drifting(session: Session, now: datetime, named: Collection[str]) -> dict[str, list[str]]:
    rows = session.execute(
        select(m.Incident.source, m.Incident.detail)
        .where(text("incident.kind = 'drift'"), m.Incident.at > now - LATELY)
        .order_by(m.Incident.at.desc())
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for source, detail in rows:
        found[_name(source, named)].append(f"{source}: {detail}")
    return dict(found)


def _late(session: Session, now: datetime) -> list[Run]:
    return list(
        session.scalars(
            select(Run)
            .where(Run.outcome.in_(("queued", "begun")), Run.kind == "nightly", Run.until < now)
            .order_by(Run.planned_at)
        )
    )


def _workers(session: Session) -> int:
    """Those whose claims have not run out; on PostgreSQL those that wait for work too."""
    now = clock(session)
    holders = session.scalars(
        select(LeaseRow.holder).where(LeaseRow.until > now, LeaseRow.holder != "").distinct()
    )
    # A unit's process holds hosts under its worker's name and its own number.
    seen = {holder.split("/")[0] for holder in holders}
    if session.get_bind().dialect.name != "postgresql":
        return len(seen)
    if session.scalar(text("SELECT to_regclass('procrastinate_workers') IS NOT NULL")):
        living = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '60 seconds'"
        return max(len(seen), session.scalar(text(living)) or 0)
    return len(seen)


class Slow:
    """What is not asked each time; may be asked from several threads.

    A thread of its own asks; who wants to know waits for it a few seconds, then takes the last answer.
    """

    PATIENCE = 5.0

    def __init__(self, settings: Settings, store: Store, every: float = 900.0) -> None:
        self.settings, self.store, self.every = settings, store, every
        self._one = threading.Lock()
        self._asked = -every
        self._asking: threading.Thread | None = None
        self._overdue: int | None = None
        self._bytes: int | None = None

    def overdue(self) -> int | None:
        """Deadlines of open clues that are past; None where that is not known yet."""
        self._ask()
        return self._overdue

    def evidence(self) -> int | None:
        """Bytes of the evidence's files; None where they are in a bucket, or not counted yet."""
        self._ask()
        return self._bytes

    def _ask(self) -> None:
        with self._one:
            if self._asking is None and time.monotonic() - self._asked >= self.every:
                self._asking = threading.Thread(target=self._look, name="figures", daemon=True)
                self._asking.start()
            asking = self._asking
        if asking is not None:
            asking.join(self.PATIENCE)

    def _look(self) -> None:
        try:
            if not self.settings.evidence_bucket:
                files = (path for path in self.settings.vault_dir.rglob("*") if path.is_file())
                self._bytes = sum(path.stat().st_size for path in files)
            periods = load_periods(self.settings.rules_dir)
            with self.store.session() as session:
                due = clue_reminders(session, periods, datetime.now(UTC))
                self._overdue = sum(one.left < 0 for one in due)
        except Exception as error:
            log.error("figures: %s", type(error).__name__, extra={"event": "metrics.failed"})
        finally:
            with self._one:
                self._asked, self._asking = time.monotonic(), None


def free_bytes(settings: Settings) -> dict[str, int]:
    """Free bytes where data and evidence are; a folder that is not there yet by its parent."""
    found = {}
    for name, folder in (("data", settings.data_dir), ("evidence", settings.vault_dir)):
        path = folder.absolute()
        while not path.exists():
            path = path.parent
        found[name] = shutil.disk_usage(path).free
    return found
