"""The status page of `yunjian doctor`: last night, backlog, disk, scheduler, workers, alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, text

from policies import CHINA
from settings import Settings
from storage import Store
from storage.alerts import AlertRow
from watching.concerns import STILL
from watching.standing import Standing, free_bytes, standing

__all__ = ["status"]

Line = tuple[Literal["ok", "warn"], str, str]


def status(settings: Settings, store: Store) -> Iterator[Line]:
    """(state, what, in words). Nothing here is ``bad``: a sweep could be run all the same."""
    now = standing(settings, store)
    yield _night(settings, now)
    yield _backlog(settings, now)
    yield _sources(now)
    yield _scheduler(now)
    yield "ok", "workers", f"{now.workers} at work just now"
    for name, free in free_bytes(settings).items():
        low = free < settings.alert_disk * 1e9
        yield "warn" if low else "ok", "disk", f"{free // 10**9} GB free for {name}"
    yield _alerts(settings, store)


def _china(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M} (China time)"


def _night(settings: Settings, now: Standing) -> Line:
    if now.late:
        said = "; ".join(f"{run.entry} of {_china(run.planned_at)}" for run in now.late)
        return "warn", "last night", f"still under way after its window: {said}"
    if now.night is None:
        return "ok", "last night", "no nightly sweep was finished yet"
    night = now.night
    old = now.at - night.ended_at > timedelta(hours=settings.alert_night)
    said = f"sweep {night.sweep_id}, {night.pages} pages, {night.listings} listings, {night.clues} clues"
    return "warn" if old else "ok", "last night", f"finished {_china(night.ended_at)}: {said}"


def _backlog(settings: Settings, now: Standing) -> Line:
    oldest = now.backlog.oldest
    if oldest is None:
        return "ok", "backlog", "none"
    old = now.at - oldest > timedelta(hours=settings.alert_backlog)
    said = f"{now.backlog.tasks} tasks, the oldest since {_china(oldest)}"
    return "warn" if old else "ok", "backlog", said


def _sources(now: Standing) -> Line:
    said = [f"{name} drifts" for name in sorted(now.drifting)]
    said += [f"{name} is blocked" for name in sorted(now.blocked)]
    if said:
        return "warn", "sources lately", ", ".join(said)
    return "ok", "sources lately", f"{len(now.sources)} swept, none drifts or is blocked"


def _scheduler(now: Standing) -> Line:
    if now.decided_to is None:
        return "ok", "scheduler", "none ever ran here (yunjian schedule run)"
    still = now.at - now.decided_to > STILL
    who = now.scheduler or "nobody"
    said = f"{who} holds the schedule; decided up to {_china(now.decided_to)}"
    return "warn" if still else "ok", "scheduler", said


def _alerts(settings: Settings, store: Store) -> Line:
    if not settings.alert_urls:
        return "warn", "alerts", "nobody is told (alert_urls is empty)"
    with store.session() as session:
        waiting = session.scalar(
            select(func.count())
            .select_from(AlertRow)
            .where(text("alert.state = 'pending'"), AlertRow.tries > 0)
        )
    said = f"{len(settings.alert_urls)} addresses"
    return ("warn", "alerts", f"{said}; {waiting} could not be sent yet") if waiting else ("ok", "alerts", said)  # fmt: skip
