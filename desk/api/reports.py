"""The reports of the action plan, as files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

import reports
from desk.api.clues import seen_region
from desk.api.entry import Exports, said
from desk.api.files import XLSX, binary
from desk.api.values import Body, Day, Name, day_of
from desk.visit import Forbidden

__all__ = ["router"]

router = APIRouter(tags=["reports"])
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Wanted(Body):
    """Which report."""

    kind: Literal["statistics", "midterm", "final", "weekly", "promotion"]
    first: Day = Field(description="first day (of China)")
    last: Day = Field(description="last day, which counts too")
    region: Name = Field("", description="division code: one county's alone")
    format: Literal["xlsx", "docx"] = "xlsx"


@router.post(
    "/reports", response_class=Response, responses=binary(XLSX, DOCX) | said(400, 409, 422)
)
def write(visit: Exports, asked: Wanted) -> Response:
    """Write a report of a period, with its figures, comparison, typical cases and charts."""
    region = seen_region(visit, asked.region)
    if region is None:
        raise Forbidden("不在您的辖区")
    known = visit.office.knowledge
    with visit.reading() as session:
        made = reports.build(
            session, asked.kind, day_of(asked.first), day_of(asked.last), region, known
        )
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{asked.kind}.{asked.format}"
        reports.write(made, path)
        body = path.read_bytes()
    visit.saw("export", f"report {asked.kind} {asked.first} {asked.last} {region}".strip(), "api")
    name = f"{asked.kind}-{asked.first}-{asked.last}.{asked.format}"
    return Response(
        body, media_type=XLSX if asked.format == "xlsx" else DOCX,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
