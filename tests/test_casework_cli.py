"""Casework on the command line, on both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import app
from storage import Store
from tests.clues.casework import HOUSE, a_clue
from tests.clues.test_credit import USCC


@pytest.fixture
def here(store: Store, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that the command uses."""
    monkeypatch.setenv("YUNJIAN_DATABASE_URL", store_url)
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    return store


def run(*arguments: str | int) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def done(*arguments: str | int) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


SAID = ("--as", "王芳", "--why", "例行")


def test_a_clue_from_new_to_closed_through_two_departments(here: Store) -> None:
    clue_id = a_clue(
        here, violation="unlawful_operator", operator_name="虚构茶行有限公司", uscc=USCC
    )
    assert "主办  省食品药品监管局" in done("route", clue_id)
    for step in ("triage", "verify", "confirm"):
        done(step, clue_id, *SAID)
    assert "移送 省食品药品监管局  依据 食品安全法第三十五条" in done("transfer", clue_id, *SAID)
    done("transfer", clue_id, "--to", "gongan", *SAID)
    answered = ("answer", clue_id, "--as", "李某", "--why", "已立案", "--result", "upheld")
    done(*answered, "--from", "shiyao")
    assert "已移送 → 已反馈" in done(*answered, "--from", "gongan")
    assert "2 answers" in done("feedback", "--for", "王芳")
    added = done("credit", "add", clue_id, "--decision-no", "虚罚1号", "--content", "罚款5000元", "--authority", "虚构局", "--decided", "2026-11-02", "--as", "王芳")  # fmt: skip
    assert "2026-11-11" in added and "7个工作日" in added
    done("close", clue_id, *SAID)
    printed = done("log", clue_id)
    assert "9 条记录，链条完整" in printed and printed.count("移送") >= 2
    assert "department=shiyao" in printed
    assert "虚构茶行有限公司" in done("credit", "export")


def test_the_same_step_by_two_officers_at_once(here: Store) -> None:
    clue_id = a_clue(here)
    officers = [
        subprocess.Popen(
            [sys.executable, "cli.py", "triage", str(clue_id), "--as", name, "--why", "归我", "--version", "0"],
            cwd=HOUSE, env=os.environ | {"PYTHONPATH": str(HOUSE)}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )
        for name in ("王芳", "李强")
    ]  # fmt: skip
    told = [(one.communicate(timeout=120), one.returncode) for one in officers]
    assert sorted(code for _, code in told) == [0, 1], told
    ((_, error),) = (streams for streams, code in told if code)
    ((said, _),) = (streams for streams, code in told if not code)
    winner = "王芳" if "王芳" in said else "李强"
    assert f"{winner} took the step triage" in error and "Traceback" not in error


def test_one_of_several_clues_that_fails_is_named_and_the_others_are_done(here: Store) -> None:
    first, second = a_clue(here, 1), a_clue(here, 2)
    result = run("triage", first, 999, second, *SAID)
    assert result.exit_code == 1 and "no clue 999" in result.output
    assert "1 of 3 steps" in result.output and result.output.count("新线索 → 已分拣") == 2


def test_a_joint_case(here: Store) -> None:
    clue_id = a_clue(here)
    for step in ("triage", "verify", "confirm"):
        done(step, clue_id, *SAID)
    assert "联合案件 1" in done("case", "open", clue_id, "--departments", "gongan,shiyao", *SAID)
    done(
        "answer", clue_id, "--from", "gongan", "--as", "赵某", "--why", "立案", "--result", "upheld"
    )
    assert "1 of 2 answers are owed" in done("case", "show", 1)
    assert "1 joint cases" in done("case", "list")


def test_reminders_by_working_days(here: Store) -> None:
    a_clue(here)
    assert len(json.loads(done("deadlines", "--format", "json"))) == 2
    assert "分拣" in done("deadlines", "--due", "3d")
    assert run("deadlines", "--due", "soon").exit_code == 2


def test_measured_precision_and_a_refit_that_is_only_shown(here: Store) -> None:
    assert "no clue has a verdict" in run("rules", "calibrate").output
    done("reject", a_clue(here), *SAID)
    assert "0.00–0.79" in done("rules", "precision", "--by", "rule"), "Wilson, none of one"
    assert "nothing changes" in done("rules", "calibrate")


def test_the_talk_sheet_of_a_platform(here: Store) -> None:
    assert "no platform was swept" in run("platforms").output
    a_clue(here)
    assert "涉嫌侵权假冒的网店：1/1" in done("platforms", "--source", "taobao")
    assert run("platforms", "--source", "nowhere").exit_code == 1


def test_every_command_of_casework_is_documented(house: Path) -> None:
    text = (house / "docs" / "casework.md").read_text(encoding="utf-8")
    for command in (
        "triage", "verify", "confirm", "reject", "transfer", "answer", "close", "reopen", "log", "route",
        "feedback", "deadlines", "case open", "case show", "case list", "rules precision", "rules calibrate",
        "credit add", "credit published", "credit export", "credit list", "credit show", "credit watch",
        "platforms",
    ):  # fmt: skip
        assert f"yunjian {command}" in text, command
