"""Days as shops and their buyers write them."""

from __future__ import annotations

import re
from datetime import date

__all__ = ["day_of"]

_YEAR_FIRST = re.compile(
    r"((?:19|20)\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)(?:\s?[日号])?"
    r"(?:[T\s]{0,3}(?:星期.|周.|(上午|下午|晚上|中午|凌晨))?\s{0,2}(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(
    r"(?:(\d{1,2})\.?\s)?(" + "|".join(_MONTHS) + r")[a-z]{0,6}\.?\s(?:(\d{1,2}),?\s)?((?:19|20)\d\d)",
    re.IGNORECASE,
)  # fmt: skip


def day_of(text: str) -> str:
    """The first day in `text` as ``YYYY-MM-DD``, with ``T…`` where a time of day stands beside it.

    A short text in which no day stands comes back as it is: «3天前» is what the page says, and
    the day it means depends on when it was read. A longer one gives "".
    """
    text = text.strip()
    bare = text if len(text) <= 20 else ""
    if said := _YEAR_FIRST.search(text):
        year, month, day, half, hour, minute, second = said.groups()
        if not (whole := _iso(year, month, day)):
            return bare
        if hour is None:
            return whole
        late = 12 if half in ("下午", "晚上") and int(hour) < 12 else 0
        return f"{whole}T{int(hour) + late:02}:{minute}:{second or '00'}"
    if said := _NAMED.search(text):
        before, month, after, year = said.groups()
        number = _MONTHS.index(month.lower()) + 1
        if before or after:
            return _iso(year, str(number), before or after) or bare
    return bare


def _iso(year: str, month: str, day: str) -> str:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""
