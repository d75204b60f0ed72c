"""APScheduler wakes the schedule's service at every planned moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import scheduler
import settings
from schedule.driven import DrivenClock, DrivenScheduler, Pretended, time_of
from schedule.service import Service
from storage import Store


def test_its_jobs_are_kept_in_the_store_and_not_doubled(store: Store, tmp_path: Path) -> None:
    config = settings.load(data_dir=tmp_path)
    timetable = scheduler.timetable_of(config)
    # Seven in the evening in China: the next run is that of the shops, at eleven.
    clock = DrivenClock(datetime(2026, 7, 1, 11, tzinfo=UTC))
    fired: list[datetime] = []

    class Watched(Service):
        def tick(self) -> str:
            fired.append(clock.now)
            return "acting"

    with time_of(clock):
        for _ in range(2):
            starter = Pretended(store, clock, lambda sweep: timedelta(0))
            service = Watched(config, store, timetable, starter, clock.clock())
            built = scheduler.build(config, service, 3600, DrivenScheduler)
            built.start(paused=True)
            jobs = {job.id: job.next_run_time for job in built.get_jobs()}
            assert jobs.keys() == {"planned", "beat"}
            assert jobs["planned"] == datetime(2026, 7, 1, 15, tzinfo=UTC)
            built.resume()
            built.turn()
            assert fired == []
            built.shutdown()
        # Four hours and a second: the planned moment, and one heartbeat for those that were due.
        built = scheduler.build(config, service, 3600, DrivenScheduler)
        built.start()
        clock.go(timedelta(hours=4, seconds=1))
        built.turn()
        assert len(fired) == 2
        built.shutdown()


def test_the_trigger_fires_at_each_planned_moment_and_survives_the_store() -> None:
    import pickle

    trigger = scheduler.PlannedMoments(settings.load().rules_dir)
    again = pickle.loads(pickle.dumps(trigger))
    now = datetime(2026, 7, 1, 15, tzinfo=UTC)
    first = again.get_next_fire_time(None, now)
    assert first == now, "23:00 in China: the shops"
    second = again.get_next_fire_time(first, now)
    assert second == datetime(2026, 7, 1, 16, 30, tzinfo=UTC), "00:30: the search engines"
