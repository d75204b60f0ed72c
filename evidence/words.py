"""The words of a signal in their context, and the law text of the day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from listing import Listing

__all__ = ["Context", "china", "context_of", "in_force", "text_of"]

_AROUND = 60
"""Characters of context on either side."""
_PART = re.compile(r"(image_text|reviews)\[(\d+)\](?:\.text)?|attributes\.(.+)", re.DOTALL)
Context = tuple[str, str, str]
"""What stands before the words, the words, what stands behind them."""


def china(moment: datetime) -> str:
    """The time in China (UTC+8), as officers read it."""
    return f"{moment + timedelta(hours=8):%Y-%m-%d %H:%M:%S} (UTC+8)"


def text_of(listing: Listing, field: str) -> str:
    """The text of a field as signals name it; "" where there is none."""
    found = _PART.fullmatch(field)
    if found is None:
        value = getattr(listing, field, "") if field in Listing.model_fields else ""
        return value if isinstance(value, str) else ""
    if found[3] is not None:
        return listing.attributes.get(found[3], "")
    place = int(found[2])
    if found[1] == "reviews":
        return listing.reviews[place].text if place < len(listing.reviews) else ""
    return listing.image_text[place] if place < len(listing.image_text) else ""


def context_of(content: Mapping[str, Any], field: str, start: int, end: int, text: str) -> Context:
    """The matched words with what stands around them in the field as it was seen.

    Where the field does not have them at that place (a finding over several fields), only the
    words themselves are given.
    """
    whole = text_of(Listing.from_dict(dict(content)), field)
    if not 0 <= start < end <= len(whole) or whole[start:end] != text:
        return "", text, ""
    before, after = whole[max(0, start - _AROUND) : start], whole[end : end + _AROUND]
    return (
        ("…" if start > _AROUND else "") + before,
        text,
        after + ("…" if end + _AROUND < len(whole) else ""),
    )


def in_force(law: Mapping[str, Any], seen_at: datetime) -> bool:
    """Whether a law was in force in China on the day a page was seen."""
    day = (seen_at + timedelta(hours=8)).date().isoformat()
    return str(law.get("in_force_from", "")) <= day <= str(law.get("in_force_to", "9999"))
