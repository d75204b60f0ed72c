"""The net weight that a listing states."""

from __future__ import annotations

import re
from decimal import Decimal

from listing import Listing

__all__ = ["grams"]

_WEIGHT = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)\s?(kg|千克|公斤|斤|g|克)", re.IGNORECASE)
_GRAMS = {"kg": 1000, "千克": 1000, "公斤": 1000, "斤": 500, "g": 1, "克": 1}


def grams(listing: Listing) -> Decimal | None:
    """The net weight that title or parameters state, in grams; None where none does."""
    stated = [
        listing.attributes[key]
        for key in ("净含量", "规格", "重量", "净重", "商品毛重")
        if key in listing.attributes
    ]
    for text in (*stated, listing.title):
        if found := _WEIGHT.search(text):
            weight = Decimal(found.group(1)) * _GRAMS[found.group(2).lower()]
            return weight or None
    return None
