"""The figures of the statistics table (专项行动情况统计表), each with the query behind it."""

from __future__ import annotations

from collections.abc import Mapping

from clues.arrivals import WAYS
from reports.ask import SUM, Asker, Counts
from reports.knowledge import Knowledge
from reports.measures import DIMENSIONS, MEASURES, count
from reports.model import Cell, Figure, Row, Table
from reports.period import Period

__all__ = ["Main", "breakdowns", "change", "comparison", "main_figures"]

GRID = "统计表"
"""The sheet of the table that is sent."""
_OTHERS = "其他或未分类"
_HEAD = ("项目", *(one.title for one in MEASURES.values()))

Main = Mapping[str, Figure]
"""The period's chief figures by name of measure."""

_LOOKED = """
WITH looked AS (
  SELECT listing_id AS id FROM observation WHERE seen_at >= :start AND seen_at < :end
  UNION SELECT id FROM listing WHERE last_seen >= :start AND last_seen < :end
  UNION SELECT listing_id FROM price_sample WHERE day BETWEEN :first AND :last
)
SELECT count(*) AS listings, count(DISTINCT listing.shop_id) AS shops,
       count(DISTINCT CASE WHEN source.kind IS NULL OR source.kind = 'marketplace'
                           THEN listing.source END) AS platforms
FROM looked JOIN listing ON listing.id = looked.id LEFT JOIN source ON source.name = listing.source
"""
_OF_COUNTY = """JOIN shop ON shop.id = listing.shop_id
JOIN operator_place ON operator_place.operator_id = shop.operator_id
WHERE operator_place.code LIKE :region
"""
_SWEEPS = """
SELECT 'sweeps' AS item, count(*) AS sweeps FROM sweep
WHERE started_at >= :start AND started_at < :end
"""
_EVIDENCE = """
SELECT kind, count(*) AS records FROM evidence
WHERE fetched_at >= :start AND fetched_at < :end AND kind IN ('page', 'picture', 'screenshot')
GROUP BY 1 ORDER BY 1
"""
_PENALTIES = """
SELECT penalty.kind, count(*) AS decisions
FROM penalty LEFT JOIN clue ON clue.id = penalty.clue_id
WHERE penalty.decided_on BETWEEN :first AND :last{region}
GROUP BY 1 ORDER BY 1
"""
_CASES = """
SELECT 'cases' AS item, count(DISTINCT joint_case.id) AS cases
FROM joint_case JOIN transfer ON transfer.case_id = joint_case.id
JOIN clue ON clue.id = transfer.clue_id
WHERE joint_case.opened_at >= :start AND joint_case.opened_at < :end{region}
"""
_TO_INSTRUCT = """
SELECT listing.source, count(DISTINCT member.clue_id) AS clues
FROM member JOIN clue ON clue.id = member.clue_id
JOIN clue_signal ON clue_signal.clue_id = clue.id
JOIN signal ON signal.id = clue_signal.signal_id
JOIN observation ON observation.id = signal.observation_id
JOIN listing ON listing.id = observation.listing_id
LEFT JOIN source ON source.name = listing.source
WHERE {standing}{region} AND (source.kind IS NULL OR source.kind = 'marketplace')
GROUP BY 1 ORDER BY 1
"""


def main_figures(asker: Asker, period: Period, counted: Mapping[str, Counts], when: str) -> Main:
    """The chief figures of a period; `counted` are the measures by violation, `when` names it."""
    found = {
        id_: Figure(measure.title, counted[id_].total.value, counted[id_].query, SUM)
        for id_, measure in MEASURES.items()
    }
    penalties = asker.counts(f"行政处罚决定（{when}，按种类）", _PENALTIES, period)
    found["decisions"] = penalties.total
    sweeps = asker.counts(f"巡检次数（{when}，不分地域）", _SWEEPS, period)
    found["sweeps"] = sweeps.figure("sweeps")
    where = "，经营主体在本地域的" if asker.region else ""
    looked = asker.columns(
        f"检查商品页、网店、平台（{when}，不重复{where}）",
        _LOOKED + (_OF_COUNTY if asker.region else ""),
        period,
    )
    for key in ("listings", "shops", "platforms"):
        found[key] = looked.figure(key)
    confirmed = MEASURES["confirmed"].member.strip()
    instruct = asker.counts(
        f"核实属实的线索所涉平台（{when}，按平台）",
        f"WITH RECURSIVE {confirmed}{_TO_INSTRUCT}",
        period,
    )
    found["to_instruct"] = Figure("涉及属实线索的平台", len(instruct.by), instruct.query, "行数")
    evidence = asker.counts(f"固定证据（{when}，网页、图片、截图，不分地域）", _EVIDENCE, period)
    found["evidence"] = evidence.total
    cases = asker.counts(f"联合案件（{when}）", _CASES, period)
    found["cases"] = cases.figure("cases")
    return found


