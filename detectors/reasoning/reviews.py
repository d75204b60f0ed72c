"""Reviews that are not what buyers write: copies of each other, bursts, praise by numbers.

Near-copies are found by MinHash (Broder 1997) over pairs of characters with banding, so cost
grows with the number of reviews, and confirmed by RapidFuzz.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz

from detectors.evaluate import Found
from detectors.fields import FieldText
from listing import Listing

__all__ = ["review_copies", "review_patterns"]

LOOK_AT = 2_000
"""Reviews of one listing that are looked at."""
MIN_LENGTH = 12
"""Characters: short praise (很好，下次再来) repeats by itself."""
ALIKE = 80
"""RapidFuzz ratio from which two reviews are one text."""
_BANDS, _ROWS = 16, 3
_PRIME = (1 << 31) - 1
_SEEDS = np.random.default_rng(22).integers(1, _PRIME, size=(2, _BANDS * _ROWS), dtype=np.int64)
_MARKS = re.compile(r"[\W_]{1,50}")
_DEFAULT = re.compile(r"此用户没有填写|用户未填写|系统默认好评|默认好评|评价方未及时|未作出评价")
_COMPLAINS = re.compile(
    r"假货|骗|难喝|难吃|难闻|发霉|霉味|异味|破损|碎了|退货|差评|后悔|上当|垃圾|没用|没效果|不值|坏了|漏|劣质|失望|太差|很差|烂|不新鲜|掺假|不推荐|别买|劝退|拉肚子|投诉"
)
_FINE = re.compile(
    r"没有?(?:异味|破损|碎|漏|发霉|霉味|坏|失望|上当|受骗)|不(?:漏|会坏|失望|后悔)|无异味|无破损|没让.{0,3}失望"
)


@dataclass(frozen=True, slots=True)
class _Read:
    """A buyer's review as it is compared."""

    field: FieldText
    plain: str
    number: int


def _buyers(listing: Listing, texts: Sequence[FieldText]) -> list[_Read]:
    found: list[_Read] = []
    for text in texts:
        if text.scope == "reviews" and len(found) < LOOK_AT:
            if _DEFAULT.search(text.folded.tight):
                continue
            number = int(text.name.split("[")[1].split("]")[0])
            found.append(_Read(text, _MARKS.sub("", text.folded.tight), number))
    return found


def _signature(text: str) -> list[bytes]:
    """One key for each band: texts that share one may be near-copies."""
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    hashes = np.array([zlib.crc32(p.encode("utf-8", "surrogatepass")) % _PRIME for p in pairs])
    least = ((np.outer(hashes, _SEEDS[0]) + _SEEDS[1]) % _PRIME).min(axis=0)
    return [band.tobytes() for band in least.astype(np.int64).reshape(_BANDS, _ROWS)]


def _groups(reviews: Sequence[_Read]) -> list[list[_Read]]:
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
    groups: defaultdict[int, list[_Read]] = defaultdict(list)
    for place, review in enumerate(reviews):
        groups[root(place)].append(review)
    return sorted((g for g in groups.values() if len(g) > 1), key=len, reverse=True)


def review_copies(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Near-copies under other names that make up a good part of all reviews."""
    reviews = _buyers(listing, texts)
    long = [review for review in reviews if len(review.plain) >= MIN_LENGTH]
    if len(long) < 3:
        return []
    groups = [group for group in _groups(long) if len(group) >= 3]
    copies = [review for group in groups for review in group]
    if len(copies) < 3 or len(copies) < 0.2 * len(reviews):
        return []
    days = {listing.reviews[review.number].date for review in copies} - {None}
    strength = 0.8 if len(days) <= 2 < len(copies) else 0.7
    why = f"{len(reviews)}条评价中有{len(copies)}条内容雷同，涉嫌虚构交易评价"
    return [_whole(review, strength, why) for review in copies[:3]]


def review_patterns(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Bursts, praise that complains, more reviews than sales, names by numbers, one opening."""
    reviews = _buyers(listing, texts)
    found = list(_patterns(listing, reviews)) if reviews else []
    return [_whole(reviews[0], strength, why) for strength, why in found]


def _patterns(listing: Listing, reviews: Sequence[_Read]) -> Iterator[tuple[float, str]]:
    total = len(reviews)
    given = [listing.reviews[review.number] for review in reviews]
    if listing.sales is not None and len(listing.reviews) >= 6 and len(listing.reviews) >= listing.sales * 3:  # fmt: skip
        yield 0.7, f"页面显示销量{listing.sales}，而评价已有{len(listing.reviews)}条，涉嫌虚构交易"
    rated = [review for review in given if review.rating is not None]
    days = Counter((review.date or "")[:10] for review in given if review.date)
    if total >= 8 and days:
        day, most = days.most_common(1)[0]
        praise = [r for r in given if (r.date or "").startswith(day) and (r.rating is None or r.rating >= 5)]  # fmt: skip
        if most >= 8 and most >= 0.6 * total and len(praise) >= 0.9 * most:
            yield 0.65, f"{total}条评价中有{most}条集中在{day}一天且几乎全为好评，涉嫌刷评"
    hours = Counter(date[:13] for r in given if (date := r.date or "") and len(date) >= 13)
    if hours and (most := hours.most_common(1)[0][1]) >= 6 and most >= 0.6 * total:
        yield 0.65, f"{total}条评价中有{most}条在一小时内发出，涉嫌刷评"
    wrong = [
        review
        for review, said in zip(reviews, given, strict=True)
        if said.rating is not None
        and said.rating >= 5
        and _COMPLAINS.search(_FINE.sub("", review.field.folded.tight))
    ]
    if len(wrong) >= 3 and len(wrong) >= 0.3 * len(rated):
        yield 0.65, f"{len(wrong)}条满分评价的内容实为抱怨，评分与内容不符，涉嫌刷分"
    stems = Counter(re.sub(r"\d{1,8}$", "", review.user) for review in given if re.search(r"\d{2,8}$", review.user))  # fmt: skip
    if stems:
        stem, most = stems.most_common(1)[0]
        if stem and "*" not in stem and most >= 4 and most >= 0.4 * total:
            yield 0.6, f"{most}个评价用户名为“{stem}”加编号，涉嫌批量账号"
    openings = Counter(review.plain[:8] for review in reviews if len(review.plain) >= MIN_LENGTH)
    if openings:
        opening, most = openings.most_common(1)[0]
        if most >= 4 and most >= 0.4 * total:
            yield 0.6, f"{most}条评价都以“{opening}”开头，涉嫌模板评价"
    buyers = Counter(review.user for review in given if review.user and "*" not in review.user)
    if buyers:
        user, most = buyers.most_common(1)[0]
        if most >= 4 and most >= 0.3 * total and user not in ("匿名", "匿名用户", "匿名买家"):
            yield 0.55, f"同一用户“{user}”发表{most}条评价，涉嫌刷评"


def _whole(review: _Read, strength: float, why: str) -> Found:
    return Found(review.field, 0, len(review.field.folded.tight), (), strength, why)
