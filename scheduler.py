"""When sweeps run: APScheduler puts them in the store, a worker does them.

The scheduler enqueues and never crawls: `enqueue_nightly` writes a sweep with its pending tasks,
which `yunjian sweep --resume ID` (or a worker) takes up. Its jobs live in the store's own
database, so that a restart forgets nothing.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from settings import Settings, load
from storage import open_store
from sweeps.run import SweepOrder, plan_sweep

__all__ = ["CHINA", "NIGHTLY", "build", "enqueue_nightly", "next_nightly"]

CHINA = ZoneInfo("Asia/Shanghai")
NIGHTLY = CronTrigger(hour=2, minute=0, timezone=CHINA)
"""Two in the morning in China, when shops are least busy."""
MISFIRE_SECONDS = 6 * 3600
"""A sweep that could not start at its time starts up to this much later, once."""


def enqueue_nightly() -> int:
    """Put a nightly sweep of all goods into the store; returns its id."""
    config = load()
    store = open_store(config.store_url)
    try:
        return plan_sweep(config, store, SweepOrder(mode="nightly")).sweep_id
    finally:
        store.close()


def next_nightly(after: datetime) -> datetime | None:
    """When the next nightly sweep is due after a moment (aware)."""
    return NIGHTLY.get_next_fire_time(None, after)  # type: ignore[no-any-return]


def build(settings: Settings) -> BackgroundScheduler:
    """The scheduler with the nightly job, not yet started. Building it twice adds nothing."""
    scheduler = BackgroundScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=settings.store_url)}, timezone=CHINA
    )
    scheduler.add_job(
        enqueue_nightly,
        NIGHTLY,
        id="nightly",
        replace_existing=True,
        coalesce=True,
        max_instances=1,
        misfire_grace_time=MISFIRE_SECONDS,
    )
    return scheduler