_INDICATORS = {
    "opened": "新立线索（条）", "confirmed": "核实属实（条）", "rejected": "误报，即甄别为不属实（条）",
    "transferred": "移送其他部门（条）", "answered": "部门反馈（条）", "penalised": "作出行政处罚的线索（条）",
    "decisions": "行政处罚决定（份）", "closed": "办结（条）", "cases": "联合查处案件（件）", "sweeps": "网上巡检（次）",
    "listings": "检查商品页（个）", "shops": "检查网站、网店（个）", "platforms": "检查网络交易平台（个）",
    "to_instruct": "涉及属实线索的平台（个）", "evidence": "固定证据（份）",
}  # fmt: skip
NOT_KEPT = ("立案（件，不含仅移送的）", "平台行政指导、行政约谈（次）", "责令整改的平台（个）")
"""Indicators that the store has no facts for: an officer fills them in."""


def change(now: int, before: int) -> tuple[Cell, Cell]:
    """Difference and share; 「—」 where there was nothing before."""
    return now - before, (now - before) / before if before else "—"


def comparison(now: Main, before: Main, period: Period) -> Table:
    """The chief figures beside those of as many days before."""
    rows = [
        Row(title, (now[id_], before[id_], *change(now[id_].value, before[id_].value)))
        for id_, title in _INDICATORS.items()
    ]
    rows += [Row(title, ("〔填写〕", "〔填写〕", "", "")) for title in NOT_KEPT]
    return Table(
        "comparison", "主要指标与上期对比", "主要指标", ("指标", "本期", "上期", "增减", "增幅"), tuple(rows),
        f"上期为{period.before}（与本期天数相同）。标“〔填写〕”的，系统没有记录，由承办单位填写。",
    )  # fmt: skip


def breakdowns(
    asker: Asker, known: Knowledge, period: Period, by_violation: Mapping[str, Counts]
) -> list[Table]:
    """The measures by way of arrival, violation, goods and county, in the plan's order."""
    counted = {
        dimension: {id_: count(asker, one, by, period) for id_, one in MEASURES.items()}
        for dimension, by in DIMENSIONS.items()
        if dimension != "violation"
    }
    total = Row(SUM, tuple(by_violation[id_].total for id_ in MEASURES), total=True)
    goods_total = Row("合计（不重复）", total.cells, total=True)
    defined = "；".join(f"{one.title}：{one.says}" for one in MEASURES.values())
    return [
        Table(
            "ways", "线索来源", GRID, _HEAD, (*_rows(counted["way"], WAYS), total),
            "按线索首次到达的途径，方案四(一)。",
        ),
        Table(
            "violations", "违法类型", GRID, _HEAD, (*_rows(by_violation, known.violations), total),
            defined + "。",
        ),
        Table(
            "goods", "商品类别", GRID, _HEAD, (*_rows(counted["goods"], known.goods), goods_total),
            "一条线索可涉及几类商品，各行之和可大于合计。",
        ),
        Table(
            "counties", "地域", GRID, _HEAD, (*_counties(counted["region"], known), total),
            "按经营主体所在的县（市、区）；只列有线索的。",
        ),
    ]  # fmt: skip


def _rows(counted: Mapping[str, Counts], titles: Mapping[str, str]) -> list[Row]:
    """A row for each title, and one for all that has none (if there is any)."""
    rows = [
        Row(title, tuple(one.figure(key) for one in counted.values()))
        for key, title in titles.items()
    ]
    others = tuple(one.rest(titles, one.query.name) for one in counted.values())
    if any(one.value for one in others):
        rows.append(Row(_OTHERS, others))
    return rows


def _counties(counted: Mapping[str, Counts], known: Knowledge) -> list[Row]:
    """Rows by county code; what lies in other provinces by province, what is unknown last."""
    home = known.departments.province
    codes = sorted({code for one in counted.values() for code in one.by})
    groups: dict[tuple[int, str], list[str]] = {}
    for code in codes:
        if not code or code[:2] not in known.regions:
            key = (2, "")
        elif code.startswith(home):
            key = (0, code[:6])
        else:
            key = (1, code[:2])
        groups.setdefault(key, []).append(code)
    rows = []
    for (kind, code), members in sorted(groups.items()):
        label = ("", "外省：", "地域不明")[kind] + (known.place(code) if code else "")
        if not kind and len(code) < 6:
            label += "（县区不明）"
        cells = tuple(
            Figure(
                one.query.name,
                sum(one.by.get(c, 0) for c in members),
                one.query,
                "、".join(members),
            )
            for one in counted.values()
        )
        rows.append(Row(label, cells))
    return rows
