"""Rows of the store from what the crawl hands over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from crawler.addresses import host_of
from crawler.tasks import Incident
from listing import Listing
from storage import EvidenceRef
from storage import models as m

__all__ = ["evidence_row", "storable", "write_evidence", "write_incidents"]


def storable(listing: Listing) -> Listing:
    """Without NUL characters, which PostgreSQL keeps in no text."""
    packed = listing.model_dump_json(exclude_defaults=True)
    if "\\u0000" not in packed:
        return listing
    return Listing.model_validate_json(packed.replace("\\u0000", ""))


def evidence_row(ref: EvidenceRef, sweep_id: int, kind: str) -> dict[str, Any]:
    """The row of the evidence table for a record in the vault."""
    # PostgreSQL text takes no NUL, and a hostile header may hold one.
    return asdict(ref) | {
        "content_type": ref.content_type.replace("\0", "")[:255],
        "sweep_id": sweep_id,
        "kind": kind,
        "fingerprint": "",
        "rendered": False,
        "etag": "",
        "last_modified": "",
        "original_id": None,
    }


def write_evidence(
    session: Session, rows: Sequence[dict[str, Any]], rests_on: set[str], blocks: Collection[str]
) -> dict[str, int]:
    """Keep the rows; returns ids by record, also of the earlier ones that this batch `rests_on`.

    The records in `blocks`, of this batch or an earlier one, turned out to be blocks.
    """
    for row in rows:
        if row["record_id"] in blocks:
            row["kind"] = "block"
    ids: dict[str, int] = {}
    if rows:
        made = insert(m.Evidence).returning(m.Evidence.id, sort_by_parameter_order=True)
        stored = session.scalars(made, rows).all()
        ids = dict(zip((row["record_id"] for row in rows), stored, strict=True))
    earlier = (rests_on | set(blocks)) - ids.keys() - {""}
    if earlier:
        known = session.execute(
            select(m.Evidence.record_id, m.Evidence.id).where(m.Evidence.record_id.in_(earlier))
        )
        ids.update({record_id: id_ for record_id, id_ in known})
    if late := [ids[record] for record in blocks if record in ids and record in earlier]:
        session.execute(update(m.Evidence).where(m.Evidence.id.in_(late)).values(kind="block"))
    return ids


def write_incidents(
    session: Session,
    sweep_id: int,
    incidents: Iterable[tuple[Incident, datetime]],
    evidence: Mapping[str, int],
) -> None:
    """Keep what could not be seen; `evidence` has the ids of records."""
    rows = [
        {
            "sweep_id": sweep_id,
            "source": incident.task.source,
            "host": host_of(incident.url)[:255],
            "kind": incident.kind,
            "what": incident.what[:64],
            "detail": incident.detail.replace("\0", "")[:2000],
            "url": incident.url.replace("\0", ""),
            "evidence_id": evidence.get(incident.record),
            "at": at,
        }
        for incident, at in incidents
    ]
    if rows:
        session.execute(insert(m.Incident), rows)
