"""The records that a clue rests on, taken out of the vault as they stand there.

A record goes into a pack byte for byte (its gzip member), with the request that asked for it
and all that it refers to: the page that an unchanged one repeats, the page of a screenshot.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.chain import Fault
from proof import Broken
from proof.records import Record, read_records
from storage import Vault, VaultError
from storage.bucket import MissingError
from storage.models import ClueEvidence, Evidence

__all__ = ["Gathered", "Taken", "check_vault", "gather", "take", "written"]

_REFERS = ("warc-refers-to", "warc-yunjian-certificates")
_UUID = re.compile(r"urn:uuid:([0-9a-f-]{36})")
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Taken:
    """A record and its packed bytes; `request` are those of the request before the answer."""

    row: Evidence
    record: Record
    packed: bytes
    request: bytes
    body: bytes
    """The payload of a screenshot; of anything else empty."""


@dataclass(slots=True)
class Gathered:
    """What a clue rests on: records, and those that can't be had, each with why."""

    taken: list[Taken] = field(default_factory=list)
    missing: list[tuple[Evidence, str]] = field(default_factory=list)


def gather(session: Session, vault: Vault, clue_id: int) -> Gathered:
    """All records of a clue, oldest first, each with its digests checked."""
    linked = select(ClueEvidence.evidence_id).where(ClueEvidence.clue_id == clue_id)
    waiting = list(session.scalars(select(Evidence).where(Evidence.id.in_(linked))))
    seen: set[int] = set()
    found = Gathered()
    while waiting:
        row = waiting.pop()
        if row.id in seen:
            continue
        seen.add(row.id)
        if row.original_id is not None:
            waiting.append(session.get_one(Evidence, row.original_id))
        try:
            taken = take(vault, row)
        except Broken as error:
            found.missing.append((row, str(error)))
            continue
        found.taken.append(taken)
        said = " ".join(taken.record.headers.get(name, "") for name in _REFERS)
        waiting += session.scalars(
            select(Evidence).where(Evidence.record_id.in_(_UUID.findall(said)))
        )
    found.taken.sort(key=lambda one: one.row.id)
    found.missing.sort(key=lambda one: one[0].id)
    return found


def take(vault: Vault, row: Evidence) -> Taken:
    """The record of an evidence row. Raises `Broken` where it is missing, damaged, or not what
    the store says."""
    place = f"{row.warc_file} at {row.warc_offset}"
    try:
        with vault.open(row.warc_file, row.warc_offset) as file:
            packed, rest = _member(file, b"", place)
            request, _ = _member(file, rest, "")
    except MissingError:
        raise Broken(row.warc_file, "the evidence file is missing from the vault") from None
    except (OSError, VaultError) as error:
        raise Broken(place, f"can't be read: {error}") from None
    record = _only(packed, place)
    if record.id != row.record_id:
        raise Broken(place, f"another record stands there: {record.id}")
    if record.kind != "revisit" and record.payload_sha256 != row.sha256:
        raise Broken(place, "its payload is not what the store says: altered or damaged")
    if request:
        asked = _only(request, place)
        concurrent = asked.headers.get("warc-concurrent-to", "")
        if asked.kind != "request" or row.record_id not in concurrent:
            request = b""
    body = b""
    if row.kind == "screenshot":
        body = vault.read(row.warc_file, row.warc_offset).body
    return Taken(row, record, packed, request, body)


def _only(packed: bytes, place: str) -> Record:
    (record,) = read_records([packed], place)
    return record


def _member(file: Any, read: bytes, place: str) -> tuple[bytes, bytes]:
    """The next gzip member of a file of which `read` was read already, and what was read behind
    it; where none is whole there: twice b"", or `Broken` if `place`."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    pieces: list[bytes] = []
    while not unpack.eof:
        piece: bytes = read or file.read(_CHUNK)
        read = b""
        try:
            if not piece:
                raise zlib.error("cut off")
            unpack.decompress(piece)
        except zlib.error as error:
            if not place:
                return b"", b""
            raise Broken(place, f"no whole record there ({error})") from None
        pieces.append(piece)
    whole = b"".join(pieces)
    return whole[: len(whole) - len(unpack.unused_data)], unpack.unused_data


def written(taken: Sequence[Taken]) -> tuple[bytes, dict[str, tuple[int, int]]]:
    """The WARC file of a pack, and by record id where its member stands: offset and length."""
    out = bytearray()
    places: dict[str, tuple[int, int]] = {}
    for one in taken:
        places[one.row.record_id] = len(out), len(one.packed)
        out += one.packed + one.request
    return bytes(out), places


def check_vault(session: Session, vault: Vault) -> Iterator[Fault]:
    """Each evidence row whose record is missing from the vault, damaged or altered."""
    rows = session.scalars(select(Evidence).order_by(Evidence.id).execution_options(yield_per=1000))
    for row in rows:
        try:
            take(vault, row)
        except Broken as error:
            yield Fault(f"evidence {row.id} (record {row.record_id})", str(error))
