"""Files to take away: lists of clues, and the sealed pack of one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from clues.exports import write_clues
from clues.query import find_clues
from desk.api.clues import Filters, asked_of
from desk.api.entry import Exports, said
from desk.api.values import Id
from evidence import Sealer
from evidence.pack import export

__all__ = ["CSV", "XLSX", "binary", "router"]

router = APIRouter(tags=["files"])
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WACZ = "application/wacz"
MOST = 50_000


def binary(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """A success that is a file of one of these kinds."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}
    return {200: {"description": "the file", "content": content}}


@router.get(
    "/exports/clues",
    response_class=Response,
    responses=binary("text/csv", XLSX) | said(409, 422),
)
def clues(
    visit: Exports, asked: Filters,
    format: Annotated[Literal["csv", "xlsx"], Query()] = "csv",
    limit: Annotated[int, Query(ge=1, le=MOST, description="at most so many")] = MOST,
) -> Response:  # fmt: skip
    """The clues that fit, as a spreadsheet in which no cell runs as a formula."""
    wanted = asked_of(visit, asked, limit)
    found = []
    if wanted is not None:
        with visit.reading() as session:
            found = find_clues(session, wanted)
    visit.saw("export", f"{len(found)} clues {format}", "api")
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"clues.{format}"
        write_clues(found, format, path)
        body = path.read_bytes()
    name = {"content-disposition": f'attachment; filename="clues.{format}"'}
    return Response(body, media_type=CSV if format == "csv" else XLSX, headers=name)


@router.post(
    "/clues/{clue_id}/pack",
    response_class=FileResponse,
    responses=binary(WACZ) | said(404, 409, 422),
)
def pack(visit: Exports, clue_id: Id) -> Response:
    """Pack a clue with its evidence as a sealed WACZ file (`yunjian evidence verify` checks it)."""
    office = visit.office
    with visit.reading() as session:
        visit.clue(session, clue_id)
    config = office.settings
    sealer = Sealer(config.evidence_key, config.tsa_url, config.tsa_ca)
    folder = TemporaryDirectory()
    try:
        to = Path(folder.name) / f"clue-{clue_id}.wacz"
        export(
            office.store, office.vault, sealer, clue_id, to, visit.officer, office.rules.laws,
            office.rules.violations, config.browser,
        )  # fmt: skip
        visit.saw("export", f"pack of clue {clue_id}", "api")
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(to, media_type=WACZ, filename=to.name, background=BackgroundTask(folder.cleanup))  # fmt: skip
