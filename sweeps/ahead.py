"""Detection ahead of the transaction: writers wait for each other's statements, not detectors.

What is found here is only used where the transaction finds the store as it was foreseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from detectors import Detection, Detector
from listing import Listing, PricePoint
from storage import Store
from storage.observations import Found, foreseen

__all__ = ["Ahead", "ahead", "key_of"]

Key = tuple[str, str, tuple[tuple[date, Decimal | None], ...]]
Ahead = dict[Key, tuple[Listing, Detection]]


def key_of(found: Found, prices: Sequence[PricePoint]) -> Key:
    """By what a detection is looked up: the listing, and its earlier prices."""
    return found.listing.source, found.url, tuple((one.date, one.price) for one in prices)


def ahead(store: Store, detector: Detector, batch: Sequence[Found]) -> Ahead:
    """The detection of each listing that says something new, with the listing as it was."""
    detected: Ahead = {}
    with store.session() as session:
        history = foreseen(session, batch)
    for found, prices in zip(batch, history, strict=True):
        if prices is None:
            continue
        listing = found.listing
        if prices and not listing.price_history:
            listing = listing.model_copy(update={"price_history": list(prices)})
        detected[key_of(found, prices)] = found.listing, detector.detect(listing)
    return detected
