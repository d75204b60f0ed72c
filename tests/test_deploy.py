"""The lines of `deploy/` as a supervisor runs them: each starts, is seen alive, ends in order."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
BINARY = "/opt/yunjian/.venv/bin/yunjian"
HEALTH = "/dev/shm/scheduler.json"


@dataclass
class Line:
    """A command of a file, without the program, and the ports that the file opens to others."""

    words: list[str]
    env: dict[str, str]
    health: str = ""


def unit(name: str) -> tuple[Line, dict[str, list[str]]]:
    """The line of a systemd unit, and all that stands in it."""
    said: dict[str, list[str]] = {}
    for line in (DEPLOY / name).read_text("utf-8").splitlines():
        key, is_, value = line.partition("=")
        if is_ and not line.startswith("#"):
            said.setdefault(key, []).append(value)
    (start,) = said["ExecStart"]
    program, *words = shlex.split(start)
    assert program == BINARY
    return Line(words, dict(one.split("=", 1) for one in said["Environment"])), said


def services() -> dict[str, dict[str, object]]:
    read: dict[str, dict[str, object]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]  # fmt: skip
    return read


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Running:
    """A started line: its process, what its files and ports are here, what it says."""

    process: subprocess.Popen[bytes]
    data: Path
    ports: dict[str, int]
    log: Path

    def until(self, what: Callable[[], bool], seconds: float = 120) -> None:
        ends = time.monotonic() + seconds
        while not what():
            said = self.log.read_text("utf-8", "replace")
            assert self.process.poll() is None, said
            assert time.monotonic() < ends, said
            time.sleep(0.1)

    def answers(self, port: str, path: str) -> str:
        """What is said there, "" where nobody answers yet."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}{path}") as got:
                return str(got.read().decode())
        except (urllib.error.URLError, ConnectionError):
            return ""

    def end(self) -> None:
        """As a supervisor stops it."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self.log.read_text("utf-8", "replace")


@contextmanager
def run(words: list[str], env: dict[str, str], data: Path, *ports: str) -> Iterator[Running]:
    """Run a line with its own words, but for ports that may be taken here, in a data folder here."""
    here = {port: free_port() for port in ports}
    for port in ports:
        assert port in words
    changed = [str(here[word]) if word in here else word for word in words]
    changed = [str(data / "scheduler.json") if word == HEALTH else word for word in changed]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("YUNJIAN_")}
    data.mkdir(parents=True, exist_ok=True)
    log = data / "log"
    with log.open("wb") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", *changed], cwd=DEPLOY.parent, stdout=to, stderr=to,
            env=clean | env | {"YUNJIAN_DATA_DIR": str(data)},
        )  # fmt: skip
    try:
        yield Running(process, data, here, log)
    finally:
        process.kill()
        process.wait()


def is_acting(one: Running) -> bool:
    path = one.data / "scheduler.json"
    return path.exists() and json.loads(path.read_text("utf-8"))["state"] == "acting"


def test_every_unit_runs_as_the_user_and_keeps_to_its_folder() -> None:
    units = sorted(path.name for path in DEPLOY.glob("*.service"))
    assert units == ["yunjian-desk.service", "yunjian-scheduler.service", "yunjian-worker.service"]
    for name in units:
        line, said = unit(name)
        assert said["User"] == ["yunjian"] and said["ReadWritePaths"] == ["/var/lib/yunjian"]
        assert said["Restart"] == ["always"]
        assert line.env["YUNJIAN_DATA_DIR"] == "/var/lib/yunjian"


def test_the_scheduler_of_systemd(tmp_path: Path) -> None:
    line, _ = unit("yunjian-scheduler.service")
    with run(line.words, line.env, tmp_path, "9464") as one:
        one.until(lambda: is_acting(one))
        one.until(lambda: "yunjian_up 1" in one.answers("9464", "/metrics"))
        one.end()
    assert json.loads((tmp_path / "scheduler.json").read_text("utf-8"))["state"] == "stopped"


def test_the_worker_of_systemd(tmp_path: Path) -> None:
    line, _ = unit("yunjian-worker.service")
    with run(line.words, line.env, tmp_path) as one:
        one.until(lambda: "worker begun" in one.log.read_text("utf-8"))
        one.end()
    assert "worker ended" in (tmp_path / "log").read_text("utf-8")


def test_the_desk_of_systemd_is_on_loopback(tmp_path: Path) -> None:
    line, _ = unit("yunjian-desk.service")
    assert line.words == ["desk", "--host", "127.0.0.1", "--port", "8700"]
    with run(line.words, line.env, tmp_path, "8700") as one:
        one.until(lambda: "<form" in one.answers("8700", "/login"))
        one.end()


def test_what_compose_publishes_is_on_loopback() -> None:
    published = {name: one["ports"] for name, one in services().items() if "ports" in one}
    assert published == {"desk": ["127.0.0.1:8700:8700"], "metrics": ["127.0.0.1:9464:9464"]}


ALIVE: dict[str, tuple[tuple[str, ...], Callable[[Running], bool]]] = {
    "scheduler": ((), is_acting),
    "worker": ((), lambda one: "worker begun" in one.log.read_text("utf-8")),
    "desk": (("8700",), lambda one: "<form" in one.answers("8700", "/login")),
    "metrics": (("9464",), lambda one: "yunjian_up 1" in one.answers("9464", "/metrics")),
}


def test_every_service_of_compose_is_tried_here() -> None:
    assert services().keys() - {"db"} == ALIVE.keys()


@pytest.mark.parametrize("name", sorted(ALIVE))
def test_the_services_of_compose_on_postgresql(name: str, postgresql: str, tmp_path: Path) -> None:
    from bench.databases import database

    service = services()[name]
    words, env = service["command"], service["environment"]
    assert isinstance(words, list) and isinstance(env, dict)
    assert env["YUNJIAN_DATABASE_URL"].startswith("postgresql://yunjian:")
    # The database that is here, and no address of whoever asks.
    here = {"YUNJIAN_DATABASE_URL": database(postgresql, f"d{os.urandom(4).hex()}")}
    ports, alive = ALIVE[name]
    with run(words, here, tmp_path, *ports) as one:
        one.until(lambda: alive(one))
        if isinstance(check := service.get("healthcheck"), dict):
            assert healthy(check["test"], one) == 0
        one.end()
        if isinstance(check, dict):
            assert healthy(check["test"], one) != 0, "what is stopped is not healthy"


def healthy(words: list[str], one: Running) -> int:
    """The exit code of a health check, run beside the process."""
    assert words[0] == "CMD"
    programs = {"yunjian": [sys.executable, "-m", "cli"], "python": [sys.executable]}
    command = [*programs[words[1]], *words[2:]]
    for port, here in one.ports.items():
        command = [word.replace(f":{port}/", f":{here}/") for word in command]
    command = [str(one.data / "scheduler.json") if word == HEALTH else word for word in command]
    return subprocess.run(command, cwd=DEPLOY.parent, capture_output=True, check=False).returncode
