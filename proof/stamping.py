"""Time stamps of an authority (RFC 3161): what they say, and whether it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from proof.der import with_sorted_certificates

__all__ = ["Stamp", "check_stamp", "roots_of"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority vouches for: these bytes were there at this time (UTC)."""

    at: datetime
    authority: str


def roots_of(pem: bytes) -> list[Certificate]:
    """The certificates of a PEM file. Raises `ValueError` where there is none."""
    return load_pem_x509_certificates(pem)


def check_stamp(
    answer: bytes, data: bytes, roots: Sequence[Certificate], nonce: int | None = None
) -> Stamp:
    """What the authority's answer (DER of a TimeStampResp) vouches for.

    Raises `ValueError` saying why where it is not a stamp over `data`, not signed under one of
    `roots`, or not the answer to the request with `nonce`.
    """
    try:
        response = decode_timestamp_response(with_sorted_certificates(answer))
        if response.status != 0:
            said = "; ".join(response.status_string) or "no reason given"
            raise ValueError(f"the authority refused (status {response.status}): {said}")
        info = response.tst_info
        if info.message_imprint.message not in (
            hashlib.sha256(data).digest(),
            hashlib.sha384(data).digest(),
            hashlib.sha512(data).digest(),
        ):
            raise ValueError("wrong digest: it is a stamp over something else")
        if nonce is not None and info.nonce != nonce:
            raise ValueError("wrong nonce: it answers another request")
        builder = VerifierBuilder(roots=list(roots))
        builder.build().verify_message(response, data)
        at = info.gen_time
        name = info.name
        authority = getattr(name, "rfc4514_string", lambda: "")() if name else ""
    except VerificationError as error:
        raise ValueError(f"does not hold: {error}") from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Stamp(at, authority or _signer(response))


def _signer(response: object) -> str:
    from cryptography.x509 import load_der_x509_certificate

    signed = response.signed_data  # type: ignore[attr-defined]
    serials = {signer.serial_number for signer in signed.signer_infos}
    for der in signed.certificates:
        one = load_der_x509_certificate(der)
        if one.serial_number in serials:
            return str(one.subject.rfc4514_string())
    return ""
