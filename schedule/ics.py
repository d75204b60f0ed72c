"""The timetable for calendar programs (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar as Ics
from icalendar import Event

from schedule.timetable import Planned, Span

__all__ = ["write_ics"]


def write_ics(runs: Iterable[Planned], spans: Iterable[Span], made: datetime) -> bytes:
    """An iCalendar file: occasions as whole days, runs as moments in UTC.

    The same runs have the same UIDs each time, so that a calendar program replaces them.
    """
    calendar = Ics()
    calendar.add("prodid", "-//Yunjian//schedule//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "云鉴巡检")
    for span in spans:
        event = Event()
        event.add("uid", f"{span.occasion.id}.{span.first:%Y%m%d}@yunjian")
        event.add("summary", span.occasion.title)
        event.add("dtstart", span.first)
        event.add("dtend", span.last + timedelta(days=1))
        event.add("dtstamp", made)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    for run in runs:
        event = Event()
        event.add("uid", f"{run.entry.replace('/', '.')}.{run.at:%Y%m%dT%H%M}@yunjian")
        event.add("summary", run.title)
        event.add("dtstart", run.at)
        event.add("dtend", run.until if run.kind == "nightly" else run.at + timedelta(minutes=30))
        event.add("dtstamp", made)
        event.add("categories", [run.kind])
        if run.goods:
            event.add("description", "、".join(run.goods))
        calendar.add_component(event)
    return bytes(calendar.to_ical())
