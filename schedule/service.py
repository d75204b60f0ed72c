"""The scheduler's turn: hold the lease, decide what is due, look after what is under way.

`Service.tick` is called by the clock (`scheduler.py`) and may be called at any time, by any
number of schedulers: what a turn does depends on the store and the time only.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.exc import IntegrityError

from crawler.plan import PlanError
from policies import CHINA
from schedule.decide import Decision, decide
from schedule.health import HEALTH, write_health
from schedule.ledger import LeaseLost, Ledger
from schedule.orders import order_of
from schedule.start import Starter
from schedule.timetable import Planned, Timetable
from schedule.underway import Underway
from settings import Settings
from storage import Store
from sweeps.order import SweepError
from sweeps.run import plan_sweep

__all__ = ["Alert", "Clock", "Service", "logged"]

LEASE_SECONDS = 90.0
"""A lease that was not renewed for so long may be taken over."""
JUMP = timedelta(hours=1)
"""A wall clock that runs ahead of the steady one by more is not believed at once."""
DOUBT_SECONDS = 600.0
BACK = timedelta(minutes=1)
log = logging.getLogger("yunjian.schedule")


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should hear of."""

    kind: Literal["missed", "coalesced", "skipped", "failed", "partial", "clock", "lease", "report"]
    text: str
    at: datetime


def logged(alert: Alert) -> None:
    """The way of alerts where no other is set: a warning in the log."""
    log.warning("%s: %s", alert.kind, alert.text, extra={"event": "alert", "alert": alert.kind})


@dataclass(slots=True)
class Clock:
    """Two clocks: that of the wall, which may jump, and one that never does (seconds)."""

    wall: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    steady: Callable[[], float] = time.monotonic


