"""Operators: who stands behind shops."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from clues.browse import OperatorQuery, browse_operators, count_found
from clues.filters import ClueFilter
from clues.operators import one_operator
from clues.query import find_clues
from desk.api.entry import Reads, Settles, said
from desk.api.listings import TOTAL
from desk.api.values import Body, Id, Limit, Name, Offset, Said, WholeId
from desk.owners import judge_link, merge_operators, split_off, visible_shops
from storage.models import Operator

__all__ = ["router"]

router = APIRouter(tags=["operators"])
SHOWN = 200
"""Shops, links, clues, … of one operator that are shown, each."""


class OperatorItem(BaseModel):
    """An operator as a row."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    uscc: str = Field(description="统一社会信用代码")
    region: str = Field(description="division code; empty where it is not known")
    shops: int
    clues: int


class OperatorPage(BaseModel):
    """A page of the list."""

    total: int = Field(description=TOTAL)
    limit: int
    offset: int
    items: list[OperatorItem]


class OneOperator(BaseModel):
    """All that is known of an operator."""

    id: int = Field(description="of the one that took it in, where it was merged")
    asked: int
    name: str
    uscc: str
    merged: list[int]
    shops: list[dict[str, Any]]
    facts: dict[str, list[dict[str, Any]]] = Field(description="by kind, with who shows them")
    contradictions: list[dict[str, Any]]
    links: list[dict[str, Any]] = Field(description="to other operators")
    place: dict[str, Any] | None
    registry: list[dict[str, Any]]
    clues: list[dict[str, Any]]
    changes: list[dict[str, Any]]


@router.get("/operators", responses=said(422))
def listed(
    visit: Reads,
    q: Annotated[Said, Query(max_length=200, description="part of the name, the code, a fact")] = "",
    region: Annotated[Name, Query(description="division code, those below count too")] = "",
    sort: Annotated[Literal["clues", "shops", "newest"], Query()] = "clues",
    limit: Limit = 50,
    offset: Offset = 0,
) -> OperatorPage:  # fmt: skip
    """Operators that fit, those with most clues first."""
    wanted = OperatorQuery(q, region, sort, limit, offset, visit.region)
    with visit.reading() as session:
        found = browse_operators(session, wanted)
        total = count_found(session, wanted)
    items = [OperatorItem.model_validate(one) for one in found]
    return OperatorPage(total=total, limit=limit, offset=offset, items=items)


@router.get("/operators/{operator_id}", responses=said(404, 422))
def one(visit: Reads, operator_id: Id) -> OneOperator:
    """One operator, or the one that it was merged into; that it was opened is put down."""
    with visit.reading() as session:
        known = session.get(Operator, operator_id) is not None
        found = one_operator(session, operator_id) if known else None
        if found is None or not visit.sees_operator(session, found["id"]):
            raise HTTPException(404, "没有这个经营主体")
        # Those who are linked to it, and some of its clues, may be another county's.
        seen = visible_shops(visit, session, found["links"])
        found["links"] = [link for link in found["links"] if link["shop"] in seen]
        if visit.region:
            mine = ClueFilter(operator=found["id"], region=visit.region, limit=SHOWN)
            ids = {clue.id for clue in find_clues(session, mine)}
            found["clues"] = [clue for clue in found["clues"] if clue["id"] in ids]
    visit.saw("operator", operator_id, "api")
    return OneOperator.model_validate(
        {k: v[:SHOWN] if isinstance(v, list) else v for k, v in found.items()}
    )


class Stands(BaseModel):
    """What was done."""

    id: int = Field(description="under which operator it stands now")


class Why(Body):
    """A change of operators, for the record."""

    why: Said = Field(min_length=1)


class Merge(Why):
    """Another operator that is the same."""

    other: WholeId


class Split(Why):
    """Shops that are another's."""

    shops: list[WholeId] = Field(min_length=1, max_length=SHOWN)


class Undo(Why):
    """A merge that was wrong."""

    change: WholeId = Field(description="its id among the operator's changes")


class LinkVerdict(Why):
    """Whether a link is right."""

    verdict: Literal["confirm", "cut"]


@router.post("/operators/{operator_id}/merge", responses=said(400, 404, 409, 422))
def merge(visit: Settles, operator_id: Id, asked: Merge) -> Stands:
    """Another operator's shops and clues come under this one."""
    with visit.writing() as session:
        return Stands(id=merge_operators(visit, session, operator_id, asked.other, asked.why))


@router.post("/operators/{operator_id}/split", responses=said(400, 404, 409, 422))
def split(visit: Settles, operator_id: Id, asked: Split) -> Stands:
    """Shops leave an operator, with what its clues owe to them; some must stay."""
    with visit.writing() as session:
        return Stands(id=split_off(visit, session, operator_id, asked.shops, 0, asked.why))


@router.post("/operators/{operator_id}/undo", responses=said(400, 404, 409, 422))
def undo(visit: Settles, operator_id: Id, asked: Undo) -> Stands:
    """A merge is taken back; the program does not merge the two again of itself."""
    with visit.writing() as session:
        return Stands(id=split_off(visit, session, operator_id, (), asked.change, asked.why))


@router.post("/operators/{operator_id}/links/{link_id}", responses=said(400, 404, 409, 422))
def judge(visit: Settles, operator_id: Id, link_id: Id, asked: LinkVerdict) -> Stands:
    """A link is right, and its operators become one; or it is wrong, and counts no more."""
    with visit.writing() as session:
        return Stands(id=judge_link(visit, session, operator_id, link_id, asked.verdict, asked.why))
