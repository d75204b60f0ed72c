"""`yunjian schedule show` and `log`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from storage import open_store
from storage.runs import Run


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["schedule", *arguments])
    return done.exit_code, done.output


def test_show_prints_every_run_of_the_days(tmp_path: Path) -> None:
    code, said = run("show", "--from", "2026-11-10", "--to", "2026-11-11", "--format", "json")
    runs = json.loads(said)
    assert code == 0 and len(runs) == 36
    assert sum(one["entry"] == "double-11" for one in runs) == 26, "two on the eve, 24 on the day"
    code, table = run("show", "--from", "2026-11-10", "--to", "2026-11-11", "--ics", str(tmp_path / "a.ics"))  # fmt: skip
    assert code == 0 and "36 runs" in table and "2026-11-11" in table
    assert (tmp_path / "a.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")


@pytest.mark.parametrize("wrong", [("--from", "soon"), ("--from", "2026-11-10", "--to", "2026-11-09"), ("--format", "xml")])  # fmt: skip
def test_what_makes_no_sense_is_wrong_usage(wrong: tuple[str, ...]) -> None:
    assert run("show", *wrong)[0] == 2


def test_a_broken_calendar_is_named_by_line(tmp_path: Path, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "goods.yaml").write_bytes((house / "rules" / "goods.yaml").read_bytes())
    (rules / "calendar.yaml").write_text(
        "reports:\n  - {id: r1, title: 总结, due: 13-01}\n", "utf-8"
    )
    monkeypatch.setenv("YUNJIAN_RULES_DIR", str(rules))
    code, said = run("show")
    assert code == 1 and "calendar.yaml:2: reports.0.due" in said.replace("\n", "")


def test_log_says_what_became_of_each_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    at = datetime(2026, 7, 1, 17, tzinfo=UTC)
    store = open_store(f"sqlite:///{tmp_path / 'yunjian.db'}")
    with store.session() as session:
        for entry, outcome in (("nightly/shops", "missed"), ("nightly/engines", "done")):
            session.add(Run(entry=entry, kind="nightly", planned_at=at, until=at, outcome=outcome, decided_at=at))  # fmt: skip
    store.close()
    code, said = run("log", "--from", "2026-07-02", "--outcome", "missed", "--format", "json")
    assert code == 0
    assert [(one["entry"], one["outcome"]) for one in json.loads(said)] == [
        ("nightly/shops", "missed")
    ]
    assert "2 runs" in run("log", "--from", "2026-07-02")[1]
