"""A report as plain data: what it says, in order, and the query behind each number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from reports.period import Period

__all__ = [
    "Blank",
    "Case",
    "Cell",
    "Chart",
    "Figure",
    "Law",
    "Part",
    "Query",
    "Report",
    "ReportError",
    "Row",
    "Said",
    "Section",
    "Table",
    "Text",
]


class ReportError(ValueError):
    """A report that can't be asked for so: a wrong kind, day, county or file ending."""


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked of the store: SQL as it ran, its parameters (times are UTC)."""

    id: str
    """`Q01`, `Q02`, …; the report's own."""
    name: str
    sql: str
    """"" of what no single query gives: `name` says how it is reckoned."""
    params: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and where it comes from."""

    name: str
    value: int
    query: Query
    key: str = ""
    """The row of the query's answer (or the column) that it is; 合计 is the sum of all rows."""


Cell = Figure | str | int | float
"""A figure; words; a difference of two figures (int); a share (float, 1.0 is 100 %)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    label: str
    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; those that have the same `sheet` stand below each other in a workbook."""

    id: str
    title: str
    sheet: str
    head: tuple[str, ...]
    """Of the label and of each cell."""
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars of some columns of a table (the label not counted), its total left out."""

    title: str
    table: Table
    columns: tuple[int, ...]

    def rows(self, most: int = 12) -> list[Row]:
        """Those with a number that is not 0, in the table's order; the highest of very many."""

        def height(row: Row) -> float:
            return max(self.value(row, column) for column in self.columns)

        shown = [row for row in self.table.rows if not row.total and height(row) > 0]
        if len(shown) > most:
            highest = sorted(shown, key=height, reverse=True)[:most]
            shown = [row for row in shown if row in highest]
        return shown

    @staticmethod
    def value(row: Row, column: int) -> float:
        """A cell as a number, 0 where it is none."""
        cell = row.cells[column]
        if isinstance(cell, Figure):
            return cell.value
        return cell if isinstance(cell, int | float) else 0


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph that the facts give."""

    text: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A place for the officer's own words: the program has no facts for it."""

    prompt: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words that gave a case away, as they stood; names and numbers masked."""

    before: str
    words: str
    after: str
    where: str
    """Source, field and time of China."""
    reason: str


@dataclass(frozen=True, slots=True)
class Law:
    """An article as `rules/laws.yaml` has it for the day on which the page was seen."""

    title: str
    article: str
    text: str
    unverified: bool
    penalty: bool
    """Whether it says what follows, and not what is forbidden."""


@dataclass(frozen=True, slots=True)
class Case:
    """A typical case (违法典型案例)."""

    number: int
    clue_id: int
    title: str
    facts: tuple[tuple[str, str], ...]
    """What it is, and what is known of it."""
    said: tuple[Said, ...]
    evidence: tuple[str, ...]
    """Each record: kind, time of China, SHA-256."""
    laws: tuple[Law, ...]
    penalties: tuple[str, ...]


Part = Text | Blank | Table | Chart | Case


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of a report."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says."""

    kind: str
    title: str
    period: Period
    region: str
    place: str
    """The county's name, or 全部地域."""
    made_at: datetime
    """UTC."""
    empty: bool
    """Whether nothing at all happened in the period."""
    sections: tuple[Section, ...]
    queries: tuple[Query, ...]

    def parts(self) -> Iterator[Part]:
        """All parts of all sections, in order."""
        for section in self.sections:
            yield from section.parts

    def tables(self) -> list[Table]:
        """All tables."""
        return [part for part in self.parts() if isinstance(part, Table)]

    def figures(self) -> Iterator[tuple[Table, Row, str, Figure]]:
        """Every figure with its table, row and column."""
        for table in self.tables():
            for row in table.rows:
                for column, cell in zip(table.head[1:], row.cells, strict=True):
                    if isinstance(cell, Figure):
                        yield table, row, column, cell
