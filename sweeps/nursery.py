"""Processes for units of work: one each, so that what kills one does not end the worker.

A unit's process watches over itself: it ends at once when its worker is gone or when what it
held went to another, and stops in order when its sweep was cancelled.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

import settings as settings_module
from storage import Store, open_store
from storage import models as m
from storage.leases import Leases
from sweeps.huntunit import work as look_anew
from sweeps.lanes import Lane
from sweeps.queue import lanes_of
from sweeps.slices import Slice
from sweeps.unit import INTERRUPTED, Held, work
from watching.logs import begin_logging

__all__ = ["Nursery"]

GLANCE = 0.5
"""Seconds between two looks at the worker."""


class Nursery:
    """Starts units and waits for them; made in the worker's event loop."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["sweeps.template"])
        self._running: set[multiprocessing.context.ForkServerProcess] = set()

    async def run(self, lane: Lane | Slice, worker: str) -> int:
        """The exit code of the unit of a lane or slice; that of a signal is negative."""
        whole_life = _unit if isinstance(lane, Lane) else _slice
        process = self._context.Process(target=whole_life, args=(lane, worker), name=f"unit {lane}")
        await asyncio.to_thread(process.start)
        self._running.add(process)
        try:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(process.sentinel, ended.set)
            try:
                await ended.wait()
            finally:
                loop.remove_reader(process.sentinel)
        finally:
            self._running.discard(process)
        process.join()
        assert process.exitcode is not None
        return process.exitcode

    def stop(self) -> None:
        """All units stop in order."""
        for process in tuple(self._running):
            process.terminate()

    def kill(self) -> None:
        """All units end at once."""
        for process in tuple(self._running):
            process.kill()


def _unit(lane: Lane, worker: str) -> None:
    """A process's whole life."""
    from sweeps.template import detector_of

    settings = settings_module.load()
    begin_logging(settings, service=True)
    store = open_store(settings.store_url)
    held = Held(Leases(store, f"{worker}/{os.getpid()}", settings.worker_lease))
    watch = threading.Thread(
        target=_watch, args=(store, held, lane, settings.worker_lease), daemon=True
    )
    watch.start()
    with lanes_of(store) as new_lane:
        code = work(settings, store, detector_of(settings.rules_dir), lane, worker, held, new_lane)
    sys.exit(code)


def _slice(piece: Slice, worker: str) -> None:
    """A process's whole life: it may end at any instant, as each of its transactions is whole."""
    from sweeps.template import detector_of

    signal.signal(signal.SIGTERM, lambda *_: os._exit(INTERRUPTED))
    threading.Thread(target=_end_with_worker, daemon=True).start()
    settings = settings_module.load()
    begin_logging(settings, service=True)
    store = open_store(settings.store_url)
    look_anew(settings.rules_dir, store, detector_of(settings.rules_dir), piece)


def _end_with_worker() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _watch(store: Store, held: Held, lane: Lane, lease: float) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    renewed = time.monotonic()
    stopping = False
    while True:
        parent.join(GLANCE)
        if not parent.is_alive():
            os._exit(1)
        if time.monotonic() - renewed < min(lease / 3, 2.0):
            continue
        try:
            if not held.renew():
                os._exit(1)
            with store.session() as session:
                state = session.scalar(select(m.Sweep.state).where(m.Sweep.id == lane.sweep_id))
        except DBAPIError:
            if time.monotonic() - renewed > lease:
                os._exit(1)
            continue
        renewed = time.monotonic()
        if state == "cancelled" and not stopping:
            stopping = True
            os.kill(os.getpid(), signal.SIGTERM)
