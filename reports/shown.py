"""What all writers show alike: numbers, headings, the lines above and below a report."""

from __future__ import annotations

from reports.model import Cell, Figure, Report, Section
from reports.period import china
from reports.words import clean

__all__ = ["CELL", "NUMERALS", "facing", "heading", "number", "shown"]

NUMERALS = "一二三四五六七八九十"
CELL = 1000
"""Characters of a cell of a table at most."""


def number(cell: Cell) -> bool:
    """Whether a cell is aligned as a number."""
    return not isinstance(cell, str)


def shown(cell: Cell) -> str:
    """A cell in words; a difference and a share have their sign."""
    if isinstance(cell, Figure):
        return f"{cell.value:,}"
    if isinstance(cell, str):
        return clean(cell, CELL)
    if isinstance(cell, int):
        return f"{cell:+,}" if cell else "0"
    return f"{cell:+.1%}" if cell else "0.0%"


def heading(number: int, section: Section) -> str:
    """一、… as documents of offices count."""
    return f"{NUMERALS[number - 1]}、{clean(section.title, CELL)}"


def facing(report: Report) -> tuple[str, ...]:
    """Period, place and when it was made."""
    return (
        f"统计期间：{report.period}（北京时间，首尾两日计入）",
        f"地域：{clean(report.place, CELL)}",
        f"生成时间：{china(report.made_at)}（北京时间）",
    )
