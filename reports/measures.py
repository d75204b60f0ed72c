"""What is counted of clues in a period: seven measures, by what they may be broken down.

A measure is a set of clues; each is in it once. Steps are taken from the log: those of a clue that
was folded into another are the other's (`log`), and of two contrary steps in the period the last
one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reports.ask import Asker, Counts
from reports.period import Period

__all__ = ["DIMENSIONS", "MEASURES", "Dimension", "Measure", "count"]

_LOG = """
folded(docket, clue_id) AS (
  SELECT e.detail ->> 'docket', clue.id
  FROM clue_event AS e JOIN clue ON clue.docket = e.docket
  WHERE e.action = 'merge' AND {standing}
  UNION
  SELECT e.detail ->> 'docket', folded.clue_id
  FROM folded JOIN clue_event AS e ON e.docket = folded.docket AND e.action = 'merge'
  WHERE NOT EXISTS (SELECT 1 FROM clue WHERE clue.docket = folded.docket AND {standing})
),
log(docket, clue_id) AS (
  SELECT clue.docket, clue.id FROM clue WHERE {standing}
  UNION ALL
  SELECT folded.docket, folded.clue_id FROM folded
  WHERE NOT EXISTS (SELECT 1 FROM clue WHERE clue.docket = folded.docket AND {standing})
)"""
_LAST = (
    _LOG
    + """,
step AS (
  SELECT log.clue_id, e.action,
         row_number() OVER (PARTITION BY log.clue_id ORDER BY e.id DESC) AS place
  FROM clue_event AS e JOIN log ON log.docket = e.docket
  WHERE e.action IN (ACTIONS) AND e.at >= :start AND e.at < :end
),
member AS (SELECT clue_id FROM step WHERE place = 1 AND action = 'ACTION')"""
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A set of clues."""

    id: str
    title: str
    says: str
    """What exactly is counted."""
    member: str
    """SQL of common table expressions, the last of which is `member(clue_id)`."""


def _last(action: str, *contrary: str) -> str:
    actions = ", ".join(f"'{one}'" for one in (action, *contrary))
    return _LAST.replace("ACTIONS", actions).replace("ACTION", action)


def _plain(select: str) -> str:
    return f"\nmember(clue_id) AS (\n  {select}\n)"


MEASURES: Mapping[str, Measure] = {
    one.id: one
    for one in (
        Measure(
            "opened", "新立线索", "其间新立的线索（经营主体或网店 × 违法类型）",
            _plain("SELECT id FROM clue WHERE opened_at >= :start AND opened_at < :end"),
        ),
        Measure(
            "confirmed", "核实属实", "其间甄别为属实的线索，以其间最后一次甄别为准",
            _last("confirm", "reject", "reopen"),
        ),
        Measure(
            "rejected", "误报", "其间甄别为不属实的线索，以其间最后一次甄别为准",
            _last("reject", "confirm", "reopen"),
        ),
        Measure(
            "transferred", "移送", "其间移送其他部门的线索，移送几个部门也只计一条",
            _plain(
                "SELECT DISTINCT clue_id FROM transfer WHERE sent_at >= :start AND sent_at < :end"
            ),
        ),
        Measure(
            "answered", "反馈", "其间收到部门反馈的线索",
            _plain(
                "SELECT DISTINCT clue_id FROM transfer"
                " WHERE answered_at >= :start AND answered_at < :end"
            ),
        ),
        Measure(
            "penalised", "立案处罚", "处罚决定日在其间的线索；立案而尚未处罚的不单独记录",
            _plain(
                "SELECT DISTINCT clue_id FROM penalty"
                " WHERE decided_on BETWEEN :first AND :last AND clue_id IS NOT NULL"
            ),
        ),
        Measure(
            "closed", "办结", "其间办结且未重新打开的线索", _last("close", "reopen"),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dimension:
    """By what clues are counted."""

    id: str
    title: str
    item: str
    """SQL of the key."""
    join: tuple[str, str] = ("", "")
    """A further table, on SQLite and on PostgreSQL."""


DIMENSIONS: Mapping[str, Dimension] = {
    one.id: one
    for one in (
        Dimension("way", "线索来源", "clue.intake"),
        Dimension("violation", "违法类型", "clue.violation"),
        Dimension(
            "goods", "商品", "coalesce(g.value, '')",
            (
                " LEFT JOIN json_each(clue.goods) AS g ON true",
                " LEFT JOIN LATERAL jsonb_array_elements_text(clue.goods) AS g(value) ON true",
            ),
        ),
        Dimension("region", "地域", "clue.region"),
    )
}  # fmt: skip


def count(asker: Asker, measure: Measure, by: Dimension, period: Period, name: str = "") -> Counts:
    """How many clues of a measure there are for each key of a dimension."""
    sql = (
        f"WITH RECURSIVE {measure.member.strip()}\n"
        f"SELECT {by.item} AS item, count(*) AS clues\n"
        f"FROM member JOIN clue ON clue.id = member.clue_id{by.join[asker.on_postgresql]}\n"
        "WHERE {standing}{region}\nGROUP BY 1 ORDER BY 1"
    )
    return asker.counts(name or f"{measure.title}（按{by.title}）", sql, period)
