"""Asking an authority for a time stamp (RFC 3161, over HTTP)."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from cryptography.x509 import Certificate
from rfc3161_client import TimestampRequestBuilder
from rfc3161_client.base import HashAlgorithm

from evidence.errors import EvidenceError, StampError
from proof.stamping import check_stamp, roots_of

__all__ = ["load_roots", "request_stamp"]

_LARGEST = 1024 * 1024
"""Bytes; no answer of an authority is larger."""


def load_roots(path: Path | None) -> bytes:
    """The authority's root certificates as PEM. Raises `EvidenceError` where there are none."""
    if path is None:
        raise EvidenceError("tsa_url is set, but tsa_ca is not: its stamps could not be checked")
    try:
        pem = path.read_bytes()
        roots_of(pem)
    except (OSError, ValueError) as error:
        raise EvidenceError(f"{path}: no root certificates: {error}") from None
    return pem


def request_stamp(
    url: str, data: bytes, roots: Sequence[Certificate], timeout: float = 15.0
) -> bytes:
    """The authority's checked answer (DER) for `data`.

    Raises `StampError` where it can't be reached, refuses, or answers with a stamp that does
    not hold: over something else, for another request, by someone else. `timeout` in seconds.
    """
    request = (
        TimestampRequestBuilder()
        .data(data)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    asked = urllib.request.Request(
        url, request.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=timeout) as answer:
            body: bytes = answer.read(_LARGEST + 1)
    except urllib.error.HTTPError as error:
        raise StampError(f"{url}: the time authority answers {error.code} {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise StampError(f"{url}: the time authority can't be reached: {reason}") from None
    if len(body) > _LARGEST:
        raise StampError(f"{url}: an answer of more than {_LARGEST} bytes")
    try:
        check_stamp(body, data, roots, request.nonce)
    except ValueError as error:
        raise StampError(f"{url}: {error}") from None
    return body
