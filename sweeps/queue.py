"""The queue of many machines: Procrastinate's, in the store's own PostgreSQL.

A job is a lane, or a slice of a hunt, which comes after all lanes. A lane's `lock` is the source, so that one worker has a source at a time; its
`queueing_lock` the lane, so that nothing stands in the queue twice. Jobs say where work is; what
is left to do stands in the tasks of the sweep, so a job too many does nothing and a job too few
is put there by the next worker that looks (`missing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from sqlalchemy import text

from settings import Settings
from storage import Store
from sweeps.lanes import Lane, lanes, pause_after
from sweeps.slices import Slice, open_slices

__all__ = ["QUEUE", "SLICE", "UNIT", "Interrupted", "Retries", "UnitCrashed", "again", "app_of", "lanes_of", "missing", "missing_slices", "next_slices", "withdraw"]  # fmt: skip

QUEUE = "yunjian"
UNIT = "sweep unit"
SLICE = "hunt slice"
AFTER_SWEEPS = -100
"""The priority of slices: less than that of any lane."""
SCHEMA = 7396044
"""The advisory lock of whoever makes the queue's tables."""
# Not `to_regclass`: a connection remembers for a while that a name was not there.
THERE = (
    "SELECT count(*) FROM pg_catalog.pg_tables "
    "WHERE tablename = 'procrastinate_jobs' AND schemaname = current_schema()"
)


class Interrupted(Exception):
    """A unit stopped in order and has something left."""


class UnitCrashed(Exception):
    """A unit's process ended of itself, for the `times`th time."""

    def __init__(self, times: int, note: str) -> None:
        super().__init__(note)
        self.times = times


class Retries(BaseRetryStrategy):
    """At once after an interruption, with back-off after a crash.

    Not without end: after some crashes the tasks of the lane fail, and its job finds nothing.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """When to try again."""
        times = exception.times if isinstance(exception, UnitCrashed) else 0
        wait = pause_after(times) if times else 0.0
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=wait))


def app_of(store: Store, kind: type[Any] = PsycopgConnector, **pool: Any) -> App:
    """The queue of a store, its tables made if they are not there; still to be opened."""
    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = App(connector=kind(conninfo=url, **pool))
    with store.engine.begin() as connection:
        if not connection.scalar(text(THERE)):
            connection.execute(text(f"SELECT pg_advisory_xact_lock({SCHEMA})"))
            # Another may have made them while we waited.
            if not connection.scalar(text(THERE)):
                # The driver's own cursor takes many statements at once.
                driver: Any = connection.connection.dbapi_connection
                driver.execute(app.schema_manager.get_schema())
    return app


def put(app: App, lane: Lane, opens: datetime | None = None) -> None:
    """A job for the lane, unless one waits already; not to be done before `opens`."""
    named: dict[str, Any] = {"schedule_at": opens} if opens else {}
    try:
        app.configure_task(
            UNIT,
            queue=QUEUE,
            lock=f"source:{lane.source or lane.sweep_id}",
            queueing_lock=f"{lane.sweep_id}/{lane.source}",
            priority=lane.priority,
            **named,
        ).defer(sweep_id=lane.sweep_id, source=lane.source, reader=lane.reader)
    except AlreadyEnqueued:
        return


@contextmanager
def lanes_of(store: Store) -> Iterator[Callable[[Lane], None]]:
    """What tells workers of a lane: on PostgreSQL a job; on SQLite they see it by themselves."""
    if store.engine.dialect.name != "postgresql":
        yield lambda lane: None
        return
    app = app_of(store, SyncPsycopgConnector, min_size=1, max_size=1)
    with app.open():
        yield lambda lane: put(app, lane)


def missing(settings: Settings, store: Store, sweep_id: int = 0) -> int:
    """Put a job for each lane, of one sweep or of all, that has none; returns how many."""
    with store.session() as session:
        wanted = lanes(session, sweep_id)
    if not wanted:
        return 0
    app, now, count = (
        app_of(store, SyncPsycopgConnector, min_size=1, max_size=1),
        datetime.now(UTC),
        0,
    )
    with app.open():
        there = {
            (job.task_kwargs.get("sweep_id"), job.task_kwargs.get("source"))
            for status in ("todo", "doing")
            for job in app.job_manager.list_jobs(queue=QUEUE, task=UNIT, status=status)
        }
        for lane in wanted:
            if (lane.sweep_id, lane.source) not in there:
                put(app, lane, lane.opens(settings, now))
                count += 1
    return count


def again(settings: Settings, store: Store, lane: Lane) -> None:
    """A lane that was worked on and has something left, for its hours, gets a job for then."""
    with store.session() as session:
        same = [one for one in lanes(session, lane.sweep_id) if one.source == lane.source]
    if same and lane.source:
        app = app_of(store, SyncPsycopgConnector, min_size=1, max_size=1)
        with app.open():
            put(app, same[0], same[0].opens(settings, datetime.now(UTC)))


def withdraw(store: Store, sweep_id: int) -> int:
    """Take the waiting jobs of a sweep out of the queue; returns how many."""
    app, count = app_of(store, SyncPsycopgConnector, min_size=1, max_size=1), 0
    with app.open():
        for job in app.job_manager.list_jobs(queue=QUEUE, task=UNIT, status="todo"):
            if job.task_kwargs.get("sweep_id") == sweep_id and job.id is not None:
                count += app.job_manager.cancel_job_by_id(job.id)
    return count


def missing_slices(store: Store, hunt_id: int = 0) -> int:
    """Put a job for each slice, of one hunt or of all, that has none; returns how many.

    On SQLite workers see slices by themselves.
    """
    if store.engine.dialect.name != "postgresql":
        return 0
    with store.session() as session:
        wanted = open_slices(session, hunt_id)
    if not wanted:
        return 0
    app = app_of(store, SyncPsycopgConnector, min_size=1, max_size=1)
    with app.open():
        there = {
            job.queueing_lock
            for status in ("todo", "doing")
            for job in app.job_manager.list_jobs(queue=QUEUE, task=SLICE, status=status)
        }
        new = [piece for piece in wanted if piece.name not in there]
        for piece in new:
            _put_slice(app, piece)
    return len(new)


def next_slices(store: Store, hunt_id: int) -> None:
    """A slice was done: if only the hunt's end is left, that gets its job."""
    with store.session() as session:
        left = open_slices(session, hunt_id)
    if len(left) == 1:
        missing_slices(store, hunt_id)


def _put_slice(app: App, piece: Slice) -> None:
    named: dict[str, Any] = {"schedule_at": piece.opens} if piece.opens else {}
    try:
        app.configure_task(
            SLICE,
            queue=QUEUE,
            lock=piece.name,
            queueing_lock=piece.name,
            priority=AFTER_SWEEPS,
            **named,
        ).defer(hunt_id=piece.hunt_id, after=piece.after)
    except AlreadyEnqueued:
        return
