"""Whole answers that earlier runs of a sweep have, so that nobody is asked for them again."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from storage import Store
from storage import models as m

__all__ = ["KeptOnDemand", "KeptPages", "kept_pages"]

Place = tuple[str, int, str, bool]
"""File, offset, record, and whether a browser rendered it."""


class KeptPages(Protocol):
    """Where the answer to a request stands."""

    def get(self, fingerprint: str, /) -> Place | None:
        """Its place; None where it is not kept."""


def _whole(sweep_id: int) -> Select[str, str, int, str, bool]:
    return select(
        m.Evidence.fingerprint,
        m.Evidence.warc_file,
        m.Evidence.warc_offset,
        m.Evidence.record_id,
        m.Evidence.rendered,
    ).where(
        m.Evidence.sweep_id == sweep_id,
        m.Evidence.kind.in_(("page", "redirect", "picture")),
        m.Evidence.status < 400,
    )


def kept_pages(session: Session, sweep_id: int) -> dict[str, Place]:
    """All of a sweep, by the fingerprint of the request."""
    rows = session.execute(_whole(sweep_id))
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


class KeptOnDemand:
    """Looked up one by one: for a small part of a large sweep."""

    def __init__(self, store: Store, sweep_id: int) -> None:
        self.store = store
        self.sweep_id = sweep_id

    def get(self, fingerprint: str, /) -> Place | None:
        """Its place; None where it is not kept."""
        with self.store.session() as session:
            row = session.execute(
                _whole(self.sweep_id)
                .where(m.Evidence.fingerprint == fingerprint)
                .order_by(m.Evidence.id.desc())
            ).first()
            return (row[1], row[2], row[3], row[4]) if row else None
