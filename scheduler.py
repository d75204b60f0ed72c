"""When sweeps run: APScheduler wakes the schedule's service, which plans and never crawls.

Its jobs live in the store's own database, so that a restart knows what came due meanwhile. One
job fires at each planned moment of `rules/calendar.yaml`; another is the heartbeat, by which
the lease is renewed and processes are looked after. What becomes of a moment is decided in
`schedule/`, by the store and the time alone: a job that fires twice, late or on two machines
changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.base import BaseScheduler
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from crawler.plan import load_goods
from policies import CHINA
from schedule import Timetable, load_calendar
from schedule.service import Service
from settings import Settings
from sweeps.order import SHOPS
from sweeps.sources import searchable

__all__ = ["CHINA", "PlannedMoments", "build", "timetable_of"]

BEAT_SECONDS = 20.0
_acting: dict[str, Service] = {}
"""By the name of the store: whom its jobs wake. A job in a store can't hold an object."""


def timetable_of(settings: Settings) -> Timetable:
    """The timetable of the calendar in force; raises `CalendarError` or `PlanError`."""
    goods = [one.id for one in load_goods(settings.rules_dir)]
    return Timetable(load_calendar(settings.rules_dir, goods, (*searchable(settings), SHOPS)))


class PlannedMoments(BaseTrigger):  # type: ignore[misc]
    """Fires at each planned moment of a calendar; kept in the store by the calendar's folder."""

    def __init__(self, rules_dir: Path) -> None:
        self.rules_dir = rules_dir

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first planned moment after the last one, else from `now` on."""
        run = _timetable(self.rules_dir, _changed(self.rules_dir)).following(
            previous or now - timedelta(microseconds=1)
        )
        return run.at.astimezone(CHINA) if run else None


@lru_cache(maxsize=4)
def _timetable(rules_dir: Path, changed: int) -> Timetable:
    return Timetable(load_calendar(rules_dir))


def _changed(rules_dir: Path) -> int:
    return (rules_dir / "calendar.yaml").stat().st_mtime_ns


def turn(store_name: str) -> None:
    """One turn of the service that is at work on a store."""
    _acting[store_name].tick()


def build(
    settings: Settings,
    service: Service,
    beat: float = BEAT_SECONDS,
    kind: type[BaseScheduler] = BlockingScheduler,
) -> BaseScheduler:
    """The scheduler of a service, not yet started. Building it twice adds no job.

    Turns run one after another in the scheduler's own thread, and a job that is overdue fires
    once: what came due meanwhile is the service's to find.
    """
    name = service.store.name
    _acting[name] = service
    scheduler = kind(
        jobstores={
            "default": SQLAlchemyJobStore(engine=service.store.engine),
            "memory": MemoryJobStore(),
        },
        executors={"default": DebugExecutor()},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=CHINA,
    )
    trigger = PlannedMoments(settings.rules_dir.resolve())
    scheduler.add_job(turn, trigger, [name], id="planned", replace_existing=True)
    every = IntervalTrigger(seconds=beat, timezone=CHINA)
    scheduler.add_job(turn, every, [name], id="beat", jobstore="memory")
    return scheduler
