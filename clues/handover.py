"""Hand-over to departments, joint cases, and their answers, which return to the finder (四(二))."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from clues.filters import in_region
from clues.lifecycle import china_time, take
from clues.log import CaseError, utc_now
from clues.routing import Departments
from storage.casework import ClueEvent, JointCase, Transfer, Verdict
from storage.models import Clue

__all__ = [
    "RESULTS",
    "CaseView",
    "answer",
    "answers_for",
    "find_cases",
    "hand_over",
    "open_case",
    "show_case",
]

RESULTS = {"upheld": "属实", "unfounded": "不属实", "declined": "不属本部门职责"}


def hand_over(
    session: Session,
    departments: Departments,
    regions: dict[str, str],
    clue_id: int,
    to: str,
    by: str,
    why: str,
    *,
    version: int | None = None,
    case_id: int | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Transfer:
    """Hand a clue to a department (the one proposed, if `to` is ""); returns the hand-over.

    Raises `CaseError` where the department has it already, and what `take` raises.
    """
    clue = session.get(Clue, clue_id)
    if clue is None:
        raise CaseError(f"no clue {clue_id}; `yunjian clues` lists them")
    proposal = departments.propose(clue.violation, list(clue.goods), clue.region, regions)
    if not to and proposal.ours:
        raise CaseError(
            f"clue {clue_id} is {proposal.lead.name}'s own: close it when it is dealt with, "
            "or name a department with --to"
        )
    department = departments.named(to or proposal.lead.department)
    part = proposal.of(department.id)
    if (open_one := _open(session, clue_id, department.id)) is not None:
        raise CaseError(
            f"clue {clue_id} is with {department.name} already: {open_one.sent_by} sent it at "
            f"{china_time(open_one.sent_at)} (China)"
        )
    detail: dict[str, Any] = {"department": department.id} | ({"case": case_id} if case_id else {})
    event = take(session, clue_id, "transfer", by, why, version=version, detail=detail, now=now)
    made = Transfer(
        clue_id=clue_id,
        case_id=case_id,
        department=department.id,
        role=part.role if part else "joint",
        grounds=[part.basis] if part and part.basis else [],
        sent_by=event.by,
        sent_at=event.at,
        why=event.why,
    )
    session.add(made)
    session.flush()
    return made


def _open(session: Session, clue_id: int, department: str) -> Transfer | None:
    return session.scalar(
        select(Transfer).where(
            Transfer.clue_id == clue_id,
            Transfer.department == department,
            Transfer.answered_at.is_(None),
        )
    )


def answer(
    session: Session,
    departments: Departments,
    clue_id: int,
    department: str,
    by: str,
    text: str,
    result: str,
    *,
    version: int | None = None,
    now: Callable[[], datetime] = utc_now,
) -> tuple[Transfer, ClueEvent]:
    """A department's answer; returns its hand-over (with `sent_by`, to whom it returns) and the event.

    While others owe theirs the clue stays transferred. Raises `CaseError` where nothing is open.
    """
    if result not in RESULTS:
        raise CaseError(f"no such result: {result} ({', '.join(RESULTS)})")
    one = departments.named(department)
    owing = session.scalars(
        select(Transfer).where(Transfer.clue_id == clue_id, Transfer.answered_at.is_(None))
    ).all()
    asked = next((t for t in owing if t.department == one.id), None)
    if asked is None:
        names = "、".join(departments.all[t.department].name for t in owing) or "nobody"
        raise CaseError(f"{one.name} owes no answer on clue {clue_id} (owing: {names})")
    detail = {"department": one.id, "result": result, "returned_to": asked.sent_by}
    to = "transferred" if len(owing) > 1 else "answered"
    event = take(
        session, clue_id, "answer", by, text, version=version, to=to, detail=detail, now=now
    )
    asked.result, asked.answer = result, event.why
    asked.answered_by, asked.answered_at = event.by, event.at
    if result != "declined":
        name = f"{one.name} {event.by}"
        session.merge(
            Verdict(clue_id=clue_id, right=result == "upheld", by=name[:255], at=event.at)
        )
    session.flush()
    return asked, event


def open_case(
    session: Session,
    departments: Departments,
    regions: dict[str, str],
    clue_ids: Sequence[int],
    to: Sequence[str],
    by: str,
    why: str,
    now: Callable[[], datetime] = utc_now,
) -> JointCase:
    """A joint case: every clue to every department, all of it or (on any error) nothing."""
    if not clue_ids or len(to) < 2:
        raise CaseError("a joint case wants at least one clue and two departments")
    case = JointCase(opened_by=by.strip(), opened_at=now(), why=why.strip())
    session.add(case)
    session.flush()
    for clue_id in dict.fromkeys(clue_ids):
        for name in dict.fromkeys(to):
            hand_over(
                session, departments, regions, clue_id, name, by, why, case_id=case.id, now=now
            )
    return case


@dataclass(frozen=True, slots=True)
class CaseView:
    """A joint case with what each department said of each clue."""

    case: JointCase
    transfers: list[Transfer]

    @property
    def owing(self) -> int:
        """Answers that are still owed."""
        return sum(1 for transfer in self.transfers if transfer.answered_at is None)


def find_cases(
    session: Session, region: str = "", limit: int = 50, offset: int = 0, only: int | None = None
) -> list[CaseView]:
    """Joint cases (or that one `only`), newest first; with a division those that hold a clue of it, and of them the
    hand-overs of its clues alone."""
    query = select(JointCase).order_by(JointCase.id.desc())
    if only is not None:
        query = query.where(JointCase.id == only)
    if region:
        query = query.where(JointCase.id.in_(select(Transfer.case_id).where(_of(region))))
    cases = session.scalars(query.limit(limit).offset(offset)).all()
    ids = [one.id for one in cases]
    transfers: dict[int | None, list[Transfer]] = {}
    rows = select(Transfer).where(Transfer.case_id.in_(ids), *([_of(region)] if region else []))
    for one in session.scalars(rows.order_by(Transfer.clue_id, Transfer.id)):
        transfers.setdefault(one.case_id, []).append(one)
    return [CaseView(one, transfers.get(one.id, [])) for one in cases]


def _of(region: str) -> ColumnElement[bool]:
    """Whether a hand-over is of a clue of the division."""
    return Transfer.clue_id.in_(select(Clue.id).where(in_region(Clue.region, region)))


def show_case(session: Session, case_id: int) -> CaseView:
    """One joint case; raises `CaseError` if there is none."""
    found = find_cases(session, only=case_id)
    if not found:
        raise CaseError(f"no joint case {case_id}; `yunjian case list` lists them")
    return found[0]


def answers_for(
    session: Session, finder: str = "", region: str = "", limit: int | None = None, offset: int = 0
) -> list[tuple[Transfer, Clue]]:
    """Answers that came, newest first; of one finder's (who handed over) and one division's
    clues if named."""
    query = (
        select(Transfer, Clue)
        .join(Clue, Clue.id == Transfer.clue_id)
        .where(Transfer.answered_at.is_not(None))
        .order_by(Transfer.answered_at.desc(), Transfer.id.desc())
    )
    if finder:
        query = query.where(Transfer.sent_by == finder)
    if region:
        query = query.where(in_region(Clue.region, region))
    query = query.limit(limit).offset(offset)
    return [(transfer, clue) for transfer, clue in session.execute(query)]
