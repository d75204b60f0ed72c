"""Prices against their history.

明码标价和禁止价格欺诈规定 第十六条: what a promotion is compared with must be true, and where no
time is stated it is the lowest price of the seven days before the promotion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from detectors.evaluate import Found
from detectors.fields import FieldText
from listing import Listing

__all__ = ["price_history"]

DAYS = 7
CHINA = timedelta(hours=8)


def price_history(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """A struck-out price above the lowest one of the seven days before; the span is the title."""
    title = next((text for text in texts if text.scope == "title"), None)
    if title is None or listing.price is None or listing.original_price is None:
        return []
    if listing.original_price <= listing.price:
        return []
    today = ((listing.seen_at or datetime.now(UTC)) + CHINA).date()
    if listing.seen_at is None and listing.price_history:
        today = max(point.date for point in listing.price_history) + timedelta(days=1)
    before = [
        point.price
        for point in listing.price_history
        if point.price is not None and today - timedelta(days=DAYS) <= point.date < today
    ]
    if not before or listing.original_price <= min(before):
        return []
    why = (
        f"划线价{listing.original_price}元高于此前七日内最低成交价{min(before)}元，"
        f"现价{listing.price}元，涉嫌虚构原价"
    )
    return [Found(title, 0, len(title.folded.tight), (), 0.8, why)]
