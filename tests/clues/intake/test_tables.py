"""Tables out of what offices send: any encoding, torn rows, merged cells, formulas."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from clues.intake.books import is_book, open_book
from clues.intake.cells import Formula
from clues.intake.problems import IntakeError
from clues.intake.tables import Row, open_csv

KNOWN = {"编号", "日期", "内容", "被投诉方名称", "名称"}


def score(headings: Sequence[Sequence[str]]) -> int:
    return sum(any(name in KNOWN for name in names) for names in headings)


def read_csv(path: Path, data: bytes) -> tuple[str, list[Row]]:
    path.write_bytes(data)
    with path.open("rb") as file:
        table = open_csv(path, file, score)
        return table.encoding, list(table.rows)


TEXT = '某市投诉明细,,\n编号,日期,内容\nA1,2026-11-11,普洱茶\nA2,2026-11-12,"三七,\n两行"\n'


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_every_usual_encoding_and_a_title_above(tmp_path: Path, encoding: str, told: str) -> None:
    read, rows = read_csv(tmp_path / "x.csv", TEXT.encode(encoding))
    assert read == told
    assert [(row.line, list(row.cells)) for row in rows] == [
        (3, ["A1", "2026-11-11", "普洱茶"]),
        (4, ["A2", "2026-11-12", "三七,\n两行"]),
    ]


@pytest.mark.parametrize("mark", ["\t", ";", "|"])
def test_other_separators(tmp_path: Path, mark: str) -> None:
    _, rows = read_csv(
        tmp_path / "x.csv", mark.join(("编号", "日期", "内容\nA1", "1", "茶\n")).encode()
    )
    assert [list(row.cells) for row in rows] == [["A1", "1", "茶"]]


def test_a_row_of_another_encoding_spoils_only_itself(tmp_path: Path) -> None:
    data = (
        "编号,日期,内容\nA1,1,普洱茶\nA2,1,".encode()
        + "三七".encode("gb18030")
        + "\nA3,1,核桃\n".encode()
    )
    encoding, rows = read_csv(tmp_path / "x.csv", data)
    assert encoding == "utf-8"
    assert [row.cells[0] for row in rows] == ["A1", "A2", "A3"]
    assert any("\ud800" <= one <= "\udfff" for one in str(rows[1].cells[2]))


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = ["编号,日期,内容"] + [f"A{n},1,茶" for n in range(1000)]
    lines[500] = 'A499,1,"没有关上'
    _, rows = read_csv(tmp_path / "x.csv", "\n".join(lines).encode())
    assert len(rows) == 1000
    assert [(row.line, row.problem) for row in rows if row.problem] == [(501, "引号没有闭合")]


def test_rows_with_too_many_or_too_few_cells_are_told(tmp_path: Path) -> None:
    _, rows = read_csv(
        tmp_path / "x.csv", "编号,日期,内容\nA1,1\nA2,1,a,b\nA3,1,a,,\n\n ,,\n".encode()
    )
    assert [row.problem for row in rows] == ["有 2 列，应为 3 列", "有 4 列，应为 3 列", ""]


def test_a_line_without_an_end_is_one_bad_row(tmp_path: Path) -> None:
    data = "编号,日期,内容\nA1,1,".encode() + b"x" * 5_000_000 + "\nA2,1,茶\n".encode()
    _, rows = read_csv(tmp_path / "x.csv", data)
    assert [bool(row.problem) for row in rows] == [True, False]


def test_no_known_headings_is_told(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="no row of the first 20 has headings"):
        read_csv(tmp_path / "x.csv", b"a,b\n1,2\n")


def book_rows(path: Path) -> tuple[list[list[str]], list[list[object]], list[str]]:
    with path.open("rb") as file:
        assert is_book(file.read(8))
        table = open_book(path, file, score)
        rows = [list(row.cells) for row in table.rows]
        return [list(names) for names in table.headings], rows, table.notes


def test_merged_cells_hold_for_each_row_and_merged_headings_name_their_columns(
    tmp_path: Path,
) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["某市投诉明细"])
    sheet.append(["编号", "日期", "被投诉方", None, "内容"])
    sheet.append([None, None, "名称", "地址", None])
    sheet.append(["A1", datetime.datetime(2026, 11, 11), "虚构店", "路1号", "茶"])
    sheet.append(["A2", 46337, None, "路2号", "三七"])
    sheet.append([None] * 5)
    sheet.append(["A3", "2026-11-13", "另一店", None, "核桃"])
    for merged in ("A1:E1", "A2:A3", "B2:B3", "C2:D2", "E2:E3", "C4:C5"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "x.xlsx")
    headings, rows, notes = book_rows(tmp_path / "x.xlsx")
    assert headings == [
        ["编号"],
        ["日期"],
        ["被投诉方名称", "名称"],
        ["被投诉方地址", "地址"],
        ["内容"],
    ]
    assert [row[0] for row in rows] == ["A1", "A2", "A3"]
    assert [row[2] for row in rows] == ["虚构店", "虚构店", "另一店"]
    assert any("merged" in note for note in notes)


def test_a_formula_without_a_result_is_told_and_one_with_a_result_is_read(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append(["编号", "日期", "内容"])
    sheet.append(["A1", "2026-11-11", '=CONCATENATE("普","洱")'])
    book.save(tmp_path / "x.xlsx")
    _, rows, _ = book_rows(tmp_path / "x.xlsx")
    assert isinstance(rows[0][2], Formula)
    # A spreadsheet program that saves it keeps the result beside the formula.
    kept = tmp_path / "kept.xlsx"
    with zipfile.ZipFile(tmp_path / "x.xlsx") as old, zipfile.ZipFile(kept, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("sheet1.xml"):
                data = data.replace(b"</f><v></v>", "</f><v>普洱</v>".encode()).replace(
                    b"</f><v />", "</f><v>普洱</v>".encode()
                ).replace(b"</f><v/>", "</f><v>普洱</v>".encode())  # fmt: skip
                data = data.replace(b'r="C2"', b'r="C2" t="str"')
            new.writestr(name, data)
    assert load_workbook(kept, data_only=True).active["C2"].value == "普洱"
    _, rows, notes = book_rows(kept)
    assert rows[0][2] == "普洱" and any("formulas" in note for note in notes)


def test_the_sheet_with_the_headings_is_read(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["说明"])
    sheet = book.create_sheet("明细")
    sheet.append(["编号", "日期", "内容"])
    sheet.append(["A1", 1, "茶"])
    book.save(tmp_path / "x.xlsx")
    _, rows, notes = book_rows(tmp_path / "x.xlsx")
    assert rows == [["A1", 1, "茶"]] and notes == ["sheet 明细; 1 other sheets are not read"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx"),
        (b"PK\x03\x04broken", "not a workbook"),
    ],
)
def test_what_is_no_workbook_is_told(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(data)
    with path.open("rb") as file, pytest.raises(IntakeError, match=why):
        is_book(data)
        open_book(path, file, score)
