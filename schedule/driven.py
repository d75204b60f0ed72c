"""The scheduler on a clock that somebody else moves: for the simulated year and the tests.

It is APScheduler's own code over its own job store; only what it takes for the time, and its
waiting, are replaced. A sweep here is one that takes a while and ends.
"""

from __future__ import annotations

import datetime as real
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from apscheduler.schedulers.base import BaseScheduler
from sqlalchemy import update

from schedule.service import Clock
from storage import Store
from storage import models as m

__all__ = ["DrivenClock", "DrivenScheduler", "Pretended", "time_of"]


class DrivenClock:
    """A wall and a steady clock that stand still until they are moved."""

    def __init__(self, start: real.datetime) -> None:
        self.now = start
        self.seconds = 0.0

    def go(self, by: real.timedelta) -> None:
        """Time goes by."""
        self.now += by
        self.seconds += by.total_seconds()

    def jump(self, by: real.timedelta) -> None:
        """The wall clock is set; no time goes by."""
        self.now += by

    def clock(self) -> Clock:
        """As the service wants it."""
        return Clock(lambda: self.now, lambda: self.seconds)


class DrivenScheduler(BaseScheduler):  # type: ignore[misc]
    """APScheduler without a thread: `turn` does what is due now."""

    def wakeup(self) -> None:
        """Whoever drives it wakes it."""

    def shutdown(self, wait: bool = True) -> None:
        """Leave the job store as it is."""
        super().shutdown(wait)

    def turn(self) -> float | None:
        """Run due jobs; returns the seconds until the next one."""
        seconds: float | None = self._process_jobs()
        return seconds


@contextmanager
def time_of(clock: DrivenClock) -> Iterator[None]:
    """While it lasts, APScheduler takes `clock` for the time."""

    class Driven(real.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> real.datetime:  # type: ignore[override]
            return clock.now.astimezone(tz)

    with (
        patch("apscheduler.schedulers.base.datetime", Driven),
        patch("apscheduler.executors.base.datetime", Driven),
        patch("apscheduler.triggers.interval.datetime", Driven),
    ):
        yield


class Pretended:
    """A starter whose sweeps take `duration` on the driven clock, and are then done."""

    def __init__(
        self,
        store: Store,
        clock: DrivenClock,
        duration: Callable[[int], real.timedelta],
        limit: int = 1,
    ) -> None:
        self.host = "driven"
        self.store, self.clock, self.duration, self.limit = store, clock, duration, limit
        self.ends: dict[int, real.datetime] = {}
        self.started: list[int] = []

    def alive(self, sweep_id: int) -> bool:
        """Whether it still takes; one whose time is over is done."""
        if sweep_id not in self.ends:
            return False
        if self.clock.now < self.ends[sweep_id]:
            return True
        del self.ends[sweep_id]
        self.say(sweep_id, "done")
        return True

    def start(self, sweep_id: int) -> bool:
        """Begin it, if there is room."""
        if sum(self.alive(one) for one in list(self.ends)) >= self.limit:
            return False
        self.started.append(sweep_id)
        self.say(sweep_id, "running")
        self.ends[sweep_id] = self.clock.now + self.duration(sweep_id)
        return True

    def stop(self) -> None:
        """Those under way keep what they have."""
        for sweep_id in list(self.ends):
            self.say(sweep_id, "interrupted")
        self.ends.clear()

    def say(self, sweep_id: int, state: str) -> None:
        """Set a sweep's state."""
        with self.store.session() as session:
            session.execute(update(m.Sweep).where(m.Sweep.id == sweep_id).values(state=state))
