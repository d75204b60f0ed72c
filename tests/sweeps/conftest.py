"""A sweep as an officer runs it: the command, in a process of its own, over the practice town."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from practice import Town, environment

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def town() -> Iterator[Town]:
    """The town without faults."""
    with Town() as raised:
        yield raised


def env_for(town: Town, data: Path, **more: str) -> dict[str, str]:
    """The environment of a sweep of the town into `data`, without screenshots."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("YUNJIAN_")}
    return (
        clean
        | environment(town.port)
        | {"YUNJIAN_DATA_DIR": str(data), "YUNJIAN_SCREENSHOTS": "false", "PYTHONPATH": str(HOUSE)}
        | more
    )


def yunjian(*arguments: str, env: Mapping[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command with these arguments, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], env=dict(env), cwd=cwd, text=True, capture_output=True, check=False, timeout=280
    )  # fmt: skip


def swept(*arguments: str, env: Mapping[str, str], cwd: Path) -> dict[str, Any]:
    """The summary of a sweep that must succeed."""
    done = yunjian("sweep", "--json", *arguments, env=env, cwd=cwd)
    assert done.returncode == 0, done.stderr[-2000:]
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary
