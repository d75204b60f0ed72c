"""Credit records: penalties under operators, their publication, the watch list of broken faith."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from clues.credit import (  # fmt: skip
    add_penalty,
    drop,
    export,
    find_penalties,
    publish,
    record_of,
    records,
    stops_on,
    watch,
    watched,
)
from desk.api.entry import Exports, Reads, Settles, said
from desk.api.files import CSV, XLSX, binary
from desk.api.values import Body, Day, Id, Limit, Number, Offset, Said, day_of
from desk.owners import head_seen
from desk.steps import not_folded
from storage.casework import Penalty
from storage.models import Clue

__all__ = ["router"]

router = APIRouter(tags=["credit"])


class PenaltyItem(BaseModel):
    """A penalty."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    decision_no: str = Field(description="行政处罚决定书文号")
    operator_id: int
    clue_id: int | None
    violation: str
    content: str
    authority: str
    decided_on: date
    kind: str = Field(description="ordinary, minor, or warning, which is not published")
    recorded_by: str
    recorded_at: datetime
    published_on: date | None
    published_by: str
    stops_on: date | None = Field(None, description="from when it is no longer shown")


class NewPenalty(Body):
    """A penalty that came of a clue."""

    decision_no: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
    content: Said = Field(min_length=1, description="行政处罚内容")
    authority: Said = Field(min_length=1, max_length=255, description="作出决定的行政机关名称")
    decided_on: Day
    kind: Literal["ordinary", "minor", "warning"] = "ordinary"


class Publication(Body):
    """That a penalty was published."""

    on: Day = Field(description="on that day")


class Watched(BaseModel):
    """An operator whose shops are swept first."""

    operator_id: int
    name: str
    uscc: str
    why: str
    added_by: str
    added_at: datetime


class Watching(Body):
    """Whether an operator is to be on the watch list, and why."""

    watched: bool
    why: Said = Field(min_length=1)


class Credit(BaseModel):
    """All that is gathered under one operator."""

    operator: str
    uscc: str
    address: str
    watched: bool
    shops: list[str]
    clues: list[dict[str, Any]] = Field(description="with `right`, the verdict")
    penalties: list[dict[str, Any]]


def _shown(one: Penalty) -> PenaltyItem:
    return PenaltyItem.model_validate(one).model_copy(update={"stops_on": stops_on(one)})


@router.get("/penalties", responses=said(422))
def listed(
    visit: Reads,
    operator: Annotated[Number | None, Query(description="operator's id")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> list[PenaltyItem]:
    """Penalties, newest first; of a county those that came of its clues."""
    with visit.reading() as session:
        found = find_penalties(session, operator, visit.region, limit, offset)
        return [_shown(one) for one in found]


@router.post("/clues/{clue_id}/penalties", status_code=201, responses=said(400, 404, 409, 422))
def add(visit: Settles, clue_id: Id, asked: NewPenalty) -> PenaltyItem:
    """Record a penalty under the operator of a clue, and in the clue's log."""
    with visit.writing() as session:
        not_folded(visit.clue(session, clue_id))
        made = add_penalty(
            session, visit.office.periods, clue_id, asked.decision_no, asked.content, asked.authority,
            day_of(asked.decided_on), asked.kind, visit.officer,
        )  # fmt: skip
        return _shown(made)


@router.post("/penalties/{penalty_id}/publication", responses=said(400, 404, 409, 422))
def published(visit: Settles, penalty_id: Id, asked: Publication) -> PenaltyItem:
    """Note that a penalty was published."""
    with visit.writing() as session:
        one = session.get(Penalty, penalty_id)
        clue = session.get(Clue, one.clue_id) if one is not None and one.clue_id else None
        if one is None or not visit.within(clue.region if clue is not None else ""):
            raise HTTPException(404, "没有这项处罚")
        return _shown(publish(session, one.decision_no, day_of(asked.on), visit.officer))


@router.get(
    "/exports/penalties", response_class=Response, responses=binary("text/csv", XLSX) | said(409, 422)
)  # fmt: skip
def exported(
    visit: Exports, format: Annotated[Literal["csv", "xlsx"], Query()] = "csv"
) -> Response:
    """Penalties in the layout of the publicity record (公示规定 第四条); no cell runs as a formula."""
    with visit.reading() as session:
        rows = records(session, visit.office.violations, region=visit.region)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"penalties.{format}"
        export(rows, format, path)
        body = path.read_bytes()
    visit.saw("export", f"{len(rows)} penalties {format}", "api")
    name = {"content-disposition": f'attachment; filename="penalties.{format}"'}
    return Response(body, media_type=CSV if format == "csv" else XLSX, headers=name)


@router.get("/operators/{operator_id}/credit", responses=said(404, 422))
def credit(visit: Reads, operator_id: Id) -> Credit:
    """All that is gathered under one operator, which bears a clue of the caller's county."""
    with visit.reading() as session:
        head = head_seen(visit, session, operator_id)
        found = record_of(session, head, visit.region)
    visit.saw("operator", head, "api")
    return Credit.model_validate(found)


@router.get("/watchlist", responses=said())
def watchlist(visit: Reads) -> list[Watched]:
    """Operators on the watch list, newest first: 1,000 at most, of a county those that bear its
    clues."""
    with visit.reading() as session:
        return [
            Watched(
                operator_id=one.id, name=one.name, uscc=one.uscc, why=entry.why, added_by=entry.added_by,
                added_at=entry.added_at,
            )
            for entry, one in watched(session, visit.region)[:1000]
        ]  # fmt: skip


@router.post("/operators/{operator_id}/watch", responses=said(400, 404, 409, 422))
def put(visit: Settles, operator_id: Id, asked: Watching) -> Credit:
    """Put an operator onto the watch list, or take it off; that it stood there stays recorded."""
    with visit.writing() as session:
        head = head_seen(visit, session, operator_id)
        if asked.watched:
            watch(session, head, visit.officer, asked.why)
        else:
            drop(session, head, visit.officer, asked.why)
        return Credit.model_validate(record_of(session, head, visit.region))
