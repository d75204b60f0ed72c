"""Typical cases (违法典型案例) of a period: clues found right, those with a penalty first.

Names of operators and shops, addresses below the county and people's numbers are masked
(`reports.words`): the report goes to other offices and may be published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.credit import KINDS as PENALTY_KINDS
from clues.handover import RESULTS
from clues.lifecycle import STATES
from evidence.custody import KINDS as RECORDS
from evidence.words import context_of, in_force
from reports.ask import Asker
from reports.knowledge import Knowledge
from reports.measures import MEASURES
from reports.model import Case, Law, Said
from reports.period import Period, china
from reports.words import clean, masked, masked_code, masked_name, masked_place
from storage import models as m
from storage.casework import Penalty, Transfer
from storage.chain import EvidenceLink
from storage.hunts import Superseded

__all__ = ["LEAST", "typical_cases"]

LEAST = 3
"""The plan wants three or more (六(五))."""
MOST = 5
_SIGNALS = 3
_RECORDS = 8
_FIELDS = {
    "title": "标题", "text": "正文", "image_text": "图片文字", "terms": "条款", "reviews": "评价", "attributes": "参数",
    "shop_name": "店名", "operator_name": "主体名称", "price": "价格", "origin": "产地", "brand": "品牌",
}  # fmt: skip
_FOUND = """
SELECT clue.id, clue.violation,
       (SELECT count(*) FROM penalty
        WHERE penalty.clue_id = clue.id AND penalty.decided_on <= :last) AS penalties,
       (SELECT count(*) FROM transfer WHERE transfer.clue_id = clue.id
          AND transfer.result = 'upheld' AND transfer.answered_at < :end) AS upheld
FROM clue
WHERE {standing}{region}{only} AND (
  clue.id IN (SELECT clue_id FROM member)
  OR clue.id IN (SELECT clue_id FROM penalty WHERE decided_on BETWEEN :first AND :last)
  OR clue.id IN (SELECT clue_id FROM transfer WHERE result = 'upheld'
                 AND answered_at >= :start AND answered_at < :end))
  AND NOT EXISTS (SELECT 1 FROM verdict WHERE verdict.clue_id = clue.id AND NOT verdict."right")
ORDER BY penalties DESC, upheld DESC, clue.score DESC, clue.id
LIMIT 500
"""
_PROMOTION = """ AND (clue.violation = 'price_fraud' OR clue.id IN (
  SELECT clue_id FROM clue_arrival WHERE way = 'promotion' AND at < :end))"""


def typical_cases(
    asker: Asker, known: Knowledge, period: Period, promotion: bool = False
) -> list[Case]:
    """Up to five, of as many violations as there are; fewer than `LEAST` where no more were found
    right in the period. `promotion`: only those of promotions and prices."""
    sql = f"WITH RECURSIVE {MEASURES['confirmed'].member.strip()}" + _FOUND.replace(
        "{only}", _PROMOTION if promotion else ""
    )
    _, rows = asker.rows("典型案例的选取（属实的线索，处罚、查实在前）", sql, period)
    kinds: set[str] = set()
    first = [row for row in rows if not (row.violation in kinds or kinds.add(row.violation))]  # type: ignore[func-returns-value]
    chosen = [*first, *(row for row in rows if row not in first)][:MOST]
    return [
        _case(asker.session, known, period, number, row.id) for number, row in enumerate(chosen, 1)
    ]


def _case(session: Session, known: Knowledge, period: Period, number: int, clue_id: int) -> Case:
    clue = session.get_one(m.Clue, clue_id)
    shop = session.get_one(m.Shop, clue.shop_id)
    operator = session.get(m.Operator, clue.operator_id) if clue.operator_id else None
    signals = session.execute(
        select(m.SignalRow, m.Observation, m.ListingRow)
        .join(m.ClueSignal, m.ClueSignal.signal_id == m.SignalRow.id)
        .join(m.Observation, m.Observation.id == m.SignalRow.observation_id)
        .join(m.ListingRow, m.ListingRow.id == m.Observation.listing_id)
        .outerjoin(Superseded, Superseded.signal_id == m.SignalRow.id)
        .where(m.ClueSignal.clue_id == clue_id, Superseded.signal_id.is_(None))
        .order_by(m.SignalRow.strength.desc(), m.SignalRow.id)
        .limit(_SIGNALS)
    ).all()
    whose = [name for name in (operator.name if operator else "", shop.name) if name.strip()]
    penalties = session.scalars(
        select(Penalty)
        .where(Penalty.clue_id == clue_id, Penalty.decided_on <= period.last)
        .order_by(Penalty.decided_on, Penalty.id)
    ).all()
    name = masked_name(operator.name) if operator else f"网店“{masked_name(shop.name)}”"
    title = known.violations.get(clue.violation, clue.violation)
    facts = [
        ("线索编号", str(clue.id)),
        ("经营主体", masked_name(operator.name) if operator else "尚未查明"),
        ("统一社会信用代码", masked_code(operator.uscc) if operator and operator.uscc else "—"),
        ("所在地域", known.place(clue.region) or masked_place(operator.address if operator else "") or "不明"),
        ("网店", f"{masked_name(shop.name)}（{_source(session, shop.source)}）"),
        ("所售商品", "；".join(dict.fromkeys(masked(seen.content.get("title", row.title), whose, 80) for _, seen, row in signals)) or "—"),
        ("首次发现", china(clue.opened_at)),
        ("现状", STATES.get(clue.state, clue.state)),
        *_handed(session, known, period, clue_id, whose),
    ]  # fmt: skip
    return Case(
        number=number,
        clue_id=clue_id,
        title=f"{name}{'' if penalties else '涉嫌'}{title}案",
        facts=tuple(facts),
        said=tuple(
            _said(signal, seen, _source(session, row.source), whose)
            for signal, seen, row in signals
        ),
        evidence=_evidence(session, clue_id),
        laws=_laws(known.laws, [(signal.law, seen.seen_at) for signal, seen, _ in signals]),
        penalties=tuple(_penalty(one, whose) for one in penalties),
    )


def _source(session: Session, name: str) -> str:
    """A platform's title; of an independent shop not its host, which would name it."""
    source = session.scalar(select(m.SourceRow).where(m.SourceRow.name == name))
    if source is not None and source.kind == "shop":
        return "独立网站"
    return clean(source.title if source is not None and source.title else name, 60)


