"""Archives that someone else made, as input: WARC 1.0 and 1.1, plain or gzipped, and WACZ.

Read by hand rather than by warcio, which passes over damage in silence: here each record that
is cut off, altered or no record at all is named with its place, and reading goes on behind it.
Sources: ISO 28500:2017 (WARC 1.1), WACZ 1.1.1 (Webrecorder).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

__all__ = ["ArchiveError", "ArchiveRecord", "Broken", "check_archive", "read_archive"]

_CHUNK = 1 << 16
_HEADER_LIMIT = 1 << 20
_DIGESTS = {"md5", "sha1", "sha256", "sha512"}


class ArchiveError(ValueError):
    """A file that is no archive or can't be opened: says which and why."""


class _Damage(ValueError):
    """What is wrong with the record that is being read."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A record (or a file in a WACZ) that can't be used: where it stands and why."""

    place: str
    why: str


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """One record as it stands in the archive."""

    place: str
    """File and offset of the record (of its gzip member), as messages and copies name it."""
    kind: str
    """response, resource, revisit, request, warcinfo, metadata, conversion …"""
    headers: dict[str, str]
    """WARC headers by lower-case name."""
    block: bytes
    length: int
    """Of the block; `block` is shorter where it is larger than was asked for."""

    @property
    def url(self) -> str:
        """The address that was captured; WARC 1.0 writers put some in angle brackets."""
        return self.headers.get("warc-target-uri", "").strip("<>")

    @property
    def id(self) -> str:
        """The record's own id, as it is written there."""
        return self.headers.get("warc-record-id", "").strip("<>")

    @property
    def date(self) -> datetime | None:
        """When it was captured, UTC; None where that is missing or makes no sense."""
        said = self.headers.get("warc-date", "")
        try:
            # Fractions may have nine digits (WARC 1.1), of which six are kept.
            moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", said))
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            return None

    @property
    def altered(self) -> bool:
        """Whether a whole block is not what its digest says; without a digest nobody can tell."""
        if len(self.block) < self.length:
            return False
        name, _, said = self.headers.get("warc-block-digest", "").partition(":")
        name = name.strip().lower().replace("-", "")
        if name not in _DIGESTS or not said:
            return False
        return not _is_digest(hashlib.new(name, self.block, usedforsecurity=False).digest(), said)


def _is_digest(digest: bytes, said: str) -> bool:
    """Tools write digests in hexadecimal or in base 32."""
    said = said.strip()
    if said.lower() == digest.hex():
        return True
    try:
        return base64.b32decode(said.upper() + "=" * (-len(said) % 8)) == digest
    except (binascii.Error, ValueError):
        return False


def check_archive(path: Path) -> None:
    """Raises `ArchiveError` where the file can't be opened or is neither WARC nor WACZ."""
    with _opened(path) as file:
        if _is_zip(path, file):
            with _unzipped(path, file) as packed:
                _members(path, packed)


def read_archive(path: Path, limit: int) -> Iterator[ArchiveRecord | Broken]:
    """Each record in order, broken ones as `Broken` in their place.

    Of a block larger than `limit` bytes only the beginning is given. Raises `ArchiveError`
    as `check_archive` does.
    """
    with _opened(path) as file:
        if not _is_zip(path, file):
            yield from _records(file, path.name, limit)
            return
        with _unzipped(path, file) as packed:
            for name, stated in _members(path, packed).items():
                place = f"{path.name}/{name}"
                if why := _unlike(packed, name, stated):
                    yield Broken(place, why)
                    continue
                with packed.open(name) as member:
                    yield from _records(member, place, limit)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise ArchiveError(f"{path}: {error.strerror or error}") from None


def _is_zip(path: Path, file: IO[bytes]) -> bool:
    start = file.read(8)
    file.seek(0)
    if start.startswith((b"\x1f\x8b", b"WARC/")):
        return False
    if not start.startswith(b"PK"):
        what = "neither a WARC nor a WACZ file" if start else "the file is empty"
        raise ArchiveError(f"{path}: {what}")
    return True


# WACZ -------------------------------------------------------------------------------------


