"""A hunt that is left to whoever runs `yunjian worker`: handing it over, waiting for its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import detectors
from detectors import Detector
from storage import Store
from storage.hunts import Hunt
from sweeps.queue import missing_slices
from sweeps.retrohunt import HuntError, HuntOrder, begun_or_resumed, one_hunt
from sweeps.slices import Far, cut, far

__all__ = ["how_far", "leave_hunt", "wait_for"]

LOOK = 1.0
"""Seconds between two looks at how far they are."""


def leave_hunt(
    store: Store, rules_dir: Path, order: HuntOrder, detector: Detector | None = None
) -> Hunt | None:
    """The hunt, cut into slices that workers take; None where no rule is new or changed.

    Resumed, slices that failed are tried again, and a preview is applied if that is ordered.
    Raises `HuntError`, or `RuleError` where the rules can't be used.
    """
    detector = detector or detectors.load(rules_dir)
    hunt = begun_or_resumed(store, detector, replace(order, workers=True))
    if hunt is None or hunt.state == "done" or (hunt.state == "ready" and not order.apply):
        return hunt
    with store.writing() as session:
        hunt = session.get_one(Hunt, hunt.id)
        apply = order.apply or hunt.state == "applying" or hunt.workers == "apply"
        cut(session, hunt, "apply" if apply else "preview")
    missing_slices(store, hunt.id)
    return hunt


def how_far(store: Store, hunt: Hunt) -> Far:
    """How far the workers are with it."""
    with store.session() as session:
        return far(session, hunt)


def wait_for(
    store: Store, hunt_id: int, progress: Callable[[Hunt, Far], None] = lambda *_: None
) -> Hunt:
    """The hunt when its workers are through with it. Raises `HuntError` where they failed."""
    while True:
        hunt = one_hunt(store, hunt_id)
        reached = how_far(store, hunt)
        if reached.failed:
            again = f"--resume {hunt_id} --workers tries them again"
            raise HuntError(f"hunt {hunt_id} can't go on: {'; '.join(reached.failed)} ({again})")
        if reached.over or not hunt.workers:
            return one_hunt(store, hunt_id)
        progress(hunt, reached)
        time.sleep(LOOK)
