"""Drafts in words: only what the figures say, and a marked place for what they can't."""

from __future__ import annotations

from collections.abc import Iterable

from reports.ask import Asker, Counts
from reports.figures import Main
from reports.model import Blank, Figure, Part, Row, Table, Text
from reports.period import Period
from reports.shown import NUMERALS
from reports.watch import Due

__all__ = ["experience", "materials", "overview", "problems", "results", "what_changed"]

_UNKNOWN = """
SELECT CASE WHEN clue.operator_id IS NULL THEN 'unknown' ELSE 'known' END AS item,
       count(*) AS clues
FROM clue
WHERE clue.opened_at >= :start AND clue.opened_at < :end AND {standing}{region}
GROUP BY 1 ORDER BY 1
"""


def _value(row: Row, column: int) -> int:
    cell = row.cells[column]
    return cell.value if isinstance(cell, Figure) else 0


def _top(table: Table, column: int, most: int = 3, unit: str = "条") -> str:
    """The highest rows of a column in words, "" where all are 0."""
    rows = [row for row in table.rows if not row.total and _value(row, column)]
    rows.sort(key=lambda row: -_value(row, column))
    return "、".join(f"{row.label}（{_value(row, column)}{unit}）" for row in rows[:most])


def _than(now: int, before: int, unit: str) -> str:
    if now == before:
        return f"与上期持平（{before}{unit}）"
    word = "增加" if now > before else "减少"
    share = f"，{word} {abs(now - before) / before:.1%}" if before else ""
    return f"比上期{word} {abs(now - before)} {unit}（上期 {before} {unit}{share}）"


def overview(main: Main, before: Main, period: Period, place: str, empty: bool) -> Text:
    """The period in one paragraph; of an empty one, that it is empty."""
    if empty:
        return Text(
            f"本期（{period}，{place}）没有数据：其间没有巡检，没有新立、甄别、移送、反馈、处罚或办结的线索。"
            "下列各表均为零，请先核对统计期间和地域。"
        )
    v = {key: one.value for key, one in main.items()}
    return Text(
        f"{period}，{place}共新立线索 {v['opened']} 条，{_than(v['opened'], before['opened'].value, '条')}；"
        f"核实属实 {v['confirmed']} 条，甄别为误报 {v['rejected']} 条；移送其他部门 {v['transferred']} 条，"
        f"收到反馈 {v['answered']} 条；作出行政处罚决定 {v['decisions']} 份，办结 {v['closed']} 条。"
        f"其间网上巡检 {v['sweeps']} 次，检查商品页 {v['listings']} 个、网站和网店 {v['shops']} 个，"
        f"涉及网络交易平台 {v['platforms']} 个，固定证据 {v['evidence']} 份。"
    )


def experience(main: Main, ways: Table, occasions: list[str], cases: int) -> list[Part]:
    """经验做法: what was done, as far as the store knows."""
    v = {key: one.value for key, one in main.items()}
    said = [
        f"以网管网，线上巡检。其间开展网上巡检 {v['sweeps']} 次，检查商品页 {v['listings']} 个、网站和网店 "
        f"{v['shops']} 个，对网页、图片、截图固定证据 {v['evidence']} 份，均留有哈希值和采集时间。"
    ]
    if top := _top(ways, 0, 7):
        said.append(f"多措并举收集线索。按首次到达的途径，新立线索来自：{top}。详见统计表。")
    if occasions:
        said.append(f"紧盯集中促销和节假日。其间涉及{'、'.join(occasions)}。")
    if cases:
        said.append(f"部门联动。其间立联合查处案件 {cases} 件，详见联合执法资料说明。")
    return [
        *_counted(said),
        Blank("机制建设、部门协作、宣传引导、行政指导等方面的经验做法"),
    ]


def results(main: Main, before: Main, violations: Table, goods: Table, counties: Table) -> list[Part]:  # fmt: skip
    """行动成效: what came of it, beside as many days before."""
    v = {key: one.value for key, one in main.items()}
    decided = v["confirmed"] + v["rejected"]
    share = f"，属实率 {v['confirmed'] / decided:.1%}" if decided else ""
    said = [
        f"发现和查处。新立线索 {v['opened']} 条，{_than(v['opened'], before['opened'].value, '条')}；"
        f"甄别 {decided} 条{share}；移送 {v['transferred']} 条、收到反馈 {v['answered']} 条；作出行政处罚决定 "
        f"{v['decisions']} 份，涉及线索 {v['penalised']} 条；办结 {v['closed']} 条。"
    ]
    tops = [
        f"{word}{top}居多"
        for word, table in (("违法类型以", violations), ("商品以", goods), ("地域以", counties))
        if (top := _top(table, 0))
    ]
    if tops:
        said.append(f"线索分布。新立线索中，{'；'.join(tops)}。")
    if v["to_instruct"]:
        said.append(
            f"平台责任。核实属实的线索涉及 {v['to_instruct']} 个网络交易平台，约谈提纲可由 yunjian platforms 生成。"
        )
    return [*_counted(said), Blank("行政指导和约谈、挽回损失、典型成效、社会反响")]


