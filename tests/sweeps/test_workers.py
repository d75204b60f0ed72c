"""Sweeps that are left to workers: what they find to do, how they share it, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import settings as settings_module
from crawler.tasks import Task
from detectors import Detector
from practice import Town
from settings import Settings
from storage import Store, Vault, open_store
from storage import models as m
from storage.work import LeadRow, LeaseRow, UnitRow
from sweeps.lanes import Lane, crashed, lanes, left, rested, settled
from sweeps.order import SweepError, SweepOrder
from sweeps.queue import app_of, missing, put
from sweeps.run import plan_sweep, resumed
from sweeps.summary import Summary
from sweeps.team import cancel_sweep, leave_to_workers
from sweeps.unit import UnitSink
from tests.sweeps.conftest import HOUSE, env_for, yunjian

SHOPS = ("http://a.example/", "http://b.example/")


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return settings_module.load(data_dir=tmp_path)


def planned(config: Settings, store: Store, *sources: str) -> int:
    """A sweep of these sources, left to workers."""
    sweep_id = plan_sweep(config, store, SweepOrder(sources=sources or SHOPS)).sweep_id
    leave_to_workers(config, store, sweep_id)
    return sweep_id


def found(store: Store, sweep_id: int = 0) -> list[Lane]:
    with store.session() as session:
        return lanes(session, sweep_id)


def test_all_tasks_of_a_source_are_one_lane(config: Settings, store: Store) -> None:
    sweep_id = plan_sweep(config, store, SweepOrder(("tea", "sanqi"), ("taobao", *SHOPS))).sweep_id
    assert found(store) == [], "a sweep of a process of its own is nobody else's"
    leave_to_workers(config, store, sweep_id)
    assert {lane.source for lane in found(store)} == {"taobao", "a.example", "b.example"}
    with store.writing() as session:
        task = session.scalars(select(m.TaskRow).where(m.TaskRow.source == "b.example")).one()
        task.priority = 30
    assert found(store)[0] == Lane(sweep_id, "b.example", "shop", 30), "what is urgent comes first"
    with pytest.raises(SweepError, match="--workers"):
        resumed(store, SweepOrder(resume=sweep_id))


def test_a_sweep_with_nothing_left_has_its_end_left(config: Settings, store: Store) -> None:
    sweep_id = planned(config, store)
    with store.writing() as session:
        for task in session.scalars(select(m.TaskRow)):
            task.state = "done"
        assert not left(session, sweep_id)
    assert found(store) == [Lane(sweep_id, "")]


def unit_sink(config: Settings, store: Store, detector: Detector, lane: Lane, told: Any) -> Any:
    with store.writing() as session:
        unit = UnitRow(
            sweep_id=lane.sweep_id, source=lane.source, worker="w", state="running", summary=None,
            note="", started_at=datetime.now(UTC), ended_at=None,
        )  # fmt: skip
        session.add(unit)
        session.flush()
        id_ = unit.id
    return UnitSink(
        id_, lane, False, told.append, store, Vault(config.vault_dir), detector, None,
        Summary(lane.sweep_id, "ad-hoc"), [],
    )  # fmt: skip


def test_a_search_that_leads_to_a_shop_gives_another_worker_its_page(
    config: Settings, store: Store, detector: Detector
) -> None:
    sweep_id = planned(config, store, SHOPS[0])
    told: list[Lane] = []
    sink = unit_sink(config, store, detector, Lane(sweep_id, "baidu", "baidu"), told)
    search = Task(1, "baidu", "baidu", "tea", "普洱茶")
    for url in ("http://new.example/", "http://new.example/item/7", "http://a.example/item/1"):
        assert sink.shop_found(search, url, "新店", "result 1") is None
    assert sink.shop_found(search, "http://new.example/item/7", "新店", "result 4") is None
    assert sink.summary.shops_found == 1 and {lane.source for lane in told} == {
        "new.example", "a.example",
    }  # fmt: skip
    with store.writing() as session:
        leads = set(session.scalars(select(LeadRow.url)))
        assert leads == {"http://new.example/item/7", "http://a.example/item/1"}
        for task in session.scalars(select(m.TaskRow)):
            task.state = "done"
        assert left(session, sweep_id), "a finished shop is asked for the page once more"
    assert {lane.source for lane in found(store)} == {"new.example", "a.example"}
    sink.flush()
    with store.session() as session:
        share = session.scalars(select(UnitRow.summary)).one()
        assert share is not None and share["shops_found"] == 1
    sink.close()


def test_a_lane_that_crashes_rests_longer_each_time_and_fails_in_the_end(
    config: Settings, store: Store
) -> None:
    sweep_id = planned(config, store)
    lane = next(lane for lane in found(store) if lane.source == "a.example")
    now = datetime.now(UTC)
    pauses = []
    for times in range(1, 6):
        assert crashed(store, lane, "w", "the process ended by signal 9") == times
        with store.session() as session:
            waits = [s for s in (4, 9, 19, 39, 79, 159) if rested(session, lane, now + timedelta(seconds=s))]  # fmt: skip
            pauses.append(waits[0])
    assert pauses == [9, 19, 39, 79, 159], "5, 10, 20, 40, 80 seconds"
    with store.session() as session:
        task = session.scalars(select(m.TaskRow).where(m.TaskRow.source == "a.example")).one()
        assert (task.state, task.note) == ("failed", "the process ended by signal 9")
    assert [lane.source for lane in found(store, sweep_id)] == ["b.example"], "the rest goes on"


def test_a_cancelled_sweep_has_nothing_left(config: Settings, store: Store) -> None:
    sweep_id = planned(config, store)
    assert cancel_sweep(store, sweep_id) == 2
    assert found(store) == []
    with store.session() as session:
        assert settled(config, session, sweep_id)
        assert set(session.scalars(select(m.TaskRow.state))) == {"cancelled"}
    for wrong in (sweep_id, sweep_id + 1):
        with pytest.raises(SweepError):
            cancel_sweep(store, wrong)
        with pytest.raises(SweepError):
            leave_to_workers(config, store, wrong)


def test_a_source_outside_its_hours_waits(store: Store, tmp_path: Path) -> None:
    hour = (datetime.now(UTC) + timedelta(hours=8 + 3)).strftime("%H:%M")
    end = (datetime.now(UTC) + timedelta(hours=8 + 5)).strftime("%H:%M")
    config = settings_module.load(
        data_dir=tmp_path, policies={"a.example": {"window": f"{hour}-{end}"}}
    )
    sweep_id = planned(config, store)
    opens = {lane.source: lane.opens(config, datetime.now(UTC)) for lane in found(store)}
    assert opens["b.example"] is None
    assert opens["a.example"] is not None and opens["a.example"] > datetime.now(UTC)
    with store.session() as session:
        assert not settled(config, session, sweep_id)


def test_nothing_stands_in_the_queue_twice(config: Settings, postgresql: str) -> None:
    from bench.databases import database

    store = open_store(database(postgresql, f"q{os.urandom(4).hex()}"))
    try:
        sweep_id = planned(config, store)
        assert missing(config, store) == 0, "each lane has its job"
        app = app_of(store)
        with app.open():
            jobs = list(app.job_manager.list_jobs())
        assert {(job.lock, job.queueing_lock) for job in jobs} == {
            ("source:a.example", f"{sweep_id}/a.example"),
            ("source:b.example", f"{sweep_id}/b.example"),
        }
        cancel_sweep(store, sweep_id)
        with app.open():
            assert {job.status for job in app.job_manager.list_jobs()} == {"cancelled"}
    finally:
        store.close()


def test_a_worker_that_died_after_it_put_the_next_job_is_followed(config: Settings, postgresql: str) -> None:  # fmt: skip
    from sqlalchemy import text

    from bench.databases import database
    from sweeps.worker import _take_over

    store = open_store(database(postgresql, f"q{os.urandom(4).hex()}"))
    try:
        sweep_id = planned(config, store, "http://a.example/")
        with store.engine.begin() as connection:
            # As `kill -9` leaves it: under way, of a worker that is silent for an hour.
            worker = connection.scalar(
                text(
                    "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
                )
            )
            dead = connection.scalar(
                text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :w RETURNING id"),
                {"w": worker},
            )
        queue = app_of(store, min_size=1, max_size=2)

        async def next_job_put_and_taken_over() -> None:
            async with queue.open_async():
                await asyncio.to_thread(put, queue, Lane(sweep_id, "a.example", "shop"))
                await _take_over(queue, config, store)

        asyncio.run(next_job_put_and_taken_over())
        with queue.open():
            left = {job.id: job.status for job in queue.job_manager.list_jobs()}
        assert left.pop(dead) == "aborted"
        assert list(left.values()) == ["todo"]
    finally:
        store.close()


@pytest.fixture(scope="module")
def few_rules(house: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Rules of one violation: a worker begins in a third of the time."""
    folder = tmp_path_factory.mktemp("few") / "rules"
    shutil.copytree(house / "rules", folder)
    for violation in (folder / "violations").iterdir():
        if violation.name != "unlawful_operator":
            shutil.rmtree(violation)
    return str(folder)


