"""A report as HTML with everything escaped, which Chromium prints to PDF. No script, no address."""

from __future__ import annotations

from html import escape

from reports.charts import COLOURS
from reports.model import Blank, Case, Chart, Law, Part, Report, Table, Text
from reports.shown import facing, heading, number, shown
from reports.words import clean

__all__ = ["paper"]

_STYLE = """
@page { size: A4; margin: 18mm 16mm 16mm; }
body { font: 10.5pt/1.65 "Noto Sans CJK SC", "Source Han Sans SC", "Noto Serif CJK SC", sans-serif; color: #1b2530; }
h1 { font-size: 19pt; text-align: center; margin: 0 0 4mm; line-height: 1.3; }
.facing { text-align: center; color: #55606c; font-size: 9pt; margin-bottom: 6mm; }
h2 { font-size: 13pt; margin: 7mm 0 3mm; padding-bottom: 1mm; border-bottom: 1.5px solid #35608f; break-after: avoid; }
h3 { font-size: 11pt; margin: 5mm 0 1mm; break-after: avoid; overflow-wrap: anywhere; }
p { margin: 0 0 2mm; text-indent: 2em; overflow-wrap: anywhere; } p.note { font-size: 8.5pt; color: #55606c; text-indent: 0; margin-top: 1mm; }
.blank { background: #fff7d6; border: 1px dashed #c9a227; padding: 2mm 3mm 8mm; margin: 2mm 0; break-inside: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 8.8pt; line-height: 1.4; margin-top: 3mm; }
caption { font-weight: bold; margin-bottom: 1mm; break-after: avoid; }
th, td { border: 1px solid #9aa5b1; padding: 1px 5px; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { background: #e3eaf2; text-align: center; vertical-align: middle; } tr { break-inside: avoid; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } tr.total > * { background: #f3f5f8; font-weight: bold; }
tbody th { font-weight: normal; min-width: 6.4em; } td:empty { height: 1.4em; }
.bars { margin: 4mm 0; break-inside: avoid; } .bars b { display: block; margin-bottom: 1.5mm; }
.bars .line { display: grid; grid-template-columns: 42mm 1fr; gap: 2mm; align-items: center; margin-bottom: 1mm; font-size: 8.5pt; line-height: 1.25; }
.bars .name { text-align: right; } .bars .bar { display: flex; align-items: center; gap: 1.5mm; }
.bars .bar i { display: block; height: 3mm; border-radius: 0 1px 1px 0; }
.key { font-size: 8.5pt; } .key i { display: inline-block; width: 3mm; height: 3mm; margin: 0 1mm 0 3mm; }
dl { margin: 0; display: grid; grid-template-columns: 10em 1fr; } dt { font-weight: bold; } dd { margin: 0; overflow-wrap: anywhere; }
blockquote { margin: 2mm 0; padding: 1mm 4mm; border-left: 3px solid #35608f; background: #f6f8fa; overflow-wrap: anywhere; break-inside: avoid; }
blockquote.law { border-color: #9aa5b1; font-size: 9.5pt; } mark { background: #ffe28a; font-weight: bold; }
.hash { font: 7.5pt/1.5 "Noto Sans Mono CJK SC", monospace; overflow-wrap: anywhere; }
"""


def paper(report: Report) -> str:
    """The document."""
    parts = [
        "<!doctype html><html lang='zh-CN'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' "
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{_said(report.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{_said(report.title)}</h1>"
        f"<div class='facing'>{'<br>'.join(map(_said, facing(report)))}</div>"
    ]
    for count, section in enumerate(report.sections, 1):
        parts.append(f"<h2>{_said(heading(count, section))}</h2>")
        parts += map(_part, section.parts)
    parts.append(
        f"<h2>数据来源</h2><p>以上数字由 {len(report.queries)} 项查询得出；每个数字的查询和参数见同期 .xlsx "
        "报告的“数据来源”工作表。</p></body></html>"
    )
    return "\n".join(parts)


def _said(text: str) -> str:
    return escape(clean(text))


def _part(part: Part) -> str:
    match part:
        case Text():
            return f"<p>{_said(part.text)}</p>"
        case Blank():
            return f"<div class='blank'>〔由承办人填写：{_said(part.prompt)}〕</div>"
        case Table():
            return _table(part)
        case Chart():
            return _bars(part)
        case Case():
            return _case(part)


def _table(table: Table) -> str:
    head = "".join(f"<th scope='col'>{_said(words)}</th>" for words in table.head)
    rows = []
    for row in table.rows:
        cells = "".join(
            f"<td{' class=n' if number(cell) else ''}>{escape(shown(cell))}</td>"
            for cell in row.cells
        )
        total = " class='total'" if row.total else ""
        rows.append(f"<tr{total}><th scope='row'>{_said(row.label)}</th>{cells}</tr>")
    if not rows:
        rows.append(f"<tr><td colspan='{len(table.head)}'>（无）</td></tr>")
    note = f"<p class='note'>{_said(table.note)}</p>" if table.note else ""
    return (
        f"<table><caption>表：{_said(table.title)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{note}"
    )


def _bars(chart: Chart) -> str:
    rows = chart.rows()
    if not rows:
        return ""
    highest = max(chart.value(row, column) for row in rows for column in chart.columns)
    lines = []
    for row in rows:
        bars = "".join(
            f"<div class='bar'><i style='width:{chart.value(row, column) / highest * 88:.1f}%;"
            f"background:{colour}'></i>{chart.value(row, column):,.0f}</div>"
            for column, colour in zip(chart.columns, COLOURS, strict=False)
        )
        name = escape(clean(row.label, 24))
        lines.append(f"<div class='line'><div class='name'>{name}</div><div>{bars}</div></div>")
    key = ""
    if len(chart.columns) > 1:
        said = "".join(
            f"<i style='background:{colour}'></i>{_said(chart.table.head[column + 1])}"
            for column, colour in zip(chart.columns, COLOURS, strict=False)
        )
        key = f"<div class='key'>{said}</div>"
    return f"<div class='bars'><b>图：{_said(chart.title)}</b>{''.join(lines)}{key}</div>"


def _case(case: Case) -> str:
    facts = "".join(f"<dt>{_said(name)}</dt><dd>{_said(said)}</dd>" for name, said in case.facts)
    facts += "".join(f"<dt>行政处罚</dt><dd>{_said(one)}</dd>" for one in case.penalties)
    said = "".join(
        f"<blockquote>{_said(one.before)}<mark>{_said(one.words)}</mark>{_said(one.after)}"
        f"<br>（{_said(one.where)}）{_said(one.reason)}</blockquote>"
        for one in case.said
    )
    records = "".join(f"<div class='hash'>{_said(one)}</div>" for one in case.evidence)
    return (
        f"<h3>案例{case.number}　{_said(case.title)}</h3><dl>{facts}</dl>{said}"
        f"{''.join(map(_law, case.laws))}{records}"
    )


def _law(law: Law) -> str:
    mark = "（须人工核对条文）" if law.unverified else ""
    name = "罚则" if law.penalty else "法律依据"
    return (
        f"<blockquote class='law'><b>{name}：{_said(law.title)}{_said(law.article)}{mark}</b> "
        f"{_said(law.text)}</blockquote>"
    )