def _counted(said: list[str]) -> list[Part]:
    """（一）…, （二）… as documents of offices count."""
    return [Text(f"（{NUMERALS[number]}）{one}") for number, one in enumerate(said)]


def _sum(table: Table, column: str) -> int:
    place = table.head.index(column) - 1
    return sum(_value(row, place) for row in table.rows if row.total)


def problems(
    asker: Asker, period: Period, sources: Table, departments: Table, due: Due
) -> list[Part]:
    """存在问题及下一步打算: what was blocked, drifting, overdue, unknown, and what follows of it."""
    unknown: Counts = asker.counts("经营主体尚未查明的新立线索", _UNKNOWN, period)
    found: list[tuple[str, str]] = []
    blocked, failed = _sum(sources, "被拦截"), _sum(sources, "抓取失败")
    if blocked or failed:
        top = _top(sources, sources.head.index("被拦截") - 1, unit="次")
        found.append(
            (
                f"部分来源难以检查：被拦截 {blocked} 次、抓取失败 {failed} 次" + (f"，以{top}为多" if top else ""),
                "对被拦截的来源，协调平台提供数据接口或报送数据，补充检查",
            )
        )  # fmt: skip
    if drift := _sum(sources, "漂移报警"):
        top = _top(sources, sources.head.index("漂移报警") - 1, unit="次")
        found.append(
            (
                f"部分来源页面改版，读取异常报警 {drift} 次（{top}）",
                "更新这些来源的读取方式，补做其间漏检的巡检",
            )
        )
    if due.overdue.value:
        found.append(
            (
                f"截至本报告生成时，逾期未办事项 {due.overdue.value} 项，另有 {due.soon.value} 项将到期",
                "逐项督办逾期事项，按期限表先急后缓办理",
            )
        )
    if owed := _sum(departments, "期末待反馈"):
        top = _top(departments, departments.head.index("期末待反馈") - 1, unit="件次")
        found.append(
            (f"期末待部门反馈 {owed} 件次（{top}）", "商请有关部门及时反馈，必要时提请联席会议协调")
        )
    if one := unknown.figure("unknown").value:
        found.append(
            (
                f"新立线索中经营主体尚未查明的 {one} 条",
                "通过平台协查、登记比对、备案查询核实经营主体",
            )
        )
    parts: list[Part] = [Text("存在问题：")]
    parts += [Text(f"{number}. {problem}。") for number, (problem, _) in enumerate(found, 1)]
    if not found:
        parts.append(
            Text("系统其间没有记录到来源被拦截、读取异常、逾期事项、待反馈或主体不明的情况。")
        )
    parts.append(Blank("制度、人员、技术、协作等方面的其他问题"))
    parts.append(Text("下一步打算："))
    parts += [Text(f"{number}. {plan}。") for number, (_, plan) in enumerate(found, 1)]
    parts.append(Blank("下一步工作安排"))
    return parts


def what_changed(main: Main, before: Main, now: Table, then: Counts) -> list[Part]:
    """What is new against as many days before, by violation. `then` are the clues opened then."""
    rising: list[str] = []
    for row in now.rows:
        cell = row.cells[0]
        if row.total or not isinstance(cell, Figure) or not cell.key:
            continue
        was = then.by.get(cell.key, 0)
        if cell.value != was:
            rising.append(f"{row.label} {cell.value} 条（上期 {was} 条）")
    opened = _than(main["opened"].value, before["opened"].value, "条")
    said: list[Part] = [Text(f"新立线索 {main['opened'].value} 条，{opened}。")]
    if rising:
        said.append(Text(f"有变化的违法类型：{'；'.join(rising)}。"))
    return said


def materials(rows: Iterable[Row]) -> list[Part]:
    """联合执法资料说明: places for the pictures and films that only the officers have."""
    empty = tuple(Row(str(number), ("", "", "", "")) for number in range(1, 4))
    said: list[Part] = []
    if not any(True for _ in rows):
        said.append(Text("系统其间没有记录联合查处案件。"))
    said.append(
        Table(
            "materials", "联合执法图片、视频资料", "联合执法",
            ("序号", "资料名称", "图片或视频", "时间、地点、参加部门", "内容说明"), empty,
            "由承办单位填写并随附资料。",
        )
    )  # fmt: skip
    return said
