"""Clues like one: of the same company, or with the same words for the same violation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from clues.filters import in_region
from clues.standing import standing
from storage.models import Clue, Operator, Shop
from storage.search import ClueSummary, ClueText, matching
from storage.words import parse

__all__ = ["Similar", "similar_clues"]

MOST = 8
"""Of each kind."""


@dataclass(frozen=True, slots=True)
class Similar:
    """A clue as a line, and why it stands here."""

    why: str
    id: int
    violation: str
    score: float
    state: str
    who: str
    words: list[str]


def similar_clues(session: Session, clue: Clue, region: str) -> list[Similar]:
    """At most `MOST` of the same operator (of the same shop, where none is known), worst first,
    then as many with the same strongest word; of this region ("" is all)."""
    if clue.operator_id is not None:
        near = _clues(session, clue, region, "同一经营主体", Clue.operator_id == clue.operator_id)
    else:
        near = _clues(session, clue, region, "同一网店", Clue.shop_id == clue.shop_id)
    summary = session.get(ClueSummary, clue.id)
    terms = parse(f'"{summary.words[0][0]}"') if summary and summary.words else None
    if not terms:
        return near
    alike = _clues(
        session, clue, region, "同样的词语", Clue.id.in_(matching(session, ClueText, terms[0])),
        Clue.violation == clue.violation, Clue.id.not_in([one.id for one in near]), ordered=False,
    )  # fmt: skip
    return near + alike


def _clues(
    session: Session, clue: Clue, region: str, why: str, *asked: ColumnElement[bool], ordered: bool = True
) -> list[Similar]:  # fmt: skip
    query: Any = (
        select(Clue, Shop.name, Operator.name, ClueSummary.words)
        .join(Shop, Shop.id == Clue.shop_id)
        .outerjoin(Operator, Operator.id == Clue.operator_id)
        .outerjoin(ClueSummary, ClueSummary.clue_id == Clue.id)
        .where(standing(), Clue.id != clue.id, *asked)
        .limit(MOST)
    )
    if region:
        query = query.where(in_region(Clue.region, region))
    if ordered:
        query = query.order_by(Clue.score.desc(), Clue.grown_at.desc(), Clue.id)
    return [
        Similar(why, one.id, one.violation, one.score, one.state, operator or shop, [w[0] for w in words or []])
        for one, shop, operator, words in session.execute(query)
    ]  # fmt: skip
