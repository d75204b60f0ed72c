"""Working days and what is due."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from clues.deadlines import Reminder, clue_reminders, load_periods
from clues.lifecycle import take
from clues.workdays import LAST_YEAR, Due, after, between, day_of
from storage import Store
from tests.clues.casework import HOUSE, a_clue, at, walk

PERIODS = load_periods(HOUSE / "rules")


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        # 2026-11-11 is a Wednesday: 12, 13, 16.
        (date(2026, 11, 11), 3, date(2026, 11, 16)),
        # Mid-autumn 25–27 September, national day 1–7 October, work on Saturday the 10th:
        # 28, 29, 30, 8, 9, 10, 12.
        (date(2026, 9, 24), 7, date(2026, 10, 12)),
        # Spring festival 15–23 February 2026, work on Saturday the 14th: 14, 24, 25.
        (date(2026, 2, 13), 3, date(2026, 2, 25)),
    ],
)  # fmt: skip
def test_holidays_are_left_out_and_make_up_days_count(start: date, days: int, end: date) -> None:
    assert after(start, days) == Due(end, True)
    assert between(start, end) == days and between(end, start) == -days


def test_past_the_announced_years_a_day_is_marked_as_not_certain() -> None:
    due = after(date(LAST_YEAR, 12, 28), 10)
    assert due.day.year == LAST_YEAR + 1 and not due.certain
    assert after(date(LAST_YEAR, 11, 2), 5).certain


def test_the_day_is_that_of_china() -> None:
    assert day_of(datetime(2026, 11, 10, 17, tzinfo=UTC)) == date(2026, 11, 11)


def due(store: Store, now: str) -> dict[str, Reminder]:
    with store.session() as session:
        moment = datetime.fromisoformat(now)
        return {one.what: one for one in clue_reminders(session, PERIODS, moment)}


def test_each_state_has_its_own_deadline_and_what_is_late_is_told(store: Store) -> None:
    clue_id = a_clue(store)
    # Opened on Wednesday 2026-11-11 at 10:00 in China.
    new = due(store, "2026-11-17T10:00:00+08:00")
    assert new["分拣"].due == date(2026, 11, 16) and new["分拣"].left == -1
    (verify,) = (one for what, one in new.items() if what.startswith("核查"))
    # 12 13 | 16–20 | 23–27 | 30 1 2
    assert verify.due == date(2026, 12, 2) and "条文须人工核对" in verify.basis
    clock = at(*["2026-11-18T10:00:00+08:00"] * 3)
    for action in ("triage", "verify", "confirm"):
        with store.session() as session:
            take(session, clue_id, action, "王芳", "查", now=clock)
    confirmed = due(store, "2026-11-18T10:00:00+08:00")
    assert [one.due for one in confirmed.values()] == [date(2026, 11, 25)], "5 from the 18th"
    walk(store, clue_id, "close")
    assert due(store, "2026-11-18T10:00:00+08:00") == {}


def test_a_clock_set_back_takes_no_days_from_a_period(store: Store) -> None:
    clue_id = a_clue(store)
    clock = at(*["2026-11-18T10:00:00+08:00"] * 2, "2026-11-02T10:00:00+08:00")
    for action in ("triage", "verify", "confirm"):
        with store.session() as session:
            take(session, clue_id, action, "王芳", "查", now=clock)
    (one,) = due(store, "2026-11-18T10:00:00+08:00").values()
    assert one.due >= date(2026, 11, 25)


def test_a_wrong_file_is_told_with_its_lines(tmp_path: Path) -> None:
    text = (HOUSE / "rules" / "deadlines.yaml").read_text(encoding="utf-8")
    wrong = text.replace("working_days: 7\n    ground", "working_days: soon\n    ground", 1)
    wrong = wrong.replace("when: [confirmed]", "when: [done]", 1).replace(
        "id: verify\n", "id: triage\n"
    )
    (tmp_path / "deadlines.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ValueError) as told:
        load_periods(tmp_path)
    lines = str(told.value).splitlines()
    assert len(lines) == 3 and all(line.startswith("deadlines.yaml:") for line in lines)
    number = wrong.splitlines().index("    working_days: soon") + 1
    assert any(line.startswith(f"deadlines.yaml:{number}: working_days") for line in lines)
