"""Operators: who stands behind shops."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from clues.browse import OperatorQuery, browse_operators, count_found
from clues.operators import one_operator
from desk.api.entry import Reads, said
from desk.api.listings import TOTAL
from desk.api.values import Id, Limit, Name, Offset, Said
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
    visit.saw("operator", operator_id, "api")
    bounded = {k: v[:SHOWN] if isinstance(v, list) else v for k, v in found.items()}
    if visit.region:
        # Those who are linked to it may be another county's.
        bounded["links"] = []
    return OneOperator.model_validate(bounded)
