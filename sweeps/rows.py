"""Rows of the store from what the crawl hands over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from crawler.addresses import host_of
from crawler.tasks import Incident
from listing import Listing
from storage import EvidenceRef
from storage import models as m

__all__ = ["evidence_row", "storable", "write_incidents"]


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
