"""Days of China, and the moments (UTC) at which they begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from policies import CHINA

__all__ = ["Period", "china"]

DAY = timedelta(days=1)


def china(moment: datetime) -> str:
    """A time as officers read it."""
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Period:
    """From a day to a day, both counted."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), CHINA).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + DAY, time(), CHINA).astimezone(UTC)

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Period:
        """As many days, right before it."""
        return Period(self.first - self.days * DAY, self.first - DAY)

    def __str__(self) -> str:
        one, other = self.first, self.last
        said = f"{one.year}年{one.month}月{one.day}日"
        if other == one:
            return said
        year = "" if other.year == one.year else f"{other.year}年"
        return f"{said}至{year}{other.month}月{other.day}日"
