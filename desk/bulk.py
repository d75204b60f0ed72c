"""One step for several clues at once, each in a transaction of its own: of one that another
officer changed it is told who did, and the rest go on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fastapi import HTTPException

from clues.lifecycle import Conflict, take
from clues.log import CaseError, last_event
from clues.standing import FOLDED
from desk.visit import Visit
from storage.models import Clue

__all__ = ["BULK_STEPS", "MOST", "Outcome", "judge", "picked"]

MOST = 200
"""Clues of one request."""
BULK_STEPS = ("onward", "triage", "verify", "confirm", "reject")
"""`onward` is the next step on the way to a verdict, whichever it is for each clue."""
ONWARD = {"new": "triage", "triaged": "verify", "verifying": "confirm"}
VERDICTS = ("confirm", "reject")
"""These want a reason of the officer's own."""
ROUTINE = "在线索列表中办理"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one clue."""

    clue_id: int
    what: Literal["done", "changed", "refused", "unexplained", "gone"]
    """`changed`: by another since it was shown; `refused`: the step does not start from its state;
    `unexplained`: a verdict without a reason; `gone`: merged, or of another county."""
    step: str = ""
    """Taken; where it is `changed` or `refused`, the one that was taken last."""
    state: str = ""
    """It has now."""
    by: str = ""
    at: datetime | None = None


def picked(values: Iterable[str]) -> dict[int, int]:
    """Versions by clue, of `ID:VERSION` each; raises `CaseError` for anything else."""
    seen: dict[int, int] = {}
    for value in values:
        if not re.fullmatch(r"[0-9]{1,10}:[0-9]{1,9}", value):
            raise CaseError("线索编号或版本有误，请刷新页面")
        id_, version = value.split(":")
        seen[int(id_)] = int(version)
    if not seen:
        raise CaseError("没有选中线索")
    if len(seen) > MOST:
        raise CaseError(f"一次至多 {MOST} 条线索")
    return seen


def judge(visit: Visit, seen: dict[int, int], step: str, why: str) -> list[Outcome]:
    """Take a step of `BULK_STEPS` for clues in the versions in which they were shown."""
    return [_one(visit, id_, version, step, why.strip()) for id_, version in seen.items()]


def _one(visit: Visit, clue_id: int, version: int, step: str, why: str) -> Outcome:
    try:
        with visit.writing() as session:
            clue = visit.clue(session, clue_id)
            if clue.subject.startswith(FOLDED):
                return Outcome(clue_id, "gone")
            action = ONWARD.get(clue.state, "confirm") if step == "onward" else step
            if action in VERDICTS and not why and clue.version == version:
                return Outcome(clue_id, "unexplained", action, clue.state)
            event = take(session, clue_id, action, visit.officer, why or ROUTINE, version=version)
            return Outcome(clue_id, "done", action, event.to_state, event.by, event.at)
    except HTTPException:
        return Outcome(clue_id, "gone")
    except Conflict:
        return _as_it_is(visit, clue_id, "changed")
    except CaseError:
        return _as_it_is(visit, clue_id, "refused")


def _as_it_is(visit: Visit, clue_id: int, what: Literal["changed", "refused"]) -> Outcome:
    with visit.reading() as session:
        clue = session.get(Clue, clue_id)
        if clue is None or clue.subject.startswith(FOLDED):
            return Outcome(clue_id, "gone")
        last = last_event(session, clue.docket)
        if last is None:
            return Outcome(clue_id, what, state=clue.state)
        return Outcome(clue_id, what, last.action, clue.state, last.by, last.at)
