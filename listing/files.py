"""Listings from JSON Lines and CSV files, row by row, bad rows named and passed over."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from listing.model import Listing, ListingError

__all__ = ["FileProblem", "read_listings"]

csv.field_size_limit(64 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class FileProblem:
    """A row that is not a listing: its line (from 1) and what is wrong with it."""

    line: int
    error: str


def read_listings(lines: TextIO, form: str) -> Iterator[Listing | FileProblem]:
    """Each listing of an open file in order; `form` is ``jsonl`` or ``csv``.

    A row that can't be read comes as a `FileProblem` in its place.
    Raises `ValueError` for another `form`.
    """
    if form == "jsonl":
        yield from _jsonl(lines)
    elif form == "csv":
        yield from _csv(lines)
    else:
        raise ValueError(f"no such listing format: {form!r} (jsonl or csv)")


def _jsonl(lines: Iterable[str]) -> Iterator[Listing | FileProblem]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Listing.from_dict(json.loads(line))
        except ListingError as error:
            yield FileProblem(number, str(error))
        except (ValueError, RecursionError) as error:
            yield FileProblem(number, f"not JSON: {error}")


def _csv(lines: TextIO) -> Iterator[Listing | FileProblem]:
    rows = csv.DictReader(lines)
    if "title" not in (rows.fieldnames or ()):
        yield FileProblem(1, "no column named title")
        return
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield FileProblem(rows.line_num, f"not CSV: {error}")
            continue
        if None in row:
            yield FileProblem(rows.line_num, "more cells than the header has columns")
            continue
        try:
            yield Listing.from_dict(row)
        except ListingError as error:
            yield FileProblem(rows.line_num, str(error))
