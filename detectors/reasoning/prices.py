"""Prices against their history.

明码标价和禁止价格欺诈规定 第十六条: what a price is compared with must be true, and where no
details are stated it is at most the lowest price of the seven days before the comparison, or, if
none was sold then, the last before; 第十七条: no price may be raised shortly before a reduction
that is reckoned from it; 第十九条, 第二十条: no false reduction, no promotion that is none.
第二十一条: rounding is no fraud.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.price_claims import front_price
from listing import Listing

__all__ = ["front_price", "price_history"]

DAYS = 7
"""How far 第十六条 looks back."""
PROMOTION = 31
"""Days that a price may stand and still be one of a promotion: what stands longer is the price."""
SHORTLY = 15
"""Days that a raised price stood where it was raised for the promotion's sake."""
MONTH = 30
RAISED = Decimal("1.15")
ROUNDING = Decimal("1.01")
CHINA = timedelta(hours=8)
_WAS = re.compile(
    r"(?:原1?价|日常价|日常售价|平时价|平时售价|平时卖|平时都是|平常价|平常卖|市场价|吊牌价|专柜价|门市价|划线价|活动前|之前卖|以前卖|昨天还是|昨天卖|"
    r"平日价|零售价|结束就是|结束后就是|恢复到|恢复|涨回|回到|直降前)[:：为是价]{0,2}[¥￥]?(\d{1,6}(?:\.\d{1,2})?)(?!\d*(?:[克g片饼年月日号天人家%折万]|小时|分钟))"
)
_ADVISED = re.compile(r"厂商建议零售价|建议零售价|厂家指导价|官方指导价|生产商建议")
_PROMOTED = re.compile(
    r"秒杀|特价|直降|立减|促销|大促|半价|[一二三四五六七八九\d]\d?折|买[一二三四五1-5]送|拍[一二三1-3]发|清仓|抢购|限时|狂欢|双11|双十一|618|年货节|"
    r"降价|骨折价|惊爆价|破价|冰点价|让利|满\d{2,4}减|第[二2]件|活动价|立省|补贴价|优惠价|惠民价"
)
_OPEN_RISE = re.compile(
    r"涨价通知|调价|上调|涨了|成本上涨|原料上涨|提价|调整价格|价格调整|活动已结束|已恢复"
)
_LAST = re.compile(
    r"最后[一1两2三3]?[天日]|仅限今[天日晚]|仅此一天|仅今[天日晚]|只限今[天日晚]|今[天日晚]截止|今晚(?:十二|12|24|零)点(?:截止|结束|恢复|涨)|"
    r"明[天日早](?:就|即|起|马上)?(?:恢复|涨|提价|调价)|过了今[天晚]|错过今[天晚]|倒计时结束|活动倒计时|(?:今晚|明天|明日)(?:恢复|涨)"
)


def _today(listing: Listing) -> date:
    """The day (of China) on which the listing was seen; the day after its history else."""
    if listing.seen_at is not None:
        return (listing.seen_at + CHINA).date()
    if listing.price_history:
        return max(point.date for point in listing.price_history) + timedelta(days=1)
    return (datetime.now(UTC) + CHINA).date()


def _shown(texts: Sequence[FieldText]) -> str:
    """As written, and folded, where figures may be disguised."""
    looked = [text for text in texts if text.scope in ("title", "text", "image_text", "attributes", "terms")]  # fmt: skip
    said = [*(text.original for text in looked), *(text.folded.tight for text in looked)]
    return "\n".join(said).replace(",", "").replace(" ", "")


@dataclass(frozen=True, slots=True)
class _Course:
    """How a price went: the days before today, and since when it is what it is."""

    price: Decimal
    known: list[tuple[date, Decimal]]
    today: date
    began: date

    def week(self) -> list[Decimal]:
        """Prices of the seven days before the present price began."""
        first = self.began - timedelta(days=DAYS)
        return [price for day, price in self.known if first <= day < self.began]

    def before(self) -> list[tuple[date, Decimal]]:
        """All before the present price began."""
        return [(day, price) for day, price in self.known if day < self.began]


