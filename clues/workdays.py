"""Working days of China: the State Council's holidays and make-up days, by `chinese_calendar`.

The table ends with the last year whose holidays were announced. Past it only weekends are known;
whoever counts over that edge is told that the day is not certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from chinese_calendar import is_workday
from chinese_calendar.constants import holidays

__all__ = ["FIRST_YEAR", "LAST_YEAR", "Due", "after", "between", "day_of", "working"]

FIRST_YEAR = min(holidays).year
LAST_YEAR = max(holidays).year
_CHINA = timedelta(hours=8)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """The last day (of China) of a period."""

    day: date
    certain: bool = True
    """Whether all days counted lie in years whose holidays are known."""


def day_of(at: datetime) -> date:
    """The day of China of a UTC time."""
    return (at + _CHINA).date()


def working(day: date) -> tuple[bool, bool]:
    """Whether work is done on that day, and whether that is certain."""
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        return bool(is_workday(day)), True
    return day.weekday() < 5, False


# Many clues begin on the same few days.
@lru_cache(maxsize=65536)
def after(start: date, days: int) -> Due:
    """The last of so many working days after `start`, which itself does not count."""
    day, certain = start, True
    while days > 0:
        day += timedelta(days=1)
        works, known = working(day)
        days -= works
        certain &= known
    return Due(day, certain)


@lru_cache(maxsize=65536)
def between(start: date, end: date) -> int:
    """Working days after `start` up to `end`; negative where `end` is earlier."""
    if end < start:
        return -between(end, start)
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(working(day)[0] for day in days)
