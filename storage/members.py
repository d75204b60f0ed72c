"""Gzip members: a WARC file is a row of them, each one record (WARC 1.1, annex D)."""

from __future__ import annotations

import zlib
from types import TracebackType
from typing import IO

__all__ = ["Member", "whole_members"]


class Member:
    """Packs what is written into it as one gzip member at the end of `file`; where something
    fails in the middle, the file is as it was."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._start = file.tell()
        # Level 3 costs a fifth of warcio's fixed level 9 and keeps most of its gain.
        self._packer = zlib.compressobj(3, zlib.DEFLATED, zlib.MAX_WBITS | 16)

    def write(self, data: bytes) -> None:
        """Pack some more."""
        self._file.write(self._packer.compress(data))

    def flush(self) -> None:
        """Does nothing: only the whole member counts."""

    def __enter__(self) -> Member:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._file.write(self._packer.flush())
        else:
            self._file.seek(self._start)
            self._file.truncate()


def whole_members(file: IO[bytes]) -> int:
    """The length of the whole gzip members at the beginning of `file`."""
    file.seek(0)
    end = position = 0
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while chunk := file.read(1 << 16):
        while chunk:
            try:
                unpack.decompress(chunk)
            except zlib.error:
                return end
            if not unpack.eof:
                position += len(chunk)
                break
            position += len(chunk) - len(unpack.unused_data)
            chunk, end = unpack.unused_data, position
            unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    return end
