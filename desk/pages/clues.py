"""The list of clues: filters, saved searches, verdicts for several at once, exports."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.arrivals import WAYS
from clues.counts import clue_facets
from clues.exports import write_clues
from clues.filters import ClueFilter, conditions
from clues.query import find_clues, these_clues
from desk.asking import PAGE, Asked, asked
from desk.bulk import BULK_STEPS, judge, picked
from desk.screen import draw
from desk.searches import SearchError, forget_search, keep_search, searches_of
from desk.visit import Exports, Judges, Reads, Visit
from storage.models import Clue, SourceRow

__all__ = ["router"]

router = APIRouter()
COUNTED = 10_000
"""So far clues are counted while the page is read; beyond that it says "more than"."""
EXPORTED = 100_000
"""Rows of an export at most."""
SORT_NAMES = {
    "score": "可疑程度", "newest": "最近更新", "opened": "最近立线索", "deadline": "到期先后", "violation": "违法类型",
    "region": "地区",
}  # fmt: skip
REASONS = (
    "词语用法合法，属误报", "商品与规则所指无关", "页面已更正或下架，情节轻微", "证据不足", "经比对证据，与规则所指相符",
)  # fmt: skip
"""Usual reasons of a verdict, to choose from."""
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("/clues")
def clues(request: Request, visit: Reads) -> HTMLResponse:
    """The list."""
    told = asked(request.query_params, visit)
    rows: list[Any] = []
    _settle(visit, told)
    with visit.reading() as session:
        if not told.problems:
            rows = find_clues(session, told.wanted)
        sources = session.scalars(select(SourceRow.name).order_by(SourceRow.id).limit(100)).all()
        saved = searches_of(visit, session)
    return draw(
        request, visit, "clues.html", 422 if told.problems else 200, asked=told, rows=rows[:PAGE],
        more=len(rows) > PAGE, sources=sources, saved=saved, ways=WAYS, sorts=SORT_NAMES, reasons=REASONS,
        departments=visit.office.departments.all, regions=_regions(visit, told),
    )  # fmt: skip


@router.get("/clues/part/count")
def count(request: Request, visit: Reads) -> HTMLResponse:
    """How many clues fit, as a part of the page: exactly up to a bound."""
    told = _answerable(request, visit)
    with visit.reading() as session:
        found = _count(session, told.wanted, COUNTED)
    return draw(request, visit, "clues-count.html", found=found, most=COUNTED)


@router.get("/clues/part/facets")
def facets(request: Request, visit: Reads) -> HTMLResponse:
    """What the clues that fit are about, counted exactly, as a part of the page."""
    told = _answerable(request, visit)
    with visit.reading() as session:
        found = clue_facets(session, told.wanted)
    return draw(request, visit, "clues-facets.html", facets=found)


@router.post("/clues/verdicts")
def verdicts(
    request: Request,
    visit: Judges,
    step: Annotated[str, Form(max_length=20)],
    pick: Annotated[list[str], Form()] = [],  # noqa: B006 (FastAPI copies it)
    usual: Annotated[str, Form(max_length=200)] = "",
    why: Annotated[str, Form(max_length=2000)] = "",
) -> HTMLResponse:
    """One step for the chosen clues; answers with their rows and a line on each that failed."""
    if step not in BULK_STEPS:
        raise HTTPException(422, "没有这一步")
    said = "；".join(part.strip() for part in (usual, why) if part.strip())
    outcomes = judge(visit, picked(pick), step, said)
    with visit.reading() as session:
        rows = these_clues(session, [one.clue_id for one in outcomes if one.what != "gone"])
    return draw(request, visit, "clues-done.html", outcomes=outcomes, rows=rows)


@router.get("/clues/export")
def export(request: Request, visit: Exports, format: str = "csv") -> Response:
    """All pages of the list as it is shown, as a file; put down for the audit."""
    if format not in TYPES:
        raise HTTPException(422, "格式应为 csv 或 xlsx")
    told = _answerable(request, visit)
    with visit.reading() as session:
        if _count(session, told.wanted, EXPORTED) > EXPORTED:
            raise HTTPException(422, f"超过 {EXPORTED:,} 条，请先缩小范围")
        rows = find_clues(session, replace(told.wanted, limit=EXPORTED, offset=0))
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"clues.{format}"
        write_clues(rows, format, file)
        body = file.read_bytes()
    visit.saw("export", f"clues {format} {len(rows)} ?{told.query}")
    name = f"clues-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{format}"
    return Response(
        body, media_type=TYPES[format], headers={"content-disposition": f'attachment; filename="{name}"'}
    )  # fmt: skip


@router.post("/clues/searches")
def save(
    visit: Reads,
    name: Annotated[str, Form(max_length=100)],
    query: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Keep a search under a name; the same name again takes the place of the former."""
    try:
        with visit.writing() as session:
            kept = keep_search(visit, session, name, query)
    except SearchError as error:
        raise HTTPException(422, str(error)) from None
    return RedirectResponse(f"/clues?{kept.query}", 303)


@router.post("/clues/searches/{search_id}/delete")
def forget(visit: Reads, search_id: int) -> Response:
    """Delete an own search; another officer's is as if there were none."""
    with visit.writing() as session:
        forget_search(visit, session, search_id)
    return RedirectResponse("/clues", 303)


def _answerable(request: Request, visit: Visit) -> Asked:
    """The question, ready to be asked; raises 422 with what is wrong in it."""
    told = asked(request.query_params, visit)
    if told.problems:
        raise HTTPException(422, "；".join(told.problems))
    _settle(visit, told)
    return told


def _settle(visit: Visit, told: Asked) -> None:
    if told.by_deadline and not told.problems:
        visit.office.reckon_dues()


def _count(session: Session, wanted: ClueFilter, most: int) -> int:
    """How many fit, exactly up to `most`; `most` + 1 stands for more."""
    fit = select(Clue.id).where(*conditions(session, wanted)).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(fit)) or 0


def _regions(visit: Visit, told: Asked) -> dict[str, str]:
    """Divisions to choose from: those of the province that the officer sees, and the asked one."""
    place = visit.office.place
    own = {code: place(code) for code in visit.office.counties if visit.within(code)}
    chosen = told.typed["region"]
    if chosen and chosen not in own and not told.problems:
        own[chosen] = place(chosen)
    return own
