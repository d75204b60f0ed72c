"""Further tables: arrivals, departments, sweeps, sources, joint cases."""

from __future__ import annotations

from clues.arrivals import WAYS
from clues.handover import RESULTS
from reports.ask import Asker, Counts
from reports.knowledge import Knowledge
from reports.model import Row, Table
from reports.period import Period

__all__ = ["arrivals", "departments", "sources", "sweeps"]

MODES = {
    "nightly": "夜间巡检", "intensified": "促销、节假日强化巡检", "ad-hoc": "专项巡检", "price-watch": "价格监测",
    "archive": "存档补录",
}  # fmt: skip
_ARRIVED = """
SELECT clue_arrival.way, count(DISTINCT clue.id) AS clues
FROM clue_arrival JOIN clue ON clue.id = clue_arrival.clue_id
WHERE clue_arrival.at >= :start AND clue_arrival.at < :end AND {standing}{region}
GROUP BY 1 ORDER BY 1
"""
_RECORDS = """
SELECT kind, count(*) AS records FROM intake_record
WHERE at >= :start AND at < :end AND state IN (STATES)
GROUP BY 1 ORDER BY 1
"""
_RECORDS_HERE = """
SELECT intake_record.kind, count(DISTINCT intake_record.id) AS records
FROM intake_record JOIN clue_arrival ON clue_arrival.record_id = intake_record.id
JOIN clue ON clue.id = clue_arrival.clue_id
WHERE intake_record.at >= :start AND intake_record.at < :end AND intake_record.state IN (STATES)
  AND {standing}{region}
GROUP BY 1 ORDER BY 1
"""
_SENT = """
SELECT transfer.department, WHAT AS number
FROM transfer JOIN clue ON clue.id = transfer.clue_id
WHERE WHEN AND {standing}{region}
GROUP BY 1 ORDER BY 1
"""
_IN_PERIOD = "transfer.AT >= :start AND transfer.AT < :end"
_TOTAL = """
SELECT mode, WHAT AS number FROM sweep
WHERE started_at >= :start AND started_at < :end
GROUP BY 1 ORDER BY 1
"""
_TASKS = """
SELECT CASE WHEN task.reader = 'shop' THEN 'shop' ELSE task.source END AS item, WHAT AS number
FROM task JOIN sweep ON sweep.id = task.sweep_id
WHERE sweep.started_at >= :start AND sweep.started_at < :end
GROUP BY 1 ORDER BY 1
"""
_INCIDENTS = """
SELECT CASE WHEN source.kind = 'shop' THEN 'shop' ELSE incident.source END AS item,
       count(*) AS number
FROM incident LEFT JOIN source ON source.name = incident.source
WHERE incident.at >= :start AND incident.at < :end AND incident.kind = 'KIND'
GROUP BY 1 ORDER BY 1
"""


def arrivals(asker: Asker, period: Period) -> Table:
    """By which ways clues arrived, first or again, and how many records of files came."""
    came = asker.counts("到达的线索（按途径）", _ARRIVED, period)
    sql = _RECORDS_HERE if asker.region else _RECORDS
    states = {
        "收到记录": "'matched', 'unmatched', 'unsorted', 'clean'", "对上线索": "'matched'", "主体未明": "'unmatched'",
        "违法类型未明": "'unsorted'", "未见异常": "'clean'",
    }  # fmt: skip
    by_state = [
        asker.counts(f"{title}的文件记录（按途径）", sql.replace("STATES", said), period)
        for title, said in states.items()
    ]
    rows = tuple(
        Row(title, (came.figure(way), *(one.figure(way) for one in by_state)))
        for way, title in WAYS.items()
    )
    return Table(
        "arrivals", "线索到达与文件记录", "线索到达", ("途径", "到达线索", *states), rows,
        "一条线索可先后由几种途径到达，各计一次；文件记录只计最新一版"
        + ("；本地域只计对上本地域线索的记录。" if asker.region else "。"),
    )  # fmt: skip


