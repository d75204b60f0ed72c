"""The net weight that a listing states, and how many pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from listing import Listing

__all__ = ["PIECES", "grams", "pieces"]

_UNITS = r"kg|千克|公斤|市斤|斤|g|克"
_WEIGHT = re.compile(
    rf"(\d{{1,5}}(?:\.\d{{1,3}})?)\s?({_UNITS})"
    rf"(?:\s?(?:[*×xX]|/[袋包罐盒瓶饼]\s?[*×xX])\s?(\d{{1,3}})(?!\d|\s?(?:cm|mm|厘米)))?",
    re.IGNORECASE,
)
_TIMES = re.compile(
    rf"(\d{{1,3}})\s?[袋包罐盒瓶饼]?\s?[*×xX]\s?(\d{{1,5}})\s?({_UNITS})", re.IGNORECASE
)
_GRAMS = {"kg": 1000, "千克": 1000, "公斤": 1000, "市斤": 500, "斤": 500, "g": 1, "克": 1}
PIECES = "片袋包粒颗支瓶条枚个卷盒罐饼块双只抽"
"""Measure words by which goods are counted."""
_COUNT = re.compile(rf"(?<![\d.])(\d{{1,4}})\s?([{PIECES}])")
_STATED = ("净含量", "规格", "重量", "净重", "商品毛重", "数量", "包装规格", "包装")


def _stated(listing: Listing) -> Iterator[str]:
    for key in _STATED:
        if key in listing.attributes:
            yield listing.attributes[key]
    yield listing.title


def grams(listing: Listing) -> Decimal | None:
    """The net weight that parameters or title state, in grams, several packs together; None where
    none does, or where the buyer chooses among several weights."""
    for text in _stated(listing):
        if times := _TIMES.search(text):
            weight = Decimal(times.group(1)) * Decimal(times.group(2)) * _GRAMS[times.group(3).lower()]  # fmt: skip
            return weight or None
        weights = {
            Decimal(found.group(1)) * _GRAMS[found.group(2).lower()] * int(found.group(3) or 1)
            for found in _WEIGHT.finditer(text)
        }
        if len(weights) > 1 and ("/" in text or "可选" in text or "、" in text):
            return None
        if weights:
            first = _WEIGHT.search(text)
            assert first is not None
            weight = Decimal(first.group(1)) * _GRAMS[first.group(2).lower()] * int(first.group(3) or 1)  # fmt: skip
            return weight or None
    return None


def pieces(listing: Listing, measure: str) -> int | None:
    """How many pieces of a measure word parameters or title state; None where none does, or where
    several numbers do."""
    for text in _stated(listing):
        found = {int(n) for n, unit in _COUNT.findall(text) if unit == measure}
        if found:
            number = found.pop()
            return number if number and not found else None
    return None