def _course(listing: Listing, price: Decimal) -> _Course:
    today = _today(listing)
    known = sorted((p.date, p.price) for p in listing.price_history if p.price is not None and p.date < today)  # fmt: skip
    began = today
    for day, was in reversed(known):
        if was > price * Decimal("1.02"):
            break
        began = day
    stale = today - began > timedelta(days=PROMOTION) or (known and began == known[0][0])
    return _Course(price, known, today, today if stale else began)


def _compared(listing: Listing, shown: str) -> tuple[Decimal, str] | None:
    """The price that this one is compared with, and how it is called."""
    if _ADVISED.search(shown):
        return None
    if listing.original_price is not None:
        return listing.original_price, "划线价"
    if match := _WAS.search(shown):
        return Decimal(match.group(1)), "宣称的原价"
    return None


def price_history(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """A compared price above the lowest of the seven days before, or raised for the promotion; a
    promotion dearer than before; a last day that is every day. The span is the title."""
    title = next((text for text in texts if text.scope == "title"), None)
    if title is None or listing.price is None or not listing.price_history:
        return []
    course = _course(listing, listing.price)
    if not course.known:
        return []
    shown = _shown(texts)
    compared = _compared(listing, shown)
    why = ""
    if compared is not None and compared[0] > listing.price:
        why = _above_week(course, *compared) or _raised(course, *compared)
    why = why or _dearer(course, shown) or _every_day(course, shown)
    return [Found(title, 0, len(title.folded.tight), (), 0.8, why)] if why else []


def _above_week(course: _Course, compared: Decimal, called: str) -> str:
    week = course.week()
    if week and compared > min(week) * ROUNDING:
        return (
            f"{called}{compared}元高于此前七日内最低成交价{min(week)}元，"
            f"现价{course.price}元，涉嫌虚构原价"
        )
    if not week and (before := course.before()):
        last, price = before[-1]
        if compared > price * ROUNDING:
            return f"{called}{compared}元高于此前最后一次（{last}）价格{price}元，涉嫌虚构原价"
    return ""


def _raised(course: _Course, compared: Decimal, called: str) -> str:
    """A compared price that stood only for a few days before, above what had been usual."""
    before = course.before()
    rose = None
    for day, price in reversed(before):
        if price * RAISED <= compared:
            break
        rose = day
    if rose is None or course.began - rose > timedelta(days=SHORTLY):
        return ""
    earlier = [price for day, price in before if rose - timedelta(days=MONTH) <= day < rose]
    if not earlier or median(earlier) * RAISED > compared:
        return ""
    return (
        f"促销前价格由{median(earlier)}元提高到{compared}元，再以{called}{compared}元作折价基准，"
        f"现价{course.price}元，涉嫌先提价后打折"
    )


def _dearer(course: _Course, shown: str) -> str:
    """A promotion that costs more than what was usual in the month before."""
    first = course.today - timedelta(days=MONTH)
    month = [price for day, price in course.known if day >= first]
    if len(month) < 3 or not _PROMOTED.search(shown) or _OPEN_RISE.search(shown):
        return ""
    usual = median(month)
    if course.price < usual * RAISED or not course.price > month[0]:
        return ""
    word = _PROMOTED.search(shown)
    assert word is not None
    return (
        f"以“{word.group()}”促销，现价{course.price}元却高于此前一月通常的{usual}元，涉嫌虚假折价"
    )


def _every_day(course: _Course, shown: str) -> str:
    """A last day of a price that has stood for weeks."""
    word = _LAST.search(shown)
    if word is None or len(course.known) < 5:
        return ""
    first = course.today - timedelta(days=21)
    lately = [(day, price) for day, price in course.known if day >= first]
    if len(lately) < 5 or course.today - lately[0][0] < timedelta(days=14):
        return ""
    if any(abs(price - course.price) > course.price * Decimal("0.02") for _, price in lately):
        return ""
    return f"称“{word.group()}”，而{course.price}元已持续十四日以上，期限不实"
