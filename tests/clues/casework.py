"""A clue to work with, and a clock to set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from clues.lifecycle import take
from clues.routing import Departments, load_departments
from detectors import Detector
from storage import Store
from tests.clues.test_growth import NOW, accuse, seen

HOUSE = Path(__file__).resolve().parents[2]


def a_clue(store: Store, number: int = 1, violation: str = "counterfeit", **more: str) -> int:
    """A new clue; returns its id."""
    more = {"shop_name": f"虚构{number}店", **more}
    row = seen(store, f"高仿茶{number}", number, NOW, **more)
    (clue_id,) = accuse(store, row, "高仿", 0.9, violation)[0]
    return clue_id


def walk(store: Store, clue_id: int, *actions: str, by: str = "王芳") -> None:
    """Take steps one after the other."""
    for action in actions:
        with store.session() as session:
            take(session, clue_id, action, by, "例行")


def at(*times: str) -> Callable[[], datetime]:
    """A clock that shows these times (ISO 8601 with zone), one after the other."""
    shown = iter([datetime.fromisoformat(time) for time in times])
    return lambda: next(shown)


def departments(detector: Detector) -> Departments:
    """The project's own."""
    rules = detector.ruleset
    return load_departments(HOUSE / "rules", rules.violations, [g["id"] for g in rules.goods])
