"""A report as a Word document, in the fonts of offices: 黑体 for headings, 宋体 for the rest."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from reports.charts import picture
from reports.model import Blank, Case, Chart, Part, Report, Table, Text
from reports.shown import CELL, facing, heading, number, shown
from reports.words import clean

__all__ = ["document"]

_BODY, _BLACK, _LATIN = "宋体", "黑体", "Times New Roman"


def document(report: Report) -> bytes:
    """The file."""
    made = Document()
    _page(made)
    _styles(made)
    title = made.add_heading(clean(report.title), 0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    below = made.add_paragraph("\n".join(facing(report)))
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for count, section in enumerate(report.sections, 1):
        made.add_heading(heading(count, section), 1)
        for part in section.parts:
            _part(made, part)
    made.add_heading("数据来源", 1)
    made.add_paragraph(
        f"以上数字由 {len(report.queries)} 项查询得出；每个数字的查询和参数见同期 .xlsx 报告的“数据来源”工作表。"
    )
    written = BytesIO()
    made.save(written)
    return written.getvalue()


def _page(made: Any) -> None:
    section = made.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.4)
    section.top_margin = section.bottom_margin = Cm(2.5)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = footer.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = words
        run._r.append(mark)


def _styles(made: Any) -> None:
    for name, font, size in (
        ("Normal", _BODY, 11), ("Title", _BLACK, 20), ("Heading 1", _BLACK, 14), ("Heading 2", _BLACK, 12),
    ):  # fmt: skip
        style = made.styles[name]
        style.font.name, style.font.size = _LATIN, Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        # Headings follow the theme's fonts unless these are taken away.
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:ascii"), _LATIN)
        fonts.set(qn("w:hAnsi"), _LATIN)
        fonts.set(qn("w:eastAsia"), font)
    normal = made.styles["Normal"].paragraph_format
    normal.line_spacing, normal.space_after = 1.4, Pt(4)
    border = made.styles["Title"].element.find(f".//{qn('w:pBdr')}")
    if border is not None:
        border.getparent().remove(border)


def _part(made: Any, part: Part) -> None:
    match part:
        case Text():
            _paragraph(made, clean(part.text))
        case Blank():
            run = _paragraph(made, f"〔由承办人填写：{clean(part.prompt)}〕").runs[0]
            run.font.highlight_color = WD_COLOR_INDEX.YELLOW
        case Table():
            _table(made, part)
        case Chart():
            if drawn := picture(part):
                made.add_picture(BytesIO(drawn), width=Cm(16))
                made.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER
        case Case():
            _case(made, part)


def _paragraph(made: Any, text: str) -> Any:
    paragraph = made.add_paragraph(text)
    paragraph.paragraph_format.first_line_indent = Pt(22)
    return paragraph


def _table(made: Any, table: Table) -> None:
    caption = made.add_paragraph()
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(8)
    run = caption.add_run(f"表：{clean(table.title)}")
    run.bold = True
    grid = made.add_table(rows=1, cols=len(table.head))
    grid.style, grid.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    for cell, words in zip(grid.rows[0].cells, table.head, strict=True):
        _cell(cell, words, bold=True, centre=True, shade="E3EAF2")
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    grid.rows[0]._tr.get_or_add_trPr().append(repeat)
    for row in table.rows:
        cells = grid.add_row().cells
        shade = "F3F5F8" if row.total else ""
        _cell(cells[0], clean(row.label, 200), bold=row.total, shade=shade)
        for cell, value in zip(cells[1:], row.cells, strict=True):
            _cell(cell, shown(value), bold=row.total, right=number(value), shade=shade)
    if not table.rows:
        cells = grid.add_row().cells
        _cell(cells[0], "（无）")
    _widths(grid, table)
    for row_ in grid.rows:
        keep = OxmlElement("w:cantSplit")
        row_._tr.get_or_add_trPr().append(keep)
    note = made.add_paragraph()
    note.add_run(clean(table.note)).font.size = Pt(9)


def _cell(
    cell: Any, text: str, bold: bool = False, centre: bool = False, right: bool = False, shade: str = ""
) -> None:  # fmt: skip
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing, paragraph.paragraph_format.space_after = 1.1, Pt(0)
    if centre or right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(clean(text, CELL))
    run.bold, run.font.size = bold, Pt(9)
    if shade:
        fill = OxmlElement("w:shd")
        fill.set(qn("w:val"), "clear")
        fill.set(qn("w:fill"), shade)
        cell._tc.get_or_add_tcPr().append(fill)


def _widths(grid: Any, table: Table) -> None:
    """Columns of numbers narrow, of words wide."""
    weights = [3.0]
    for column in range(len(table.head) - 1):
        words = [row.cells[column] for row in table.rows if isinstance(row.cells[column], str)]
        longest = max((len(str(one)) for one in words), default=0)
        weights.append(max(1.4, min(longest / 5, 4.0)))
    weights[0] = max(1.8, min(max((len(row.label) for row in table.rows), default=4) / 4, 3.1))
    whole = 16.2 / sum(weights)
    grid.autofit = False
    for column, weight in zip(grid.columns, weights, strict=True):
        column.width = Cm(weight * whole)
    for row in grid.rows:
        for cell, weight in zip(row.cells, weights, strict=True):
            cell.width = Cm(weight * whole)


def _case(made: Any, case: Case) -> None:
    made.add_heading(f"案例{case.number}　{clean(case.title)}", 2)
    for name, said in case.facts:
        _named(made, name, said)
    for said_ in case.said:
        paragraph = made.add_paragraph()
        paragraph.paragraph_format.left_indent = Cm(0.8)
        paragraph.add_run(f"“{clean(said_.before)}")
        words = paragraph.add_run(clean(said_.words))
        words.bold, words.font.highlight_color = True, WD_COLOR_INDEX.YELLOW
        paragraph.add_run(f"{clean(said_.after)}”（{clean(said_.where)}）{clean(said_.reason)}")
    for penalty in case.penalties:
        _named(made, "行政处罚", penalty)
    for law in case.laws:
        mark = "（须人工核对条文）" if law.unverified else ""
        name = "罚则" if law.penalty else "法律依据"
        _named(made, name, f"{law.title}{law.article}{mark}：{law.text}")
    for record in case.evidence:
        paragraph = _named(made, "证据", record)
        for run in paragraph.runs:
            run.font.size = Pt(9)


def _named(made: Any, name: str, said: str) -> Any:
    paragraph = made.add_paragraph()
    paragraph.add_run(f"{clean(name)}：").bold = True
    paragraph.add_run(clean(said))
    return paragraph
