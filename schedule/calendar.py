"""`rules/calendar.yaml`: nightly windows, promotions, holidays, phases, reports. Data only."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from detectors.yamlfile import Lined, YamlError, read_yaml
from policies import SourcePolicy
from schedule.days import TERMS, lunar_day, month_day

__all__ = ["KINDS", "Calendar", "CalendarError", "Nightly", "Occasion", "PriceWatch", "Report", "Step", "load_calendar"]  # fmt: skip

KINDS = ("search_engine", "marketplace", "shop", "api")
"""What `of` may name: all sources of a kind that are asked where none are named."""


class CalendarError(ValueError):
    """A calendar that can't be used: every fault with its file and line."""


def _clock(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f"{value!r} is not a time of day as in 08:30")
    return value


def _every(value: str) -> str:
    found = re.fullmatch(r"([1-9]\d?)([hd])", value)
    if not found or (found[2] == "h" and int(found[1]) > 24):
        raise ValueError(f"{value!r} is not a distance as in 2h (at most 24) or 7d")
    return value


def _day(value: str) -> str:
    if not re.fullmatch(r"\d{2}-\d{2}", value):
        raise ValueError(f"{value!r} is not a day of the year as in 09-30")
    try:
        # Not a leap year: a day that most years don't have is no yearly day.
        month_day(2027, value)
    except ValueError:
        raise ValueError(f"there is no {value} in every year") from None
    return value


def _lunar(value: str) -> str:
    if not re.fullmatch(r"(1[0-2]|[1-9])-([12]\d|[1-9])", value):
        raise ValueError(f"{value!r} is not a day of every lunar year as in 8-15 (days 1 to 29)")
    lunar_day(2026, value)
    return value


def _window(value: str) -> str:
    SourcePolicy(window=value)
    if not value:
        raise ValueError("a window of hours is wanted, as in 01:00-06:00")
    return value


def _many(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Names = Annotated[tuple[str, ...], BeforeValidator(_many)]
Clock = Annotated[str, AfterValidator(_clock)]
DayOfYear = Annotated[str, AfterValidator(_day)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Step(_Entry):
    """How often in a part of an occasion: every so many hours from `at` on, or days."""

    days: int = Field(0, ge=0, le=120)
    every: Annotated[str, AfterValidator(_every)]
    at: Clock = "00:00"


class PriceWatch(_Entry):
    """Daily samples of prices, from `days` before the first sweep of an occasion to its end."""

    days: int = Field(ge=7, le=120, description="第十六条 looks back seven days")
    at: Clock
    budget: int = Field(2000, ge=1, description="item pages per day")


class _Ordered(_Entry):
    id: Id
    title: str = Field(min_length=1)
    goods: Names = ()
    sources: Names = ()
    of: Annotated[tuple[Literal["search_engine", "marketplace", "shop", "api"], ...], BeforeValidator(_many)] = ()  # fmt: skip
    max_pages: int = Field(0, ge=0, le=100)
    budget: int = Field(0, ge=0, description="pages per source; 0 is the setting")


class Nightly(_Ordered):
    """A sweep every night; begins when its window does."""

    window: Annotated[str, AfterValidator(_window)]


class Occasion(_Ordered):
    """A promotion, a holiday or a phase of the plan: when it is, and how it is swept."""

    kind: Literal["promotion", "holiday", "phase"]
    on: DayOfYear = ""
    lunar: Annotated[str, AfterValidator(_lunar)] = ""
    term: str = ""
    first: DayOfYear = Field("", alias="from")
    last: DayOfYear = Field("", alias="to")
    days: int = Field(1, ge=1, le=60)
    lead: Step | None = None
    day: Step | None = None
    tail: Step | None = None
    price_watch: PriceWatch | None = None

    @model_validator(mode="after")
    def _one_time(self) -> Occasion:
        if sum(map(bool, (self.on, self.lunar, self.term, self.first or self.last))) != 1:
            raise ValueError("when it is: one of `on`, `lunar`, `term`, or `from` with `to`")
        if bool(self.first) != bool(self.last):
            raise ValueError("`from` and `to` go together")
        if self.term and self.term not in TERMS:
            raise ValueError(f"no such solar term: {self.term}")
        if any(step and not step.days for step in (self.lead, self.tail)):
            raise ValueError("`lead` and `tail` want their `days`")
        return self


class Report(_Entry):
    """A report that is due on a day of the year, and how many days before one is reminded."""

    id: Id
    title: str = Field(min_length=1)
    due: DayOfYear
    before: Annotated[tuple[Annotated[int, Field(ge=0, le=60)], ...], BeforeValidator(_many)] = (0,)
    at: Clock = "09:00"


class Calendar(_Entry):
    """All that is planned."""

    nightly: Annotated[tuple[Nightly, ...], BeforeValidator(_many)] = ()
    occasions: Annotated[tuple[Occasion, ...], BeforeValidator(_many)] = ()
    reports: Annotated[tuple[Report, ...], BeforeValidator(_many)] = ()


def load_calendar(
    rules_dir: Path, goods: Collection[str] = (), sources: Collection[str] = ()
) -> Calendar:
    """The calendar of `rules_dir`; raises `CalendarError` naming every fault by file and line.

    `goods` and `sources` are the names that may stand in it; none given are not checked.
    """
    path = rules_dir / "calendar.yaml"
    try:
        data = read_yaml(path)
    except YamlError as error:
        raise CalendarError(f"{path}:{error.line}: {error}") from None
    except OSError as error:
        raise CalendarError(f"{path}: can't be read: {error.strerror}") from None
    try:
        calendar = Calendar.model_validate(data)
    except ValidationError as error:
        faults = [
            (_line(data, one["loc"]), ".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))
            for one in error.errors(include_url=False)
        ]  # fmt: skip
        raise CalendarError(
            "\n".join(f"{path}:{ln}: {at}: {msg}" for ln, at, msg in faults)
        ) from None
    known = {"goods": set(goods), "sources": set(sources)}
    unknown = []
    ids: set[str] = set()
    for part in ("nightly", "occasions", "reports"):
        for number, entry in enumerate(getattr(calendar, part)):
            if entry.id in ids:
                unknown.append(((part, number, "id"), f"the id {entry.id} stands twice"))
            ids.add(entry.id)
            for key, names in known.items():
                for name in getattr(entry, key, ()) if names else ():
                    if name not in names:
                        unknown.append(((part, number, key), f"no such {key}: {name}"))
    if unknown:
        raise CalendarError("\n".join(f"{path}:{_line(data, loc)}: {say}" for loc, say in unknown))
    return calendar


def _line(data: Any, loc: tuple[int | str, ...]) -> int:
    """The line of the deepest part of `loc` that stands in the file."""
    line = 1
    for step in loc:
        if isinstance(data, Lined):
            line = data.lines.get(str(step), data.line)
            data = data.get(str(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
            line = data.line if isinstance(data, Lined) else line
        else:
            break
    return line
