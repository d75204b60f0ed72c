"""What an officer does with operators: merging, splitting, taking back, judging links; each within
the officer's county and in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

from fastapi import HTTPException
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from clues import merging
from clues.filters import in_region
from clues.operators import confirm_link, cut_link, split_operator
from clues.standing import standing
from desk.visit import Visit
from storage import models as m
from storage.operators import OperatorChange, ShopLink

__all__ = ["head_seen", "judge_link", "merge_operators", "split_off", "visible_shops"]


def head_seen(visit: Visit, session: Session, operator_id: int) -> int:
    """The operator that it stands under; 404 where there is none, or none of this county."""
    if session.get(m.Operator, operator_id) is None:
        raise HTTPException(404, "没有这个经营主体")
    head = merging.head_of(session, operator_id)
    if not visit.sees_operator(session, head):
        raise HTTPException(404, "没有这个经营主体")
    return head


def visible_shops(visit: Visit, session: Session, links: list[dict[str, Any]]) -> set[int]:
    """Shops at the other end of links that this officer sees, asked at once for all."""
    ends = {one["shop"] for one in links}
    if not visit.region:
        return ends
    inside = {one["shop"] for one in links if one["inside"]}
    bears = exists().where(
        standing(),
        in_region(m.Clue.region, visit.region),
        (m.Clue.shop_id == m.Shop.id) | (m.Clue.operator_id == m.Shop.operator_id),
    )
    return inside | set(session.scalars(select(m.Shop.id).where(m.Shop.id.in_(ends), bears)))


def merge_operators(
    visit: Visit, session: Session, operator_id: int, other: int, reason: str
) -> int:
    """Another operator's shops and clues come under this one; returns under which they stand.

    Raises `OperatorError` where the two are one, 404 where one of them is not seen.
    """
    head = head_seen(visit, session, operator_id)
    head_seen(visit, session, other)
    merging.merge(session, head, other, visit.officer, reason)
    return head


def split_off(
    visit: Visit, session: Session, operator_id: int, shops: Collection[int], change: int, reason: str
) -> int:  # fmt: skip
    """Shops leave the operator with their clues or, with a `change`, that merge is taken back;
    returns under which operator those that stay stand. Raises `OperatorError`, 404."""
    head = head_seen(visit, session, operator_id)
    if change and (kept := session.get(OperatorChange, change)) is not None:
        for one in (kept.operator_id, kept.other_id):
            if one is not None:
                head_seen(visit, session, one)
    split_operator(session, head, shops, change, visit.officer, reason)
    return head


def judge_link(
    visit: Visit, session: Session, operator_id: int, link_id: int, verdict: Literal["confirm", "cut"],
    reason: str,
) -> int:  # fmt: skip
    """A link of the operator is right, and its operators become one; or it is wrong, and counts no
    more. Returns under which operator it stands then. Raises `OperatorError`, 404."""
    head = head_seen(visit, session, operator_id)
    link = session.get(ShopLink, link_id)
    ends = [session.get_one(m.Shop, one) for one in (link.one_id, link.other_id)] if link else []
    if not any(one.operator_id == head for one in ends):
        raise HTTPException(404, "没有这条关联")
    if not all(visit.sees_shop(session, one.id) for one in ends):
        raise HTTPException(404, "没有这条关联")
    done = confirm_link if verdict == "confirm" else cut_link
    done(session, link_id, visit.officer, reason)
    return merging.head_of(session, head)
