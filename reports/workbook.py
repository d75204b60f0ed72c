"""A report as a workbook: the table that is sent first, and every figure's query last."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby
from typing import Any

from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.pagebreak import Break

from clues.exports import harmless
from reports.model import Blank, Case, Cell, Chart, Figure, Report, Row, Table, Text
from reports.shown import facing, heading
from reports.words import clean

__all__ = ["workbook"]

_FONT = "宋体"
_LINE = Side(style="thin", color="9AA5B1")
_BOX = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_HEAD = PatternFill("solid", fgColor="E3EAF2")
_TOTAL = PatternFill("solid", fgColor="F3F5F8")
_FILL_IN = PatternFill("solid", fgColor="FFF7D6")
_COLOURS = ("35608F", "C08A3E")
"""Calm, and told apart in grey print."""
_LONGEST = 8000
"""Characters of a cell."""
_NARROWEST = 96
"""Width of a table at least."""
_WRAP = 88
"""Width (of half-width characters) of sheets of text."""
GRID = "专项行动情况统计表"


def workbook(report: Report) -> bytes:
    """The file."""
    book = Workbook()
    book.remove(book.active)
    places: dict[int, tuple[Any, int, int]] = {}
    tables = sorted(report.tables(), key=lambda one: one.sheet != "统计表")
    sheets: dict[str, list[Table]] = {}
    for table in tables:
        sheets.setdefault(table.sheet, []).append(table)
    for name, members in sheets.items():
        page = book.create_sheet(GRID if name == "统计表" else name)
        title = report.title if name == "统计表" or report.kind != "statistics" else name
        _tables(page, report, title if name == "统计表" else name, members, places)
    _texts(book.create_sheet("文字材料"), report)
    if cases := [part for part in report.parts() if isinstance(part, Case)]:
        _cases(book.create_sheet("典型案例"), cases)
    _charts(book, report, places)
    _origins(book.create_sheet("数据来源"), report)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def _put(page: Any, row: int, column: int, value: object, **style: Any) -> Any:
    """A cell; text that no spreadsheet runs."""
    cell = page.cell(row, column)
    cell.value = harmless(clean(value, _LONGEST)) if isinstance(value, str) else value
    cell.font = Font(name=_FONT, size=style.get("size", 10), bold=style.get("bold", False))
    cell.alignment = Alignment(
        horizontal=style.get("across", "left"), vertical=style.get("down", "center"), wrap_text=True
    )
    if style.get("box", True):
        cell.border = _BOX
    if fill := style.get("fill"):
        cell.fill = fill
    return cell


def _merge(page: Any, top: int, left: int, bottom: int, right: int) -> None:
    # A merger of a single cell is a fault to spreadsheets.
    if (top, left) != (bottom, right):
        page.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)


def _title(page: Any, width: int, title: str, lines: Sequence[str]) -> int:
    """The merged heading; returns the next row."""
    _merge(page, 1, 1, 1, width)
    _put(page, 1, 1, title, size=16, bold=True, across="center", box=False)
    page.row_dimensions[1].height = 30
    _merge(page, 2, 1, 2, width)
    _put(page, 2, 1, "　　".join(lines), size=9, across="center", box=False)
    page.row_dimensions[2].height = 16
    return 3


def _printed(page: Any, head: int | None, landscape: bool = True) -> None:
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.orientation = "landscape" if landscape else "portrait"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_options.horizontalCentered = True
    page.page_margins.left = page.page_margins.right = 0.5
    page.page_margins.top, page.page_margins.bottom, page.page_margins.footer = 0.6, 0.8, 0.4
    page.oddFooter.center.text = "第 &P 页，共 &N 页"
    page.sheet_view.showGridLines = False
    if head is not None:
        page.print_title_rows = f"1:{head}"
        page.freeze_panes = page.cell(head + 1, 3)


def _tables(
    page: Any, report: Report, title: str, members: list[Table], places: dict[int, tuple[Any, int, int]]
) -> None:  # fmt: skip
    """Tables below each other: what each is about in the first column, merged over its rows."""
    width = max(len(table.head) for table in members) + 1
    row = _title(page, width, title, facing(report))
    first_head, head = row, None
    for table in members:
        if table.head != head:
            for column, words in enumerate(("类别", *table.head), 1):
                _put(page, row, column, words, bold=True, across="center", fill=_HEAD)
            head, row = table.head, row + 1
        first = row
        for line in table.rows or (Row("（无）", ("",) * (len(table.head) - 1)),):
            _row(page, row, line)
            row += 1
        places[id(table)] = (page, first, first_head if len(members) == 1 else first - 1)
        for merged in range(first, row):
            _put(page, merged, 1, table.title, bold=True, across="center", fill=_HEAD)
        _merge(page, first, 1, row - 1, 1)
        if row - first < (needed := _lines(table.title, 11)):
            page.row_dimensions[first].height = 15 * (needed - (row - first) + 1)
    for note in [f"{table.title}：{table.note}" for table in members if table.note]:
        _merge(page, row, 1, row, width)
        _put(page, row, 1, note, size=9, box=False, down="top")
        page.row_dimensions[row].height = 13 * _lines(note, sum(_widths(members)) + 10)
        row += 1
    for column, size in enumerate((12, *_widths(members)), 1):
        page.column_dimensions[get_column_letter(column)].width = size
    _printed(page, first_head)


def _row(page: Any, row: int, line: Row) -> None:
    fill = _TOTAL if line.total else None
    _put(page, row, 2, line.label, bold=line.total, fill=fill)
    for column, cell in enumerate(line.cells, 3):
        if isinstance(cell, str):
            blank = _FILL_IN if cell == "〔填写〕" or (not cell and line.label.isdigit()) else fill
            _put(page, row, column, cell, fill=blank, across="center" if len(cell) < 8 else "left")
        else:
            made = _put(page, row, column, _value(cell), bold=line.total, fill=fill, across="right")
            made.number_format = _format(cell)


def _value(cell: Cell) -> int | float | str:
    return cell.value if isinstance(cell, Figure) else cell


def _format(cell: Cell) -> str:
    if isinstance(cell, Figure):
        return "#,##0"
    return "+#,##0;-#,##0;0" if isinstance(cell, int) else "+0.0%;-0.0%;0.0%"


def _wide(text: str) -> int:
    """In half-width characters."""
    return sum(2 if unicodedata.east_asian_width(one) in "WFA" else 1 for one in text)


def _lines(text: str, width: float) -> int:
    return max(1, -(-_wide(text) // max(1, int(width))))


def _widths(members: list[Table]) -> list[int]:
    """Of each column the width of its longest words, within reason."""
    count = max(len(table.head) for table in members)
    longest = [6] * count
    for table in members:
        for column, words in enumerate(table.head):
            longest[column] = max(longest[column], min(_wide(words), 16))
        for row in table.rows:
            for column, cell in enumerate((row.label, *row.cells)):
                text = clean(cell, 80) if isinstance(cell, str) else f"{_value(cell)}"[:8]
                longest[column] = max(longest[column], min(_wide(text), 34))
    widths = [one + 2 for one in longest]
    # The lines above the table want their place.
    more = max(0, _NARROWEST - sum(widths)) // count
    return [one + more for one in widths]


def _texts(page: Any, report: Report) -> None:
    # Two columns: a sheet of one is never made to fit the paper.
    row = _title(page, 2, report.title, facing(report))
    for number, section in enumerate(report.sections, 1):
        _merge(page, row, 1, row, 2)
        _put(page, row, 1, heading(number, section), size=12, bold=True, box=False)
        row += 1
        for part in section.parts:
            if isinstance(part, Text):
                said, fill = part.text, None
            elif isinstance(part, Blank):
                said, fill = f"〔由承办人填写：{part.prompt}〕", _FILL_IN
            elif isinstance(part, Table):
                said, fill = f"（表：{part.title}，见工作表“{_sheet(part)}”）", None
            else:
                continue
            _put(page, row, 2, said, box=fill is not None, fill=fill, down="top")
            page.row_dimensions[row].height = 14 * _lines(said, _WRAP - 10) + 2
            row += 1
    page.column_dimensions["A"].width = 4
    page.column_dimensions["B"].width = _WRAP - 4
    _printed(page, None, landscape=False)


def _sheet(table: Table) -> str:
    return GRID if table.sheet == "统计表" else table.sheet


def _cases(page: Any, cases: list[Case]) -> None:
    row = _title(page, 2, "违法典型案例", ("名称、号码已作遮盖处理",))
    for case in cases:
        _merge(page, row, 1, row, 2)
        _put(page, row, 1, f"案例 {case.number}　{case.title}", size=11, bold=True, fill=_HEAD)
        row += 1
        for name, said in _told(case):
            _put(page, row, 1, name, bold=True, down="top")
            _put(page, row, 2, said, down="top")
            page.row_dimensions[row].height = 14 * _lines(said, _WRAP - 24) + 2
            row += 1
        row += 1
    page.column_dimensions["A"].width = 18
    page.column_dimensions["B"].width = _WRAP - 20
    _printed(page, None, landscape=False)


def _told(case: Case) -> Iterator[tuple[str, str]]:
    yield from case.facts
    for said in case.said:
        words = f"{said.before}【{said.words}】{said.after}"
        yield "违法内容", f"{words}（{said.where}）{said.reason}"
    for record in case.evidence:
        yield "证据", record
    for law in case.laws:
        mark = "（须人工核对条文）" if law.unverified else ""
        yield "罚则" if law.penalty else "法律依据", f"{law.title}{law.article}{mark}：{law.text}"
    for penalty in case.penalties:
        yield "行政处罚", penalty


def _charts(book: Any, report: Report, places: dict[int, tuple[Any, int, int]]) -> None:
    charts = [part for part in report.parts() if isinstance(part, Chart)]
    if not any(chart.rows() for chart in charts):
        return
    page = book.create_sheet("图表")
    row = _title(page, 14, f"{report.title}：图表", facing(report))
    for chart in charts:
        lines = [line for line in chart.table.rows if not line.total]
        if not chart.rows():
            continue
        source, first, head = places[id(chart.table)]
        last = first + len(lines) - 1
        made = BarChart()
        made.type, made.style, made.title = "bar", 2, chart.title
        made.gapWidth = 60
        for column in chart.columns:
            title_row = _head_row(source, head, first)
            made.add_data(
                Reference(source, min_col=column + 3, min_row=title_row, max_row=title_row),
                titles_from_data=True,
            )
            series = made.series[-1]
            values = Reference(source, min_col=column + 3, min_row=first, max_row=last)
            series.val.numRef.f = str(values)
            series.graphicalProperties.solidFill = _COLOURS[len(made.series) - 1]
        made.set_categories(Reference(source, min_col=2, min_row=first, max_row=last))
        made.x_axis.scaling.orientation = "maxMin"
        made.x_axis.delete = made.y_axis.delete = False
        made.x_axis.tickLblSkip = 1
        made.x_axis.txPr = _small()
        made.y_axis.crosses, made.y_axis.number_format = "max", "0"
        made.y_axis.majorUnit = _unit(max(chart.value(line, c) for line in lines for c in chart.columns))  # fmt: skip
        made.legend.position = "b"
        if len(chart.columns) == 1:
            made.legend = None
        made.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill="E3E6EA"))
        made.width, made.height = 24, min(15.5, max(6.0, 0.62 * len(lines) + 3))
        if row > 3:
            page.row_breaks.append(Break(id=row - 2))
        page.add_chart(made, f"A{row}")
        row += int(made.height / 0.5) + 2
    _printed(page, None)


def _small() -> RichText:
    """Labels of 8 points: 24 of them stand in one chart."""
    said = ParagraphProperties(defRPr=CharacterProperties(sz=800))
    return RichText(p=[Paragraph(pPr=said, endParaRPr=CharacterProperties(sz=800))])


def _head_row(page: Any, head: int, first: int) -> int:
    """The row of headings above a table: of tables with the same head it stands once."""
    row = first - 1
    while row > head and page.cell(row, 1).value != "类别":
        row -= 1
    while row > 1 and page.cell(row, 1).value != "类别":
        row -= 1
    return row


def _unit(highest: float) -> int:
    """A step of the axis: whole numbers, about six of them."""
    step = 1
    for factor in (2, 2.5, 2) * 8:
        if highest / step <= 6:
            break
        step = int(step * factor)
    return step


def _origins(page: Any, report: Report) -> None:
    row = _title(page, 6, "数据来源", ("每个数字都能用所列查询重算；时间参数为 UTC",))
    for column, words in enumerate(("编号", "查询", "SQL", "参数"), 1):
        _put(page, row, column, words, bold=True, across="center", fill=_HEAD)
    row += 1
    for query in report.queries:
        params = "\n".join(f":{key} = {value}" for key, value in query.params)
        for column, words in enumerate((query.id, query.name, query.sql, params), 1):
            made = _put(page, row, column, "", size=9, down="top")
            # Its lines stay lines.
            made.value = harmless(words)
        page.row_dimensions[row].height = min(
            400, 11 * max(2, sum(_lines(one, 78) for one in query.sql.splitlines()))
        )
        row += 1
    row += 1
    for column, words in enumerate(("查询编号", "表", "行", "列", "数值", "分组值"), 1):
        _put(page, row, column, words, bold=True, across="center", fill=_HEAD)
    row += 1
    for _, group in groupby(report.figures(), key=lambda one: one[0].id):
        for table, line, column_title, figure in group:
            values = (
                figure.query.id,
                table.title,
                line.label,
                column_title,
                figure.value,
                figure.key,
            )
            for column, value in enumerate(values, 1):
                _put(page, row, column, value, size=9)
            row += 1
    for letter, size in zip("ABCDEF", (10, 34, 80, 34, 10, 30), strict=True):
        page.column_dimensions[letter].width = size
    _printed(page, None)
