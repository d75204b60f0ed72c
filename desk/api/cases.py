"""Joint cases of several departments, the answers that came, and what is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from clues.counts import count_clues
from clues.deadlines import clue_reminders, penalty_reminders
from clues.dues import settle_dues
from clues.filters import ClueFilter
from clues.handover import CaseView, answers_for, find_cases, open_case, show_case
from clues.query import find_clues
from desk.api.casework import Handed
from desk.api.entry import Reads, Settles, said
from desk.api.values import Body, Day, Id, Limit, Name, Offset, Said, WholeId, day_of
from desk.steps import not_folded

__all__ = ["router"]

router = APIRouter(tags=["cases"])


class HandedClue(Handed):
    """Which clue is in whose hands."""

    clue_id: int


class Case(BaseModel):
    """A joint case; to a county's account with the hand-overs of its clues alone."""

    id: int
    opened_by: str
    opened_at: datetime
    why: str
    owing: int = Field(description="answers that are still owed")
    transfers: list[HandedClue]


class NewCase(Body):
    """A case to open: each clue goes to each department."""

    clues: list[WholeId] = Field(min_length=1, max_length=50)
    departments: list[Name] = Field(min_length=2, max_length=20, description="their ids")
    why: Said = Field(min_length=1)


class Due(BaseModel):
    """Something that is due."""

    model_config = ConfigDict(from_attributes=True)

    due: date = Field(description="day of China")
    certain: bool = Field(description="false where the holidays of that year are not announced")
    left: int = Field(description="working days; negative if it is overdue")
    what: str
    clue_id: int | None
    state: str
    who: str = Field(
        description="the operator or shop, before it the departments that owe an answer"
    )
    basis: str


class Dues(BaseModel):
    """What is due for a page of clues, most urgent first."""

    total: int = Field(description="clues for which something is due by then, on all pages")
    limit: int = Field(description="clues of one page, each of which may have several deadlines")
    offset: int
    items: list[Due]


def _shown(view: CaseView) -> Case:
    one = view.case
    return Case(
        id=one.id, opened_by=one.opened_by, opened_at=one.opened_at, why=one.why, owing=view.owing,
        transfers=[HandedClue.model_validate(sent) for sent in view.transfers],
    )  # fmt: skip


@router.get("/cases", responses=said(422))
def listed(visit: Reads, limit: Limit = 50, offset: Offset = 0) -> list[Case]:
    """Joint cases, newest first."""
    with visit.reading() as session:
        return [_shown(one) for one in find_cases(session, visit.region, limit, offset)]


@router.post("/cases", status_code=201, responses=said(400, 404, 409, 422))
def open_(visit: Settles, asked: NewCase) -> Case:
    """Open a joint case: all of its hand-overs are made, or none."""
    office = visit.office
    with visit.writing() as session:
        for clue_id in asked.clues:
            not_folded(visit.clue(session, clue_id))
        case = open_case(
            session, office.departments, office.rules.regions, asked.clues, asked.departments, visit.officer,
            asked.why,
        )  # fmt: skip
        return _shown(show_case(session, case.id))


@router.get("/cases/{case_id}", responses=said(404, 422))
def one(visit: Reads, case_id: Id) -> Case:
    """One joint case with what each department answered."""
    with visit.reading() as session:
        found = find_cases(session, visit.region, 1, only=case_id)
        if not found:
            raise HTTPException(404, "没有这个联合案件")
        return _shown(found[0])


@router.get("/answers", responses=said(422))
def answers(
    visit: Reads,
    sent_by: Annotated[Said, Query(max_length=255, description="who handed the clue over")] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[HandedClue]:
    """What departments answered, newest first."""
    with visit.reading() as session:
        found = answers_for(session, sent_by, visit.region, limit, offset)
        return [HandedClue.model_validate(sent) for sent, _ in found]


@router.get("/deadlines", responses=said(422))
def deadlines(
    visit: Reads,
    until: Annotated[Day | None, Query(description="due by that day; all if left out")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Dues:
    """What is due for clues, with its ground, most urgent first."""
    office, last = visit.office, day_of(until) if until else date.max
    wanted = ClueFilter(due_until=last, region=visit.region, sort="deadline", limit=limit, offset=offset)  # fmt: skip
    with visit.writing() as session:
        settle_dues(session, office.periods)
    with visit.reading() as session:
        total = count_clues(session, replace(wanted, limit=0, offset=0))
        ids = [clue.id for clue in find_clues(session, wanted)]
        found = clue_reminders(session, office.periods, datetime.now(UTC), office.departments.all, ids)  # fmt: skip
        due = sorted((r for r in found if r.due <= last), key=lambda r: (r.due, r.clue_id or 0))
    items = [Due.model_validate(one) for one in due]
    return Dues(total=total, limit=limit, offset=offset, items=items)


@router.get("/deadlines/penalties", responses=said())
def publications(visit: Reads) -> list[Due]:
    """Penalties that must still be published, most urgent first; 1,000 at most."""
    office = visit.office
    with visit.reading() as session:
        found = list(
            penalty_reminders(
                session,
                office.periods,
                datetime.now(UTC),
                office.departments.province,
                visit.region,
            )
        )
    found.sort(key=lambda one: (one.due, one.clue_id or 0))
    return [Due.model_validate(one) for one in found[:1000]]
