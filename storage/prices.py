"""Prices of listings by day: of what pages said anew, and of samples taken in between."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from listing import PricePoint
from storage.models import Observation
from storage.runs import PriceSample

__all__ = ["CHINA_OFFSET", "keep_samples", "price_points"]

CHINA_OFFSET = timedelta(hours=8)
"""China keeps one time zone and no daylight saving since 1991."""


def price_points(
    session: Session, listing_ids: Sequence[int], without: Collection[int] = ()
) -> dict[int, list[PricePoint]]:
    """Known prices by listing, oldest first, by day of China, as price rules count days.

    `without` are ids of observations that don't count. A day on which the page said two
    prices has both.
    """
    if not listing_ids:
        return {}
    said: list[tuple[datetime, int, date, int]] = []
    rows = session.execute(
        select(Observation.id, Observation.listing_id, Observation.seen_at, Observation.price_fen)
        .where(Observation.listing_id.in_(listing_ids), Observation.price_fen.is_not(None))
        .order_by(Observation.seen_at)
    )
    for id_, listing_id, seen_at, price in rows:
        if id_ not in without:
            said.append((seen_at, listing_id, (seen_at + CHINA_OFFSET).date(), price or 0))
    sampled = session.scalars(select(PriceSample).where(PriceSample.listing_id.in_(listing_ids)))
    said += [(one.seen_at, one.listing_id, one.day, one.price_fen) for one in sampled]
    prices: dict[int, dict[tuple[date, int], PricePoint]] = {}
    for _, listing_id, day, fen in sorted(said):
        point = PricePoint(date=day, price=Decimal(fen) / 100)
        prices.setdefault(listing_id, {}).setdefault((day, fen), point)
    return {id_: list(points.values()) for id_, points in prices.items()}


def keep_samples(
    session: Session, samples: Iterable[tuple[int, int, int | None, datetime]]
) -> None:
    """Keep (listing id, price in fen, evidence id, seen at): of each day the lowest price."""
    lowest: dict[tuple[int, date], dict[str, object]] = {}
    for listing_id, fen, evidence_id, seen_at in samples:
        key = (listing_id, (seen_at + CHINA_OFFSET).date())
        known = lowest.get(key)
        if known is None or fen < known["price_fen"]:  # type: ignore[operator]
            lowest[key] = {
                "listing_id": key[0], "day": key[1], "price_fen": fen, "evidence_id": evidence_id,
                "seen_at": seen_at,
            }  # fmt: skip
    if not lowest:
        return
    made = postgresql.Insert if session.get_bind().dialect.name == "postgresql" else sqlite.Insert
    row = made(PriceSample)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["listing_id", "day"],
            set_={name: row.excluded[name] for name in ("price_fen", "evidence_id", "seen_at")},
            where=PriceSample.price_fen > row.excluded.price_fen,
        ),
        list(lowest.values()),
    )