def departments(asker: Asker, known: Knowledge, period: Period) -> Table:
    """What each of the plan's eleven was handed and what it answered."""

    def asked(name: str, what: str, when: str) -> Counts:
        sql = _SENT.replace("WHAT", what).replace("WHEN", when)
        return asker.counts(f"{name}（按部门）", sql, period)

    sent, answered = (_IN_PERIOD.replace("AT", one) for one in ("sent_at", "answered_at"))
    counted = {
        "移送（件次）": asked("移送件次", "count(*)", sent),
        "涉及线索": asked("移送所涉线索", "count(DISTINCT clue.id)", sent),
        "反馈": asked("反馈件次", "count(*)", answered),
        **{
            title: asked(f"反馈“{title}”", "count(*)", f"{answered} AND transfer.result = '{key}'")
            for key, title in RESULTS.items()
        },
        "期末待反馈": asked(
            "期末待反馈",
            "count(*)",
            "transfer.sent_at < :end AND (transfer.answered_at IS NULL OR transfer.answered_at >= :end)",
        ),
    }
    titles = {one.id: one.name for one in known.departments.all.values()}
    rows = [
        Row(title, tuple(one.figure(id_) for one in counted.values()))
        for id_, title in titles.items()
    ]
    rest = tuple(one.rest(titles, one.query.name) for one in counted.values())
    if any(one.value for one in rest):
        rows.append(Row("其他", rest))
    rows.append(Row("合计", tuple(one.total for one in counted.values()), total=True))
    return Table(
        "departments", "部门移送与反馈", "部门移送反馈", ("部门", *counted), tuple(rows),
        "移送、反馈按各自发生的日期；部门名称为行动方案第三部分所用。",
    )  # fmt: skip


def sweeps(asker: Asker, period: Period) -> Table:
    """Sweeps by mode, with what they read, opened and could not see."""
    columns = {
        "巡检（次）": "count(*)",
        **{
            title: f"sum(CAST(summary -> 'total' ->> '{key}' AS integer))"
            for title, key in (
                ("抓取网页", "pages"), ("读取商品页（次）", "listings"), ("新立线索", "clues_opened"),
                ("被拦截", "blocks"), ("抓取失败", "failures"),
            )
        },
    }  # fmt: skip
    counted = [
        asker.counts(
            f"巡检：{title}（按方式，不分地域）", _TOTAL.replace("WHAT", sql), period
        )
        for title, sql in columns.items()
    ]  # fmt: skip
    modes = {**MODES, **{one: one for one in counted[0].by if one not in MODES}}
    rows = [
        Row(title, tuple(one.figure(mode) for one in counted))
        for mode, title in modes.items()
        if mode in counted[0].by
    ]
    rows.append(Row("合计", tuple(one.total for one in counted), total=True))
    return Table(
        "sweeps", "网上巡检", "网上巡检", ("方式", *columns), tuple(rows),
        "按巡检开始的日期；尚未结束的巡检只计次数。各次巡检不分地域。",
    )  # fmt: skip


def sources(asker: Asker, period: Period) -> Table:
    """How sources answered: tasks, blocks, failures, drift alarms; all shops are one row."""
    counted: dict[str, Counts] = {}
    for title, what in (
        ("任务", "count(*)"),
        ("完成", "sum(CASE WHEN task.state = 'done' THEN 1 ELSE 0 END)"),
        ("失败任务", "sum(CASE WHEN task.state = 'failed' THEN 1 ELSE 0 END)"),
        ("应答网页", "sum(task.answers)"),
    ):
        name = f"来源状况：{title}（按来源）"
        counted[title] = asker.counts(name, _TASKS.replace("WHAT", what), period)
    for title, kind in (
        ("被拦截", "block"),
        ("抓取失败", "failure"),
        ("读不出", "unread"),
        ("漂移报警", "drift"),
    ):
        name = f"来源状况：{title}（按来源）"
        counted[title] = asker.counts(name, _INCIDENTS.replace("KIND", kind), period)
    names = sorted({source for one in counted.values() for source in one.by})
    rows = [
        Row("独立网店" if name == "shop" else name, tuple(one.figure(name) for one in counted.values()))
        for name in names
    ]  # fmt: skip
    rows.append(Row("合计", tuple(one.total for one in counted.values()), total=True))
    return Table(
        "sources", "来源状况", "来源状况", ("来源", *counted), tuple(rows),
        "漂移：来源照常应答，却没有内容或远少于平常，多为页面改版。",
    )  # fmt: skip
