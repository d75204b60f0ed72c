"""A worker: takes lanes and, behind them, slices of hunts, has each done by a process of its own, and lives on.

On SQLite it finds them in the store and claims a source by a lease; on PostgreSQL it is given
them by Procrastinate, whose lock is the claim. Either way a worker that gives no sign of life
for `worker_lease` seconds loses what it has to the others.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import socket
import time
from datetime import UTC, datetime
from typing import Any

from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from settings import Settings
from storage import Store, Vault
from storage.leases import Leases
from sweeps import slices
from sweeps.lanes import Lane, crashed, lanes, rested
from sweeps.nursery import Nursery
from sweeps.queue import (
    QUEUE,
    SLICE,
    UNIT,
    Interrupted,
    Retries,
    UnitCrashed,
    again,
    app_of,
    missing,
    missing_slices,
    next_slices,
)
from sweeps.slices import Slice, open_slices
from sweeps.unit import INTERRUPTED

__all__ = ["run_worker", "worker_name"]

LOOK = 0.5
"""Seconds between two looks for work on SQLite."""
log = logging.getLogger("yunjian.worker")


def worker_name() -> str:
    """A name that no other worker has."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(2)}"


def run_worker(settings: Settings, store: Store, concurrency: int = 1, once: bool = False) -> None:
    """Work until stopped by SIGTERM or SIGINT; with `once` until nothing is left to do now.

    Stopping is orderly: units keep what they have, others go on with the rest.
    """
    vault = Vault(settings.vault_dir, settings.evidence_bucket)
    vault.recover()
    vault.deliver()
    work = _on_postgresql if store.engine.dialect.name == "postgresql" else _on_sqlite
    asyncio.run(work(settings, store, concurrency, once))
    log.info("worker ended", extra={"event": "worker.ended"})


async def _attend(nursery: Nursery, store: Store, lane: Lane | Slice, worker: str) -> None:
    """One unit; raises `Interrupted` or `UnitCrashed`."""
    about: dict[str, Any] = {"worker": worker}
    if isinstance(lane, Lane):
        about |= {"sweep": lane.sweep_id, "source": lane.source}
    else:
        about |= {"hunt": lane.hunt_id, "after": lane.after}
    log.info("unit begun", extra=about | {"event": "unit.begun"})
    code = await nursery.run(lane, worker)
    log.info("unit ended", extra=about | {"event": "unit.ended", "state": _ended(code)})
    if code == INTERRUPTED:
        if isinstance(lane, Slice):
            slices.give_back(store, lane)
        raise Interrupted
    if code:
        note = (
            f"the process ended by signal {-code}" if code < 0 else f"the process ended with {code}"
        )
        if isinstance(lane, Lane):
            times = crashed(store, lane, worker, note)
        else:
            times = slices.crashed(store, lane, note)
        log.warning(
            "%s (%s times)", note, times, extra=about | {"event": "unit.crashed", "tries": times}
        )
        raise UnitCrashed(times, note)


def _ended(code: int) -> str:
    return "interrupted" if code == INTERRUPTED else "crashed" if code else "done"


def _begun() -> tuple[asyncio.Event, Nursery, str]:
    """What is set when the worker shall stop, where its units live, its name."""
    stop, worker = asyncio.Event(), worker_name()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("worker begun", extra={"event": "worker.begun", "worker": worker})
    return stop, Nursery(), worker


# One machine ----------------------------------------------------------------------------


async def _on_sqlite(settings: Settings, store: Store, concurrency: int, once: bool) -> None:
    stop, nursery, worker = _begun()
    leases = Leases(store, worker, settings.worker_lease)
    doing: dict[str, asyncio.Task[None]] = {}
    stopping = asyncio.create_task(stop.wait())
    renewed = time.monotonic()
    while not stop.is_set():
        open_lanes = _open(settings, store)
        for lane in open_lanes:
            name = _name(lane)
            if len(doing) < concurrency and name not in doing and leases.take(name):
                doing[name] = asyncio.create_task(_attend(nursery, store, lane, worker))
        if once and not doing and not open_lanes:
            return
        await asyncio.wait(
            [stopping, *doing.values()],
            timeout=LOOK,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for name in [name for name, task in doing.items() if task.done()]:
            _seen(doing.pop(name))
            leases.give_back(name)
        if time.monotonic() - renewed > settings.worker_lease / 3:
            renewed = time.monotonic()
            if not leases.renew(doing):
                log.error("another worker took over what this one did not renew in time")
                nursery.kill()
    nursery.stop()
    await asyncio.gather(*doing.values(), return_exceptions=True)
    for name in doing:
        leases.give_back(name)


def _name(lane: Lane | Slice) -> str:
    """Of the lease that is the claim."""
    return lane.name if isinstance(lane, Slice) else f"source:{lane.source or lane.sweep_id}"


def _open(settings: Settings, store: Store) -> list[Lane | Slice]:
    """Lanes that can be worked on now, then slices."""
    now = datetime.now(UTC)
    with store.session() as session:
        found = [lane for lane in lanes(session) if not lane.opens(settings, now)]
        pieces = [one for one in open_slices(session) if one.opens is None or one.opens <= now]
        return [*(lane for lane in found if rested(session, lane, now)), *pieces]


def _seen(task: asyncio.Task[None]) -> None:
    """An ended unit's error was written down already, if it is one of ours."""
    error = task.exception()
    if error is not None and not isinstance(error, Interrupted | UnitCrashed):
        raise error


# Many machines --------------------------------------------------------------------------


async def _on_postgresql(settings: Settings, store: Store, concurrency: int, once: bool) -> None:
    stop, nursery, worker = _begun()
    app = app_of(store, min_size=1, max_size=concurrency + 3)

    @app.task(name=UNIT, queue=QUEUE, retry=Retries())
    async def unit(sweep_id: int, source: str, reader: str) -> None:
        lane = Lane(sweep_id, source, reader)
        await _attend(nursery, store, lane, worker)
        await asyncio.to_thread(again, settings, store, lane)

    @app.task(name=SLICE, queue=QUEUE, retry=Retries())
    async def hunt_slice(hunt_id: int, after: int) -> None:
        await _attend(nursery, store, Slice(hunt_id, after), worker)
        await asyncio.to_thread(next_slices, store, hunt_id)

    async with app.open_async():
        await _take_over(app, settings, store)
        working = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                name=worker,
                concurrency=concurrency,
                wait=not once,
                fetch_job_polling_interval=1.0,
                install_signal_handlers=False,
                update_heartbeat_interval=settings.worker_lease / 3,
                stalled_worker_timeout=settings.worker_lease,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        while not working.done() and not stop.is_set():
            await asyncio.wait(
                [working, stopping],
                timeout=settings.worker_lease / 3,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not working.done() and not stop.is_set():
                await _take_over(app, settings, store)
        if working.done():
            working.result()
            return
        # It takes no further job, and waits for those under way, which stop in order.
        working.cancel()
        nursery.stop()
        await asyncio.gather(working, return_exceptions=True)


async def _take_over(app: Any, settings: Settings, store: Store) -> None:
    """Jobs of workers that gave no sign of life go back into the queue; lost ones are put there."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(
        queue=QUEUE, seconds_since_heartbeat=settings.worker_lease
    ):
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # It died after it had put the lane's next job: that one goes on with the lane.
            await manager.finish_job(job, Status.ABORTED, delete_job=False)
    await asyncio.to_thread(missing, settings, store)
    await asyncio.to_thread(missing_slices, store)
