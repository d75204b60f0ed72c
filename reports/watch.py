"""What a weekly or a promotion report watches: deadlines, prices, planned runs, joint cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from clues.deadlines import Reminder, clue_reminders, penalty_reminders
from clues.lifecycle import STATES
from reports.ask import Asker, Counts
from reports.knowledge import Knowledge
from reports.model import Figure, Row, Table
from reports.period import Period, china
from reports.words import masked
from schedule.timetable import spans_of
from storage.models import Clue

__all__ = ["Due", "due", "joint_cases", "occasions", "prices", "promotion_clues", "runs"]

SOON = 5
"""Working days within which a deadline is near."""
_SHOWN = 20
_PRICES = """
SELECT listing.id, listing.title, shop.name AS shop, min(price_sample.price_fen) AS lowest,
       max(price_sample.price_fen) AS highest, count(*) AS days,
       (SELECT count(DISTINCT clue.id) FROM clue
        JOIN clue_signal ON clue_signal.clue_id = clue.id
        JOIN signal ON signal.id = clue_signal.signal_id
        JOIN observation ON observation.id = signal.observation_id
        WHERE observation.listing_id = listing.id AND clue.violation = 'price_fraud'
          AND {standing}) AS clues
FROM price_sample JOIN listing ON listing.id = price_sample.listing_id
JOIN shop ON shop.id = listing.shop_id
WHERE price_sample.day BETWEEN :first AND :last{county}
GROUP BY listing.id, listing.title, shop.name
HAVING max(price_sample.price_fen) > min(price_sample.price_fen)
ORDER BY (max(price_sample.price_fen) - min(price_sample.price_fen)) * 1.0
         / max(price_sample.price_fen) DESC, listing.id
LIMIT 20
"""
_SAMPLED = """
SELECT count(*) AS samples, count(DISTINCT listing_id) AS listings, count(DISTINCT day) AS days
FROM price_sample WHERE day BETWEEN :first AND :last
"""
_COUNTY = """ AND shop.operator_id IN (
  SELECT operator_id FROM operator_place WHERE code LIKE :region)"""
_PROMOTED = """
SELECT clue.violation, count(DISTINCT clue.id) AS clues
FROM clue_arrival JOIN clue ON clue.id = clue_arrival.clue_id
WHERE clue_arrival.way = 'promotion' AND clue_arrival.at >= :start AND clue_arrival.at < :end
  AND {standing}{region}{opened}
GROUP BY 1 ORDER BY 1
"""
_RUNS = """
SELECT outcome, count(*) AS runs FROM run
WHERE planned_at >= :start AND planned_at < :end AND kind = 'KIND'
GROUP BY 1 ORDER BY 1
"""
_JOINT = """
SELECT joint_case.id, joint_case.opened_at, joint_case.why, transfer.department,
       count(DISTINCT transfer.clue_id) AS clues, count(*) AS sent,
       sum(CASE WHEN transfer.answered_at < :end THEN 0 ELSE 1 END) AS owed
