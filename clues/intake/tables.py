"""Tables out of files, row by row, in bounded memory whatever the file's size.

A file is CSV (any of the usual separators and encodings) or XLSX (`clues.intake.books`). The
headings are the row, among the first twenty, that says most to whoever asks; what stands above it
(titles, the day of the export) is passed over.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO

from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900

from clues.intake.problems import IntakeError

__all__ = ["Row", "Table", "found_headings", "open_csv"]

HEAD_ROWS = 20
LONGEST_LINE = 1 << 20
"""Characters of one line; what is longer is no row of a table."""
MOST_LINES = 200
"""Lines that one row may take up by line breaks inside its cells."""

Score = Callable[[Sequence[Sequence[str]]], int]
"""How much a row says as headings: each column with the names it may go by."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands; `problem` says why it can't be read at all."""

    line: int
    cells: Sequence[object]
    problem: str = ""


@dataclass(slots=True)
class Table:
    """Headings, and rows that are read once, from the first to the last."""

    headings: Sequence[Sequence[str]]
    rows: Iterator[Row]
    form: str
    """csv or xlsx."""
    epoch: datetime = CALENDAR_WINDOWS_1900
    notes: list[str] = field(default_factory=list)
    """What an officer should know of how it was read; more may come while rows are read."""
    encoding: str = ""


def found_headings(
    rows: Iterator[Row], score: Score, names: Callable[[Row, Row | None], Sequence[Sequence[str]]]
) -> tuple[Sequence[Sequence[str]], Iterator[Row]] | None:
    """The headings among the first rows and the rows after them; None where no row says anything."""
    best: tuple[int, int, Sequence[Sequence[str]]] = (0, 0, ())
    first: list[Row] = []
    for row in rows:
        named = names(row, first[-1] if first else None)
        if (says := score(named)) > best[0]:
            best = (says, len(first), named)
        first.append(row)
        if len(first) == HEAD_ROWS:
            break
    if not best[0]:
        return None
    return best[2], chain(first[best[1] + 1 :], rows)


def open_csv(path: Path, file: IO[bytes], score: Score) -> Table:
    """A CSV file as a table. Raises `IntakeError` where no row has known headings."""
    encoding = _encoding(file)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="surrogateescape", newline="")
    reader = _CsvRows(text)

    def names(row: Row, above: Row | None) -> Sequence[Sequence[str]]:
        return [[str(cell).strip()] for cell in row.cells]

    found = found_headings(iter(reader), score, names)
    if found is None:
        raise IntakeError(f"{path}: no row of the first {HEAD_ROWS} has headings that are known")
    headings, rest = found
    reader.width = len(headings)
    known = "" if encoding.startswith("utf-8") else f"read as {encoding}"
    return Table(headings, map(reader.checked, rest), "csv", encoding=encoding, notes=[known] if known else [])  # fmt: skip


def _encoding(file: IO[bytes]) -> str:
    """By its byte-order mark, else UTF-8 or GB18030, whichever more of its lines are."""
    file.seek(0)
    head = file.read(4)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
            return encoding
        except UnicodeDecodeError:
            continue
    file.seek(0)
    wrong = {"utf-8": 0, "gb18030": 0}
    while line := file.readline(LONGEST_LINE):
        for encoding in wrong:
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                wrong[encoding] += 1
    return min(wrong, key=lambda encoding: wrong[encoding])


class _CsvRows:
    """Rows of a CSV text. A quote that is never closed costs the line it stands in, no other."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._pushed: deque[tuple[int, str]] = deque()
        self._taken: list[tuple[int, str]] = []
        self._line = 0
        self._delimiter = ""
        self.width = 0
        """How many cells a row has, once it is known."""

    def _next(self) -> tuple[int, str] | None:
        if self._pushed:
            return self._pushed.popleft()
        line = self._text.readline(LONGEST_LINE)
        if not line:
            return None
        self._line += 1
        number = self._line
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._text.readline(LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            return number, ""
        return number, line

    def _lines(self) -> Iterator[str]:
        while len(self._taken) < MOST_LINES and (one := self._next()) is not None:
            self._taken.append(one)
            yield one[1].replace("\0", "")

    def __iter__(self) -> Iterator[Row]:
        csv.field_size_limit(LONGEST_LINE * 2)
        while True:
            self._taken = []
            try:
                cells = next(csv.reader(self._lines(), delimiter=self._mark()))
            except StopIteration:
                if not self._taken:
                    return
                continue
            except csv.Error as error:
                yield self._broken(f"不是 CSV：{error}")
                continue
            number, line = self._taken[0]
            if not line:
                yield Row(number, [], f"一行超过 {LONGEST_LINE} 字")
                continue
            while self.width and len(cells) > self.width and not cells[-1].strip():
                cells.pop()
            if not any(cell.strip() for cell in cells):
                continue
            torn = len(self._taken) == MOST_LINES or (self.width and len(cells) != self.width)
            if len(self._taken) > 1 and torn:
                yield self._broken("引号没有闭合")
                continue
            yield Row(number, cells)

    def checked(self, row: Row) -> Row:
        """The row, with a problem where it has not as many cells as there are headings."""
        if row.problem or len(row.cells) == self.width:
            return row
        cells = list(row.cells)
        while len(cells) > self.width and not str(cells[-1]).strip():
            cells.pop()
        if len(cells) == self.width:
            return Row(row.line, cells)
        return Row(row.line, cells, f"有 {len(cells)} 列，应为 {self.width} 列")

    def _mark(self) -> str:
        """The separator: of the first lines' usual ones the most frequent."""
        if not self._delimiter:
            first: list[tuple[int, str]] = []
            while len(first) < HEAD_ROWS and (one := self._next()) is not None:
                first.append(one)
            self._pushed.extend(first)
            head = "".join(line for _, line in first)
            self._delimiter = max(",\t;|", key=head.count)
        return self._delimiter

    def _broken(self, why: str) -> Row:
        (number, line), *rest = self._taken
        self._pushed.extendleft(reversed(rest))
        return Row(number, next(csv.reader([line]), [line]), why)
