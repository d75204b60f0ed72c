"""An on-site inspection held against what the operator sells online (四(一) 五).

What was ordered off sale and was seen online afterwards, shops that were not declared, goods of
groups that were not declared. An inspection says nothing of what is declared where its column is
empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from clues.intake.names import core, plain
from listing.addresses import canonical
from storage import models as m

__all__ = ["compare", "evidence_of"]

LIKE = 85.0
SHOWN = 5
"""Listings that are named for a group of goods."""


def compare(
    session: Session,
    content: Mapping[str, Any],
    shop_id: int | None,
    operator_id: int | None,
    inspected_at: datetime | None,
    groups: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """What is online against what was declared and withdrawn.

    Each finding has `kind` (``withdrawn``, ``undeclared_shop``, ``undeclared_goods``, or
    ``not_seen_since``, which accuses nobody: goods withdrawn that no sweep has looked at since),
    `what`, and `listings` (id, title, url, last_seen). `groups` are those of `rules/goods.yaml`.
    """
    shops = session.execute(
        select(m.Shop.id, m.Shop.name, m.Shop.url, m.Shop.key, m.Shop.source).where(
            or_(
                m.Shop.id == shop_id,
                (m.Shop.operator_id == operator_id) & m.Shop.operator_id.is_not(None),
            ),
            m.Shop.source != "offline",
        )
    ).all()
    if not shops:
        return []
    listings = session.execute(
        select(
            m.ListingRow.id,
            m.ListingRow.title,
            m.ListingRow.url,
            m.ListingRow.goods,
            m.ListingRow.last_seen,
        )
        .where(m.ListingRow.shop_id.in_([shop.id for shop in shops]))
        .order_by(m.ListingRow.id)
    ).all()
    found = _withdrawn(content.get("withdrawn_goods") or (), listings, inspected_at)
    if declared := content.get("declared_shops"):
        for shop in shops:
            if not _declared(shop, declared):
                found.append(
                    {"kind": "undeclared_shop", "what": shop.name, "url": shop.url, "listings": []}
                )
    if declared := content.get("declared_goods"):
        found += _undeclared(declared, listings, groups)
    return found


def _shown(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"id": r.id, "title": r.title, "url": r.url, "last_seen": r.last_seen.isoformat()}
        for r in rows[:SHOWN]
    ]


def _withdrawn(
    names: Sequence[str], listings: Sequence[Any], inspected_at: datetime | None
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in names:
        key = plain(name)
        same = [
            row
            for row in listings
            if len(key) > 1
            and (key in (title := plain(row.title)) or fuzz.ratio(key, title) >= LIKE)
        ]
        # The day of an inspection is a whole day: what was seen later on it may be from before.
        after = None if inspected_at is None else inspected_at + timedelta(days=1)
        since = [row for row in same if after is not None and row.last_seen >= after]
        if since:
            found.append({"kind": "withdrawn", "what": name, "listings": _shown(since)})
        elif same:
            found.append({"kind": "not_seen_since", "what": name, "listings": _shown(same)})
    return found


def _declared(shop: Any, declared: Sequence[str]) -> bool:
    name = plain(shop.name)
    for one in declared:
        if "://" in one:
            address = canonical(one).rstrip("/")
            own = {canonical(a).rstrip("/") for a in (shop.url, shop.key) if "://" in a}
            if address in own or f"//{shop.source}" in address:
                return True
        elif plain(one) and (
            fuzz.ratio(plain(one), name) >= LIKE
            or core(plain(one)) == core(name)
            or plain(one) in name
        ):
            return True
    return False


def _undeclared(
    declared: Sequence[str], listings: Sequence[Any], groups: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    allowed = {
        str(group["id"])
        for group in groups
        for name in declared
        if name in str(group["title"])
        or str(group["title"]) in name
        or any(word in name for word in group["words"])
    }
    words = [plain(name) for name in declared]
    titles = {str(group["id"]): str(group["title"]) for group in groups}
    by_group: dict[str, list[Any]] = {}
    for row in listings:
        if row.goods and row.goods not in allowed and not any(w in plain(row.title) for w in words if w):  # fmt: skip
            by_group.setdefault(row.goods, []).append(row)
    return [
        {"kind": "undeclared_goods", "what": titles.get(group, group), "count": len(rows), "listings": _shown(rows)}
        for group, rows in sorted(by_group.items())
    ]  # fmt: skip


def evidence_of(session: Session, listings: Sequence[int]) -> list[int]:
    """Evidence ids of the newest look at each of these listings."""
    rows = session.execute(
        select(m.Observation.listing_id, m.Observation.evidence_id)
        .where(m.Observation.listing_id.in_(listings), m.Observation.evidence_id.is_not(None))
        .order_by(m.Observation.id)
    )
    return sorted({listing: evidence for listing, evidence in rows if evidence}.values())
