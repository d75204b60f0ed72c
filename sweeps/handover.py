"""Handed-over files in a sweep: kept as evidence, read, their listings given to the sink."""

from __future__ import annotations

import mimetypes
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from crawler.page import Page, ReadError
from crawler.tasks import Fetched, Incident, Task
from spiders.profile import ProfileError
from sweeps.sink import StoreSink
from sweeps.sources import file_reader

__all__ = ["take_files"]

LARGEST = 256 * 1024 * 1024
"""Bytes of one file, packed and unpacked; a larger hand-over comes in parts."""


def take_files(sink: StoreSink, tasks: Sequence[Task]) -> None:
    """Each file of the tasks, whole or named in the summary as what can't be read."""
    for task in tasks:
        path, record = Path(task.query), ""
        try:
            if path.stat().st_size > LARGEST:
                raise ValueError(f"larger than {LARGEST} bytes: hand it over in parts")
            packed = path.read_bytes()
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            record = sink.handed_over(path.resolve().as_uri(), packed, kind, datetime.now(UTC))
            page = Page(path.resolve().as_uri(), _unpacked(packed))
            found = file_reader(path).read_search(page)
        except (OSError, ValueError) as error:
            what = error.what if isinstance(error, ReadError) else str(error)
            kind_of = "unreadable" if isinstance(error, ReadError | ProfileError) else "file"
            sink.incident(Incident(task, "unread", kind_of, what, path.name, record))
            sink.task_ended(task, False, what)
            continue
        for listing in found.listings:
            source = listing.source or task.source
            seen = listing.seen_at or datetime.now(UTC)
            stated = listing.model_copy(update={"source": source, "seen_at": seen})
            sink.listing(Fetched(task, stated, record))
        for problem in found.problems:
            sink.unreadable(task, path.name, problem)
        sink.task_ended(task, bool(found.listings) or not found.problems, "")


def _unpacked(body: bytes) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        whole = unpack.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise ValueError(f"not a gzip file: {error}") from None
    if len(whole) > LARGEST:
        raise ValueError(f"larger than {LARGEST} bytes when unpacked")
    if not unpack.eof:
        raise ValueError("the gzip file is cut off")
    return whole
