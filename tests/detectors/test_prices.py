"""Prices against their history and against what the listing says, day by day and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from detectors import Detector
from detectors.reasoning.weights import grams, pieces
from listing import Listing

SEEN = date(2026, 11, 11)


def course(*stretches: tuple[int, str]) -> list[dict[str, str]]:
    """A history that ends the day before `SEEN`: so many days at this price, then so many…"""

    def days() -> Iterator[dict[str, str]]:
        day = SEEN - timedelta(days=sum(length for length, _ in stretches))
        for length, price in stretches:
            for _ in range(length):
                yield {"date": day.isoformat(), "price": price}
                day += timedelta(days=1)

    return list(days())


def told(detector: Detector, **fields: Any) -> list[str]:
    """Reasons why the listing is accused of price fraud."""
    data = {"title": "熟普茶饼357g", "goods": "tea", "seen_at": f"{SEEN}T02:00:00Z"} | fields
    found = detector.detect(Listing.from_dict(data))
    return [s.reason for s in found.signals if s.violation == "price_fraud"]


class TestComparedPrice:
    """第十六条: at most the lowest price of the seven days before the comparison."""

    def test_borne_out_by_the_week_before_the_promotion_is_lawful(self, detector: Detector) -> None:
        history = course((30, "799"), (3, "699"))
        assert told(detector, price="699", original_price="799", price_history=history) == []

    def test_above_the_lowest_of_the_week_is_not(self, detector: Detector) -> None:
        history = course((30, "799"), (1, "759"), (4, "799"), (3, "699"))
        (reason,) = told(detector, price="699", original_price="799", price_history=history)
        assert "759" in reason

    def test_a_low_price_eight_days_before_does_not_count(self, detector: Detector) -> None:
        history = course((60, "799"), (2, "599"), (8, "799"))
        assert told(detector, price="699", original_price="799", price_history=history) == []

    def test_a_price_that_stands_for_months_is_no_promotion(self, detector: Detector) -> None:
        history = course((5, "399"), (60, "99"))
        (reason,) = told(detector, price="99", original_price="399", price_history=history)
        assert "此前七日内最低成交价99元" in reason

    def test_a_former_price_told_in_the_text_counts(self, detector: Detector) -> None:
        history = course((40, "188"))
        (reason,) = told(detector, price="188", text="原价1280，今日188", price_history=history)
        assert "1280" in reason

    def test_an_advised_price_is_another_matter(self, detector: Detector) -> None:
        history = course((40, "199"))
        text = "被比较价格299元为厂商建议零售价"
        assert told(detector, price="199", original_price="299", text=text, price_history=history) == []  # fmt: skip


class TestRaised:
    """第十七条: no raise shortly before a reduction reckoned from it."""

    def test_raised_for_ten_days_then_cut(self, detector: Detector) -> None:
        history = course((40, "100"), (10, "200"))
        (reason,) = told(detector, price="120", original_price="200", price_history=history)
        assert "由100元提高到200元" in reason

    def test_a_raise_two_months_before_is_a_price(self, detector: Detector) -> None:
        history = course((30, "100"), (60, "200"))
        assert told(detector, price="150", original_price="200", price_history=history) == []

    def test_a_flash_sale_dearer_than_the_month(self, detector: Detector) -> None:
        history = course((30, "89"))
        (reason,) = told(detector, price="119", text="限时秒杀", price_history=history)
        assert "89" in reason

    def test_two_for_one_at_twice_the_price(self, detector: Detector) -> None:
        history = course((25, "69"), (2, "138"))
        assert told(detector, title="买一送一 橄榄汁", price="138", price_history=history)

    def test_a_rise_openly_told_is_lawful(self, detector: Detector) -> None:
        history = course((30, "100"))
        text = "成本上涨，本月起价格上调，老客限时送茶夹"
        assert told(detector, price="120", text=text, price_history=history) == []

    def test_a_last_day_of_a_price_that_never_changed(self, detector: Detector) -> None:
        history = course((30, "119"))
        (reason,) = told(detector, price="119", text="仅限今天，手慢无", price_history=history)
        assert "期限不实" in reason


class TestClaims:
    """第十八条 to 第二十条: what the listing itself contradicts."""

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": "陈皮丝 39元一斤", "price": "39", "attributes": {"净含量": "250g"}},
            {"title": "大米 每斤仅1.9元 10斤", "price": "59.9"},
            {"title": "抽纸 平均每包0.5元 30包", "price": "29.9"},
            {"title": "红茶 9.9元一斤", "price": "49.9", "text": "9.9是50克品尝装，1斤装49.9"},
            {"title": "雨刮 99元一对", "price": "99", "text": "99为单支的价，一对请拍两件"},
            {"title": "地砖 28元/平方", "price": "28", "text": "价格为单片价，一平方约1.56片"},
            {
                "title": "红茶礼盒 加赠价值399元茶具",
                "price": "199",
                "text": "茶具本店单拍链接售价39元",
            },
            {"title": "红糖 五折清仓", "price": "18", "original_price": "20"},
            {"title": "电饭煲 直降500元", "price": "399", "original_price": "499"},
            {"title": "普洱茶", "price": "99", "text": "商场价1280元"},
        ],
    )
    def test_not_kept(self, detector: Detector, fields: dict[str, Any]) -> None:
        assert told(detector, **fields)

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": "陈皮丝 78元一斤", "price": "39", "attributes": {"净含量": "250g"}},
            {"title": "大米 10斤", "price": "59.9", "text": "新疆运费2元/公斤"},
            {"title": "抽纸 平均每包1元 30包", "price": "29.9"},
            {"title": "红茶 49.9元一斤", "price": "49.9", "text": "1斤装49.9，另有50克装9.9"},
            {"title": "雨刮 99元一对", "price": "99", "text": "99元为一对的价"},
            {"title": "地砖 28元/片", "price": "28", "text": "价格为单片价，一平方约1.56片"},
            {
                "title": "红茶礼盒 送价值39元茶具",
                "price": "199",
                "text": "茶具本店单拍链接售价39元",
            },
            {"title": "红糖 九折", "price": "18", "original_price": "20"},
            {"title": "三折自动雨伞", "price": "39", "original_price": "49"},
            {"title": "第二件5折 红糖", "price": "18", "original_price": "20"},
            {"title": "电饭煲 直降100元", "price": "399", "original_price": "499"},
            {"title": "山茶油 券后219元包邮", "price": "319", "text": "领券立减100"},
        ],
    )
    def test_kept(self, detector: Detector, fields: dict[str, Any]) -> None:
        assert told(detector, **fields) == []


@pytest.mark.parametrize(
    ("title", "attributes", "expected"),
    [
        ("三七粉 250g*2瓶", {}, 500),
        ("三七粉", {"净含量": "1.5千克"}, 1500),
        ("云南红糖 5斤装", {}, 2500),
        ("茶叶", {"规格": "100g/200g可选"}, None),
        ("小包装 30*5g", {}, 150),
    ],
)
def test_grams(title: str, attributes: dict[str, str], expected: int | None) -> None:
    weight = grams(Listing.from_dict({"title": title, "attributes": attributes}))
    assert weight == (None if expected is None else Decimal(expected))


def test_pieces_are_counted_where_one_number_is_stated() -> None:
    assert pieces(Listing.from_dict({"title": "抽纸 30包"}), "包") == 30
    assert pieces(Listing.from_dict({"title": "抽纸 30包 60包"}), "包") is None
