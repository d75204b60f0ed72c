"""Workbooks (XLSX) as tables, row by row.

What a merged cell says holds for every row that it covers; a formula counts for the result that
the workbook keeps, and one without a result is told as such.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries

from clues.intake.cells import Formula
from clues.intake.problems import IntakeError
from clues.intake.tables import HEAD_ROWS, Row, Score, Table, found_headings

__all__ = ["is_book", "open_book"]

WIDEST = 200
"""Columns that are read."""
LARGEST = 4 << 30
"""Bytes that a workbook may unpack to."""
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")


def is_book(head: bytes) -> bool:
    """Whether a file that begins so is a workbook; raises `IntakeError` for an old one."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise IntakeError(
            "an old (.xls) or encrypted workbook: save it as .xlsx without a password"
        )
    return head.startswith(b"PK")


def open_book(path: Path, file: IO[bytes], score: Score) -> Table:
    """The first sheet with known headings. Raises `IntakeError`."""
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(one.file_size for one in packed.infolist()) > LARGEST:
                raise IntakeError(f"{path}: unpacks to more than {LARGEST >> 30} GB")
        # Without its own links to other files; links are never followed.
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            merges, formulas = _looked_through(file, sheet)
            table = _table(path, sheet, score, merges, formulas, file)
            if table is not None:
                table.epoch = book.epoch
                others = len(book.worksheets) - 1
                if others:
                    table.notes.append(f"sheet {sheet.title}; {others} other sheets are not read")
                return table
    except IntakeError:
        raise
    except Exception as error:
        raise IntakeError(f"{path}: not a workbook that can be read: {error}") from None
    raise IntakeError(f"{path}: no row of the first {HEAD_ROWS} has headings that are known")


def _looked_through(file: IO[bytes], sheet: Any) -> tuple[list[tuple[int, int, int, int]], bool]:
    """The merged ranges (first column, first row, last column, last row) and whether there are
    formulas; the reader of rows tells neither."""
    merges: set[tuple[int, int, int, int]] = set()
    formulas = False
    with zipfile.ZipFile(file) as packed, packed.open(sheet._worksheet_path) as raw:
        tail = b""
        while chunk := raw.read(1 << 20):
            chunk = tail + chunk
            formulas = formulas or bool(_FORMULA.search(chunk))
            merges |= {range_boundaries(ref.decode()) for ref in _MERGE.findall(chunk)}
            tail = chunk[-200:]
    return sorted(merges, key=lambda one: one[1]), formulas


def _table(
    path: Path, sheet: Any, score: Score, merges: list[tuple[int, int, int, int]], formulas: bool,
    file: IO[bytes],
) -> Table | None:  # fmt: skip
    notes: list[str] = []
    values = _values(path, sheet)
    raw = _merged(_unresulted(values, file, sheet) if formulas else values, merges)

    def names(row: Row, above: Row | None) -> Sequence[Sequence[str]]:
        """A column under a merged heading goes by both names joined, and by its own."""
        named = []
        for place, cell in enumerate(row.cells):
            own = "" if cell is None else str(cell).strip()
            over = _over(merges, row.line, place + 1, above)
            named.append([f"{over}{own}", own] if over and over != own else [own])
        return named

    found = found_headings(raw, score, names)
    if found is None:
        return None
    headings, rest = found
    width = max((place + 1 for place, one in enumerate(headings) if any(one)), default=0)
    if formulas:
        notes.append("formulas: their kept results are read")
    if merges:
        notes.append(f"{len(merges)} merged ranges: what they say holds for each row they cover")

    def cut(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            cells = [*row.cells[:width], *[None] * (width - len(row.cells))]
            if any(cell is not None and str(cell).strip() for cell in cells):
                yield Row(row.line, cells, row.problem)

    return Table(headings[:width], cut(rest), "xlsx", notes=notes)


def _over(
    merges: Sequence[tuple[int, int, int, int]], line: int, column: int, above: Row | None
) -> str:
    """The merged heading above a column, if one spans several."""
    for left, top, right, bottom in merges:
        if top > HEAD_ROWS:
            break
        spans = right > left and bottom == line - 1 and left <= column <= right
        if spans and above is not None and above.line == bottom and left <= len(above.cells):
            return str(above.cells[left - 1] or "").strip()
    return ""


def _values(path: Path, sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True, max_col=WIDEST)
    line = 0
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except Exception as error:
            raise IntakeError(f"{path}: row {line + 1} can't be read: {error}") from None
        line += 1
        yield Row(line, cells)


def _unresulted(values: Iterator[Row], file: IO[bytes], sheet: Any) -> Iterator[Row]:
    """A cell that is empty because its formula was never worked out is a `Formula`."""
    book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
    formulas = book[sheet.title]
    formulas.reset_dimensions()
    texts = formulas.iter_rows(values_only=True, max_col=WIDEST)
    for row, cells in zip(values, texts, strict=False):
        mended = [
            Formula(said) if value is None and isinstance(said, str) and said[:1] == "=" else value
            for value, said in zip(row.cells, cells, strict=False)
        ]
        yield Row(row.line, mended)


def _merged(rows: Iterator[Row], merges: Sequence[tuple[int, int, int, int]]) -> Iterator[Row]:
    """What the first row of a merged range says, in the range's first column of each row."""
    place = 0
    open_: list[tuple[int, int, object]] = []
    for row in rows:
        cells = list(row.cells)
        open_ = [one for one in open_ if one[1] >= row.line]
        for column, _, value in open_:
            cells += [None] * (column - len(cells))
            cells[column - 1] = value
        while place < len(merges) and merges[place][1] <= row.line:
            left, top, _, bottom = merges[place]
            if top == row.line and bottom > top and left <= len(cells):
                open_.append((left, bottom, cells[left - 1]))
            place += 1
        yield Row(row.line, cells)
