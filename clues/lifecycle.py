"""The life of a clue: which step leads from where to where, taken by one officer at a time.

A step is one compare-and-set on the clue's version: of two officers who take it at once one
wins, and the other is told who did, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from clues.log import CaseError, append, last_event, utc_now
from storage.casework import ClueEvent, Verdict
from storage.models import Clue

__all__ = ["STATES", "STEPS", "Conflict", "Step", "china_time", "record", "take"]

STATES = {
    "new": "新线索", "triaged": "已分拣", "verifying": "核查中", "confirmed": "属实", "rejected": "不属实",
    "transferred": "已移送", "answered": "已反馈", "closed": "已办结",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """From which states it may be taken, and to which it leads."""

    title: str
    origins: tuple[str, ...]
    to: str
    verdict: bool | None = None
    """What it says of the clue: right, wrong, or nothing."""


STEPS: Mapping[str, Step] = {
    "triage": Step("分拣", ("new",), "triaged"),
    "verify": Step("开始核查", ("triaged",), "verifying"),
    "confirm": Step("认定属实", ("verifying",), "confirmed", True),
    # What is plainly a false alarm needs no verification.
    "reject": Step("认定不属实", ("new", "triaged", "verifying"), "rejected", False),
    # A second department may be asked as well, or after the first one's answer.
    "transfer": Step("移送", ("confirmed", "transferred", "answered"), "transferred"),
    "answer": Step("反馈", ("transferred",), "answered"),
    "close": Step("办结", ("confirmed", "rejected", "answered"), "closed"),
    "reopen": Step("重新打开", ("rejected", "closed"), "triaged"),
}
_CHINA = timezone(timedelta(hours=8))
RECORDS = {"penalty": "记录处罚", "merge": "并入线索", "note": "记事"}
"""What is in the log beside the steps."""


class Conflict(CaseError):
    """Another officer was first: says who did what, and when."""


def china_time(at: datetime | None) -> str:
    """A time as officers read it, in that of China; "" for none."""
    return "" if at is None else f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}"


def take(
    session: Session,
    clue_id: int,
    action: str,
    by: str,
    why: str,
    *,
    version: int | None = None,
    to: str = "",
    detail: Mapping[str, Any] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> ClueEvent:
    """Take a step and write it into the log; returns the event.

    `version` is that of the clue as the officer saw it (the newest, if None). `to` is another
    state than the step's (an answer while other departments still owe theirs). Raises
    `Conflict` where another was first, `CaseError` where the step can't be taken.
    """
    clue = _clue(session, clue_id)
    step = STEPS[action]
    by, why = _said("--as", by), _said("--why", why)
    if version is not None and version != clue.version:
        raise _conflict(session, clue, version)
    if clue.state not in step.origins:
        raise _refused(session, clue, action, step)
    event = _move(session, clue, action, to or step.to, by, why, detail, now)
    if step.verdict is not None:
        session.merge(Verdict(clue_id=clue.id, right=step.verdict, by=by, at=event.at))
    elif action == "reopen" and (verdict := session.get(Verdict, clue.id)) is not None:
        # What was decided is open again.
        session.delete(verdict)
    session.flush()
    return event


def record(
    session: Session, clue_id: int, action: str, by: str, why: str, detail: Mapping[str, Any],
    now: Callable[[], datetime] = utc_now, version: int | None = None,
) -> ClueEvent:  # fmt: skip
    """Note in a clue's log what changes no state (`RECORDS`); returns the event.

    `version` as `take` has it; raises `Conflict` where another was first.
    """
    clue = _clue(session, clue_id)
    by, why = _said("--as", by), _said("--why", why)
    if version is not None and version != clue.version:
        raise _conflict(session, clue, version)
    return _move(session, clue, action, clue.state, by, why, detail, now)


def _move(
    session: Session, clue: Clue, action: str, to: str, by: str, why: str,
    detail: Mapping[str, Any] | None, now: Callable[[], datetime],
) -> ClueEvent:  # fmt: skip
    seen, before = clue.version, clue.state
    moved = session.execute(
        update(Clue)
        .where(Clue.id == clue.id, Clue.version == seen)
        .values(state=to, version=seen + 1)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise _conflict(session, clue, seen)
    session.refresh(clue)
    return append(session, clue, action, before, by, why, detail, now)


def _clue(session: Session, clue_id: int) -> Clue:
    clue = session.get(Clue, clue_id, populate_existing=True)
    if clue is None:
        raise CaseError(f"no clue {clue_id}; `yunjian clues` lists them")
    return clue


def _said(option: str, text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text).strip()
    if not clean:
        raise CaseError(f"{option} is empty: the log must say who and why")
    if option == "--as" and len(clean) > 100:
        raise CaseError(f"{option}: a name of at most 100 characters is wanted")
    return clean


def _who(event: ClueEvent | None) -> str:
    if event is None:
        return "nobody has touched it yet"
    title = STEPS[event.action].title if event.action in STEPS else RECORDS[event.action]
    return f"{event.by} took the step {event.action} ({title}) at {china_time(event.at)} (China)"


def _refused(session: Session, clue: Clue, action: str, step: Step) -> CaseError:
    return CaseError(
        f"clue {clue.id} is {clue.state} ({STATES[clue.state]}), and {action} ({step.title}) starts from "
        f"{' or '.join(step.origins)}; {_who(last_event(session, clue.docket))}"
    )


def _conflict(session: Session, clue: Clue, seen: int) -> Conflict:
    clue_id = clue.id
    session.expunge(clue)
    if (newest := session.get(Clue, clue_id)) is None:
        return Conflict(f"clue {clue_id} was merged into another; see: yunjian log {clue_id}")
    clue = newest
    return Conflict(
        f"clue {clue_id} was changed by another officer: {_who(last_event(session, clue.docket))}; "
        f"it is {clue.state} now (version {clue.version}, you saw {seen}); nothing of yours was written, "
        "look at it again"
    )
