"""The zip file of a pack, read strictly: every byte of it is accounted for.

A pack's members are stored as they are, one behind the other, with fixed dates and modes, so
whatever a zip file could hide (bytes between members, two names for one place, compressed
bombs, links, paths that lead out) has no room here and is refused by name.
Source: PKWARE APPNOTE 6.3.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from proof.errors import Broken

__all__ = ["DATE", "MODE", "NAME", "Member", "Pack", "open_pack"]

DATE = (1980, 1, 1, 0, 0, 0)
"""Of every member: when a thing was made stands in it, not on it."""
MODE = 0o100644
"""Of every member: a plain file."""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}(?:/[a-z0-9][a-z0-9._-]{0,99})?")
"""What a member may be called."""
SMALL = 256 * 1024 * 1024
"""Bytes; no member that must be read as a whole is larger."""
_MOST = 20_000
_LOCAL, _CENTRAL, _END = "<4s5H3L2H", "<4s6H3L5H2L", "<4s4H2LH"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the pack: where its bytes are."""

    name: str
    offset: int
    size: int
    crc: int


class Pack:
    """An opened pack; made by `open_pack`."""

    def __init__(self, file: IO[bytes], members: dict[str, Member]) -> None:
        self._file = file
        self.members = members

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, piece by piece. Raises `Broken` where there is none."""
        member = self._member(name)
        done = 0
        while done < member.size:
            self._file.seek(member.offset + done)
            piece = self._file.read(min(_CHUNK, member.size - done))
            if not piece:
                raise Broken(name, "cut off")
            done += len(piece)
            yield piece

    def read(self, name: str) -> bytes:
        """A whole member. Raises `Broken` where there is none or it is too large."""
        if self._member(name).size > SMALL:
            raise Broken(name, f"larger than {SMALL} bytes: refused")
        return b"".join(self.chunks(name))

    def _member(self, name: str) -> Member:
        if name not in self.members:
            raise Broken(name, "missing from the pack")
        return self.members[name]

    def check_sums(self) -> None:
        """Raises `Broken` naming the first member whose bytes are not those that were packed."""
        for member in self.members.values():
            crc = 0
            for piece in self.chunks(member.name):
                crc = zlib.crc32(piece, crc)
            if crc != member.crc:
                raise Broken(member.name, "its bytes were changed (CRC-32 of the zip file)")


def open_pack(file: IO[bytes]) -> Pack:
    """The members of the pack in `file`. Raises `Broken` naming what is refused, and why."""
    size = file.seek(0, 2)
    if size < 22:
        raise Broken("the file", "too short for a zip file")
    file.seek(size - 22)
    sign, disk, cd_disk, here, count, length, start, comment = struct.unpack(_END, file.read(22))
    if sign != b"PK\5\6" or comment:
        raise Broken("the file", "not a pack: no zip directory at its very end")
    if (disk, cd_disk) != (0, 0) or here != count or start + length != size - 22:
        raise Broken("the zip directory", "its place or count is not what the file has")
    if count > _MOST:
        raise Broken("the zip directory", f"more than {_MOST} members: refused")
    file.seek(start)
    directory = file.read(length)
    members: dict[str, Member] = {}
    at = place = 0
    for _ in range(count):
        if place + 46 > length:
            raise Broken("the zip directory", "cut off")
        member, at, place = _entry(file, directory, place, at, start)
        if member.name in members:
            raise Broken(member.name, "stands in the pack twice: refused")
        members[member.name] = member
    if place != length or at != start:
        raise Broken("the zip directory", "bytes that belong to no member: refused")
    return Pack(file, members)


def _entry(
    file: IO[bytes], directory: bytes, place: int, at: int, limit: int
) -> tuple[Member, int, int]:
    """A member; where the next one must begin; where the directory goes on."""
    fields = struct.unpack_from(_CENTRAL, directory, place)
    sign, made, needs, flags, method, time, date, crc, packed, size = fields[:10]
    n, extra, comment, disk, internal, external, offset = fields[10:]
    raw = directory[place + 46 : place + 46 + n]
    name = raw.decode("utf-8", "backslashreplace")
    shown = ascii(name)[1:-1][:200]
    if sign != b"PK\1\2":
        raise Broken("the zip directory", f"damaged at byte {place}")
    if not NAME.fullmatch(name):
        raise Broken(shown, "a name that no member of a pack may have: refused")
    if external >> 16 != MODE or external & 0xFFFF:
        kind = "a link" if external >> 28 == 0o12 else "no plain file"
        raise Broken(shown, f"{kind}: refused")
    if method != 0 or packed != size:
        raise Broken(shown, "compressed by the zip file: refused (a pack stores its members)")
    if (made, needs, flags, time, date) != (0x0314, 20, 0, 0, 0x21):
        raise Broken(shown, "its zip header was changed (version, flags or date)")
    if extra or comment or disk or internal:
        raise Broken(shown, "its zip header has more than it may: refused")
    if offset != at or at + 30 + n + size > limit:
        raise Broken(shown, "does not follow the member before it: refused")
    file.seek(at)
    wanted = struct.pack(_LOCAL, b"PK\3\4", needs, 0, 0, time, date, crc, size, size, n, 0) + raw
    if file.read(30 + n) != wanted:
        raise Broken(shown, "its two zip headers are not the same")
    return Member(name, at + 30 + n, size, crc), at + 30 + n + size, place + 46 + n


def members_of(path: Path) -> list[str]:
    """The names in a pack, in order. Raises `Broken` as `open_pack`, `OSError`."""
    with path.open("rb") as file:
        return list(open_pack(file).members)
