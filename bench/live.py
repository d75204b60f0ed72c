"""A desk that runs: over a store that a real sweep of the town filled, ready for a browser before it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

import settings
from desk.app import make_app
from desk.office import Office, open_office
from desk.people import add_account
from detectors.ruleset import RuleSet
from evidence.keys import make_key
from practice import Town, environment

__all__ = ["PASSWORD", "PEOPLE", "served", "swept_office"]

HOUSE = Path(__file__).resolve().parents[1]
PASSWORD = "a long enough password"
"""Of everybody in `PEOPLE`."""
PEOPLE = {
    "fang": ("王芳", "reviewer", ""),
    "li": ("李明", "viewer", ""),
    "menghai": ("玉罕", "analyst", "5328"),
    "chief": ("管理员", "administrator", ""),
}
"""Login name: officer, role, division."""
SANQI = ("--goods", "sanqi", "--source", "taobao")


def swept_office(town: Town, data: Path, rules: RuleSet, what: tuple[str, ...] = SANQI) -> Office:
    """An office whose store holds a sweep of the town for `what`, with screenshots; and `PEOPLE`.

    Raises subprocess.CalledProcessError where the sweep fails.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith("YUNJIAN_")}
    env |= environment(town.port) | {"YUNJIAN_DATA_DIR": str(data), "PYTHONPATH": str(HOUSE)}
    command = [sys.executable, "-m", "cli", "sweep", "--json", *what]
    subprocess.run(command, env=env | {"YUNJIAN_SCREENSHOTS": "true"}, cwd=data, check=True, stdout=subprocess.DEVNULL)  # fmt: skip
    make_key(data / "key.pem")
    made = open_office(settings.load(data_dir=data, evidence_key=data / "key.pem"), rules=rules)
    with made.store.writing() as session:
        for name, (officer, role, region) in PEOPLE.items():
            add_account(session, name, officer, role, PASSWORD, region)
    return made


@contextmanager
def served(office: Office) -> Iterator[str]:
    """The desk on a free port of loopback; yields its address."""
    server = uvicorn.Server(
        uvicorn.Config(make_app(office), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    )  # fmt: skip
    socket = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        socket.close()
