"""Searches that an account keeps, the same as on the desk, and one step for several clues."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from clues.counts import count_clues
from clues.dues import settle_dues
from clues.query import find_clues
from desk.api.clues import ClueItem, CluePage
from desk.api.entry import Judges, Reads, said
from desk.api.values import Body, Id, Limit, Offset, Said, Whole, WholeId
from desk.bulk import MOST, judge
from desk.searches import forget_search, keep_search, own_search, question, searches_of

__all__ = ["router"]

router = APIRouter(tags=["searches"])


class Search(BaseModel):
    """A search under a name."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    query: str = Field(description="as in the address of the desk's list, after the ?")
    created_at: datetime


class NewSearch(Body):
    """A search to keep."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="one that is there already takes the new query"
    )
    query: Annotated[str, Field(max_length=4000)] = Field(
        "", description="as in the address of the desk's list; what it does not know is left out"
    )


class Shown(Body):
    """A clue as it was shown."""

    id: WholeId
    version: Annotated[int, Field(ge=0, le=2**31), Whole]


class Verdicts(Body):
    """One step for several clues."""

    step: Literal["onward", "triage", "verify", "confirm", "reject"] = Field(
        description="onward is the next step on the way to a verdict, whichever it is for each"
    )
    clues: list[Shown] = Field(min_length=1, max_length=MOST)
    why: Said = Field("", description="confirm and reject want one")


class Outcome(BaseModel):
    """What became of one clue."""

    model_config = ConfigDict(from_attributes=True)

    clue_id: int
    what: str = Field(
        description="done; changed (by another since); refused (not from its state); unexplained (a "
        "verdict without a reason); gone (merged, none, or another county's)"
    )
    step: str = Field(description="that was taken; where it was not done, the one taken last")
    state: str
    by: str
    at: datetime | None


@router.get("/searches", responses=said())
def listed(visit: Reads) -> list[Search]:
    """The account's own searches, by name."""
    with visit.reading() as session:
        return [Search.model_validate(one) for one in searches_of(visit, session)]


@router.post("/searches", status_code=201, responses=said(400, 409, 422))
def keep(visit: Reads, asked: NewSearch) -> Search:
    """Keep a search; its officer finds it on the desk too."""
    with visit.writing() as session:
        return Search.model_validate(keep_search(visit, session, asked.name, asked.query))


@router.get("/searches/{search_id}/clues", responses=said(404, 409, 422))
def found(visit: Reads, search_id: Id, limit: Limit = 50, offset: Offset = 0) -> CluePage:
    """The clues that it finds now."""
    with visit.reading() as session:
        told = question(visit, own_search(visit, session, search_id).query)
    if told.by_deadline:
        with visit.writing() as session:
            settle_dues(session, visit.office.periods)
    wanted = replace(told.wanted, limit=limit, offset=offset)
    with visit.reading() as session:
        items = [ClueItem.model_validate(one) for one in find_clues(session, wanted)]
        total = count_clues(session, wanted)
    return CluePage(total=total, limit=limit, offset=offset, items=items)


@router.delete("/searches/{search_id}", status_code=204, responses=said(404, 422))
def forget(visit: Reads, search_id: Id) -> None:
    """Delete an own search."""
    with visit.writing() as session:
        forget_search(visit, session, search_id)


@router.post("/verdicts", responses=said(400, 422))
def verdicts(visit: Judges, asked: Verdicts) -> list[Outcome]:
    """One step for several clues, each for itself: of one that fails it is told why, the rest go on."""
    seen = {one.id: one.version for one in asked.clues}
    return [Outcome.model_validate(one) for one in judge(visit, seen, asked.step, asked.why)]
