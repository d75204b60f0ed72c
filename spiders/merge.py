"""One listing from the two pages that speak of it: the result list and the item page."""

from __future__ import annotations

from listing import Listing

__all__ = ["merged"]


def merged(item: Listing, row: Listing | None) -> Listing:
    """What the item page says, completed by what the result list said of it."""
    if row is None:
        return item
    said = item.model_dump(exclude_defaults=True)
    return Listing.model_validate(row.model_dump(exclude_defaults=True) | said)
