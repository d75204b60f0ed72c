"""`yunjian scan`: a file of listings through the detectors, in order, on one or more cores."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import detectors
from detectors import Detector
from listing import FileProblem, Listing, SearchResult, read_listings

__all__ = ["ScanError", "listings_in", "scan_all"]

CHUNK = 200
"""Listings handed to a process at once."""


class ScanError(ValueError):
    """A file that can't be scanned: says which and why. `code` is the exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def _form(name: str, form: str) -> str:
    if form:
        if form not in ("jsonl", "csv", "warc"):
            raise ScanError(f"no such format: {form} (jsonl, csv or warc)", 2)
        return form
    lower = name.lower()
    for ending, known in ((".jsonl", "jsonl"), (".ndjson", "jsonl"), (".json", "jsonl"), (".csv", "csv"), (".warc", "warc"), (".warc.gz", "warc")):  # fmt: skip
        if lower.endswith(ending):
            return known
    if name == "-":
        return "jsonl"
    raise ScanError(f"{name}: the name doesn't tell the format; say --format jsonl, csv or warc", 2)


def listings_in(name: str, form: str = "", source: str = "shop") -> Iterator[Listing | FileProblem]:
    """Each listing of a file (``-`` is standard input), bad rows as `FileProblem`.

    Raises `ScanError` where the file can't be opened or its format is not known.
    """
    form = _form(name, form)
    if form == "warc":
        yield from _archived(name, source)
        return
    try:
        if name == "-":
            sys.stdin.reconfigure(encoding="utf-8-sig", errors="replace")  # type: ignore[union-attr]
            yield from read_listings(sys.stdin, form)
            return
        with open(name, encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from read_listings(file, form)
    except OSError as error:
        raise ScanError(f"{name}: {error.strerror or error}") from None


def _archived(name: str, source: str) -> Iterator[Listing | FileProblem]:
    from spiders import READERS, reader
    from spiders.recorded import Problem, RecordedError, read_recorded

    if source not in READERS:
        raise ScanError(f"no such source: {source} (known: {', '.join(READERS)})", 2)
    try:
        for number, found in enumerate(read_recorded(Path(name), reader(source)), 1):
            if isinstance(found, Problem):
                yield FileProblem(number, f"{found.where}: {found.error}")
            elif not isinstance(found, SearchResult):
                yield found
    except RecordedError as error:
        raise ScanError(str(error)) from None


def scan_one(detector: Detector, listing: Listing) -> dict[str, Any]:
    """What `yunjian scan` says of a listing."""
    found = detector.detect(listing)
    return {
        "id": listing.id or listing.url,
        "signals": [
            signal.to_dict() | listing.in_picture(signal.field) for signal in found.signals
        ],
        "violations": list(found.violations),
        "score": found.score,
    }


_detector: Detector | None = None


def _begin(rules_dir: Path) -> None:
    global _detector
    _detector = detectors.load(rules_dir)


def _scan_chunk(chunk: list[Listing | FileProblem]) -> list[dict[str, Any] | FileProblem]:
    assert _detector is not None
    return [one if isinstance(one, FileProblem) else scan_one(_detector, one) for one in chunk]


def scan_all(
    listings: Iterable[Listing | FileProblem], rules_dir: Path, jobs: int = 1
) -> Iterator[dict[str, Any] | FileProblem]:
    """Results in the order of the listings. Raises `RuleError` if the rules can't be used."""
    source = iter(listings)
    if jobs == 1:
        detector = detectors.load(rules_dir)
        for one in source:
            yield one if isinstance(one, FileProblem) else scan_one(detector, one)
        return
    detectors.load(rules_dir)
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(rules_dir,)) as pool:
        waiting = []
        # A few chunks ahead, never the whole file: memory stays flat.
        for chunk in iter(lambda: list(islice(source, CHUNK)), []):
            waiting.append(pool.submit(_scan_chunk, chunk))
            if len(waiting) >= jobs * 3:
                yield from waiting.pop(0).result()
        for future in waiting:
            yield from future.result()
