"""Reviews written before they can have been: before the shop, the harvest, the delivery.

A page keeps the reviews of earlier batches when a seller renews it, so one early review accuses
nobody; most of them must be early, or speak of a year that had not come.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from listing import Listing, Review

__all__ = ["out_of_time"]

LEAST, SHARE = 3, 0.5
_OPENED = ("开店", "开业", "成立", "注册日期", "注册时间", "入驻", "上架", "首次上架", "上市")
_DATE = re.compile(r"(20[0-3]\d)[年./-](\d{1,2})(?:[月./-](\d{1,2}))?")
_CROP = re.compile(
    r"(?<!\d)(20[12]\d)年?(?:的)?(?:新茶|春茶|头春|明前|新货|新米|新花|新果|新蜜|新款)"
)
_PRESALE = re.compile(
    r"(?:预售|预定|预订|未上市|还未开采)[^。！？\n]{0,20}?(\d{1,2})月(\d{1,2})[日号][^。！？\n]{0,14}(?:发货|发出|采摘|开采|开始|上市)"
)
_RECEIVED = re.compile(
    r"收到|到货|到手|吃了|好吃|煮了|喝了|用了|第二天就到|抢着吃|很甜|超甜|新鲜|味道|口感"
)


def out_of_time(listing: Listing, given: Sequence[Review]) -> Iterator[tuple[float, str]]:
    """Strength and reason where most reviews are older than what they praise."""
    dated = [(day, review) for review in given if (day := _day(review.date))]
    if len(dated) < LEAST:
        return
    for key, value in listing.attributes.items():
        if any(word in key for word in _OPENED) and (opened := _day(value, late=False)):
            early = [day for day, _ in dated if day < opened]
            if _most(early, dated):
                yield 0.65, f"{len(early)}条评价早于“{key}：{value[:16]}”，不可能是真实购买"
                return
    page = f"{listing.title}\n{listing.text}"
    if crop := _CROP.search(listing.title):
        year = int(crop.group(1))
        early = [day for day, _ in dated if day.year < year]
        if _most(early, dated):
            yield 0.6, f"{len(early)}条评价早于{year}年，而商品是“{crop.group()}”，涉嫌虚构评价"
            return
    if listing.seen_at and (sale := _PRESALE.search(page)):
        start = _made(listing.seen_at.year, int(sale.group(1)), int(sale.group(2)))
        early = [d for d, said in dated if start and d < start and (start - d).days < 60]
        told = any(_RECEIVED.search(review.text) for _, review in dated)
        if told and _most(early, dated):
            yield 0.65, f"预售商品{start}起发货，此前已有{len(early)}条收货评价，涉嫌虚构评价"


def _most(early: Sequence[date], dated: Sequence[tuple[date, Review]]) -> bool:
    return len(early) >= LEAST and len(early) >= SHARE * len(dated)


def _day(shown: str | None, *, late: bool = True) -> date | None:
    """The day that is written; where only a month is, a review counts for its last days and an
    opening for its first, so that neither accuses by rounding."""
    found = _DATE.search(shown or "")
    if not found:
        return None
    year, month, day = found.groups()
    return _made(int(year), int(month), int(day or (28 if late else 1)))


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
