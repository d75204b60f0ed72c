"""Real processes: one per sweep, found again after a kill, stopped in order; the command itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from schedule.health import HEALTH
from schedule.start import OneMachine, Workers

WORKS = (sys.executable, "-c", "import sys, time; print('sweep', sys.argv[1], flush=True); time.sleep(60)")  # fmt: skip
ENDS = (sys.executable, "-c", "pass")


def until(what: Callable[[], bool], seconds: float = 30) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def test_a_sweep_has_one_process_and_there_are_no_more_than_may_be(tmp_path: Path) -> None:
    here = OneMachine(tmp_path, limit=2, command=WORKS)
    assert here.start(1) and here.alive(1)
    assert not here.start(1), "it has its process"
    assert here.start(2) and not here.start(3)
    began = time.monotonic()
    here.stop()
    assert time.monotonic() - began < 20, "SIGTERM is enough"
    assert not here.alive(1) and not here.alive(2)


def test_a_process_that_outlives_its_scheduler_is_found_by_its_lock(tmp_path: Path) -> None:
    first = OneMachine(tmp_path, command=WORKS)
    assert first.start(7)
    child = first.children[7]
    # The scheduler was killed; another one comes.
    second = OneMachine(tmp_path, command=WORKS)
    assert second.alive(7) and not second.start(7)
    child.kill()
    child.wait()
    until(lambda: not second.alive(7))
    assert second.start(7)
    second.stop()


def test_one_that_ended_makes_room(tmp_path: Path) -> None:
    here = OneMachine(tmp_path, command=ENDS)
    assert here.start(1)
    until(lambda: not here.alive(1))
    assert here.start(2)
    here.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_service_stops_in_order(house: Path, tmp_path: Path, number: signal.Signals) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("YUNJIAN_")}
    env |= {"YUNJIAN_DATA_DIR": str(tmp_path), "PYTHONPATH": str(house)}
    service = subprocess.Popen(
        [sys.executable, "-m", "cli", "schedule", "run"],
        env=env, cwd=tmp_path, text=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    path = tmp_path / HEALTH

    def said(state: str) -> bool:
        return path.exists() and json.loads(path.read_text("utf-8"))["state"] == state

    try:
        until(lambda: said("acting"), 60)
        service.send_signal(number)
        _, told = service.communicate(timeout=60)
    finally:
        service.kill()
    assert service.returncode == 0 and "stopped in order" in told
    assert said("stopped")
    asked = subprocess.run(
        [sys.executable, "-m", "cli", "schedule", "health"], env=env, cwd=tmp_path, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 1 and "no sign" in asked.stderr


def test_what_is_left_to_workers_is_handed_to_them_once() -> None:
    left: list[int] = []
    workers = Workers(left.append)
    assert workers.start(7) and workers.alive(7)
    assert left == [7] and workers.host == "", "on whatever machine they are"
