"""The reports of the action plan, as files."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from desk.api.clues import seen_region
from desk.api.entry import Exports, said
from desk.api.files import binary
from desk.api.values import Body, Day, Name, day_of
from desk.papers import TYPES, build_report, report_file, turn
from desk.visit import Forbidden

__all__ = ["router"]

router = APIRouter(tags=["reports"])


class Wanted(Body):
    """Which report."""

    kind: Literal["statistics", "midterm", "final", "weekly", "promotion"]
    first: Day = Field(description="first day (of China)")
    last: Day = Field(description="last day, which counts too")
    region: Name = Field("", description="division code: one county's alone")
    format: Literal["xlsx", "docx", "pdf"] = "xlsx"


@router.post(
    "/reports",
    response_class=Response,
    responses=binary(*TYPES.values()) | said(400, 409, 422, 503),
)
def write(visit: Exports, asked: Wanted) -> Response:
    """Write a report of a period, with its figures, comparison, typical cases and charts; a PDF wants
    a browser on the desk's machine."""
    region = seen_region(visit, asked.region)
    if region is None:
        raise Forbidden("不在您的辖区")
    first, last, ending = day_of(asked.first), day_of(asked.last), f".{asked.format}"
    with turn():
        made = build_report(visit, asked.kind, first, last, region)
        body = report_file(visit, made, ending)
    visit.saw("export", f"report {asked.kind} {asked.first} {asked.last} {region}".strip(), "api")
    name = f"{asked.kind}-{asked.first}-{asked.last}.{asked.format}"
    return Response(
        body, media_type=TYPES[ending],
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
