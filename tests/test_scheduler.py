"""When sweeps run."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

import scheduler
import settings
from storage import models as m
from storage import open_store


def test_the_nightly_sweep_is_at_two_in_the_morning_in_china() -> None:
    due = scheduler.next_nightly(datetime(2026, 11, 10, 12, tzinfo=scheduler.CHINA))
    assert due == datetime(2026, 11, 11, 2, tzinfo=scheduler.CHINA)


def test_the_scheduler_writes_pending_tasks_and_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    sweep_id = scheduler.enqueue_nightly()
    with open_store(settings.load().store_url).session() as session:
        sweep = session.get_one(m.Sweep, sweep_id)
        tasks = session.scalar(
            select(func.count()).select_from(m.TaskRow).where(m.TaskRow.state == "pending")
        )
        assert sweep.mode == "nightly" and tasks and tasks > 50
        assert session.scalar(select(func.count()).select_from(m.Evidence)) == 0


def test_its_job_is_kept_in_the_store_and_not_doubled(tmp_path: Path) -> None:
    config = settings.load(data_dir=tmp_path)
    open_store(config.store_url).close()
    for _ in range(2):
        built = scheduler.build(config)
        built.start(paused=True)
        assert [job.id for job in built.get_jobs()] == ["nightly"]
        built.shutdown()
