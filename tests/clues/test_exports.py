from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from clues import ClueView
from clues.exports import ExportError, harmless, write_clues

NOW = datetime(2026, 11, 11, tzinfo=UTC)


def clue(title: str) -> ClueView:
    return ClueView(
        1, "absolute_claim", 0.9, "new", "", "店", ["taobao"], ["tea"], "5301", ["最好", "顶级"], title, "http://x.example/", 2, 1, NOW, NOW
    )  # fmt: skip


@pytest.mark.parametrize("title", ["=1+1", "+SUM(A1)", "-2", "@x", "\t=1", " =HYPERLINK(1)"])
def test_no_cell_begins_like_a_formula(title: str, tmp_path: Path) -> None:
    write_clues([clue(title)], "csv", tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["title"] == "'" + title
    write_clues([clue(title)], "xlsx", tmp_path / "c.xlsx")
    sheet = load_workbook(tmp_path / "c.xlsx").active
    assert sheet is not None
    cells = {header.value: cell for header, cell in zip(sheet[1], sheet[2], strict=True)}
    assert cells["title"].data_type == "s" and str(cells["title"].value).startswith("'")


def test_characters_that_a_spreadsheet_refuses_are_left_out() -> None:
    assert harmless("茶\x00\x0b叶") == "茶叶"


def test_json_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    write_clues([clue("茶")], "json", None)
    (row,) = json.loads(capsys.readouterr().out)
    assert row["words"] == ["最好", "顶级"]


def test_an_unwritable_file_and_a_missing_one_are_plain_errors(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="--out"):
        write_clues([], "xlsx", None)
    with pytest.raises(ExportError, match="none"):
        write_clues([], "csv", tmp_path / "none" / "c.csv")
