"""What earlier sweeps know of a page: enough to ask whether it changed, and not to keep it twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from crawler.tasks import Capture, Known
from storage import EvidenceRef, Store, Vault, VaultError
from storage import models as m
from storage.vault import Archived, VaultWriter

__all__ = ["Revisits", "keep", "reference"]


class Revisits:
    """Looks pages up by what was asked. In an empty store nothing is looked up at all."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self.store = store
        self.vault = vault
        with store.session() as session:
            self.newest: int = session.scalar(select(func.max(m.Evidence.id))) or 0

    def known(self, fingerprint: str) -> Known | None:
        """The newest whole page of an earlier sweep, or of this one before it was interrupted."""
        if not self.newest:
            return None
        original = aliased(m.Evidence)
        with self.store.session() as session:
            row = session.execute(
                select(m.Evidence, original)
                .outerjoin(original, original.id == m.Evidence.original_id)
                .where(m.Evidence.fingerprint == fingerprint)
                .where(m.Evidence.kind.in_(("page", "picture")), m.Evidence.status.in_((200, 304)))
                .order_by(m.Evidence.id.desc())
                .limit(1)
            ).first()
        if row is None:
            return None
        newest, first = row[0], row[1] or row[0]
        return Known(
            evidence_id=first.id,
            warc_file=first.warc_file,
            warc_offset=first.warc_offset,
            record_id=first.record_id,
            fetched_at=first.fetched_at,
            content_type=first.content_type,
            sha256=first.sha256,
            size=first.size,
            etag=newest.etag or first.etag,
            last_modified=newest.last_modified or first.last_modified,
        )

    def read(self, known: Known) -> Archived | None:
        """The known page as it was kept; None where it is lost or damaged."""
        try:
            page = self.vault.read(known.warc_file, known.warc_offset)
        except VaultError:
            return None
        return page if hashlib.sha256(page.body).hexdigest() == known.sha256 else None

    def body(self, known: Known) -> bytes | None:
        """Its payload: what a page must equal to count as unchanged."""
        page = self.read(known)
        return page.body if page else None


def reference(capture: Capture, known: Known) -> EvidenceRef:
    """Where the known page stands."""
    return EvidenceRef(
        warc_file=known.warc_file,
        warc_offset=known.warc_offset,
        record_id=known.record_id,
        url=capture.url,
        status=200,
        content_type=known.content_type,
        sha256=known.sha256,
        size=known.size,
        fetched_at=known.fetched_at,
    )


def keep(
    writer: VaultWriter, capture: Capture, unchanged: Known | None, notes: Mapping[str, str]
) -> EvidenceRef:
    """Write a capture: the whole of it, or only that it is as it was."""
    if unchanged is None:
        return writer.response(
            capture.url,
            capture.status,
            capture.headers,
            capture.body,
            capture.fetched_at,
            request_headers=capture.request_headers,
            method=capture.method,
            request_body=capture.request_body,
            rendered=capture.rendered,
            notes=notes,
        )
    return writer.revisit(
        capture.url,
        capture.status,
        capture.headers,
        capture.fetched_at,
        reference(capture, unchanged),
        request_headers=capture.request_headers,
        method=capture.method,
        request_body=capture.request_body,
        notes=notes,
    )
