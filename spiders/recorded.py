"""Reads recorded pages with the readers: plain files, gzipped ones, WARC archives."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from crawler.blocks import block_of
from crawler.page import Page, ReadError
from listing import Listing, SearchResult
from spiders.base import Blocked, Reader

__all__ = ["Problem", "RecordedError", "read_recorded"]

Kind = Literal["search", "item"]
MAX_PAGE = 64 * 1024 * 1024
"""Bytes of one recorded page that are read; the rest of a larger one is named and left."""


class RecordedError(ValueError):
    """A file that can't be opened or is no archive: says which and why."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read of a recorded page, and where."""

    where: str
    error: str


def read_recorded(
    path: Path, reader: Reader, kind: Kind | None = None, url: str = ""
) -> Iterator[Listing | SearchResult | Problem]:
    """What the reader makes of each page in the file, in order.

    Without a `kind`, a page is taken as results where it can be read so, else as an item.
    Raises `RecordedError` where the file can't be opened.
    """
    for page in _pages(path, url or reader.base):
        if isinstance(page, Problem):
            yield page
        else:
            yield from read_page(page, reader, kind)


def read_page(
    page: Page, reader: Reader, kind: Kind | None
) -> Iterator[Listing | SearchResult | Problem]:
    """One page's listings or results, and what was wrong with it."""
    where = page.url or "page"
    try:
        # A file of listings may well quote what stands on block pages.
        if reader.source.kind != "file" and (block := block_of(page, page.url)):
            raise Blocked(block[0], block[1])  # type: ignore[arg-type]
        if kind == "item" or (kind is None and reader.source.kind == "shop"):
            yield reader.read_item(page)
            return
        try:
            found = reader.read_search(page)
        except ReadError:
            if kind == "search" or reader.source.kind == "search_engine":
                raise
            yield reader.read_item(page)
            return
        yield from found.listings
        yield from found.results
        for problem in found.problems:
            yield Problem(where, problem)
    except Blocked as error:
        yield Problem(where, f"a block, not a page: {error}")
    except ReadError as error:
        yield Problem(where, error.what)


def _pages(path: Path, url: str) -> Iterator[Page | Problem]:
    name = path.name.lower().removesuffix(".open")
    try:
        if name.endswith((".warc", ".warc.gz")):
            yield from _archived(path)
            return
        with path.open("rb") as file:
            body = file.read(MAX_PAGE + 1)
        if body[:2] == b"\x1f\x8b":
            body = _unzipped(body)
    except OSError as error:
        raise RecordedError(f"{path}: {error.strerror or error}") from None
    if len(body) > MAX_PAGE:
        yield Problem(str(path), f"larger than {MAX_PAGE} bytes; only its beginning is read")
        body = body[:MAX_PAGE]
    yield Page(url=url, body=body)


def _unzipped(body: bytes) -> bytes:
    """What can be had of a gzipped page, also where it is cut off."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        return unpack.decompress(body, MAX_PAGE + 1)
    except zlib.error as error:
        raise gzip.BadGzipFile(f"not a gzip file: {error}") from None


def _archived(path: Path) -> Iterator[Page | Problem]:
    with path.open("rb") as file:
        try:
            for record in ArchiveIterator(file):
                if record.rec_type != "response" or record.http_headers is None:
                    continue
                kind = record.http_headers.get_header("Content-Type") or ""
                status = int(record.http_headers.get_statuscode() or 0)
                target = record.rec_headers.get_header("WARC-Target-URI") or ""
                if "html" not in kind or status != 200:
                    continue
                rendered = bool(record.rec_headers.get_header("WARC-Yunjian-Rendered"))
                charset = kind.partition("charset=")[2].split(";")[0].strip(" \"'")
                yield Page(
                    url=target,
                    body=record.content_stream().read(MAX_PAGE),
                    charset="utf-8" if rendered else charset,
                    status=status,
                    rendered=rendered,
                )
        except (ArchiveLoadFailed, EOFError, zlib.error) as error:
            yield Problem(f"{path} at {file.tell()}", f"not a whole archive: {error}")
