"""The WARC records of a pack, each with its own digests checked (ISO 28500:2017).

Each record is a gzip member of its own. What is damaged is named by its offset.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from proof.errors import Broken

__all__ = ["Record", "read_records"]

_LARGEST = 256 * 1024 * 1024
"""Bytes of one record, unpacked."""
_ALL = 8 * 1024 * 1024 * 1024
"""Bytes of all records, unpacked."""
_DIGESTS = ("sha1", "sha256", "sha512")


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record. `payload_sha256` is of what came behind the HTTP headers."""

    offset: int
    length: int
    """Of the gzip member."""
    kind: str
    headers: dict[str, str]
    """WARC headers by lower-case name."""
    http: bytes
    """Status line and headers of HTTP, "" where there are none."""
    payload_sha256: str
    payload_size: int

    @property
    def id(self) -> str:
        """The id as the manifest has it: without brackets and `urn:uuid:`."""
        return self.headers.get("warc-record-id", "").strip("<>").removeprefix("urn:uuid:")


def read_records(chunks: Iterable[bytes], place: str) -> Iterator[Record]:
    """Each record in order. Raises `Broken` naming `place` and offset of the first bad one."""
    left = _ALL
    for offset, length, raw in _members(chunks, place):
        left -= len(raw)
        if left < 0:
            raise Broken(f"{place} at {offset}", f"more than {_ALL} bytes unpacked: refused")
        yield _record(raw, offset, length, f"{place} at {offset}")


def _members(chunks: Iterable[bytes], place: str) -> Iterator[tuple[int, int, bytes]]:
    """Offset, packed length and unpacked bytes of each gzip member."""
    start = 0
    source = iter(chunks)
    rest = b""
    while True:
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        whole: list[bytes] = []
        size = used = 0
        where = f"{place} at {start}"
        while not unpack.eof:
            rest = rest or next(source, b"")
            if not rest:
                if used == 0:
                    return
                raise Broken(where, "cut off in the middle of a record")
            try:
                piece = unpack.decompress(rest, _LARGEST + 1 - size)
            except zlib.error as error:
                raise Broken(where, f"damaged gzip data: {error}") from None
            size += len(piece)
            if size > _LARGEST:
                raise Broken(where, f"a record of more than {_LARGEST} bytes: refused")
            whole.append(piece)
            left = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
            used += len(rest) - len(left)
            rest = left
        yield start, used, b"".join(whole)
        start += used


def _record(raw: bytes, offset: int, length: int, where: str) -> Record:
    head, gap, rest = raw.partition(b"\r\n\r\n")
    lines = head.decode("utf-8", "replace").split("\r\n")
    if lines[0] not in ("WARC/1.0", "WARC/1.1") or not gap:
        raise Broken(where, "no WARC record")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or name.lower() in headers:
            raise Broken(where, f"a damaged header: {name[:40]!r}")
        headers[name.lower()] = value.strip()
    if headers.get("content-length") != str(len(rest) - 4) or not rest.endswith(b"\r\n\r\n"):
        raise Broken(where, "its length is not the stated one")
    block = rest[:-4]
    kind = headers.get("warc-type", "")
    http, payload = b"", block
    if headers.get("content-type", "").startswith("application/http"):
        http, _, payload = block.partition(b"\r\n\r\n")
    record_id = headers.get("warc-record-id", "no id")
    _check(headers, "warc-block-digest", block, f"{where} ({record_id})")
    if kind != "revisit":  # its payload stands in another record
        _check(headers, "warc-payload-digest", payload, f"{where} ({record_id})")
    digest = hashlib.sha256(payload).hexdigest()
    return Record(offset, length, kind, headers, http, digest, len(payload))


def _check(headers: dict[str, str], name: str, data: bytes, where: str) -> None:
    stated = headers.get(name, "")
    algorithm, _, value = stated.partition(":")
    if not stated:
        return
    if algorithm not in _DIGESTS:
        raise Broken(where, f"{name}: an unknown digest {stated[:40]!r}")
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    if value == digest.hex():
        return
    try:
        same = bool(re.fullmatch("[A-Z2-7=]+", value)) and base64.b32decode(value) == digest
    except binascii.Error:
        same = False
    if not same:
        raise Broken(where, f"its {name} is not that of its bytes")
