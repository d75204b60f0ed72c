"""What an officer may do next with a clue, and the doing of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from clues.handover import RESULTS, answer, hand_over
from clues.lifecycle import RECORDS, STATES, STEPS, china_time, record, take
from clues.log import CaseError, last_event
from clues.standing import FOLDED
from desk.roles import Permission
from desk.visit import Forbidden, Visit
from storage.models import Clue

__all__ = ["NEEDED", "Form", "allowed", "do_step", "latest", "not_folded"]

NEEDED: dict[str, Permission] = {
    "triage": "judge", "verify": "judge", "confirm": "judge", "reject": "judge", "note": "judge",
    "transfer": "settle", "answer": "settle", "close": "settle", "reopen": "settle",
}  # fmt: skip
"""What each step asks of a role, on the page and by the API; what binds others is the reviewer's."""


@dataclass(frozen=True, slots=True)
class Form:
    """A step that this officer may take from here."""

    step: str
    title: str
    key: str
    """On the keyboard; "" for none."""


def allowed(visit: Visit, clue: Clue) -> list[Form]:
    """The steps from the clue's state that the role may take, in the order of a clue's life."""
    if clue.subject.startswith(FOLDED):
        return []
    keys = {"confirm": "y", "reject": "n", "triage": "b", "verify": "b"}
    found = [
        Form(step, STEPS[step].title, keys.get(step, ""))
        for step in STEPS
        if clue.state in STEPS[step].origins and visit.may(NEEDED[step])
    ]
    if visit.may(NEEDED["note"]):
        found.append(Form("note", RECORDS["note"], ""))
    return found


def do_step(
    visit: Visit, session: Session, clue: Clue, step: str, version: int | None, why: str,
    department: str = "", result: str = "",
) -> None:  # fmt: skip
    """Take the step in this transaction; without a version, whatever was done since it was read.

    Raises `Forbidden` for a role that may not, `Conflict` where another officer was first,
    `CaseError` where it can't be taken.
    """
    if step not in NEEDED:
        raise CaseError("没有这个步骤")
    if not visit.may(NEEDED[step]):
        raise Forbidden("您的角色不能做这件事")
    not_folded(clue)
    if not why.strip():
        raise CaseError("请写明理由：日志要记下是谁、为什么")
    office, by = visit.office, visit.officer
    if step == "note":
        record(session, clue.id, "note", by, why, {}, version=version)
    elif step == "transfer":
        hand_over(
            session, office.departments, office.rules.regions, clue.id, department, by, why,
            version=version,
        )  # fmt: skip
    elif step == "answer":
        if result not in RESULTS:
            raise CaseError("请选择反馈结果")
        answer(session, office.departments, clue.id, department, by, why, result, version=version)
    else:
        take(session, clue.id, step, by, why, version=version)


def not_folded(clue: Clue) -> None:
    """Raises `CaseError` for a clue that was merged into another, with which nothing is done."""
    if clue.subject.startswith(FOLDED):
        raise CaseError("这条线索已并入另一条")


def latest(session: Session, clue: Clue) -> str:
    """Who did what last, and how it stands: for who came too late."""
    event = last_event(session, clue.docket)
    state = STATES.get(clue.state, clue.state)
    if event is None:
        return f"线索现为“{state}”（版本 {clue.version}）"
    titles = {step: one.title for step, one in STEPS.items()} | RECORDS
    done = titles.get(event.action, event.action)
    return (
        f"{event.by} 已于 {china_time(event.at)} {done}，线索现为“{state}”（版本 {clue.version}）"
    )
