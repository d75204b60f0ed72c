"""Certificates that servers showed, each chain once per site and run, as records of their own."""

from __future__ import annotations

import hashlib
import ssl
from typing import Any
from urllib.parse import urlsplit

from crawler.tasks import Capture
from storage import EvidenceRef
from storage.vault import VaultWriter

__all__ = ["Chains", "chain_address"]


def chain_address(url: str) -> str:
    """Under which address the certificates of a page's site are kept; "" for plain http."""
    parts = urlsplit(url)
    return f"urn:certificates:https://{parts.netloc.lower()}" if parts.scheme == "https" else ""


class Chains:
    """Writes them next to the pages they belong to."""

    def __init__(self, writer: VaultWriter) -> None:
        self._writer = writer
        self._known: dict[tuple[str, str], str] = {}

    def keep(self, capture: Capture) -> tuple[dict[str, str], EvidenceRef | None]:
        """The header that points a page's record to its certificates (RFC 8555's PEM chain,
        by its SHA-256), and their record if it was written now."""
        address = chain_address(capture.url)
        if not capture.certificates or not address:
            return {}, None
        pem = "".join(ssl.DER_cert_to_PEM_cert(one) for one in capture.certificates).encode()
        digest = hashlib.sha256(pem).hexdigest()
        ref: Any = None
        if (address, digest) not in self._known:
            kind = "application/pem-certificate-chain"
            ref = self._writer.resource(address, pem, kind, capture.fetched_at)
            self._known[address, digest] = ref.record_id
        said = f"sha256:{digest} <urn:uuid:{self._known[address, digest]}>"
        return {"WARC-Yunjian-Certificates": said}, ref
