"""Reports of the action plan: a look at a period's figures, and the files to send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

import reports
from clues.exports import ExportError
from clues.log import utc_now
from clues.workdays import day_of
from desk.papers import TYPES, Busy, build_report, report_file, turn
from desk.screen import draw
from desk.visit import Exports, Forbidden, Reads, Visit
from reports.model import Figure, Report, ReportError, Table
from reports.model import Query as Asked
from reports.shown import shown

__all__ = ["Behind", "behind", "router"]

router = APIRouter()


class Refused(ValueError):
    """What was asked for can't be made: says why."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A query, and which figures of a table it gave."""

    query: Asked
    figures: tuple[tuple[str, str, int, str], ...]
    """Row, column, value, the key in the query's answer."""


def behind(table: Table) -> list[Behind]:
    """The queries behind a table's figures, in order."""
    found: dict[str, tuple[Asked, list[tuple[str, str, int, str]]]] = {}
    for row in table.rows:
        for column, cell in zip(table.head[1:], row.cells, strict=True):
            if isinstance(cell, Figure):
                told = found.setdefault(cell.query.id, (cell.query, []))[1]
                told.append((row.label, column, cell.value, cell.key))
    return [Behind(query, tuple(told)) for query, told in found.values()]


def _days(first: str, last: str) -> tuple[date, date]:
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise Refused("日期应写成 2026-06-01") from None
    if days[1] < days[0]:
        raise Refused("止日早于起日")
    return days


def _region(visit: Visit, region: str) -> str:
    """The division asked for, within the officer's."""
    region = region or visit.region
    if not visit.within(region):
        raise Forbidden("这个地域不在您的辖区内")
    if region and region not in visit.office.counties:
        raise Refused(f"没有区划代码 {region[:12]}")
    return region


def _made(visit: Visit, kind: str, first: str, last: str, region: str) -> Report:
    days, within = _days(first, last), _region(visit, region)
    if kind not in reports.KINDS:
        raise Refused("没有这种报告")
    try:
        return build_report(visit, kind, *days, within)
    except ReportError as error:
        raise Refused(str(error)) from None


@router.get("/reports")
def form(
    request: Request,
    visit: Reads,
    first: Annotated[str, Query(alias="from", max_length=20)] = "",
    last: Annotated[str, Query(alias="to", max_length=20)] = "",
    region: Annotated[str, Query(max_length=12)] = "",
    kind: Annotated[str, Query(max_length=20)] = "statistics",
) -> HTMLResponse:
    """The form; with a period, its figures as they stand in the statistics table."""
    said = {"from": first, "to": last, "region": region, "kind": kind, "format": "xlsx"}
    if not (first or last):
        today = day_of(utc_now())
        said |= {"from": today.replace(day=1).isoformat(), "to": today.isoformat()}
        return _page(request, visit, said)
    try:
        with turn():
            return _page(request, visit, said, _made(visit, "statistics", first, last, region))  # fmt: skip
    except (Refused, Busy) as error:
        code = 422 if isinstance(error, Refused) else 503
        return _page(request, visit, said, problem=str(error), code=code)


def _page(
    request: Request, visit: Visit, said: dict[str, str], made: Report | None = None, problem: str = "",
    code: int = 200,
) -> HTMLResponse:  # fmt: skip
    counties = [code for code in sorted(visit.office.counties) if visit.within(code)]
    return draw(
        request, visit, "reports.html", code, said=said, made=made, problem=problem, shown=shown,
        kinds=reports.KINDS, formats=[one.removeprefix(".") for one in TYPES], counties=counties,
        tables=[(table, behind(table)) for table in made.tables()] if made else [],
    )  # fmt: skip


@router.post("/reports")
def file(
    request: Request,
    visit: Exports,
    kind: Annotated[str, Form(max_length=20)],
    first: Annotated[str, Form(alias="from", max_length=20)],
    last: Annotated[str, Form(alias="to", max_length=20)],
    form: Annotated[str, Form(alias="format", max_length=10)] = "xlsx",
    region: Annotated[str, Form(max_length=12)] = "",
) -> Response:
    """The report as a file; who took it is put down."""
    said = {"from": first, "to": last, "region": region, "kind": kind, "format": form}
    ending = f".{form}"
    try:
        if ending not in TYPES:
            raise Refused("没有这种文件格式")
        with turn():
            made = _made(visit, kind, first, last, region)
            data = report_file(visit, made, ending)
    except (Refused, Busy, ExportError) as error:
        code = 422 if isinstance(error, Refused) else 503
        return _page(request, visit, said, problem=str(error), code=code)
    visit.saw("report", f"{kind} {first}–{last} {made.region or '全部'} {form} {len(data)}B")
    name = f"{made.title} {first}至{last}{made.place if made.region else ''}{ending}"
    said_name = f"attachment; filename=report{ending}; filename*=UTF-8''{quote(name)}"
    return Response(data, media_type=TYPES[ending], headers={"content-disposition": said_name})
