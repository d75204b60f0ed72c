"""Sitemaps (sitemaps.org 0.9): addresses in them, and further sitemaps; packed or not, bounded."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from html import unescape

__all__ = ["MAX_BYTES", "Sitemap", "read_sitemap"]

MAX_BYTES = 50 * 2**20
"""Unpacked; the protocol allows no more."""
MAX_ENTRIES = 50_000
_LOC = re.compile(r"<(?:\w{1,20}:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]{1,2048})")
_INDEX = re.compile(r"<(?:\w{1,20}:)?sitemapindex\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What a sitemap names: pages, or (an index) further sitemaps."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read_sitemap(body: bytes) -> Sitemap:
    """What can be had of a sitemap: XML or text, gzipped or plain; empty for anything else.

    The XML is not parsed but searched: half a sitemap is better than none, and no entity can
    blow it up.
    """
    text = _unpacked(body).decode("utf-8", "replace")
    head = text[:2_000].lstrip("\ufeff \t\r\n")
    if "<urlset" in head or _INDEX.search(head):
        found = dict.fromkeys(unescape(one.group(1)) for one in _entries(text))
        urls = tuple(url for url in found if url.startswith(("http://", "https://")))
        return Sitemap(sitemaps=urls) if _INDEX.search(head) else Sitemap(pages=urls)
    if head.startswith(("http://", "https://")):
        lines = [line.strip() for line in text.splitlines()[:MAX_ENTRIES]]
        return Sitemap(tuple(dict.fromkeys(li for li in lines if li.startswith("http"))))
    return Sitemap()


def _entries(text: str) -> list[re.Match[str]]:
    return [one for one, _ in zip(_LOC.finditer(text), range(MAX_ENTRIES), strict=False)]


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body[:MAX_BYTES]
    unpacker = zlib.decompressobj(wbits=31)
    try:
        return unpacker.decompress(body, MAX_BYTES)
    except zlib.error:
        return b""
