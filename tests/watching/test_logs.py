"""A line per event: what is in it, what must not be, and files that several processes share."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import settings
from tests.conftest import HOUSE
from watching.logs import TurningFile, begin_logging


@pytest.fixture(autouse=True)
def _loggers_as_they_were() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("yunjian", "", "apprise", "procrastinate")]
    before = [(one, one.level, one.handlers[:], one.propagate) for one in loggers]
    yield
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:], logger.propagate = handlers, propagate


def test_a_json_line_says_when_what_and_of_which_sweep(tmp_path: Path) -> None:
    path = tmp_path / "log" / "yunjian.jsonl"
    begin_logging(settings.load(log_format="json", log_file=path))
    logging.getLogger("yunjian.sweep").info(
        "task ended", extra={"event": "task.ended", "sweep": 7, "source": "taobao", "task": 12, "body": "不写"}
    )  # fmt: skip
    line = json.loads(path.read_text("utf-8"))
    assert line.pop("time").endswith("Z") and line.pop("pid") > 0
    assert line == {
        "level": "info", "event": "task.ended", "message": "task ended", "sweep": 7, "source": "taobao", "task": 12,
    }  # fmt: skip


def test_no_key_and_no_number_of_a_consumer_is_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    config = settings.load(
        log_file=path,
        baidu_api_key="bce-v3-key",
        database_url="postgresql://u:s3cret@db/y",
        alert_urls="json://hook.example/t0ken",
        apis={"a": {"url": "https://api.example/{query}", "token": "bearer-1"}},
    )
    begin_logging(config)
    said = "bce-v3-key s3cret json://hook.example/t0ken bearer-1 联系电话 13812345678"
    try:
        raise ValueError(said)
    except ValueError:
        logging.getLogger("yunjian.x").exception("%s", said, extra={"source": said})
    text = path.read_text("utf-8")
    assert "ERROR" in text and "ValueError" in text
    for secret in ("bce-v3-key", "s3cret", "t0ken", "bearer-1", "13812345678"):
        assert secret not in text


def test_a_person_at_a_terminal_is_told_warnings_only_and_a_service_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log = logging.getLogger("yunjian.sweep")
    for service, told in ((False, ["WARNING b"]), (True, ["INFO a", "WARNING b"])):
        begin_logging(settings.load(), service)
        log.info("a")
        log.warning("b")
        assert [line.split("Z ")[1] for line in capsys.readouterr().err.splitlines()] == told


WRITER = """
import logging, sys
from pathlib import Path
from watching.logs import TurningFile
handler = TurningFile(Path(sys.argv[1]), largest=2000, kept=50)
handler.setFormatter(logging.Formatter("%(message)s"))
log = logging.getLogger("w"); log.addHandler(handler); log.setLevel("INFO")
for number in range(200):
    log.info("%s %03d %s", sys.argv[2], number, "x" * 60)
"""


def test_two_processes_share_a_file_that_turns_over_and_no_line_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], cwd=HOUSE)
        for name in "ab"
    ]
    assert [one.wait(60) for one in writers] == [0, 0]
    files = sorted(tmp_path.glob("log*"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    wanted = {f"{name} {number:03d} {'x' * 60}" for name in "ab" for number in range(200)}
    # 400 lines of 67 bytes, 29 in a file.
    assert len(lines) == 400 and set(lines) == wanted
    assert len(files) >= 13 and all(file.stat().st_size <= 2000 + 67 for file in files)


def test_only_so_many_old_files_are_kept(tmp_path: Path) -> None:
    handler = TurningFile(tmp_path / "log", largest=10, kept=2)
    for number in range(6):
        handler.emit(logging.makeLogRecord({"msg": f"line {number}"}))
    handler.close()
    told = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert told == {"log": "line 5\n", "log.1": "line 4\n", "log.2": "line 3\n"}