FROM joint_case JOIN transfer ON transfer.case_id = joint_case.id
JOIN clue ON clue.id = transfer.clue_id
WHERE joint_case.opened_at >= :start AND joint_case.opened_at < :end{region}
GROUP BY joint_case.id, joint_case.opened_at, joint_case.why, transfer.department
ORDER BY joint_case.id, transfer.department
"""
OUTCOMES = {
    "done": "完成", "partial": "部分完成", "failed": "失败", "missed": "错过", "coalesced": "合并", "skipped": "跳过",
    "noted": "已提示", "queued": "排队", "begun": "进行中",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Due:
    """Deadlines as they stood when the report was made."""

    table: Table
    overdue: Figure
    soon: Figure


def due(asker: Asker, known: Knowledge, now: datetime) -> Due:
    """Deadlines that are past or near, most urgent first."""
    session = asker.session
    found: Sequence[Reminder] = [
        *clue_reminders(session, known.periods, now, known.departments.all),
        *penalty_reminders(session, known.periods, now, known.departments.province),
    ]
    if asker.region:
        here = set(
            session.scalars(
                select(Clue.id).where(Clue.region.startswith(asker.region, autoescape=True))
            )
        )
        found = [one for one in found if one.clue_id in here]
    near = sorted((one for one in found if one.left <= SOON), key=lambda one: (one.due, one.what))
    query = asker.noted(
        f"期限：截至 {china(now)}，由 clues.deadlines 按 rules/deadlines.yaml 逐条计算，不是一条 SQL"
    )
    overdue = sum(one.left < 0 for one in near)
    rows = tuple(
        Row(
            f"{one.due}" + ("" if one.certain else " 约"),
            (
                f"逾期 {-one.left}" if one.left < 0 else f"剩 {one.left}",
                str(one.clue_id or "—"), one.what, STATES.get(one.state, "处罚公示"), one.basis,
            ),
        )
        for one in near[:_SHOWN]
    )  # fmt: skip
    more = (
        f"另有 {len(near) - _SHOWN} 项未列出，见 yunjian deadlines。" if len(near) > _SHOWN else ""
    )
    table = Table(
        "deadlines", "逾期和将到期事项", "期限", ("到期日", "工作日", "线索", "事项", "现状", "依据"), rows,
        f"截至 {china(now)}；{SOON} 个工作日内到期或已逾期。{more}",
    )  # fmt: skip
    return Due(
        table,
        Figure("逾期事项", overdue, query, "left < 0"),
        Figure(f"{SOON} 个工作日内到期", len(near) - overdue, query, f"0 ≤ left ≤ {SOON}"),
    )


def prices(asker: Asker, period: Period) -> tuple[Counts, Table]:
    """How many prices were sampled, and the listings whose price moved most."""
    sampled = asker.columns("价格采样（不分地域）", _SAMPLED, period)
    sql = _PRICES.replace("{county}", _COUNTY if asker.region else "")
    query, rows = asker.rows("价格变动最大的商品页", sql, period)
    moved = tuple(
        Row(
            masked(row.title, [row.shop], 60),
            (
                masked(row.shop, [row.shop], 40),
                f"{row.highest / 100:.2f}",
                f"{row.lowest / 100:.2f}",
                (row.lowest - row.highest) / row.highest,
                Figure("采样天数", int(row.days), query, f"listing.id={row.id}"),
                Figure("价格线索", int(row.clues), query, f"listing.id={row.id}"),
            ),
        )
        for row in rows
    )
    table = Table(
        "prices", "价格变动最大的商品页", "价格监测",
        ("商品", "网店", "最高价（元）", "最低价（元）", "最大降幅", "采样天数", "价格线索"), moved,
        "最高、最低为其间各日采样价；降幅大不等于违法，有“价格线索”的已按明码标价和禁止价格欺诈规定立线索。",
    )  # fmt: skip
    return sampled, table


def promotion_clues(asker: Asker, known: Knowledge, period: Period) -> Table:
    """Clues that came by the watch over promotions, by violation."""
    opened = " AND clue.opened_at >= :start AND clue.opened_at < :end"
    columns = {
        "到达线索": asker.counts("促销监测到达的线索（按违法类型）", _PROMOTED.replace("{opened}", ""), period),
        "其中新立": asker.counts("促销监测新立的线索（按违法类型）", _PROMOTED.replace("{opened}", opened), period),
    }  # fmt: skip
    rows = [
        Row(title, tuple(one.figure(id_) for one in columns.values()))
        for id_, title in known.violations.items()
        if any(one.by.get(id_) for one in columns.values())
    ]
    rows.append(Row("合计", tuple(one.total for one in columns.values()), total=True))
    return Table(
        "promotion", "促销线索", "促销线索", ("违法类型", *columns), tuple(rows),
        "到达：促销节点定向监测在其间新立或使之增长的线索。",
    )  # fmt: skip


def runs(asker: Asker, period: Period) -> Table:
    """Planned runs of the watch over promotions, by what became of them."""
    columns = {
        title: asker.counts(f"计划的{title}（按结果）", _RUNS.replace("KIND", kind), period)
        for kind, title in (("intensified", "强化巡检"), ("price-watch", "价格监测"))
    }
    rows = [
        Row(title, tuple(one.figure(outcome) for one in columns.values()))
        for outcome, title in OUTCOMES.items()
        if any(one.by.get(outcome) for one in columns.values())
    ]
    rows.append(Row("合计", tuple(one.total for one in columns.values()), total=True))
    return Table("runs", "监测计划完成情况", "监测计划", ("结果", *columns), tuple(rows))


def occasions(known: Knowledge, period: Period) -> list[str]:
    """Promotions and holidays of the calendar that touch the period, with their days."""
    found = set()
    for one in known.calendar.occasions:
        if one.kind == "phase":
            continue
        for year in range(period.first.year - 1, period.last.year + 1):
            span = spans_of(one, year)
            if span.first <= period.last and span.last >= period.first:
                found.add((span.first, one.title, str(Period(span.first, span.last))))
    return [f"{title}（{days}）" for _, title, days in sorted(found)]


def joint_cases(asker: Asker, known: Knowledge, period: Period) -> Table:
    """Joint cases opened in the period, each with its departments."""
    query, found = asker.rows("联合案件及各部门（其间立的）", _JOINT, period)
    rows = []
    for row in found:
        department = known.departments.all.get(row.department)
        key = f"joint_case.id={row.id}, {row.department}"
        rows.append(
            Row(
                f"联合案件 {row.id}",
                (
                    department.name if department else row.department,
                    masked(row.why, (), 120),
                    Figure("所涉线索", int(row.clues), query, key),
                    Figure("移送件次", int(row.sent), query, key),
                    Figure("待反馈", int(row.owed), query, key),
                ),
            )
        )
    return Table(
        "joint", "联合查处案件", "联合执法", ("案件", "部门", "事由", "所涉线索", "移送件次", "期末待反馈"), tuple(rows)
    )  # fmt: skip
