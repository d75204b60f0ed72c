"""Seals: the chain's end, signed by the office, and where an authority is set time-stamped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from evidence.chain import Extended, extend, lock_head
from evidence.errors import EvidenceError, StampError
from evidence.keys import load_key
from evidence.stamps import load_roots, request_stamp
from proof.chain import statement
from proof.links import NOTHING, timestamp
from proof.signing import fingerprint, public_pem
from proof.stamping import roots_of
from storage import Store
from storage.chain import EvidenceSeal

__all__ = ["Sealed", "Sealer"]


@dataclass(frozen=True, slots=True)
class Sealed:
    """The seal above the whole chain, and what was appended to the chain on the way."""

    number: int
    sequence: int
    extended: Extended
    no_stamp: str
    """Why it has no time stamp; "" if it has one."""


class Sealer:
    """Signs and has stamped; raises `EvidenceError` where its key or roots can't be used."""

    def __init__(self, key: Path | None, tsa_url: str = "", tsa_ca: Path | None = None) -> None:
        self.key: Ed25519PrivateKey = load_key(key)
        self._tsa_url = tsa_url
        self.authority = load_roots(tsa_ca) if tsa_url else b""
        """The authority's root certificates as PEM; empty where none is set."""

    @property
    def public_pem(self) -> bytes:
        """The public key."""
        return public_pem(self.key.public_key())

    @property
    def fingerprint(self) -> str:
        """Of the public key."""
        return fingerprint(self.key.public_key())

    def stamp(self, data: bytes) -> tuple[bytes, str]:
        """The time stamp over `data`, or b"" and why there is none."""
        if not self._tsa_url:
            return b"", "no time authority is set (tsa_url)"
        try:
            return request_stamp(self._tsa_url, data, roots_of(self.authority)), ""
        except StampError as error:
            return b"", str(error)

    def seal(self, store: Store, now: Callable[[], datetime] | None = None) -> Sealed:
        """Link all evidence and seal the chain's end; where it is sealed already, say so.

        A seal that has no time stamp while an authority is set is followed by a new one.
        """
        clock = now or (lambda: datetime.now(UTC))
        extended = extend(store, now=clock)
        for _ in range(5):
            with store.session() as session:
                sequence, link = lock_head(session)
                last = _last(session)
            if last and last.sequence == sequence and (last.stamp or not self._tsa_url):
                return Sealed(last.id, sequence, extended, last.no_stamp)
            at = clock()
            number = last.id + 1 if last else 1
            former = hashlib.sha256(last.statement.encode()).hexdigest() if last else NOTHING
            text = statement(number, sequence, link, former, timestamp(at), self.fingerprint)
            # Asked for outside any transaction: an authority may take its time.
            stamp, why = self.stamp(text)
            with store.session() as session:
                lock_head(session)
                newest = _last(session)
                if (newest.id if newest else 0) != number - 1:
                    continue  # another worker sealed meanwhile
                session.execute(
                    insert(EvidenceSeal).values(
                        id=number, sequence=sequence, statement=text.decode(),
                        signature=base64.b64encode(self.key.sign(text)).decode(),
                        key=self.public_pem.decode(), stamp=base64.b64encode(stamp).decode(),
                        no_stamp=why, sealed_at=at,
                    )
                )  # fmt: skip
            return Sealed(number, sequence, extended, why)
        raise EvidenceError("others seal the chain all the time; try again")


def _last(session: Session) -> EvidenceSeal | None:
    return session.scalar(select(EvidenceSeal).order_by(EvidenceSeal.id.desc()).limit(1))
