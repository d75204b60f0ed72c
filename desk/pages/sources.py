"""Sources: how each did lately, the last sweeps, and one source with what stood in its way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select

from clues.browse import MOST
from desk.health import Health, folded, health, last_sweeps
from desk.minute import minute_of
from desk.pages.shops import ROWS, Page, words
from desk.screen import draw
from desk.visit import Reads
from storage import models as m
from watching.standing import named_sources, source_title

__all__ = ["router"]

INCIDENTS = 50
SHOWN_SWEEPS = 15
router = APIRouter()


@router.get("/sources")
def sources(
    request: Request, visit: Reads, text: Annotated[str, Query(max_length=200)] = "", page: Page = 1
) -> HTMLResponse:
    """Named sources each, then the independent shops that are watched, by pages."""
    kept, now = minute_of(request), datetime.now(UTC)
    named = named_sources(visit.office.settings) - {"shop", "file"}
    asked = words(text)
    with visit.reading() as session:
        sweeps = kept.of(("sweeps",), lambda: last_sweeps(session))
        found = kept.of(("health",), lambda: health(session, sweeps, now))
        query = select(m.SourceRow).where(m.SourceRow.kind == "shop")
        if asked:
            query = query.where(
                m.SourceRow.name.icontains(asked, autoescape=True)
                | m.SourceRow.title.icontains(asked, autoescape=True)
            )
        sites = session.scalars(
            query.order_by(m.SourceRow.id.desc()).limit(ROWS + 1).offset((page - 1) * ROWS)
        ).all()
        bounded = query.with_only_columns(m.SourceRow.id).limit(MOST + 1).subquery()
        count = session.scalar(select(func.count()).select_from(bounded)) or 0
    rows = folded(found, named)
    unswept = sorted(named - {one.name for one in rows})
    rows += [Health(name) for name in unswept]
    return draw(
        request, visit, "sources.html", rows=rows, sites=sites[:ROWS], more=len(sites) > ROWS, count=count,
        most=MOST, page=page, text=asked, found=found, never=Health(""), sweeps=sweeps[:SHOWN_SWEEPS],
        source_title=source_title,
    )  # fmt: skip


@router.get("/sources/{name}")
def source(request: Request, visit: Reads, name: Annotated[str, Path(max_length=255)]) -> HTMLResponse:  # fmt: skip
    """One source; `shop` and `file` stand for all independent shops and all files."""
    name, now = words(name), datetime.now(UTC)
    kept = minute_of(request)
    named = named_sources(visit.office.settings)
    with visit.reading() as session:
        row = session.scalars(select(m.SourceRow).where(m.SourceRow.name == name)).first()
        sweeps = kept.of(("sweeps",), lambda: last_sweeps(session))
        found = kept.of(("health",), lambda: health(session, sweeps, now))
        if row is None and name not in named | {"shop", "file"} and name not in found:
            raise HTTPException(404)
        lately = [one.id for one in sweeps]
        # By the sweeps, for which there is an index.
        incidents = session.scalars(
            select(m.Incident)
            .where(m.Incident.sweep_id.in_(lately), m.Incident.source == name)
            .order_by(m.Incident.id.desc())
            .limit(INCIDENTS)
        ).all()
    several = {one.name: one for one in folded(found, named) if one.name in ("shop", "file")}
    one = several.get(name) or found.get(name) or Health(name)
    swept = [
        (s, s.summary["sources"][name]) for s in sweeps if name in s.summary.get("sources", {})
    ]
    return draw(
        request, visit, "source.html", source=name, row=row, one=one, swept=swept, incidents=incidents,
        source_title=source_title,
    )  # fmt: skip
