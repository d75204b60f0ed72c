"""Evidence as it was kept: archived pages that can't act, pictures, the sealed pack."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from html import escape
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response
from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from clues.access import opened
from clues.standing import standing
from desk.guard import ARCHIVED
from desk.visit import Exports, Reads, Visit
from evidence import EvidenceError, Sealer
from evidence.pack import export
from replay import ReplayError, replayed
from storage.models import Clue, ClueEvidence, Evidence, Picture
from storage.search import ClueListing
from storage.vault import VaultError

__all__ = ["router"]

router = APIRouter()
PICTURES = {
    "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8", "image/webp": b"RIFF",
}  # fmt: skip
"""What a browser may be shown, by how its bytes begin."""
SAFE = {"content-security-policy": ARCHIVED, "x-content-type-options": "nosniff"}


def _evidence(visit: Visit, session: Session, evidence_id: int, clue_id: int) -> Evidence:
    """The record, if a clue that this officer sees rests on it, or one of the clue's listings
    showed it as a picture; 404 else."""
    found = session.get(Evidence, evidence_id)
    mine = Clue.region.startswith(visit.region, autoescape=True)
    if clue_id:
        visit.clue(session, clue_id)
        of_clue = exists().where(
            ClueEvidence.clue_id == clue_id, ClueEvidence.evidence_id == evidence_id
        )
        shown = exists().where(
            ClueListing.clue_id == clue_id,
            Picture.listing_id == ClueListing.listing_id,
            Picture.evidence_id == evidence_id,
        )
        sees = session.scalar(select(of_clue | shown))
    else:
        sees = session.scalar(
            select(
                exists().where(
                    ClueEvidence.evidence_id == evidence_id,
                    Clue.id == ClueEvidence.clue_id,
                    standing(),
                    mine,
                )
            )
        )
    if found is None or not sees:
        raise HTTPException(404, "没有这份证据")
    return found


def _put_down(visit: Visit, evidence_id: int) -> None:
    with visit.writing() as session:
        opened(session, visit.officer, "evidence", evidence_id, "desk")


@router.get("/evidence/{evidence_id:int}/page")
def archived(visit: Reads, evidence_id: int, clue: int = 0) -> HTMLResponse:
    """The archived page, checked against its hash, in an origin of its own, without scripts."""
    with visit.reading() as session:
        row = _evidence(visit, session, evidence_id, clue)
        try:
            html, code = replayed(session, visit.office.vault, row).html, 200
        except (ReplayError, VaultError) as error:
            # In the frame, where the policy of other pages would show nothing.
            told = f"存档不能显示：{error}"
            html, code = f'<!doctype html><meta charset="utf-8"><p>{escape(told)}</p>', 409
    _put_down(visit, evidence_id)
    # What the archive held may be half a character: never a reason to fail.
    return HTMLResponse(html.encode("utf-8", "replace"), code, SAFE)


@router.get("/evidence/{evidence_id:int}/picture")
def picture(visit: Reads, evidence_id: int, clue: int = 0) -> Response:
    """A screenshot or a listing's picture, checked against its hash; only what is a picture."""
    with visit.reading() as session:
        row = _evidence(visit, session, evidence_id, clue)
    try:
        kept = visit.office.vault.read(row.warc_file, row.warc_offset)
        if hashlib.sha256(kept.body).hexdigest() != row.sha256:
            raise HTTPException(409, "存档与入库时的校验值不一致，不予显示")
        body = kept.decoded_body()
    except VaultError:
        raise HTTPException(409, "存档读不出来") from None
    kind = row.content_type.split(";")[0].strip().lower()
    begins = PICTURES.get(kind)
    if begins is None or not body.startswith(begins):
        raise HTTPException(415, "这份证据不是图片")
    _put_down(visit, evidence_id)
    return Response(body, media_type=kind, headers=SAFE)


@router.post("/clues/{clue_id:int}/pack")
def pack(visit: Exports, clue_id: int) -> FileResponse:
    """The sealed pack of a clue; the file is made for this answer and deleted after it."""
    office, settings = visit.office, visit.office.settings
    with visit.reading() as session:
        visit.clue(session, clue_id)
    folder = Path(tempfile.mkdtemp(prefix="yunjian-pack-"))
    try:
        done = export(
            office.store, office.vault, Sealer(settings.evidence_key, settings.tsa_url, settings.tsa_ca),
            clue_id, folder / f"clue-{clue_id}.wacz", visit.officer, office.rules.laws,
            office.rules.violations, settings.browser,
        )  # fmt: skip
        visit.saw("pack", clue_id)
    except EvidenceError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise HTTPException(409, f"证据包没有制成：{error}") from None
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        done.path, media_type="application/wacz", filename=done.path.name,
        background=BackgroundTask(shutil.rmtree, folder, ignore_errors=True),
    )  # fmt: skip
