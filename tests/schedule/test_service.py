"""Missed runs, overlap, two schedulers, clocks that jump, deaths: one outcome each, in both stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

import settings
from policies import CHINA
from schedule import Planned, Timetable, load_calendar
from schedule.decide import decide
from schedule.driven import DrivenClock, Pretended
from schedule.health import HEALTH
from schedule.service import Alert, Service
from storage import Store
from storage import models as m
from storage.runs import Run

CALENDAR = """
nightly:
  - {id: night, title: 夜间巡检, window: 01:00-06:00, goods: [tea], sources: [baidu]}
occasions:
  - {id: fest, title: 促销, kind: promotion, on: 11-11, day: {every: 2h}, goods: [tea], sources: [baidu]}
reports:
  - {id: report, title: 总结, due: 11-11}
"""


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA).astimezone(UTC)


class Desk:
    """A store, a clock, and the schedulers at work on them."""

    def __init__(self, store: Store, folder: Path, start: str) -> None:
        self.store, self.folder = store, folder
        (folder / "calendar.yaml").write_text(CALENDAR, "utf-8")
        self.config = settings.load(data_dir=folder)
        self.timetable = Timetable(load_calendar(folder))
        self.clock = DrivenClock(china(start))
        self.alerts: list[Alert] = []

    def scheduler(self, name: str = "a", takes: timedelta = timedelta(hours=1)) -> Service:
        starter = Pretended(self.store, self.clock, lambda sweep: takes)
        return Service(
            self.config, self.store, self.timetable, starter, self.clock.clock(), self.alerts.append, name
        )  # fmt: skip

    def at(self, moment: str, *services: Service) -> None:
        """Time goes by to `moment`, turns are taken every half hour on the way."""
        while self.clock.now < china(moment):
            self.clock.go(min(timedelta(minutes=30), china(moment) - self.clock.now))
            for service in services:
                service.tick()

    def ran(self) -> dict[str, str]:
        with self.store.session() as session:
            rows = session.scalars(select(Run).order_by(Run.planned_at, Run.entry))
            return {f"{r.entry} {r.planned_at.astimezone(CHINA):%d %H}": r.outcome for r in rows}

    def told(self, kind: str) -> list[str]:
        return [one.text for one in self.alerts if one.kind == kind]

    def sweeps(self) -> int:
        with self.store.session() as session:
            return session.scalar(select(func.count()).select_from(m.Sweep)) or 0


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Callable[[str], Desk]:
    return lambda start: Desk(store, tmp_path, start)


def test_a_night_is_planned_begun_and_done_once(desk: Callable[[str], Desk]) -> None:
    it = desk("2026-07-01T20:00")
    one = it.scheduler()
    one.tick()
    assert it.ran() == {}, "what was planned before the first start is none of ours"
    it.at("2026-07-02T01:00", one)
    with it.store.session() as session:
        run = session.scalars(select(Run)).one()
        assert (run.outcome, run.planned_at) == ("begun", china("2026-07-02T01:00"))
        sweep = session.get_one(m.Sweep, run.sweep_id)
        assert sweep.mode == "nightly" and sweep.plan["limits"]["window"] == "01:00-06:00"
        tasks = select(m.TaskRow.source).where(m.TaskRow.sweep_id == sweep.id).distinct()
        assert set(session.scalars(tasks)) == {"baidu"}
    it.at("2026-07-03T03:00", one)
    assert it.ran() == {"nightly/night 02 01": "done", "nightly/night 03 01": "done"}
    assert it.sweeps() == 2 and it.alerts == []


def test_a_night_missed_within_its_window_is_caught_up_an_older_one_is_told(
    desk: Callable[[str], Desk],
) -> None:
    it = desk("2026-07-01T20:00")
    first = it.scheduler()
    first.tick()
    first.stop()
    it.clock.go(china("2026-07-03T05:00") - it.clock.now)  # 33 hours; the second window is open
    again = it.scheduler("b")
    again.tick()
    assert it.ran() == {"nightly/night 02 01": "missed", "nightly/night 03 01": "begun"}
    assert it.told("missed") == ["夜间巡检: 1 missed, planned 2026-07-02 01:00 (China time)"]
    it.at("2026-07-03T07:00", again)
    assert it.ran()["nightly/night 03 01"] == "done" and it.sweeps() == 1


def test_hours_of_a_promotion_coalesce_a_report_is_never_missed(
    desk: Callable[[str], Desk],
) -> None:
    it = desk("2026-11-10T23:30")
    first = it.scheduler()
    first.tick()
    first.stop()
    it.clock.go(china("2026-11-11T11:00") - it.clock.now)
    it.scheduler("b").tick()
    assert it.ran() == {
        "fest 11 00": "coalesced", "nightly/night 11 01": "missed", "fest 11 02": "coalesced",
        "fest 11 04": "coalesced", "fest 11 06": "coalesced", "fest 11 08": "coalesced",
        "report 11 09": "noted", "fest 11 10": "begun",
    }  # fmt: skip
    assert it.told("coalesced") == [
        "促销: 5 coalesced, planned 2026-11-11 00:00 to 2026-11-11 08:00 (China time)"
    ]
    assert len(it.told("report")) == 1


def test_a_run_is_not_begun_while_the_same_is_under_way(desk: Callable[[str], Desk]) -> None:
    it = desk("2026-11-10T23:30")
    slow = it.scheduler(takes=timedelta(hours=5))
    slow.starter.limit = 9  # type: ignore[attr-defined]
    slow.tick()
    it.at("2026-11-11T06:10", slow)
    ran = it.ran()
    assert [ran[f"fest 11 0{hour}"] for hour in (0, 2, 4, 6)] == [
        "done",
        "skipped",
        "skipped",
        "begun",
    ]
    assert ran["nightly/night 11 01"] == "done", "another entry is not hindered"
    assert len(it.told("skipped")) == 2


def test_of_two_schedulers_one_acts_and_the_other_takes_over(desk: Callable[[str], Desk]) -> None:
    it = desk("2026-07-01T20:00")
    one, two = it.scheduler("one"), it.scheduler("two")
    assert (one.tick(), two.tick()) == ("acting", "waiting")
    it.at("2026-07-02T03:00", one, two)
    assert it.ran() == {"nightly/night 02 01": "done"} and it.sweeps() == 1
    assert one.starter.started and not two.starter.started  # type: ignore[attr-defined]
    # `one` is killed: it gives nothing back.
    assert two.tick() == "waiting"
    it.clock.go(timedelta(seconds=60))
    assert two.tick() == "waiting"
    it.clock.go(timedelta(seconds=40))
    assert two.tick() == "acting"
    assert it.told("lease") == ["one gave no sign; two takes over"]
    assert one.tick() == "waiting", "and it does not act when it comes back to life"
    two.stop()
    assert one.tick() == "acting", "what is given back is taken at once"
    it.at("2026-07-03T01:00", one, two)
    assert it.sweeps() == 2


def test_a_scheduler_that_lost_its_lease_in_mid_turn_writes_nothing(
    desk: Callable[[str], Desk],
) -> None:
    it = desk("2026-07-02T00:59")
    one, two = it.scheduler("one"), it.scheduler("two")
    one.tick()
    it.clock.go(timedelta(minutes=2))
    # `one` holds the lease when its turn begins, and is stopped for so long that `two` takes over.
    decide_ = one._decide

    def stopped(watermark: datetime, now: datetime) -> None:
        seen = two.ledger.look(now)
        assert two.ledger.take(seen)
        decide_(watermark, now)

    one._decide = stopped  # type: ignore[method-assign]
    assert one.tick() == "waiting"
    assert it.ran() == {} and it.sweeps() == 0, "neither the run nor its sweep"
    assert two.tick() == "acting"
    assert it.ran() == {"nightly/night 02 01": "begun"} and it.sweeps() == 1


def test_a_clock_set_back_runs_nothing_twice(desk: Callable[[str], Desk]) -> None:
    it = desk("2026-07-02T00:30")
    one = it.scheduler()
    one.tick()
    it.at("2026-07-02T03:00", one)
    it.clock.jump(-timedelta(hours=4))
    it.at("2026-07-02T04:00", one)
    assert it.ran() == {"nightly/night 02 01": "done"} and it.sweeps() == 1
    assert len(it.told("clock")) == 1


def test_a_clock_that_ran_ahead_and_comes_back_loses_no_night(desk: Callable[[str], Desk]) -> None:
    it = desk("2026-07-02T00:30")
    one = it.scheduler()
    one.tick()
    it.clock.jump(timedelta(days=30))
    assert one.tick() == "doubting" and it.ran() == {}
    it.clock.jump(-timedelta(days=30))
    assert one.tick() == "acting" and it.ran() == {}
    # It is believed when it stays so for ten minutes; the nights between are told as missed.
    it.clock.jump(timedelta(days=30))
    one.tick()
    it.clock.go(timedelta(minutes=11))
    assert one.tick() == "acting"
    assert list(it.ran().values()) == ["missed"] * 30
    # And set back after all: what was never begun is taken back and comes in its time.
    it.clock.jump(-timedelta(days=30))
    one.tick()
    assert it.ran() == {}
    it.at("2026-07-03T03:00", one)
    assert it.ran() == {"nightly/night 02 01": "done", "nightly/night 03 01": "done"}


def test_a_sweep_whose_process_died_is_resumed_and_given_up_at_last(
    desk: Callable[[str], Desk],
) -> None:
    it = desk("2026-07-02T00:50")
    one = it.scheduler(takes=timedelta(hours=1))
    one.tick()
    it.at("2026-07-02T01:00", one)
    one.starter.ends.clear()  # type: ignore[attr-defined]
    it.at("2026-07-02T03:00", one)
    assert it.ran() == {"nightly/night 02 01": "done"}
    assert one.starter.started == [1, 1]  # type: ignore[attr-defined]
    it.at("2026-07-03T01:00", one)
    for _ in range(60):
        one.starter.ends.clear()  # type: ignore[attr-defined]
        it.clock.go(timedelta(minutes=1))
        one.tick()
    assert it.ran()["nightly/night 03 01"] == "failed"
    assert one.starter.started == [1, 1, 2, 2, 2, 2, 2]  # type: ignore[attr-defined]
    assert it.told("failed") == ["nightly/night of 2026-07-03 01:00: its process died 5 times"]


def test_what_the_windows_end_leaves_over_is_told(desk: Callable[[str], Desk]) -> None:
    it = desk("2026-07-02T00:50")
    one = it.scheduler()
    one.tick()
    it.at("2026-07-02T01:00", one)
    one.starter.say(1, "waiting")  # type: ignore[attr-defined]
    one.starter.ends.clear()  # type: ignore[attr-defined]
    one._hold(it.clock.now, it.clock.seconds)
    it.clock.go(timedelta(hours=6))
    one.tick()
    assert it.ran() == {"nightly/night 02 01": "partial"}
    assert "tasks were left when its time ended" in it.told("partial")[0]
    it.at("2026-07-03T01:00", one)
    assert it.ran()["nightly/night 03 01"] == "begun", "the next night starts anew"


def test_the_health_file_says_who_acts_and_what_comes_next(desk: Callable[[str], Desk]) -> None:
    it = desk("2026-07-02T00:30")
    one = it.scheduler()
    one.tick()
    said = json.loads((it.folder / HEALTH).read_text("utf-8"))
    assert said["state"] == "acting" and said["name"] == "a"
    assert said["next"] == {"entry": "nightly/night", "at": "2026-07-01T17:00:00+00:00"}
    it.at("2026-07-02T01:00", one)
    said = json.loads((it.folder / HEALTH).read_text("utf-8"))
    assert said["under_way"][0]["outcome"] == "begun"
    one.stop()
    assert json.loads((it.folder / HEALTH).read_text("utf-8"))["state"] == "stopped"


def test_decisions_are_made_by_time_alone() -> None:
    def night(day: int) -> Planned:
        at = datetime(2026, 7, day, 17, tzinfo=UTC)
        return Planned(at, "nightly/x", "nightly", "夜", at + timedelta(hours=5))

    two = [night(1), night(2)]
    until = two[1].until
    just = decide(two, until - timedelta(seconds=1), ())
    over = decide(two, until, ())
    assert [one.outcome for one in just] == ["missed", "run"] and "late" in just[1].note
    assert [one.outcome for one in over] == ["missed", "missed"]
    assert [one.outcome for one in decide(two[1:], two[1].at, {"nightly/x"})] == ["skipped"]
