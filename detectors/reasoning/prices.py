"""Prices against their history, and against what the listing itself says of them.

明码标价和禁止价格欺诈规定 第十六条: what a promotion is compared with must be true, and where no
time is stated it is the lowest price of the seven days before; 第十七条: no price may be raised
for the time of a promotion to be cut again; 第二十条: the price shown in front may not be lower
than that of the detail page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.weights import grams
from listing import Listing

__all__ = ["front_price", "price_history"]

DAYS = 7
"""How far 第十六条 looks back."""
LATELY = 30
"""Days before the promotion in which a raise is one for its sake."""
RAISED = Decimal("1.15")
CHINA = timedelta(hours=8)
_WAS = re.compile(
    r"(?:原价|日常价|平时价|平时卖|平常价|市场价|吊牌价|专柜价|门市价|划线价|活动前|之前卖|平日价|零售价)[:：为是]{0,2}[¥￥]?(\d{1,6}(?:\.\d{1,2})?)(?!\d*[克g片饼年月日%折])"
)
_ADVISED = re.compile(r"厂商建议零售价|建议零售价|厂家指导价|官方指导价|生产商建议")
_FRONT = re.compile(
    r"(?:仅售|仅需|只要|只需|特价|秒杀价|秒杀|抢购价|到手价|到手|现价|活动价|一口价|低至|券后)[:：]?[¥￥]?(\d{1,6}(?:\.\d{1,2})?)(?:元|块|包邮)(?!起|/)|(?<![满减省返送赠立额过值超])[¥￥](\d{1,6}(?:\.\d{1,2})?)(?:元)?(?:包邮|抢|秒杀)|(?<![满减省返送赠立额过值超\d.])(\d{1,6}(?:\.\d{1,2})?)(?:元|块)(?:包邮|秒杀|抢购|疯抢|抢|封顶)"
)
_UNIT = re.compile(
    r"(?:合|折合|相当于|平均|每斤仅|每斤只要|每斤|一斤仅|一斤只要|约合)[^\d。，]{0,4}(\d{1,6}(?:\.\d{1,2})?)(?:元|块)?(?:/|每|一)?(斤|kg|千克|公斤|克|g)?"
)


def _title(texts: Sequence[FieldText]) -> FieldText | None:
    return next((text for text in texts if text.scope == "title"), None)


def _today(listing: Listing) -> date:
    """The day (of China) on which the listing was seen; the day after its history else."""
    if listing.seen_at is not None:
        return (listing.seen_at + CHINA).date()
    if listing.price_history:
        return max(point.date for point in listing.price_history) + timedelta(days=1)
    return (datetime.now(UTC) + CHINA).date()


def _compared(listing: Listing, texts: Sequence[FieldText]) -> tuple[Decimal, str] | None:
    """The price that this one is compared with, and how it is called."""
    shown = "\n".join(text.folded.original for text in texts if text.scope in ("title", "text", "image_text", "attributes"))  # fmt: skip
    if _ADVISED.search(shown):
        return None
    if listing.original_price is not None:
        return listing.original_price, "划线价"
    if match := _WAS.search(shown.replace(",", "").replace(" ", "")):
        return Decimal(match.group(1)), "宣称的原价"
    return None


def price_history(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """A compared price above the lowest of the seven days before, or raised for the promotion;
    the span is the title."""
    if not listing.price_history:
        return []
    title = _title(texts)
    compared = _compared(listing, texts)
    if title is None or listing.price is None or compared is None:
        return []
    price, called = compared
    if price <= listing.price:
        return []
    why = _broken(listing, price, called)
    return [Found(title, 0, len(title.folded.tight), (), 0.8, why)] if why else []


def _broken(listing: Listing, compared: Decimal, called: str) -> str:
    today = _today(listing)
    known = sorted((p.date, p.price) for p in listing.price_history if p.price is not None and p.date < today)  # fmt: skip
    week = [price for day, price in known if day >= today - timedelta(days=DAYS)]
    if week and compared > min(week):
        return (
            f"{called}{compared}元高于此前七日内最低成交价{min(week)}元，"
            f"现价{listing.price}元，涉嫌虚构原价"
        )
    if not week and known and compared > known[-1][1]:
        last, price = known[-1]
        return f"{called}{compared}元高于此前最后一次（{last}）价格{price}元，涉嫌虚构原价"
    before = [price for day, price in known if day < today - timedelta(days=DAYS)]
    lately = [price for day, price in known if day >= today - timedelta(days=LATELY)]
    if before and lately and week:
        usual = median(before)
        raised = max(lately)
        rose = raised >= usual * RAISED and compared >= usual * RAISED
        if rose and usual >= min(before) and listing.price is not None and listing.price < raised:
            return (
                f"促销前价格由{usual}元提高到{raised}元，再以{called}{compared}元作折价基准，"
                f"现价{listing.price}元，涉嫌先提价后打折"
            )
    return ""


def front_price(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """A price, or a price per weight, that title or picture show and the listing does not keep."""
    return list(_fronts(listing, texts)) if listing.price else []


def _fronts(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    assert listing.price is not None
    weight = grams(listing)
    for text in texts:
        if text.scope not in ("title", "image_text"):
            continue
        shown = text.folded.original
        for match in _FRONT.finditer(shown):
            said = Decimal(next(group for group in match.groups() if group))
            if said > 0 and listing.price > said * Decimal("1.3") and "起" not in shown:
                why = f"“{match.group()}”低于实际标价{listing.price}元，涉嫌以低价诱骗"
                yield _span(text, match.span(), why)
                return
        match_ = _UNIT.search(shown)
        if match_ and weight and match_.group(2):
            per = Decimal(match_.group(1))
            size = {"斤": 500, "克": 1, "g": 1}.get(match_.group(2), 1000)
            real = listing.price * size / weight
            if per > 0 and real > per * Decimal("1.2"):
                why = f"称“{match_.group()}”，按标价与净含量折合{real:.2f}元，单价不实"
                yield _span(text, match_.span(), why)
                return


def _span(text: FieldText, span: tuple[int, int], why: str) -> Found:
    """A span of the original as one of the folded text."""
    kept = text.folded.kept
    if kept is None:
        return Found(text, *span, (), 0.6, why)
    start, end = (int(place) for place in kept.searchsorted(span))
    return Found(text, start, max(end, start + 1), (), 0.6, why)
