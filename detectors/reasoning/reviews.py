"""Reviews that copy each other.

Near-copies are found by MinHash (Broder 1997) over pairs of characters with banding, so cost
grows with the number of reviews, and confirmed by RapidFuzz.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz

from detectors.evaluate import Found
from detectors.fields import FieldText
from listing import Listing

__all__ = ["Read", "buyers", "review_copies", "whole"]

LOOK_AT = 2_000
"""Reviews of one listing that are looked at."""
MIN_LENGTH = 12
"""Characters: short praise (很好，下次再来) repeats by itself."""
SHORT = 7
"""Characters from which the same short praise under three names is no chance."""
ALIKE = 80
"""RapidFuzz ratio from which two reviews are one text."""
_BANDS, _ROWS = 16, 3
_PRIME = (1 << 31) - 1
_SEEDS = np.random.default_rng(22).integers(1, _PRIME, size=(2, _BANDS * _ROWS), dtype=np.int64)
_MARKS = re.compile(r"[\W_]{1,50}")
_DEFAULT = re.compile(r"此用户没有填写|用户未填写|系统默认好评|默认好评|评价方未及时|未作出评价")


@dataclass(frozen=True, slots=True)
class Read:
    """A buyer's review as it is compared."""

    field: FieldText
    plain: str
    number: int


def buyers(listing: Listing, texts: Sequence[FieldText]) -> list[Read]:
    """What buyers wrote; not what the platform puts for those who wrote nothing."""
    found: list[Read] = []
    for text in texts:
        if text.scope == "reviews" and len(found) < LOOK_AT:
            if _DEFAULT.search(text.folded.tight):
                continue
            number = int(text.name.split("[")[1].split("]")[0])
            found.append(Read(text, _MARKS.sub("", text.folded.tight), number))
    return found


def _signature(text: str) -> list[bytes]:
    """One key for each band: texts that share one may be near-copies."""
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    hashes = np.array([zlib.crc32(p.encode("utf-8", "surrogatepass")) % _PRIME for p in pairs])
    least = ((np.outer(hashes, _SEEDS[0]) + _SEEDS[1]) % _PRIME).min(axis=0)
    return [band.tobytes() for band in least.astype(np.int64).reshape(_BANDS, _ROWS)]


def _groups(reviews: Sequence[Read]) -> list[list[Read]]:
    """Groups of near-copies, each of two or more, largest first."""
    buckets: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    for place, review in enumerate(reviews):
        for band, key in enumerate(_signature(review.plain)):
            buckets[band, key].append(place)
    head = list(range(len(reviews)))

    def root(place: int) -> int:
        while head[place] != place:
            head[place] = head[head[place]]
            place = head[place]
        return place

    for places in buckets.values():
        first = places[0]
        for other in places[1:]:
            if root(first) != root(other) and fuzz.ratio(reviews[first].plain, reviews[other].plain) >= ALIKE:  # fmt: skip
                head[root(other)] = root(first)
    groups: defaultdict[int, list[Read]] = defaultdict(list)
    for place, review in enumerate(reviews):
        groups[root(place)].append(review)
    return sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)


def _repeated(reviews: Sequence[Read]) -> list[Read]:
    """Short reviews that are the same to the letter, too many to be chance."""
    said: defaultdict[str, list[Read]] = defaultdict(list)
    for review in reviews:
        if SHORT <= len(review.plain) < MIN_LENGTH:
            said[review.plain].append(review)
    found = max(said.values(), key=len, default=[])
    return found if len(found) >= 3 and len(found) >= 0.3 * len(reviews) else []


def review_copies(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Near-copies under other names that make up a good part of all reviews."""
    reviews = buyers(listing, texts)
    long = [review for review in reviews if len(review.plain) >= MIN_LENGTH]
    groups = [group for group in _groups(long) if len(group) >= 3]
    copies = [review for group in groups for review in group]
    if len(copies) < 3 or len(copies) < 0.2 * len(reviews):
        copies = _repeated(reviews)
    if not copies:
        return []
    days = {listing.reviews[review.number].date for review in copies} - {None}
    strength = 0.8 if len(days) <= 2 < len(copies) else 0.7
    why = f"{len(reviews)}条评价中有{len(copies)}条内容雷同，涉嫌虚构交易评价"
    return [whole(review, strength, why) for review in copies[:3]]


def whole(review: Read, strength: float, why: str) -> Found:
    """A review as what was found."""
    return Found(review.field, 0, len(review.field.folded.tight), (), strength, why)
