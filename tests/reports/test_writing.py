"""What the three formats hold, and that no page's words do harm in them."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

import reports
from clues.exports import ExportError
from detectors import Detector
from reports.charts import font_name, picture
from reports.model import Chart, Report
from reports.words import clean, masked
from storage import open_store
from tests.reports.seeding import FIRST, LAST, NOW, Seeds, china, seeded

HOSTILE = {
    "formula": "=cmd|'/C calc'!A0",
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "direction": "\u202e店商坏\u2066\u200f\u0000\x08\ud800",
    "template": "{{7*7}}${7*7}&#x41;]]>",
}
LONG = "茶" * 100_000


@pytest.fixture
def seeds(tmp_path: Path, detector: Detector) -> Iterator[Seeds]:
    """On SQLite alone: a report is plain data when it is written."""
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield seeded(store, detector)
    store.close()


def built(seeds: Seeds, kind: str = "final", last: date = LAST) -> Report:
    with seeds.store.session() as session:
        return reports.build(session, kind, FIRST, last, "", seeds.known, NOW)


def words_of(path: Path) -> str:
    """All text of a file, by a reader that is not ours."""
    if path.suffix == ".xlsx":
        book = load_workbook(path)
        return "\n".join(
            str(cell.value)
            for page in book
            for row in page.iter_rows()
            for cell in row
            if cell.value is not None
        )
    if path.suffix == ".docx":
        made = docx.Document(str(path))
        cells = (c.text for t in made.tables for r in t.rows for c in r.cells)
        return "\n".join([*(one.text for one in made.paragraphs), *cells])
    text = "\n".join(page.extract_text() for page in PdfReader(path).pages)
    # Chromium names glyphs that radicals and characters share by the radical.
    return unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("ending", reports.FORMATS)
def test_each_format_says_the_same(seeds: Seeds, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"
    reports.write(built(seeds), path)
    said = re.sub(r"\s", "", words_of(path))
    for words in (
        "网络市场监管专项行动全面工作总结", "2026年11月1日至11月10日", "新立线索6条", "省公安厅", "虚***司假冒商品案",
        "高仿", "产品质量法", f"{1:064x}", "由承办人填写", "联合执法资料说明", "虚市监罚字〔2026〕1号",
    ):  # fmt: skip
        assert words in said, words
    assert "虚构茶行有限公司" not in said
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("r")] == [path.name]


def test_the_workbook_is_the_table_that_is_sent(seeds: Seeds, tmp_path: Path) -> None:
    reports.write(built(seeds, "statistics"), tmp_path / "r.xlsx")
    book = load_workbook(tmp_path / "r.xlsx")
    page = book["专项行动情况统计表"]
    assert book.sheetnames[0] == page.title and book.sheetnames[-1] == "数据来源"
    assert [cell.value for cell in page[3]] == [
        "类别", "项目", "新立线索", "核实属实", "误报", "移送", "反馈", "立案处罚", "办结",
    ]  # fmt: skip
    assert [cell.value for cell in page[4]][1:] == ["线上巡检", 2, 3, 0, 1, 1, 1, 1]
    assert "A1:I1" in page.merged_cells and "A4:A11" in page.merged_cells
    assert page.page_setup.orientation == "landscape" and int(page.page_setup.paperSize) == 9
    assert page.freeze_panes == "C4" and page.print_title_rows == "$1:$3"
    for sheet in book:
        assert all(one.size["rows"] * one.size["columns"] > 1 for one in sheet.merged_cells.ranges)


def test_native_charts_draw_the_tables_own_cells(seeds: Seeds, tmp_path: Path) -> None:
    reports.write(built(seeds, "statistics"), tmp_path / "r.xlsx")
    with zipfile.ZipFile(tmp_path / "r.xlsx") as packed:
        names = [name for name in packed.namelist() if re.match(r"xl/charts/chart\d+\.xml", name)]
        first = packed.read(names[0]).decode()
    assert len(names) == 4
    page = load_workbook(tmp_path / "r.xlsx")["专项行动情况统计表"]
    drawn = re.findall(r"'专项行动情况统计表'!\$?([A-I])\$?(\d+)(?::\$[A-I]\$(\d+))?", first)
    heads = {page[f"{column}{row}"].value for column, row, last in drawn if not last or last == row}
    assert heads == {"新立线索", "核实属实"}
    labels = next((int(row), int(last)) for column, row, last in drawn if column == "B")
    assert page[f"B{labels[0]}"].value == "假冒商品" and labels[1] - labels[0] == 23


def test_every_figure_of_the_workbook_names_its_query(seeds: Seeds, tmp_path: Path) -> None:
    report = built(seeds, "statistics")
    reports.write(report, tmp_path / "r.xlsx")
    rows = [[cell.value for cell in row] for row in load_workbook(tmp_path / "r.xlsx")["数据来源"]]
    queries = {row[0]: row[2] for row in rows[3 : 3 + len(report.queries)]}
    assert all("SELECT" in str(sql) for sql in queries.values())
    figures = [row for row in rows if row[0] in queries and isinstance(row[4], int)]
    assert len(figures) == len(list(report.figures())) > 300
    opened = next(row for row in figures if row[1:4] == ["违法类型", "假冒商品", "新立线索"])
    assert opened[4:6] == [1, "counterfeit"] and "opened_at >= :start" in str(queries[opened[0]])


@pytest.mark.parametrize("ending", reports.FORMATS)
def test_hostile_words_of_pages_stay_words(seeds: Seeds, tmp_path: Path, ending: str) -> None:
    for name, words in HOSTILE.items():
        stored = words.replace("\x00", "").replace("\ud800", "")
        seeds.clue(name, f"{name}-violation", [stored], "532822", "sweep", china("3"), title=stored, shop=stored, source=f"=1+{name}")  # fmt: skip
        seeds.steps(name, china("4"), "triage", "verify", "confirm")
    seeds.clue("long", "long", ["tea"], "532822", "sweep", china("3"), title=LONG, shop=LONG[:999])
    seeds.steps("long", china("4"), "triage", "verify", "confirm")
    path = tmp_path / f"r{ending}"
    report = built(seeds, "statistics")
    # Of a report that somebody else put together, too.
    hostile = tuple(
        replace(one, title=f"{words}{one.title}")
        for one, words in zip(report.sections, HOSTILE.values(), strict=True)
    )
    reports.write(replace(report, title=HOSTILE["formula"], sections=hostile), path)
    said = words_of(path)
    assert not re.search("[\u202e\u2066\u200f\x08\ud800]", said)
    assert path.stat().st_size < 2_000_000 and max(map(len, said.splitlines())) < 33_000
    assert "alert(1)" in said, "shown, not run"
    if ending == ".xlsx":
        for page in load_workbook(path):
            for row in page.iter_rows():
                for cell in row:
                    assert cell.data_type != "f", (page.title, cell.coordinate)
                    assert not str(cell.value or "").startswith(("=", "@", "+", "\t")), cell.value
    if ending == ".pdf":
        assert "/JavaScript" not in repr(PdfReader(path).trailer["/Root"])


def test_the_font_of_a_pdf_is_in_the_file(seeds: Seeds, tmp_path: Path) -> None:
    reports.write(built(seeds, "weekly"), tmp_path / "r.pdf")
    page: Any = PdfReader(tmp_path / "r.pdf").pages[0]
    fonts = page["/Resources"]["/Font"]
    for font in (one.get_object() for one in fonts.values()):
        # Chromium draws the glyphs of some fonts itself, and takes the others in as they are.
        drawn = font["/Subtype"] == "/Type3" and font["/CharProcs"]
        inside = (
            font if "/DescendantFonts" not in font else font["/DescendantFonts"][0].get_object()
        )
        described = inside.get("/FontDescriptor", {})
        assert drawn or any(f"/FontFile{kind}" in described for kind in ("", "2", "3"))


def test_documents_use_chinese_fonts_and_pictures(seeds: Seeds, tmp_path: Path) -> None:
    report = built(seeds, "statistics")
    reports.write(report, tmp_path / "r.docx")
    made = docx.Document(str(tmp_path / "r.docx"))
    with zipfile.ZipFile(tmp_path / "r.docx") as packed:
        styles = packed.read("word/styles.xml").decode()
    assert 'w:eastAsia="宋体"' in styles and 'w:eastAsia="黑体"' in styles
    charts = [part for part in report.parts() if isinstance(part, Chart)]
    assert len(made.inline_shapes) == (len(charts) if font_name() else 0) == 4
    drawn = picture(charts[0])
    assert drawn is not None and drawn.startswith(b"\x89PNG")
    headed = [one.text for one in made.paragraphs if one.style and one.style.name == "Heading 1"]
    assert headed[0] == "一、概况"


def test_an_empty_period_is_written_too(seeds: Seeds, tmp_path: Path) -> None:
    with seeds.store.session() as session:
        report = reports.build(session, "final", date(2020, 1, 1), date(2020, 1, 2), "", seeds.known, NOW)  # fmt: skip
    for ending in reports.FORMATS:
        reports.write(report, tmp_path / f"r{ending}")
        assert "没有数据" in words_of(tmp_path / f"r{ending}").replace("\n", "")


def test_a_file_that_can_not_be_written_is_named(seeds: Seeds, tmp_path: Path) -> None:
    report = built(seeds, "weekly")
    with pytest.raises(reports.ReportError, match=r"r\.txt: no such ending"):
        reports.write(report, tmp_path / "r.txt")
    with pytest.raises(ExportError, match="No such file or directory"):
        reports.write(report, tmp_path / "nowhere" / "r.xlsx")


def test_words_are_made_fit_for_a_document() -> None:
    assert clean("甲\u202e乙\n丙\x00\ud800丁") == "甲乙 丙丁"
    assert clean("茶" * 50, 10) == "茶" * 10 + "…"
    assert masked("虚构茶行说 13912345678", ["虚构茶行"]) == "虚**行说 139****5678"
