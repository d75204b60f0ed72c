"""Of a page of rows, which a county's officer sees: one question for all of them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.filters import in_region
from clues.standing import standing
from storage.models import Clue, Shop

__all__ = ["operators_seen", "shops_seen"]


def operators_seen(session: Session, region: str, operators: Collection[int]) -> set[int]:
    """Of these operators, those who bear a clue of the division; all where it is ""."""
    if not region:
        return set(operators)
    query = select(Clue.operator_id).where(
        standing(), in_region(Clue.region, region), Clue.operator_id.in_(operators)
    )
    return {id_ for id_ in session.scalars(query.distinct()) if id_ is not None}


def shops_seen(session: Session, region: str, shops: Collection[int]) -> set[int]:
    """Of these shops, those that bear a clue of the division, or whose operator does."""
    if not region:
        return set(shops)
    mine = select(Clue.shop_id).where(
        standing(), in_region(Clue.region, region), Clue.shop_id.in_(shops)
    )
    owned = dict(
        session.execute(
            select(Shop.id, Shop.operator_id).where(
                Shop.id.in_(shops), Shop.operator_id.is_not(None)
            )
        )
        .tuples()
        .all()
    )
    owners = operators_seen(session, region, {one for one in owned.values() if one is not None})
    return {*session.scalars(mine), *(id_ for id_, owner in owned.items() if owner in owners)}
