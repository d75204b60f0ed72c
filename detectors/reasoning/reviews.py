"""Reviews that repeat each other: near-copies under other names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz, process

from detectors.evaluate import Found
from detectors.fields import FieldText
from listing import Listing

__all__ = ["review_copies"]

LOOK_AT = 200
"""Reviews compared with each other; more cost a square of time and say nothing new."""
MIN_LENGTH = 12
"""Characters: short praise (很好，下次再来) repeats by itself."""
_MARKS = re.compile(r"[\W_]{1,50}")


def review_copies(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Groups of at least three near-copies that make up a good part of all reviews."""
    reviews = [text for text in texts if text.scope == "reviews"][:LOOK_AT]
    plain = [_MARKS.sub("", text.folded.tight) for text in reviews]
    long = [place for place, text in enumerate(plain) if len(text) >= MIN_LENGTH]
    if len(long) < 3:
        return []
    matrix = process.cdist(
        [plain[place] for place in long],
        [plain[place] for place in long],
        scorer=fuzz.ratio,
        score_cutoff=85,
    )
    sizes = [int((row > 0).sum()) for row in matrix]
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    copies = [long[i] for i in range(len(long)) if matrix[largest][i] > 0]
    if len(copies) < 3 or len(copies) < 0.3 * len(reviews):
        return []
    days = {listing.reviews[_place(reviews[i])].date for i in copies} - {None}
    strength = 0.8 if len(days) <= 2 < len(copies) else 0.7
    why = f"{len(reviews)}条评价中有{len(copies)}条内容雷同，涉嫌虚构交易评价"
    return [
        Found(reviews[i], 0, len(reviews[i].folded.tight), (), strength, why) for i in copies[:3]
    ]


def _place(text: FieldText) -> int:
    return int(text.name.split("[")[1].split("]")[0])
