"""Runs under way: started, resumed after a kill or for the hours of a source, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from policies import CHINA
from schedule.ledger import Ledger
from schedule.start import Starter
from settings import Settings
from storage import Store
from storage import models as m
from storage.runs import Run

__all__ = ["Underway"]

TRIES = 5
"""A sweep whose process died so often without a clean end is given up."""
PAUSE = timedelta(minutes=1)
"""Before the second try; twice as long before each further one."""
ELSEWHERE = timedelta(hours=24)
"""A run that another machine's process does, and that gave no sign for so long, is given up."""


class Underway:
    """Looks after open runs; see the module."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        ledger: Ledger,
        starter: Starter,
        alert: Callable[[Any, str], None],
    ) -> None:
        self.settings = settings
        self.store = store
        self.ledger = ledger
        self.starter = starter
        self.alert = alert

    def look(self, now: datetime) -> None:
        """End what has ended, start what can be started. Raises `LeaseLost`."""
        for run in self.ledger.open_runs():
            # Asked before its state is read: one that ends in between is then seen as done.
            ours = bool(self.starter.host) and run.host in ("", self.starter.host)
            alive = ours and self.starter.alive(run.sweep_id or 0)
            with self.store.session() as session:
                sweep = session.get_one(m.Sweep, run.sweep_id)
            if sweep.state == "done":
                self._end(run, now, "done")
            elif sweep.state == "waiting" and now >= run.until:
                self._partial(run, now)
            elif run.host and run.host != self.starter.host:
                if now - (run.tried_at or run.decided_at) > ELSEWHERE:
                    self._end(run, now, "failed", f"no sign from {run.host}")
                    self.alert("failed", f"{_named(run)}: no sign from {run.host} for a day")
            elif alive:
                continue
            elif sweep.state != "waiting" or self._opened(run, now):
                self._start(run, sweep.state, now)

    def _start(self, run: Run, state: str, now: datetime) -> None:
        died = run.tries > 0 and state == "running"
        if died and run.tries >= TRIES:
            self._end(run, now, "failed", f"its process died {TRIES} times")
            self.alert("failed", f"{_named(run)}: its process died {TRIES} times")
            return
        if died and run.tried_at and now < run.tried_at + PAUSE * 2 ** (run.tries - 1):
            return
        if run.outcome == "begun" and not self.starter.host:
            return
        if self.starter.start(run.sweep_id or 0):
            tries = run.tries + 1 if died or not run.tries else run.tries
            self.ledger.change(
                run.id, outcome="begun", begun_at=run.begun_at or now, tries=tries, tried_at=now,
                host=self.starter.host,
            )  # fmt: skip

    def _opened(self, run: Run, now: datetime) -> bool:
        """Whether a source of what is left may be asked now."""
        with self.store.session() as session:
            left = session.execute(
                select(m.TaskRow.source, m.TaskRow.reader)
                .where(m.TaskRow.sweep_id == run.sweep_id, m.TaskRow.state == "pending")
                .distinct()
            ).all()
        return any(self.settings.policy(source, reader).open_at(now) for source, reader in left)

    def _partial(self, run: Run, now: datetime) -> None:
        with self.store.session() as session:
            left = session.scalar(
                select(func.count())
                .select_from(m.TaskRow)
                .where(m.TaskRow.sweep_id == run.sweep_id, m.TaskRow.state == "pending")
            )
        note = f"{left} tasks were left when its time ended"
        self._end(run, now, "partial", note)
        if run.kind == "nightly":
            self.alert("partial", f"{_named(run)}: {note}")

    def _end(self, run: Run, now: datetime, outcome: str, note: str = "") -> None:
        said = "; ".join(filter(None, (run.note, note)))
        self.ledger.change(
            run.id, outcome=outcome, note=said, ended_at=now, begun_at=run.begun_at or now
        )


def _named(run: Run) -> str:
    return f"{run.entry} of {run.planned_at.astimezone(CHINA):%Y-%m-%d %H:%M}"