class Service:
    """One scheduler; see the module."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        timetable: Timetable,
        starter: Starter,
        clock: Clock | None = None,
        alert: Callable[[Alert], None] = logged,
        name: str = "",
        health: Path | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.timetable = timetable
        self.starter = starter
        self.clock = clock or Clock()
        self.name = name or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.ledger = Ledger(store, self.name)
        self.health = health or settings.data_dir / HEALTH
        self._alert = alert
        self.alerts: list[Alert] = []
        self.state = "waiting"
        self._seen: tuple[str, int, float] | None = None
        """Holder and beat of another's lease, and since when (steady) it stands so."""
        self._last: tuple[datetime, float] | None = None
        self._doubt: tuple[float, timedelta] | None = None
        """Until when (steady) the wall clock is doubted, and by how much it jumped."""
        self.underway = Underway(settings, store, self.ledger, starter, self.alert)

    def alert(self, kind: Any, text: str) -> None:
        """Tell, and keep the last ones for the health file."""
        one = Alert(kind, text, self.clock.wall())
        self.alerts = [*self.alerts[-19:], one]
        self._alert(one)

    def tick(self) -> str:
        """One turn; returns its state: ``acting``, ``waiting`` for another scheduler's end, or
        ``doubting`` the clock."""
        now, steady = self.clock.wall(), self.clock.steady()
        try:
            self.state = self._turn(now, steady)
        except LeaseLost:
            self.state = "waiting"
            self.alert("lease", f"{self.name} lost its lease in the middle of a turn")
        write_health(self.health, self.said(now))
        return self.state

    def stop(self) -> None:
        """Orderly end: our sweeps stop and keep what they have, another may take over at once."""
        self.state = "stopped"
        self.starter.stop()
        self.ledger.give_back()
        write_health(self.health, self.said(self.clock.wall()))

    def said(self, now: datetime) -> dict[str, Any]:
        """How it stands, for the health file: plain JSON values."""
        following = self.timetable.following(now)
        return {
            "state": self.state,
            "name": self.name,
            "at": now.isoformat(timespec="seconds"),
            "pid": os.getpid(),
            "next": following and {"entry": following.entry, "at": following.at.isoformat()},
            "under_way": [
                {"entry": run.entry, "planned_at": run.planned_at.isoformat(), "sweep": run.sweep_id, "outcome": run.outcome}
                for run in self.ledger.open_runs()
            ],
            "alerts": [
                {"at": one.at.isoformat(timespec="seconds"), "kind": one.kind, "text": one.text}
                for one in self.alerts
            ],
        }  # fmt: skip

    def _turn(self, now: datetime, steady: float) -> str:
        holds, watermark = self._hold(now, steady)
        if not holds:
            return "waiting"
        if self._doubted(now, steady):
            return "doubting"
        if now < watermark - BACK:
            self.alert("clock", f"the clock was set back to {now:%Y-%m-%d %H:%M} UTC")
            first = self.ledger.take_back(now)
            watermark = min(now, first - timedelta(seconds=1)) if first else now
        self._decide(watermark, now)
        self.ledger.decided(now)
        self.underway.look(now)
        return "acting"

    def _hold(self, now: datetime, steady: float) -> tuple[bool, datetime]:
        seen = self.ledger.look(now)
        if not seen.mine and seen.holder:
            mark = (seen.holder, seen.beat)
            if self._seen is None or self._seen[:2] != mark:
                self._seen = (*mark, steady)
            if steady - self._seen[2] < LEASE_SECONDS:
                return False, seen.watermark
        if not self.ledger.take(seen):
            return False, seen.watermark
        if not seen.mine:
            self._seen = None
            if seen.holder:
                self.alert("lease", f"{seen.holder} gave no sign; {self.name} takes over")
        return True, seen.watermark

    def _doubted(self, now: datetime, steady: float) -> bool:
        """Whether the wall clock has jumped ahead, and it is too early to believe it."""
        last, self._last = self._last, (now, steady)
        if last is not None:
            drift = (now - last[0]) - timedelta(seconds=steady - last[1])
            if drift > JUMP and self._doubt is None:
                self._doubt = (steady + DOUBT_SECONDS, drift)
                self.alert(
                    "clock", f"the clock jumped ahead by {drift}; waiting {DOUBT_SECONDS:g} s"
                )
            elif self._doubt is not None and drift < -self._doubt[1] / 2:
                self._doubt = None
        if self._doubt is not None and steady >= self._doubt[0]:
            self._doubt = None
        return self._doubt is not None

    def _decide(self, watermark: datetime, now: datetime) -> None:
        due = self.timetable.between(watermark, now)
        standing = self.ledger.standing(due)
        due = [run for run in due if (run.entry, run.at) not in standing]
        if due:
            # What has ended since the last turn hinders nothing.
            self.underway.look(now)
            busy = {run.entry for run in self.ledger.open_runs()}
            decisions = decide(due, now, busy)
            for one in decisions:
                self._carry_out(one, now)
            self._tell(decisions)

    def _carry_out(self, one: Decision, now: datetime) -> None:
        planned = f"{one.run.entry} {one.run.at:%Y-%m-%dT%H:%MZ}"
        log.info(
            "%s: %s",
            one.run.title,
            one.outcome,
            extra={"event": f"run.{one.outcome}", "run": planned},
        )
        if one.outcome != "run":
            self.ledger.put(one.run, now, one.outcome, one.note)
            if one.outcome == "noted":
                self.alert("report", one.run.title)
            return
        try:
            order = order_of(self.settings, one.run)
            if order is None:
                self.ledger.put(one.run, now, "done", "no source of its kind is asked here")
                return
            plan_sweep(
                self.settings, self.store, order,
                lambda session, sweep_id: self.ledger.write(
                    session, one.run, now, "queued", one.note, sweep_id
                ),
            )  # fmt: skip
        except IntegrityError:
            log.info("%s of %s stands already", one.run.entry, one.run.at)
        except (SweepError, PlanError) as error:
            self.ledger.put(one.run, now, "failed", str(error)[:500])
            self.alert("failed", f"{one.run.title}: {error}")

    def _tell(self, decisions: list[Decision]) -> None:
        """One alert for each outcome and entry, not one for each hour of an outage."""
        told: dict[tuple[str, str], list[Planned]] = {}
        for one in decisions:
            if one.outcome in ("missed", "coalesced", "skipped"):
                told.setdefault((one.outcome, one.run.entry), []).append(one.run)
        for (outcome, _), runs in told.items():
            when = f"{runs[0].at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            if len(runs) > 1:
                when += f" to {runs[-1].at.astimezone(CHINA):%Y-%m-%d %H:%M}"
            self.alert(
                outcome, f"{runs[0].title}: {len(runs)} {outcome}, planned {when} (China time)"
            )