@contextmanager
def _unzipped(path: Path, file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as packed:
            yield packed
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError(f"{path}: not a whole zip file: {error}") from None


def _members(path: Path, packed: zipfile.ZipFile) -> dict[str, str]:
    """The WARC files of a WACZ, each with the hash (`sha256:…`) that the package states."""
    try:
        with packed.open("datapackage.json") as file:
            said = json.loads(file.read(16 * _HEADER_LIMIT))
        stated = {str(one["path"]): str(one.get("hash", "")) for one in said["resources"]}
    except KeyError:
        raise ArchiveError(f"{path}: a zip file, but no WACZ: no datapackage.json in it") from None
    except (ValueError, TypeError, AttributeError, RuntimeError):  # encrypted, nested too deep
        raise ArchiveError(
            f"{path}: a zip file, but no WACZ: its datapackage.json is none"
        ) from None
    names = [n for n in packed.namelist() if re.fullmatch(r"archive/.+\.warc(?:\.gz)?", n)]
    if not names:
        raise ArchiveError(f"{path}: a WACZ without a WARC file in archive/")
    return {name: stated.get(name, "") for name in names}


def _unlike(packed: zipfile.ZipFile, name: str, stated: str) -> str:
    """Why a file in the package is not what the package says it is; "" if it is."""
    seen = hashlib.sha256()
    try:
        with packed.open(name) as member:
            while chunk := member.read(1 << 20):
                seen.update(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        return f"damaged in the zip file: {error}"
    kind, _, value = stated.partition(":")
    if kind == "sha256" and value.lower() != seen.hexdigest():
        return "its SHA-256 is not the one in datapackage.json: altered after it was packed"
    return ""


# WARC -------------------------------------------------------------------------------------


class _Member(io.RawIOBase):
    """One gzip member, unpacked as it is read. Raises `_Damage` where it is not whole."""

    def __init__(self, file: IO[bytes], start: int) -> None:
        file.seek(start)
        self._file = file
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.end = start
        """Where the member ends, once all of it was read."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._unpack.eof:
            packed = self._unpack.unconsumed_tail or self._file.read(_CHUNK)
            if not packed:
                raise _Damage("cut off in the middle of the gzip data")
            try:
                piece = self._unpack.decompress(packed, len(buffer))
            except zlib.error as error:
                raise _Damage(f"damaged gzip data: {error}") from None
            self.end = self._file.tell() - len(self._unpack.unused_data)
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
        return 0


def _records(file: IO[bytes], name: str, limit: int) -> Iterator[ArchiveRecord | Broken]:
    """The records of one WARC file; behind damage, from the next one that can be found."""
    gzipped = file.read(2) == b"\x1f\x8b"
    start: int | None = 0
    while start is not None:
        place = f"{name}@{start}"
        try:
            if gzipped:
                member = _Member(file, start)
                stream = io.BufferedReader(member, _CHUNK)
                yield from _one_member(stream, place, limit)
                following = member.end
            else:
                file.seek(start)
                record = _record(file, place, limit)
                if record is None:
                    return
                yield record
                following = file.tell()
        except _Damage as damage:
            yield Broken(place, str(damage))
            start = _next_start(file, start + 1, gzipped)
            continue
        file.seek(following)
        ahead = file.read(64)
        blank = len(ahead) - len(ahead.lstrip(b"\r\n"))
        # Some writers pad the file with zeroes.
        start = following + blank if ahead[blank : blank + 1] not in (b"", b"\0") else None


def _one_member(stream: IO[bytes], place: str, limit: int) -> Iterator[ArchiveRecord]:
    """Of a member as a rule one record; of a file that was gzipped as a whole all of them."""
    while (record := _record(stream, place, limit)) is not None:
        yield record


def _record(stream: IO[bytes], place: str, limit: int) -> ArchiveRecord | None:
    """The record at hand, None at the end of the stream. Raises `_Damage`."""
    line = stream.readline(_HEADER_LIMIT)
    while line in (b"\r\n", b"\n"):
        line = stream.readline(_HEADER_LIMIT)
    if not line:
        return None
    if not re.match(rb"WARC/\d\.\d+\s*$", line):
        raise _Damage("no WARC record begins here")
    headers = _warc_headers(stream)
    try:
        length = int(headers["content-length"])
    except (KeyError, ValueError):
        raise _Damage("a record without a Content-Length") from None
    if length < 0:
        raise _Damage("a record with a negative Content-Length")
    block = stream.read(min(length, limit))
    left = length - len(block)
    while left and (passed := stream.read(min(left, 1 << 20))):
        left -= len(passed)
    if left:
        raise _Damage(f"cut off: {left} of {length} bytes are missing")
    if stream.readline(_CHUNK).strip(b"\r\n"):
        raise _Damage("its Content-Length is wrong: no record ends there")
    return ArchiveRecord(place, headers.get("warc-type", ""), headers, block, length)


def _warc_headers(stream: IO[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    name, size = "", 0
    while (line := stream.readline(_HEADER_LIMIT)) not in (b"\r\n", b"\n"):
        size += len(line)
        if not line or size > _HEADER_LIMIT:
            raise _Damage("its headers have no end")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text[:1] in " \t" and name:
            headers[name] += " " + text.strip()
            continue
        name, colon, value = text.partition(":")
        name = name.strip().lower()
        if not colon:
            raise _Damage(f"a header line without a colon: {text[:60]!r}")
        headers.setdefault(name, value.strip())
    return headers


def _next_start(file: IO[bytes], start: int, gzipped: bool) -> int | None:
    """Where, from `start` on, the next record (or gzip member with one) begins."""
    sign = b"\x1f\x8b\x08" if gzipped else b"\nWARC/1."
    file.seek(start)
    base, held = start, b""
    while chunk := file.read(1 << 20):
        held += chunk
        position = held.find(sign)
        while position >= 0:
            here = base + position
            if not gzipped:
                return here + 1
            if _begins_record(file, here):
                return here
            position = held.find(sign, position + 1)
        keep = min(len(held), len(sign) - 1)
        base, held = base + len(held) - keep, held[-keep:]
        file.seek(base + len(held))
    return None


def _begins_record(file: IO[bytes], start: int) -> bool:
    try:
        return io.BufferedReader(_Member(file, start), _CHUNK).read(5) == b"WARC/"
    except _Damage:
        return False
