"""Clues: lists with the filters of the command line, counts, one of them, its log."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from clues.counts import clue_facets, count_clues
from clues.filters import ClueFilter
from clues.log import check, events_of
from clues.query import find_clues, one_clue
from desk.api.entry import Call, Reads, said
from desk.api.values import (
    Day,
    Fen,
    Id,
    Limit,
    Moment,
    Name,
    Number,
    Offset,
    Said,
    day_of,
    moment_of,
)
from evidence.custody import note

__all__ = ["Asked", "ClueItem", "asked_of", "router", "seen_region"]

router = APIRouter(tags=["clues"])
SHOWN = 200
"""Signals and evidence of one clue, the strongest and the newest."""


class ClueItem(BaseModel):
    """A clue as a row."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    violation: str = Field(description="id of the violation (yunjian rules list)")
    score: float = Field(description="0 to 1")
    state: str = Field(
        description="new, triaged, verifying, confirmed, rejected, transferred, answered or closed"
    )
    operator: str = Field(description="name; empty where it is not known")
    operator_id: int | None
    shop: str
    shop_id: int
    sources: list[str]
    goods: list[str]
    region: str = Field(description="division code, GB/T 2260; empty where it is not known")
    words: list[str] = Field(description="the words that gave it away, strongest first")
    title: str = Field(description="of its strongest listing")
    url: str
    signals: int
    evidence: int = Field(description="records of evidence")
    opened_at: datetime
    grown_at: datetime
    due: date | None = Field(description="day (of China) on which the next thing is due")
    version: int = Field(description="to be sent back with a step")
    intake: str = Field(description="way by which it came first")


class CluePage(BaseModel):
    """A page of the list."""

    total: int = Field(description="clues that fit, on all pages")
    limit: int
    offset: int
    items: list[ClueItem]


class Count(BaseModel):
    """How many."""

    total: int


class ClueFacets(BaseModel):
    """Clues that fit, by what they are about, most first."""

    model_config = ConfigDict(from_attributes=True)

    total: int
    violations: dict[str, int]
    states: dict[str, int]
    goods: dict[str, int] = Field(description="a clue of two groups counts under both")
    sources: dict[str, int]
    counties: dict[str, int] = Field(description="by six digits; empty where it is not known")


class OneClue(ClueItem):
    """A clue with all that speaks for it."""

    detail: dict[str, Any] = Field(
        description=f"signals (the {SHOWN} strongest), evidence (the {SHOWN} newest), arrivals, links, shop_url, uscc"
    )


class Event(BaseModel):
    """An entry of the log."""

    model_config = ConfigDict(from_attributes=True)

    number: int = Field(description="from 1; the clue's version after it")
    action: str
    from_state: str
    to_state: str
    by: str
    why: str
    at: datetime
    detail: dict[str, Any]
    hash: str = Field(description="SHA-256 over it and the entry before")


class Log(BaseModel):
    """The log of a clue."""

    events: list[Event] = Field(description="oldest first")
    broken: list[str] = Field(description="what is wrong with its chain; empty if nothing is")


Sort = Literal["score", "newest", "opened", "deadline", "violation", "region"]
State = Literal["", "new", "triaged", "verifying", "confirmed", "rejected", "transferred", "answered", "closed"]  # fmt: skip


