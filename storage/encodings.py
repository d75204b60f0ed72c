"""Content encodings of HTTP (gzip, deflate, br, zstd) taken off, within a limit."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Sequence

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["LIMIT", "decoded"]

LIMIT = 64 * 1024 * 1024
"""Bytes that a page may have unpacked: a small body can hold a huge one."""


def _inflated(body: bytes) -> bytes:
    """`deflate` with or (as some servers send it) without its zlib frame."""
    try:
        return zlib.decompressobj().decompress(body, LIMIT)
    except zlib.error:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, LIMIT)


def _once(body: bytes, encoding: str) -> bytes:
    if encoding in ("gzip", "x-gzip"):
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, LIMIT)
    if encoding == "deflate":
        return _inflated(body)
    if encoding == "br":
        return bytes(brotli.Decompressor().process(body, output_buffer_limit=LIMIT))[:LIMIT]
    if encoding == "zstd":
        return bytes(zstd.ZstdDecompressor().decompress(body, LIMIT))
    return body


def decoded(body: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """`body` without the encodings that `headers` name, last applied first, cut at `LIMIT`.

    What is not what its header says (archives of browsers keep the header of a body that is
    unpacked already) is given as it is.
    """
    named = ",".join(v for n, v in headers if n.lower() == "content-encoding")
    for encoding in reversed([part.strip().lower() for part in named.split(",")]):
        try:
            body = _once(body, encoding)
        except (zlib.error, brotli.error, zstd.ZstdError):
            return body
    return body
