"""A team: several workers on this machine for one sweep, from its plan to its summary."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

from settings import Settings
from storage import Store
from storage import models as m
from sweeps.gather import gather
from sweeps.lanes import cancel, hand_over, settled
from sweeps.order import SweepOrder
from sweeps.queue import missing, withdraw
from sweeps.run import plan_sweep
from sweeps.summary import Summary

__all__ = ["cancel_sweep", "leave_to_workers", "sweep_by_team"]

LOOK = 1.0
"""Seconds between two looks at how far they are."""


def leave_to_workers(settings: Settings, store: Store, sweep_id: int) -> None:
    """Whoever runs `yunjian worker` does the sweep. Raises `SweepError`."""
    hand_over(store, sweep_id)
    if store.engine.dialect.name == "postgresql":
        missing(settings, store, sweep_id)


def cancel_sweep(store: Store, sweep_id: int) -> int:
    """End a sweep that is left to workers; returns how many tasks it had left. `SweepError`."""
    ended = cancel(store, sweep_id)
    if store.engine.dialect.name == "postgresql":
        withdraw(store, sweep_id)
    return ended


def sweep_by_team(
    settings: Settings,
    store: Store,
    order: SweepOrder,
    workers: int,
    progress: Callable[[Summary], None] = lambda summary: None,
) -> Summary:
    """Run or resume a sweep with so many worker processes; returns what it did.

    Workers that run already help. Stopped by Ctrl-C its state says ``interrupted``. Raises
    `SweepError` or `PlanError` before anything is asked.
    """
    sweep_id = order.resume or plan_sweep(settings, store, order).sweep_id
    leave_to_workers(settings, store, sweep_id)
    command = [sys.executable, "-m", "cli", "worker"]
    team = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(workers)]
    stopped = False
    try:
        while any(one.poll() is None for one in team):
            with store.session() as session:
                if settled(settings, session, sweep_id):
                    break
                progress(gather(session, sweep_id))
            time.sleep(LOOK)
    except KeyboardInterrupt:
        stopped = True
    for one in team:
        one.terminate()
    for one in team:
        one.wait()
    return _summary(settings, store, sweep_id, stopped)


def _summary(settings: Settings, store: Store, sweep_id: int, stopped: bool) -> Summary:
    with store.session() as session:
        sweep = session.get_one(m.Sweep, sweep_id)
        if sweep.state == "done":
            return Summary.from_dict(sweep.summary or {})
        summary = gather(session, sweep_id)
        if sweep.state == "running":
            waits = settled(settings, session, sweep_id) and not stopped
            summary.state = "waiting" if waits else "interrupted"
        return summary