def _said(signal: m.SignalRow, seen: m.Observation, source: str, whose: Sequence[str]) -> Said:
    before, words, after = context_of(
        seen.content, signal.field, signal.start, signal.end, signal.text
    )
    field = signal.field.split("[")[0].split(".")[0]
    where = f"{source}，{_FIELDS.get(field, field)}，{china(seen.seen_at)}"
    return Said(
        masked(before, whose), masked(words, whose), masked(after, whose), where,
        masked(signal.reason, whose),
    )  # fmt: skip


def _handed(
    session: Session, known: Knowledge, period: Period, clue_id: int, whose: Sequence[str]
) -> list[tuple[str, str]]:
    sent = session.scalars(
        select(Transfer)
        .where(Transfer.clue_id == clue_id, Transfer.sent_at < period.end)
        .order_by(Transfer.id)
    )
    told = []
    for one in sent:
        department = known.departments.all.get(one.department)
        name = department.name if department else one.department
        told.append(("移送", f"{china(one.sent_at)} 移送{name}：{masked(one.why, whose)}"))
        if one.answered_at is not None and one.answered_at < period.end:
            result = RESULTS.get(one.result, one.result)
            answer = f"{name}：{result}（{china(one.answered_at)}）{masked(one.answer, whose)}"
            told.append(("部门反馈", answer))
        else:
            told.append(("部门反馈", f"{name}：待反馈"))
    return told


def _evidence(session: Session, clue_id: int) -> tuple[str, ...]:
    rows = session.execute(
        select(m.Evidence, EvidenceLink.sequence)
        .join(m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id)
        .outerjoin(EvidenceLink, EvidenceLink.evidence_id == m.Evidence.id)
        .where(m.ClueEvidence.clue_id == clue_id)
        .order_by(m.Evidence.id)
    ).all()
    told = [
        f"{RECORDS.get(one.kind, one.kind)}，{china(one.fetched_at)}，SHA-256 {one.sha256}"
        + (f"，证据链第 {link} 环" if link else "")
        for one, link in rows[:_RECORDS]
    ]
    if len(rows) > _RECORDS:
        told.append(f"另有 {len(rows) - _RECORDS} 份，见 yunjian clue {clue_id}")
    return tuple(told)


def _laws(laws: Mapping[str, Mapping[str, Any]], cited: Sequence[Any]) -> tuple[Law, ...]:
    """Each article once, as it was in force on the day on which its page was seen, and after it
    the one that says what follows."""
    found: dict[str, Law] = {}
    for ids, seen_at in cited:
        for id_ in ids:
            law = laws.get(str(id_))
            if law is None or not in_force(law, seen_at):
                continue
            found.setdefault(str(id_), _law(law, False))
            follows = str(law.get("penalty", ""))
            if follows in laws and in_force(laws[follows], seen_at):
                found.setdefault(follows, _law(laws[follows], True))
    return tuple(sorted(found.values(), key=lambda one: one.penalty))


def _law(law: Mapping[str, Any], penalty: bool) -> Law:
    said = {key: str(law.get(key, "")) for key in ("law", "article", "text")}
    return Law(said["law"], said["article"], said["text"], bool(law.get("unverified")), penalty)


def _penalty(one: Penalty, whose: Sequence[str]) -> str:
    shown = f"，{one.published_on} 公示" if one.published_on else ""
    return (
        f"{masked(one.authority, whose, 80)} {one.decided_on} {clean(one.decision_no, 128)}："
        f"{masked(one.content, whose)}（{PENALTY_KINDS.get(one.kind, one.kind)}{shown}）"
    )
