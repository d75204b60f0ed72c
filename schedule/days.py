"""Days of the year: fixed, lunar, and of solar terms, as dates of China."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from lunar_python import Lunar

__all__ = ["TERMS", "lunar_day", "month_day", "term_day"]

TERMS = (
    "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至", "小暑", "大暑",
    "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至",
)  # fmt: skip
"""Solar terms that fall between February and December, so that a year has each once."""


def month_day(year: int, text: str) -> date:
    """The day `MM-DD` of a year; raises ValueError where there is none."""
    month, day = (int(part) for part in text.split("-"))
    return date(year, month, day)


@lru_cache(maxsize=4096)
def lunar_day(year: int, text: str) -> date:
    """The day of China on which a lunar year (named by the year it begins in) has its `M-D`.

    Raises ValueError where that year has no such day (a month has 29 or 30).
    """
    month, day = (int(part) for part in text.split("-"))
    try:
        solar = Lunar.fromYmd(year, month, day).getSolar()
    except Exception as error:  # the package raises the bare class
        raise ValueError(f"no lunar day {text} in {year}") from error
    return date(solar.getYear(), solar.getMonth(), solar.getDay())


@lru_cache(maxsize=1024)
def term_day(year: int, name: str) -> date:
    """The day of China on which a solar term of `TERMS` begins."""
    # The table of a lunar year that holds midsummer begins in the December before.
    solar = Lunar.fromYmd(year, 6, 1).getJieQiTable()[name]
    return date(solar.getYear(), solar.getMonth(), solar.getDay())
