"""Sources and sweeps: what was asked, what came of it, how the whole stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select

from desk.api.entry import Reads, said
from desk.api.values import Id, Limit, Offset
from storage.models import Incident, SourceRow, Sweep
from watching.standing import standing
from watching.status import status

__all__ = ["router"]

router = APIRouter(tags=["sources"])


class Source(BaseModel):
    """A source that is known to the store."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    kind: str
    title: str
    home: str
    how_found: str
    added_at: datetime


class Sources(BaseModel):
    """A page of sources."""

    total: int
    items: list[Source]


class SourceState(BaseModel):
    """How the last sweep of a source went; independent shops are one source, `shop`."""

    source: str
    sweep: int
    pages: int
    listings: int
    blocks: int
    failures: int
    blocked: list[str] = Field(description="names of which every second page was a block")
    drifting: list[str] = Field(description="alarms of the last 24 hours")


class Line(BaseModel):
    """A line of `yunjian doctor`."""

    state: Literal["ok", "warn"]
    what: str
    said: str


class Health(BaseModel):
    """How it stands just now."""

    at: datetime
    lines: list[Line]
    sources: list[SourceState]
    backlog: int = Field(description="tasks that wait")
    workers: int


class SweepItem(BaseModel):
    """A sweep."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    mode: str
    state: str
    started_at: datetime
    ended_at: datetime | None


class Sweeps(BaseModel):
    """A page of sweeps."""

    total: int
    items: list[SweepItem]


class OneSweep(SweepItem):
    """A sweep with what it was to do and what came of it."""

    plan: dict[str, Any]
    summary: dict[str, Any] | None
    incidents: dict[str, int] = Field(description="by kind")


@router.get("/sources", responses=said(422))
def sources(visit: Reads, limit: Limit = 50, offset: Offset = 0) -> Sources:
    """Sources, known last first."""
    with visit.reading() as session:
        rows = session.scalars(
            select(SourceRow).order_by(SourceRow.id.desc()).limit(limit).offset(offset)
        )
        items = [Source.model_validate(one) for one in rows]
        total = session.scalar(select(func.count()).select_from(SourceRow)) or 0
    return Sources(total=total, items=items)


@router.get("/health", responses=said())
def health(visit: Reads) -> Health:
    """The status of `yunjian doctor`, and each source's last sweep."""
    office = visit.office
    now = standing(office.settings, office.store)
    found = [
        SourceState(
            source=name, sweep=counts["sweep"], pages=counts["pages"], listings=counts["listings"],
            blocks=counts["blocks"], failures=counts["failures"], blocked=now.blocked.get(name, []),
            drifting=now.drifting.get(name, []),
        )
        for name, counts in sorted(now.sources.items())
    ]  # fmt: skip
    lines = [
        Line(state=state, what=what, said=told)
        for state, what, told in status(office.settings, office.store)
    ]
    return Health(
        at=now.at, lines=lines, sources=found, backlog=now.backlog.tasks, workers=now.workers
    )


@router.get("/sweeps", responses=said(422))
def sweeps(
    visit: Reads,
    mode: Annotated[
        Literal["", "ad-hoc", "nightly", "intensified", "price-watch", "archive"], Query()
    ] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Sweeps:
    """Sweeps, the last first."""
    asked = [Sweep.mode == mode] if mode else []
    with visit.reading() as session:
        query = select(Sweep).where(*asked).order_by(Sweep.id.desc()).limit(limit).offset(offset)
        items = [SweepItem.model_validate(one) for one in session.scalars(query)]
        total = session.scalar(select(func.count()).select_from(Sweep).where(*asked)) or 0
    return Sweeps(total=total, items=items)


@router.get("/sweeps/{sweep_id}", responses=said(404, 422))
def sweep(visit: Reads, sweep_id: Id) -> OneSweep:
    """One sweep."""
    with visit.reading() as session:
        row = session.get(Sweep, sweep_id)
        if row is None:
            raise HTTPException(404, "没有这次巡检")
        kinds = session.execute(
            select(Incident.kind, func.count())
            .where(Incident.sweep_id == sweep_id)
            .group_by(Incident.kind)
        )
        incidents = dict(kinds.tuples().all())
    shown = SweepItem.model_validate(row).model_dump()
    return OneSweep(**shown, plan=row.plan, summary=row.summary, incidents=incidents)
