"""`yunjian report`."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from cli import app
from detectors import Detector
from storage import Store
from tests.reports.seeding import seeded


@pytest.fixture
def here(store: Store, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store that the command uses."""
    monkeypatch.setenv("YUNJIAN_DATABASE_URL", store_url)
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    return tmp_path


def report(out: Path, kind: str = "statistics", first: str = "2026-11-01", last: str = "2026-11-10", *more: str) -> Result:  # fmt: skip
    words = ["report", "--kind", kind, "--from", first, "--to", last, "--out", str(out), *more]
    return CliRunner().invoke(app, words)


def test_it_writes_the_report(here: Path, store: Store, detector: Detector) -> None:
    seeded(store, detector)
    result = report(here / "r.xlsx", "statistics", "2026-11-01", "2026-11-10", "--region", "5328")
    assert result.exit_code == 0, result.output
    assert "网络市场监管专项行动情况统计表  2026年11月1日至11月10日" in result.output
    assert load_workbook(here / "r.xlsx")["专项行动情况统计表"]["C4"].value == 2
    result = report(here / "r.xlsx", "weekly", "2020-01-01", "2020-01-07")
    assert result.exit_code == 0 and "本期没有数据" in result.output


def test_wrong_usage_is_told_with_exit_code_2(store: Store, here: Path) -> None:
    for result, said in (
        (report(here / "r.xlsx", "yearly"), "no such kind of report: yearly"),
        (report(here / "r.xlsx", first="1.11.2026"), "--from: not a date: '1.11.2026'"),
        (report(here / "r.xlsx", last="2026-11-31"), "--to: not a date: '2026-11-31'"),
        (report(here / "r.xlsx", last="2026-10-01"), "the end is before the beginning"),
        (report(here / "r.csv"), "--out: r.csv: a name that ends in .xlsx, .docx, .pdf"),
        (report(here / "r.pdf", "weekly", "2026-11-01", "2026-11-07", "--region", "99"), "no such division: 99"),
    ):  # fmt: skip
        assert result.exit_code == 2, result.output
        assert said in result.output
    assert not list(here.glob("r.*"))
