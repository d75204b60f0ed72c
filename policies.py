"""What is agreed for a single source: its budget, its hours, an order about its robots.txt."""

from __future__ import annotations

import datetime as dt
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["CHINA", "RobotsException", "SourcePolicy"]

CHINA = ZoneInfo("Asia/Shanghai")


class RobotsException(BaseModel):
    """An officer's written order to read pages that a robots.txt forbids.

    There is a lawful duty of inspection; it is an officer's, not a program's, so the order is
    named, dated, and every use of it is put down as an incident.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    officer: str = Field(min_length=2)
    order: str = Field(min_length=2, description="number or title of the written order")
    date: dt.date = Field(description="the order's; before it, it is not in force")
    until: dt.date | None = Field(default=None, description="the last day on which it holds")
    hosts: tuple[str, ...] = Field(
        default=(), description="hosts it covers (`*.` allowed); none named means the source's home"
    )

    def covers(self, host: str, home: str, day: dt.date) -> bool:
        """Whether the order covers a host on a day of China; `home` is the source's own host."""
        in_force = self.date <= day <= (self.until or day)
        return in_force and any(fnmatchcase(host, name) for name in self.hosts or (home,))

    def __str__(self) -> str:
        return f"order {self.order} of {self.date.isoformat()}, officer {self.officer}"


class SourcePolicy(BaseModel):
    """What holds for one source; what is not said follows the general settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages: int = Field(default=0, ge=0, description="pages per sweep; 0 is the general budget")
    window: str = Field(default="", description="hours of China to ask it in: 01:00-06:00")
    robots_exception: RobotsException | None = None

    @field_validator("window")
    @classmethod
    def _two_times(cls, value: str) -> str:
        if value:
            start, end = _hours(value)
            if start == end:
                raise ValueError(f"{value}: begins when it ends")
        return value

    def open_at(self, moment: dt.datetime) -> bool:
        """Whether it may be asked at an (aware) moment; a window may go over midnight."""
        if not self.window:
            return True
        start, end = _hours(self.window)
        now = moment.astimezone(CHINA).time()
        return start <= now < end if start < end else now >= start or now < end

    def opens_at(self, moment: dt.datetime) -> dt.datetime:
        """When it may be asked next, in China time: `moment` itself where it may be asked now."""
        here = moment.astimezone(CHINA)
        if self.open_at(moment):
            return here
        # Out of the window, the next opening is today's or tomorrow's.
        start, _ = _hours(self.window)
        today = dt.datetime.combine(here.date(), start, CHINA)
        return today if today > here else today + dt.timedelta(days=1)

    def closes_at(self, moment: dt.datetime) -> dt.datetime | None:
        """When the window that is open at `moment` closes, in China time; None without one."""
        if not self.window or not self.open_at(moment):
            return None
        here = moment.astimezone(CHINA)
        _, end = _hours(self.window)
        today = dt.datetime.combine(here.date(), end, CHINA)
        return today if today > here else today + dt.timedelta(days=1)


def _hours(window: str) -> tuple[dt.time, dt.time]:
    parts = window.replace("–", "-").split("-")
    try:
        start, end = (dt.time.fromisoformat(part.strip()) for part in parts)
    except ValueError:
        raise ValueError(f"{window!r} is not a window of hours as in 01:00-06:00") from None
    return start, end
