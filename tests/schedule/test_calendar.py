"""The calendar: days checked by hand, runs that follow, faults by file and line."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar as Ics

from policies import CHINA
from schedule import CalendarError, Timetable, load_calendar
from schedule.days import lunar_day, term_day
from schedule.ics import write_ics


@pytest.fixture(scope="module")
def timetable() -> Timetable:
    return Timetable(load_calendar(Path(__file__).resolve().parents[2] / "rules"))


# As published in the State Council's yearly notices of holidays.
SPRING = {2020: "01-25", 2021: "02-12", 2022: "02-01", 2023: "01-22", 2024: "02-10", 2025: "01-29", 2026: "02-17"}  # fmt: skip
DRAGON = {2020: "06-25", 2021: "06-14", 2022: "06-03", 2023: "06-22", 2024: "06-10", 2025: "05-31", 2026: "06-19"}  # fmt: skip
AUTUMN = {2020: "10-01", 2021: "09-21", 2022: "09-10", 2023: "09-29", 2024: "09-17", 2025: "10-06", 2026: "09-25"}  # fmt: skip
QINGMING = {2020: "04-04", 2021: "04-04", 2022: "04-05", 2023: "04-05", 2024: "04-04", 2025: "04-04", 2026: "04-05"}  # fmt: skip


@pytest.mark.parametrize("year", SPRING)
def test_lunar_days_and_terms_of_known_years(year: int) -> None:
    assert lunar_day(year, "1-1") == date.fromisoformat(f"{year}-{SPRING[year]}")
    assert lunar_day(year, "5-5") == date.fromisoformat(f"{year}-{DRAGON[year]}")
    assert lunar_day(year, "8-15") == date.fromisoformat(f"{year}-{AUTUMN[year]}")
    assert term_day(year, "清明") == date.fromisoformat(f"{year}-{QINGMING[year]}")


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def test_double_11_is_swept_every_hour_after_a_lead_and_a_month_of_prices(
    timetable: Timetable,
) -> None:
    runs = timetable.between(china("2026-08-01"), china("2026-12-31"))
    own = [run.at.astimezone(CHINA) for run in runs if run.entry == "double-11"]
    per_day = Counter(at.date() for at in own)
    assert min(per_day) == date(2026, 10, 21) and max(per_day) == date(2026, 11, 15)
    assert per_day[date(2026, 11, 11)] == 24 and per_day[date(2026, 11, 10)] == 2
    assert [f"{at:%H:%M}" for at in own if at.date() == date(2026, 11, 10)] == ["10:00", "22:00"]
    watch = [run for run in runs if run.entry == "double-11/prices"]
    days = [run.at.astimezone(CHINA).date() for run in watch]
    assert days[0] == date(2026, 9, 20), "31 days before the first sweep"
    assert days[-1] == date(2026, 11, 11) and len(days) == len(set(days)) == 53
    assert all(run.until == run.at + timedelta(hours=16) for run in watch), "until midnight"


def test_nights_lie_in_their_windows_and_none_is_left_out(timetable: Timetable) -> None:
    runs = timetable.between(china("2026-12-30T12:00"), china("2027-01-02T12:00"))
    shops = [run for run in runs if run.entry == "nightly/shops"]
    assert [f"{run.at.astimezone(CHINA):%m-%d %H:%M}" for run in shops] == [
        "12-30 23:00", "12-31 23:00", "01-01 23:00",
    ]  # fmt: skip
    assert shops[0].until == china("2026-12-31T05:30"), "a window goes over midnight and the year"
    assert all(run.at.tzinfo is UTC for run in runs)


def test_reports_are_reminded_of_and_due_on_the_days_of_the_plan(timetable: Timetable) -> None:
    runs = timetable.between(china("2026-01-01"), china("2026-12-31"))
    days = [(run.entry, str(run.at.astimezone(CHINA))[:10]) for run in runs if run.kind == "report"]
    assert days == [
        ("report-mid", "2026-09-16"), ("report-mid", "2026-09-27"), ("report-mid", "2026-09-30"),
        ("report-final", "2026-11-16"), ("report-final", "2026-11-27"), ("report-final", "2026-11-30"),
    ]  # fmt: skip


def test_a_range_is_the_sum_of_its_parts(timetable: Timetable) -> None:
    first, last = china("2026-06-01"), china("2027-03-01")
    whole, at, parts = timetable.between(first, last), first, []
    while at < last:
        parts += timetable.between(at, min(at + timedelta(hours=37), last))
        at += timedelta(hours=37)
    assert parts == whole and len({(run.entry, run.at) for run in whole}) == len(whole)
    assert timetable.following(whole[0].at) == whole[1]


def test_the_ics_file_is_read_by_a_calendar_program(timetable: Timetable) -> None:
    runs = timetable.between(china("2026-11-01"), china("2026-11-30"))
    spans = timetable.spans(date(2026, 11, 1), date(2026, 11, 30))
    read = Ics.from_ical(write_ics(runs, spans, datetime(2026, 11, 1, tzinfo=UTC)))
    events = list(read.walk("VEVENT"))
    assert len(events) == len(runs) + len(spans)
    assert len({str(event["uid"]) for event in events}) == len(events)
    day = next(event for event in events if str(event["uid"]) == "double-11.20261111@yunjian")
    assert day.decoded("dtstart") == date(2026, 11, 11) and str(day["summary"]) == "双十一"


def test_faults_are_named_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "calendar.yaml").write_text(
        "nightly:\n"
        "  - {id: a, title: 夜, window: 25:00-06:00}\n"
        "  - {id: night, title: 夜, window: 01:00-06:00, goods: [tee]}\n"
        "occasions:\n"
        "  - id: fest\n"
        "    title: 节\n"
        "    kind: holiday\n"
        "    on: 02-30\n"
        "    day: {every: 90m}\n",
        "utf-8",
    )
    with pytest.raises(CalendarError) as told:
        load_calendar(tmp_path, ["tea"])
    lines = str(told.value).split("\n")
    assert [line.split("calendar.yaml:")[1].split(":")[0] for line in lines] == ["2", "2", "8", "9"]
    assert "window of hours" in lines[1] and "no 02-30" in lines[2] and "'90m'" in lines[3]
    text = "nightly:\n  - id: night\n    title: 夜\n    window: 01:00-06:00\n    goods: [tee]\n"
    (tmp_path / "calendar.yaml").write_text(text, "utf-8")
    with pytest.raises(CalendarError, match=r"calendar\.yaml:5: no such goods: tee"):
        load_calendar(tmp_path, ["tea"])


def test_an_occasion_has_one_time(tmp_path: Path) -> None:
    for when in ("", "on: 11-11, lunar: 8-15, ", "from: 01-01, ", "term: 双十一, "):
        (tmp_path / "calendar.yaml").write_text(
            f"occasions:\n  - {{{when}id: fest, title: 节, kind: holiday}}\n", "utf-8"
        )
        with pytest.raises(CalendarError, match=r"calendar\.yaml:2: occasions\.0"):
            load_calendar(tmp_path)