def test_a_shop_swept_by_workers_is_as_one_swept_by_one_process(
    town: Town, tmp_path: Path, store_url: str, few_rules: str
) -> None:
    env = env_for(
        town, tmp_path, YUNJIAN_DATABASE_URL=store_url, YUNJIAN_WORKER_LEASE="3",
        YUNJIAN_RULES_DIR=few_rules,
    )  # fmt: skip
    done = yunjian(
        "sweep", "--json", "--source", town.url("xumi"), "--workers", "1", env=env, cwd=HOUSE
    )
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    # What a sweep of this shop in one process says: eight pages, three listings.
    assert summary["state"] == "done" and summary["tasks"] == {"done": 1}
    assert summary["total"]["pages"] == 8 and summary["total"]["listings"] == 3
    assert summary["violations"] == {"unlawful_operator": 1}, "one operator without a licence"
    assert summary["total"]["clues_opened"] == 1
    with open_store(store_url).session() as session:
        assert session.scalars(select(UnitRow.state)).all() == ["done"]
        held = select(func.count()).where(LeaseRow.holder != "")
        assert session.scalar(held) == 0, "nothing is held any more"
    assert not list((tmp_path / "evidence").glob("*.open*"))


def test_a_killed_worker_is_followed_by_another(
    town: Town, tmp_path: Path, store_url: str, few_rules: str
) -> None:
    env = env_for(
        town, tmp_path, YUNJIAN_DATABASE_URL=store_url, YUNJIAN_WORKER_LEASE="2",
        YUNJIAN_DOWNLOAD_DELAY="0.3", YUNJIAN_HOST_CONCURRENCY="1", YUNJIAN_RULES_DIR=few_rules,
    )  # fmt: skip
    config = settings_module.load(data_dir=tmp_path, database_url=store_url)
    store = open_store(store_url)
    planned(config, store, town.url("xumi"))
    command = [sys.executable, "-m", "cli", "worker", "--once"]
    first = subprocess.Popen(command, env=env, cwd=HOUSE)
    try:
        while not list((tmp_path / "evidence").glob("*.open")):
            assert first.poll() is None
            time.sleep(0.05)
        time.sleep(1.5)
        os.kill(first.pid, signal.SIGKILL)
    finally:
        first.kill()
        first.wait()
    time.sleep(2.5)
    second = subprocess.run(command, env=env, cwd=HOUSE, timeout=120, check=False)
    assert second.returncode == 0
    with store.session() as session:
        assert session.scalars(select(UnitRow.state).order_by(UnitRow.id)).all() == ["lost", "done"]
        assert session.scalars(select(m.Sweep.state)).all() == ["done"]
        assert session.scalar(select(func.count()).select_from(m.ListingRow)) == 3
        assert session.scalar(select(func.count()).select_from(m.Observation)) == 3
        # No page that was kept was asked for again; that there is no sitemap may be asked anew.
        pages = session.scalars(
            select(m.Evidence.fingerprint).where(m.Evidence.kind == "page", m.Evidence.status < 400)
        ).all()
        assert len(pages) == len(set(pages)) >= 4
    store.close()
