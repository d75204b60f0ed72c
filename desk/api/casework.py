"""What officers do with a clue: steps, the department in charge, hand-overs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from clues.log import last_event
from desk.api.entry import Judges, Reads, said
from desk.api.values import Body, Id, Name, Said, Whole
from desk.steps import do_step
from storage.casework import Transfer
from storage.models import Clue

__all__ = ["Handed", "router"]

router = APIRouter(tags=["casework"])
Action = Literal[
    "triage", "verify", "confirm", "reject", "note", "transfer", "answer", "close", "reopen"
]


class Step(Body):
    """A step to take."""

    action: Action = Field(
        description="transfer, answer, close and reopen want the permission settle, the others judge"
    )
    why: Said = Field(
        min_length=1, description="the reason, for the log; of an answer what it says"
    )
    version: Annotated[int | None, Whole] = Field(
        None, ge=0, le=2**31,
        description="the clue's version as you saw it; another since then is told (409)",
    )  # fmt: skip
    department: Name = Field(
        "", description="of transfer: to whom (the one proposed if empty); of answer: from whom"
    )
    result: Literal["", "upheld", "unfounded", "declined"] = Field("", description="of an answer")


class Taken(BaseModel):
    """A step that was taken."""

    clue: int
    action: str
    from_state: str
    state: str
    version: int
    by: str
    at: datetime


class Handed(BaseModel):
    """A clue in the hands of a department."""

    model_config = ConfigDict(from_attributes=True)

    department: str
    role: str = Field(description="lead or joint")
    sent_by: str
    sent_at: datetime
    why: str
    result: str = Field(description="upheld, unfounded or declined; empty until it answered")
    answer: str
    answered_by: str
    answered_at: datetime | None


class Part(BaseModel):
    """A department's part in a clue."""

    model_config = ConfigDict(from_attributes=True)

    department: str
    name: str
    authority: str = Field(description="which of its kind: that of the operator's place")
    role: str = Field(description="lead, joint or inform")
    words: str = Field(description="the plan's own")
    condition: str
    basis: str


class Proposed(BaseModel):
    """Who is in charge of a clue."""

    lead: Part
    others: list[Part]
    place: str
    ours: bool = Field(description="whether the clue is ours to keep")


@router.post("/clues/{clue_id}/steps", status_code=201, responses=said(400, 404, 409, 422))
def step(visit: Judges, clue_id: Id, asked: Step) -> Taken:
    """Take a step with a clue; of two officers who take it at once one wins."""
    with visit.writing() as session:
        clue = visit.clue(session, clue_id)
        do_step(
            visit, session, clue, asked.action, asked.version, asked.why, asked.department, asked.result
        )  # fmt: skip
        event = last_event(session, session.get_one(Clue, clue_id).docket)
    assert event is not None
    return Taken(
        clue=clue_id, action=event.action, from_state=event.from_state, state=event.to_state,
        version=event.number, by=event.by, at=event.at,
    )  # fmt: skip


@router.get("/clues/{clue_id}/route", responses=said(404, 422))
def route(visit: Reads, clue_id: Id) -> Proposed:
    """The department in charge, with its legal ground: a proposal, the officer decides."""
    with visit.reading() as session:
        clue = visit.clue(session, clue_id)
    found = visit.office.departments.propose(
        clue.violation, list(clue.goods), clue.region, visit.office.rules.regions
    )
    others: list[Any] = [Part.model_validate(one) for one in found.others]
    return Proposed(
        lead=Part.model_validate(found.lead), others=others, place=found.place, ours=found.ours
    )


@router.get("/clues/{clue_id}/transfers", responses=said(404, 422))
def transfers(visit: Reads, clue_id: Id) -> list[Handed]:
    """To which departments it was handed over, and what they answered."""
    with visit.reading() as session:
        visit.clue(session, clue_id)
        query = select(Transfer).where(Transfer.clue_id == clue_id).order_by(Transfer.id).limit(100)
        return [Handed.model_validate(one) for one in session.scalars(query)]
