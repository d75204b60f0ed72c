"""A screenshot for each listing that a clue rests on, from the very page that was kept."""

from __future__ import annotations

from collections.abc import Callable

from playwright.async_api import Error as PlaywrightError
from sqlalchemy import insert, select
from sqlalchemy.orm import aliased

from clues.summaries import proven
from crawler.page import Page
from crawler.screenshots import Picture, take_pictures
from settings import Settings
from storage import Store, Vault, VaultError
from storage import models as m
from storage.vault import VaultWriter
from sweeps.rows import evidence_row
from sweeps.summary import Summary

__all__ = ["picture_clues"]


def _wanted(store: Store, sweep_id: int) -> dict[str, tuple[m.Evidence, list[int]]]:
    """Pages of this sweep that clues rest on and that have no picture yet, by record."""
    picture = aliased(m.Evidence)
    with store.session() as session:
        rows = session.execute(
            select(m.Evidence, m.ClueEvidence.clue_id)
            .join(m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id)
            .where(m.Evidence.sweep_id == sweep_id, m.Evidence.kind == "page")
            .where(
                ~select(picture.id)
                .where(picture.kind == "screenshot", picture.fingerprint == m.Evidence.record_id)
                .exists()
            )
            .order_by(m.Evidence.id)
        ).all()
    wanted: dict[str, tuple[m.Evidence, list[int]]] = {}
    for evidence, clue_id in rows:
        wanted.setdefault(evidence.record_id, (evidence, []))[1].append(clue_id)
    return wanted


async def picture_clues(
    settings: Settings,
    store: Store,
    vault: Vault,
    writer: VaultWriter,
    summary: Summary,
    progress: Callable[[Summary], None],
) -> None:
    """Take and keep them; a page that can't be pictured is named in the summary."""
    wanted = _wanted(store, summary.sweep_id)
    pictures = []
    for record, (evidence, _) in wanted.items():
        try:
            kept = vault.read(evidence.warc_file, evidence.warc_offset)
        except VaultError as error:
            summary.problems.append(str(error))
            continue
        charset = "utf-8" if evidence.rendered else charset_of(kept.content_type)
        page = Page(evidence.url, kept.decoded_body(), charset)
        pictures.append(Picture(record, evidence.url, page.text, evidence.rendered))
    try:
        async for done in take_pictures(settings, pictures):
            if done.error:
                summary.incidents["failure/screenshot"] += 1
                summary.problems.append(f"screenshot of {done.wanted.url}: {done.error}")
                continue
            ref = writer.screenshot(done.wanted.url, done.png, done.taken_at, done.wanted.record)
            writer.flush()
            row = evidence_row(ref, summary.sweep_id, "screenshot")
            with store.session() as session:
                id_ = session.scalars(
                    insert(m.Evidence)
                    .values(row | {"fingerprint": done.wanted.record})
                    .returning(m.Evidence.id)
                ).one()
                session.execute(
                    insert(m.ClueEvidence),
                    [
                        {"clue_id": clue_id, "evidence_id": id_}
                        for clue_id in wanted[done.wanted.record][1]
                    ],
                )
                proven(session, wanted[done.wanted.record][1])
            summary.screenshots += 1
            progress(summary)
    except PlaywrightError as error:
        summary.incidents["failure/browser"] += 1
        summary.problems.append(f"no screenshots: the browser can't be started: {error.message}")


def charset_of(content_type: str) -> str:
    """The charset that a Content-Type header declares, or ""."""
    return content_type.partition("charset=")[2].split(";")[0].strip(" \"'")