class Asked:
    """The filters of a list of clues, by the names of the command line."""

    def __init__(
        self,
        violation: Annotated[Name, Query(description="violation id")] = "",
        goods: Annotated[Name, Query(description="goods id")] = "",
        source: Annotated[Name, Query(description="source name")] = "",
        region: Annotated[Name, Query(description="division code, those below count too")] = "",
        state: Annotated[State, Query()] = "",
        since: Annotated[Moment | None, Query(description="grown then or later")] = None,
        until: Annotated[Moment | None, Query(description="grown before")] = None,
        opened_since: Annotated[Moment | None, Query(description="opened then or later")] = None,
        opened_until: Annotated[Moment | None, Query(description="opened before")] = None,
        min_score: Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)] = 0.0,
        q: Annotated[Said, Query(max_length=200, description='words; "…" is a phrase, -… must not stand there')] = "",
        department: Annotated[Name, Query(description="to which it was handed over")] = "",
        price_from: Annotated[Fen | None, Query()] = None,
        price_to: Annotated[Fen | None, Query()] = None,
        way: Annotated[Name, Query(description="by which it came, among others")] = "",
        operator: Annotated[Number | None, Query(description="operator's id")] = None,
        shop: Annotated[Number | None, Query(description="shop's id")] = None,
        due_until: Annotated[Day | None, Query(description="something is due by then")] = None,
        sort: Annotated[Sort, Query()] = "score",
    ) -> None:  # fmt: skip
        def at(text: str | None) -> datetime | None:
            return moment_of(text) if text else None

        self.filter = ClueFilter(
            violation=violation, goods=goods, source=source, region=region, state=state, since=at(since),
            until=at(until), opened_since=at(opened_since), opened_until=at(opened_until), min_score=min_score,
            text=q, department=department, price_from=price_from, price_to=price_to, way=way, operator=operator,
            shop=shop, due_until=day_of(due_until) if due_until else None, sort=sort,
        )  # fmt: skip


def seen_region(visit: Call, asked: str) -> str | None:
    """The division to look in: what was asked for, within what the caller sees; None is nowhere."""
    if visit.within(asked):
        return asked
    return visit.region if visit.region.startswith(asked) else None


def asked_of(visit: Call, asked: Asked, limit: int = 0, offset: int = 0) -> ClueFilter | None:
    """The filter within the caller's county, None where nothing can be in it; deadlines are reckoned
    first where they are asked for."""
    region = seen_region(visit, asked.filter.region)
    if region is None:
        return None
    wanted = ClueFilter(**asdict(asked.filter) | {"region": region, "limit": limit, "offset": offset})  # fmt: skip
    if wanted.sort == "deadline" or wanted.due_until is not None:
        visit.office.reckon_dues()
    return wanted


Filters = Annotated[Asked, Depends()]


@router.get("/clues", responses=said(422))
def listed(visit: Reads, asked: Filters, limit: Limit = 50, offset: Offset = 0) -> CluePage:
    """Clues that fit, worst first unless asked otherwise."""
    wanted = asked_of(visit, asked, limit, offset)
    if wanted is None:
        return CluePage(total=0, limit=limit, offset=offset, items=[])
    with visit.reading() as session:
        found = find_clues(session, wanted)
        total = count_clues(session, wanted)
    items = [ClueItem.model_validate(one) for one in found]
    return CluePage(total=total, limit=limit, offset=offset, items=items)


@router.get("/clues/count", responses=said(422))
def counted(visit: Reads, asked: Filters) -> Count:
    """How many clues fit."""
    wanted = asked_of(visit, asked)
    if wanted is None:
        return Count(total=0)
    with visit.reading() as session:
        return Count(total=count_clues(session, wanted))


@router.get("/clues/facets", responses=said(422))
def facets(visit: Reads, asked: Filters) -> ClueFacets:
    """How many clues fit, by violation, state, goods, source and county."""
    wanted = asked_of(visit, asked)
    if wanted is None:
        return ClueFacets(total=0, violations={}, states={}, goods={}, sources={}, counties={})
    with visit.reading() as session:
        return ClueFacets.model_validate(clue_facets(session, wanted))


@router.get("/clues/{clue_id}", responses=said(404, 422))
def one(visit: Reads, clue_id: Id) -> OneClue:
    """One clue; that it was opened is put down."""
    with visit.reading() as session:
        visit.clue(session, clue_id)
        found = one_clue(session, clue_id, most=SHOWN)
    visit.saw("clue", clue_id, "api")
    with visit.writing() as session:
        note(session, clue_id, "opened", visit.officer)
    return OneClue.model_validate(found)


@router.get("/clues/{clue_id}/log", responses=said(404, 422))
def log(visit: Reads, clue_id: Id) -> Log:
    """Who did what with a clue, and whether the chain of the log holds."""
    with visit.reading() as session:
        clue = visit.clue(session, clue_id)
        events = events_of(session, clue.docket)
        return Log(
            events=[Event.model_validate(one) for one in events], broken=check(session, clue)
        )
