"""From the calendar to the list of runs. Pure: the same calendar and days give the same runs."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from policies import CHINA
from schedule.calendar import Calendar, Nightly, Occasion, Report, Step
from schedule.days import lunar_day, month_day, term_day

__all__ = ["Planned", "Span", "Timetable", "runs_of", "spans_of"]

DAY = dt.timedelta(days=1)
REPORT_STANDS = dt.timedelta(days=60)
"""A reminder is given late rather than not at all."""


@dataclass(frozen=True, slots=True, order=True)
class Planned:
    """One run: when, what, and until when it may still begin. Times are UTC."""

    at: dt.datetime
    entry: str
    kind: str
    """nightly, intensified, price-watch or report."""
    title: str
    until: dt.datetime
    goods: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    max_pages: int = 0
    budget: int = 0
    window: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """When an occasion is: days of China, both counted."""

    first: dt.date
    last: dt.date
    occasion: Occasion


def _moment(day: dt.date, clock: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), CHINA).astimezone(dt.UTC)


def _midnight_after(day: dt.date) -> dt.datetime:
    return _moment(day + DAY, "00:00")


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for number in range((last - first).days + 1):
        yield first + number * DAY


def spans_of(occasion: Occasion, year: int) -> Span:
    """When an occasion of a year is (of a lunar year, where it is lunar; it may fall into the next)."""
    if occasion.first:
        first, last = month_day(year, occasion.first), month_day(year, occasion.last)
        if last < first:
            last = month_day(year + 1, occasion.last)
        return Span(first, last, occasion)
    if occasion.lunar:
        first = lunar_day(year, occasion.lunar)
    elif occasion.term:
        first = term_day(year, occasion.term)
    else:
        first = month_day(year, occasion.on)
    return Span(first, first + (occasion.days - 1) * DAY, occasion)


def _steps(step: Step, first: dt.date, last: dt.date) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Each moment, and the time until which it may begin: the next one's, or the day's end."""
    number, unit = int(step.every[:-1]), step.every[-1]
    for count, day in enumerate(_days(first, last)):
        ends = _midnight_after(day)
        if unit == "d":
            if count % number == 0:
                yield _moment(day, step.at), ends
            continue
        at = _moment(day, step.at)
        while at < ends:
            following = at + dt.timedelta(hours=number)
            yield at, min(following, ends)
            at = following


def _of_occasion(span: Span) -> Iterator[Planned]:
    one = span.occasion
    leads = one.lead.days if one.lead else 0
    tails = one.tail.days if one.tail else 0
    parts = (
        (one.lead, span.first - leads * DAY, span.first - DAY),
        (one.day, span.first, span.last),
        (one.tail, span.last + DAY, span.last + tails * DAY),
    )
    for step, first, last in parts:
        for at, until in _steps(step, first, last) if step else ():
            yield Planned(
                at, one.id, "intensified", one.title, until, one.goods, one.sources, one.of,
                one.max_pages, one.budget,
            )  # fmt: skip
    if watch := one.price_watch:
        begins = span.first - (leads + watch.days) * DAY
        for day in _days(begins, span.last):
            yield Planned(
                _moment(day, watch.at), f"{one.id}/prices", "price-watch", f"{one.title}价格监测",
                _midnight_after(day), one.goods, one.sources, one.of, 0, watch.budget,
            )  # fmt: skip


def _of_night(one: Nightly, day: dt.date) -> Planned:
    begins, ends = (part.strip() for part in one.window.replace("–", "-").split("-"))
    at, until = _moment(day, begins), _moment(day, ends)
    return Planned(
        at, f"nightly/{one.id}", "nightly", one.title, until if until > at else until + DAY,
        one.goods, one.sources, one.of, one.max_pages, one.budget, one.window,
    )  # fmt: skip


def _of_report(one: Report, year: int) -> Iterator[Planned]:
    due = month_day(year, one.due)
    for before in one.before:
        at = _moment(due - before * DAY, one.at)
        title = f"{one.title}（{due.month}月{due.day}日前报送）"
        yield Planned(at, one.id, "report", title, at + REPORT_STANDS)


def runs_of(calendar: Calendar, year: int) -> list[Planned]:
    """All runs that begin in a year of UTC, in order; no moment of an entry twice."""
    found: dict[tuple[str, dt.datetime], Planned] = {}

    def keep(run: Planned) -> None:
        if run.at.year == year:
            found.setdefault((run.entry, run.at), run)

    for night in calendar.nightly:
        for day in _days(dt.date(year - 1, 12, 31), dt.date(year + 1, 1, 1)):
            keep(_of_night(night, day))
    # A lunar year, a lead or a tail reaches into its neighbours.
    for near in (year - 1, year, year + 1):
        for occasion in calendar.occasions:
            for run in _of_occasion(spans_of(occasion, near)):
                keep(run)
        for report in calendar.reports:
            for run in _of_report(report, near):
                keep(run)
    return sorted(found.values(), key=lambda run: (run.at, run.entry))


class Timetable:
    """The runs of a calendar, by time; each year is reckoned once."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._years: dict[int, tuple[list[dt.datetime], list[Planned]]] = {}

    def _year(self, year: int) -> tuple[list[dt.datetime], list[Planned]]:
        if year not in self._years:
            runs = runs_of(self.calendar, year)
            self._years[year] = ([run.at for run in runs], runs)
        return self._years[year]

    def between(self, after: dt.datetime, to: dt.datetime) -> list[Planned]:
        """Runs planned later than `after` and not later than `to`, in order."""
        found: list[Planned] = []
        after, to = after.astimezone(dt.UTC), to.astimezone(dt.UTC)
        for year in range(after.year, to.year + 1):
            times, runs = self._year(year)
            found += runs[bisect_right(times, after) : bisect_right(times, to)]
        return found

    def following(self, after: dt.datetime) -> Planned | None:
        """The first run later than `after`; None where a whole year has none."""
        after = after.astimezone(dt.UTC)
        for year in (after.year, after.year + 1):
            times, runs = self._year(year)
            if (place := bisect_right(times, after)) < len(runs):
                return runs[place]
        return None

    def spans(self, first: dt.date, last: dt.date) -> list[Span]:
        """Occasions that lie in these days of China, at least in part."""
        found = {
            span
            for year in range(first.year - 1, last.year + 1)
            for occasion in self.calendar.occasions
            if (span := spans_of(occasion, year)).last >= first and span.first <= last
        }
        return sorted(found, key=lambda span: (span.first, span.last, span.occasion.id))
