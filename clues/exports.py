"""Clues as JSON, CSV and XLSX. No cell begins like a formula: an export opens in a spreadsheet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from clues.query import ClueView

__all__ = ["ExportError", "harmless", "write_clues"]

_COLUMNS = (
    "id", "violation", "score", "state", "operator", "shop", "sources", "goods", "region", "words", "title", "url",
    "signals", "evidence", "opened_at", "grown_at",
)  # fmt: skip


class ExportError(RuntimeError):
    """An export that can't be written: says where and why."""


def harmless(value: object) -> object:
    """A cell that no spreadsheet runs: text that begins like a formula gets an apostrophe."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)[:32_000]
    return "'" + text if text.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r") and text else text


def _rows(clues: Iterable[ClueView]) -> Iterable[list[object]]:
    for clue in clues:
        row = []
        for column in _COLUMNS:
            value = getattr(clue, column)
            if isinstance(value, list):
                value = "、".join(map(str, value))
            elif hasattr(value, "isoformat"):
                value = value.isoformat(timespec="seconds")
            row.append(harmless(value))
        yield row


def _csv(clues: Sequence[ClueView], file: IO[str]) -> None:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(clues))


def write_clues(clues: Sequence[ClueView], form: str, to: Path | None) -> None:
    """Write to a file, or (json, csv) to standard output; raises `ExportError`."""
    try:
        if form == "xlsx":
            if to is None:
                raise ExportError("xlsx needs a file: say --out FILE.xlsx")
            book = Workbook(write_only=True)
            sheet = book.create_sheet("线索")
            sheet.append(list(_COLUMNS))
            for row in _rows(clues):
                sheet.append(row)
            book.save(to)
        elif form == "csv":
            if to is None:
                _csv(clues, sys.stdout)
            else:
                # With a byte-order mark, by which Excel knows UTF-8.
                with to.open("w", encoding="utf-8-sig", newline="") as file:
                    _csv(clues, file)
        else:
            packed = json.dumps(
                [{k: v for k, v in asdict(c).items() if k != "detail"} for c in clues],
                ensure_ascii=False,
                default=str,
            )
            if to is None:
                print(packed)
            else:
                to.write_text(packed + "\n", encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{to}: {error.strerror or error}") from None
