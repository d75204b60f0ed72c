"""Hunts that are left to workers: how they are shared, taken over, and that nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

import settings as settings_module
from cli import app
from storage import Store, open_store
from storage import models as m
from storage.hunts import Hunt, HuntFind, HuntSlice, Superseded
from storage.work import LeaseRow
from sweeps import huntunit, outcome, slices, worker
from sweeps import retrohunt as retrohunting
from sweeps.huntshare import how_far, leave_hunt, wait_for
from sweeps.lanes import Lane
from sweeps.order import SweepOrder
from sweeps.queue import AFTER_SWEEPS, app_of, missing_slices
from sweeps.retrohunt import HuntError, HuntOrder, retrohunt
from sweeps.run import plan_sweep
from sweeps.slices import Slice, crashed, open_slices
from sweeps.team import leave_to_workers
from tests.sweeps.conftest import HOUSE
from tests.sweeps.night import night, offer
from tests.sweeps.test_retrohunt import Write, numbers, rules, write

__all__ = ["rules", "write"]


def pages(count: int) -> list[Any]:
    """Half of them say 顶级, half 最好, in five shops."""
    return [
        offer(f"顶级的茶{n}" if n % 2 else f"最好的茶{n}", n, f"茶行{n % 5}") for n in range(count)
    ]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 10)
    monkeypatch.setattr("sweeps.retrohunt.CHUNK", 4)
    monkeypatch.setattr("sweeps.outcome.BATCH", 4)


def waiting(store: Store) -> list[int]:
    with store.session() as session:
        return [piece.after for piece in open_slices(session)]


def one(store: Store) -> Hunt:
    with store.session() as session:
        return session.scalars(select(Hunt)).one()


def counted(store: Store) -> dict[str, int]:
    with store.session() as session:
        tables = (m.SignalRow, m.Clue, m.ClueSignal, Superseded, HuntFind)
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
        }


def test_slices_are_open_at_once_and_the_end_behind_them(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None
) -> None:
    night(store, tmp_path / "v", write("最好"), pages(25))
    new = write("顶级")
    hunt = leave_hunt(store, rules, HuntOrder(), new)
    assert hunt is not None and waiting(store) == [0, 10, 20], "three slices of ten, not the end"
    with pytest.raises(HuntError, match=f"--resume {hunt.id} --workers"):
        retrohunt(store, rules, HuntOrder(resume=hunt.id), detector=new)
    for after in (20, 0, 10):
        huntunit.work(rules, store, new, Slice(hunt.id, after))
    assert waiting(store) == [25] and one(store).state == "looking"
    before = counted(store)
    huntunit.work(rules, store, new, Slice(hunt.id, 25))
    assert waiting(store) == [] and counted(store) == before, "a preview changes nothing"
    said = {"listings": 25, "comes": 12, "goes": 13, "opens": 0, "grows": 5, "bare": 0}
    assert numbers(one(store).preview) == {"listings": 25, "absolute_claim": said}
    assert (one(store).seen, one(store).looked_to, one(store).state) == (25, 25, "ready")

    leave_hunt(store, rules, HuntOrder(resume=hunt.id, apply=True), new)
    assert waiting(store) == [25], "only the end is left"
    huntunit.work(rules, store, new, Slice(hunt.id, 25))
    assert one(store).state == "done" and numbers(one(store).result) == numbers(one(store).preview)
    assert counted(store) == before | {
        "signal": 25, "clue_signal": 25, "superseded": 13, "hunt_find": 25,
    }  # fmt: skip
    assert wait_for(store, hunt.id).state == "done"


def test_two_at_one_slice_count_nothing_twice(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    night(store, tmp_path / "v", write("最好"), pages(10))
    new = write("顶级")
    hunt = leave_hunt(store, rules, HuntOrder(), new)
    assert hunt is not None
    piece, real, calls = Slice(hunt.id, 0), slices.keep, []

    def overtaking(*args: Any) -> bool:
        # While this one looked at its second chunk, another was given the whole slice.
        calls.append(args)
        if len(calls) == 2:
            monkeypatch.setattr(slices, "keep", real)
            huntunit.work(rules, store, new, piece)
        return real(*args)

    monkeypatch.setattr(slices, "keep", overtaking)
    huntunit.work(rules, store, new, piece)
    reached = how_far(store, one(store))
    assert (reached.done, reached.slices, reached.seen) == (1, 1, 10)
    assert counted(store)["hunt_find"] == 10
    huntunit.work(rules, store, new, piece)
    assert how_far(store, one(store)).seen == 10, "a job too many does nothing"


def test_a_slice_that_crashes_fails_in_the_end_and_can_be_tried_again(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None
) -> None:
    night(store, tmp_path / "v", write("最好"), pages(20))
    new = write("顶级")
    hunt = leave_hunt(store, rules, HuntOrder(), new)
    assert hunt is not None
    piece = Slice(hunt.id, 10)
    for times in range(1, 6):
        assert slices.begin(store, piece) is not None
        assert crashed(store, piece, "the process ended by signal 9") == times
    huntunit.work(rules, store, new, Slice(hunt.id, 0))
    assert waiting(store) == [], "the end waits for what failed"
    with pytest.raises(HuntError, match=r"observations 11 to 20: .*signal 9 \(5 times\)"):
        wait_for(store, hunt.id)
    leave_hunt(store, rules, HuntOrder(resume=hunt.id), new)
    assert waiting(store) == [10], "what was looked at is not looked at again"
    for after in (10, 20):
        huntunit.work(rules, store, new, Slice(hunt.id, after))
    assert one(store).state == "ready" and one(store).seen == 20


def test_a_machine_with_other_rules_does_not_do_it(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None
) -> None:
    old = write("最好")
    night(store, tmp_path / "v", old, pages(5))
    hunt = leave_hunt(store, rules, HuntOrder(), write("顶级"))
    assert hunt is not None
    write("最佳")
    huntunit.work(rules, store, old, Slice(hunt.id, 0))
    with pytest.raises(HuntError, match="are not those of hunt"):
        wait_for(store, hunt.id)
    new = write("顶级")
    leave_hunt(store, rules, HuntOrder(resume=hunt.id), new)
    # A worker that read the old ones when it started reads them again.
    huntunit.work(rules, store, old, Slice(hunt.id, 0))
    assert waiting(store) == [5]


def test_another_hunt_that_was_applied_meanwhile_keeps_it_from_being_applied(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None
) -> None:
    night(store, tmp_path / "v", write("最好"), pages(5))
    new = write("顶级")
    hunt = leave_hunt(store, rules, HuntOrder(apply=True), new)
    assert hunt is not None
    other = retrohunt(store, rules, HuntOrder(apply=True), detector=new)
    assert other is not None
    huntunit.work(rules, store, new, Slice(hunt.id, 0))
    huntunit.work(rules, store, new, Slice(hunt.id, 5))
    with pytest.raises(HuntError, match=f"end: hunt {other.id} was applied since"):
        wait_for(store, hunt.id)


def test_a_hunt_that_was_broken_off_is_left_to_workers_from_there(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None
) -> None:
    night(store, tmp_path / "v", write("最好"), pages(20))
    new = write("顶级")

    def stopping(_: str, done: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retrohunt(store, rules, HuntOrder(), stopping, new)
    hunt = leave_hunt(store, rules, HuntOrder(resume=one(store).id, apply=True), new)
    assert hunt is not None and waiting(store) == [4, 14]
    for after in (4, 14, 20):
        huntunit.work(rules, store, new, Slice(hunt.id, after))
    assert one(store).state == "done" and one(store).seen == 20
    assert counted(store)["hunt_find"] == 20


def test_each_slice_has_one_job_and_sweeps_go_before_it(
    postgresql: str, tmp_path: Path, rules: Path, write: Write, small: None
) -> None:
    from bench.databases import database

    store = open_store(database(postgresql, f"q{os.urandom(4).hex()}"))
    night(store, tmp_path / "v", write("最好"), pages(15))
    hunt = leave_hunt(store, rules, HuntOrder(), write("顶级"))
    assert hunt is not None
    assert missing_slices(store) == 0, "each slice has its job"
    queue = app_of(store)
    with queue.open():
        jobs = list(queue.job_manager.list_jobs())
    names = {f"hunt:{hunt.id}/0", f"hunt:{hunt.id}/10"}
    assert {job.lock for job in jobs} == names == {job.queueing_lock for job in jobs}
    assert {job.priority for job in jobs} == {AFTER_SWEEPS} and AFTER_SWEEPS < 0
    store.close()


@pytest.fixture
def at(
    store_url: str, tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of commands and workers."""
    for name, value in {
        "YUNJIAN_DATA_DIR": str(tmp_path / "data"), "YUNJIAN_DATABASE_URL": store_url,
        "YUNJIAN_RULES_DIR": str(rules), "YUNJIAN_WORKER_LEASE": "5",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    return dict(os.environ) | {"PYTHONPATH": str(HOUSE)}


def started(at: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cli", "worker", *arguments]
    return subprocess.Popen(command, env=at, cwd=HOUSE)


def test_a_worker_killed_in_the_middle_is_followed_and_nothing_is_doubled(
    at: dict[str, str], store_url: str, tmp_path: Path, write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(slices, "SLICE", 100)
    store = open_store(store_url)
    night(store, tmp_path / "v", write("最好"), pages(600))
    write("顶级")
    told = CliRunner().invoke(app, ["retrohunt", "--workers", "--apply"])
    assert told.exit_code == 0 and "looking by workers" in told.output
    assert "0 of 6 slices" in told.output
    first = started(at)
    try:
        while not how_far(store, one(store)).seen:
            assert first.poll() is None
            time.sleep(0.02)
        os.kill(first.pid, signal.SIGKILL)
    finally:
        first.kill()
        first.wait()
    reached = how_far(store, one(store))
    assert reached.seen < 600 and not reached.over, "it died in the middle"
    second = started(at, "--concurrency", "2")
    try:
        told = CliRunner().invoke(app, ["retrohunt", "--show", "1", "--wait"])
        assert told.exit_code == 0 and "Hunt 1: applied" in told.output, told.output
    finally:
        second.terminate()
        assert second.wait(30) == 0
    hunt = one(store)
    assert hunt.state == "done" and hunt.seen == 600
    assert numbers(hunt.result) == numbers(hunt.preview)
    # 300 pages of 最好 lose their signal, 300 of 顶级 have one; five shops, five clues.
    assert counted(store) == {
        "signal": 600, "clue": 5, "clue_signal": 600, "superseded": 300, "hunt_find": 600,
    }  # fmt: skip
    assert "600 pages, to 600 of 600" in CliRunner().invoke(app, ["retrohunt", "--list"]).output
    with store.session() as session:
        assert set(session.scalars(select(HuntSlice.state))) == {"done"}
        held = select(LeaseRow.name).where(LeaseRow.until > datetime.now(UTC))
        assert session.scalars(held).all() == []
    if store.engine.dialect.name == "postgresql":
        queue = app_of(store)
        with queue.open():
            states = [job.status for job in queue.job_manager.list_jobs()]
        assert set(states) <= {"succeeded", "aborted"} and states.count("succeeded") == 7
    store.close()


def test_an_end_that_was_broken_off_while_it_applied_is_taken_over(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    night(store, tmp_path / "v", write("最好"), pages(20))
    new = write("顶级")
    hunt = leave_hunt(store, rules, HuntOrder(apply=True), new)
    assert hunt is not None
    for after in (0, 10):
        huntunit.work(rules, store, new, Slice(hunt.id, after))
    real = outcome.apply_batch
    done: list[bool] = []

    def killed(*args: Any) -> bool:
        if len(done) == 2:
            raise SystemExit
        done.append(real(*args))
        return done[-1]

    monkeypatch.setattr(retrohunting, "apply_batch", killed)
    with pytest.raises(SystemExit):
        huntunit.work(rules, store, new, Slice(hunt.id, 20))
    assert one(store).state == "applying" and 0 < one(store).applied_to < 20
    assert waiting(store) == [20]
    monkeypatch.setattr(retrohunting, "apply_batch", real)
    huntunit.work(rules, store, new, Slice(hunt.id, 20))
    assert one(store).state == "done" and numbers(one(store).result) == numbers(one(store).preview)
    assert counted(store)["signal"] == 20 and counted(store)["superseded"] == 10


def test_a_worker_takes_what_sweeps_have_left_before_slices(
    store: Store, tmp_path: Path, rules: Path, write: Write, small: None
) -> None:
    night(store, tmp_path / "v", write("最好"), pages(15))
    hunt = leave_hunt(store, rules, HuntOrder(), write("顶级"))
    assert hunt is not None
    config = settings_module.load(data_dir=tmp_path)
    sweep_id = plan_sweep(config, store, SweepOrder(sources=("http://a.example/",))).sweep_id
    leave_to_workers(config, store, sweep_id)
    assert worker._open(config, store) == [
        Lane(sweep_id, "a.example", "shop"), Slice(hunt.id, 0), Slice(hunt.id, 10),
    ]  # fmt: skip
    assert slices.begin(store, Slice(hunt.id, 0)) is not None
    crashed(store, Slice(hunt.id, 0), "the process ended by signal 9")
    assert worker._open(config, store)[1:] == [Slice(hunt.id, 10)], "what crashed rests"
