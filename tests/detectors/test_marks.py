"""Look-alikes of known names: how they are found."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.fields import texts_of
from detectors.matcher import Matcher
from detectors.reasoning.lookalikes import lookalikes
from detectors.reasoning.marks import Marks
from listing import Listing

BRANDS: list[dict[str, Any]] = [
    {"name": "大益", "latin": ["TAETEA"], "goods": ["tea"], "common_words": ["大意"]},
    {"name": "同仁堂", "kind": "time_honoured", "goods": ["sanqi"]},
    {"name": "云南白药", "goods": ["sanqi"], "licensed_sellers": ["昆明有证虚构药店"]},
    {"name": "耐克", "latin": ["nike"], "goods": ["apparel"]},
    {"name": "六个核桃"},
    {"name": "老干妈"},
]


@pytest.fixture
def marks() -> Marks:
    return Marks(BRANDS)


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("大溢", "大益"),  # sound
        ("同人堂", "同仁堂"),  # sound
        ("云楠百药", "云南白药"),  # two sounds
        ("六个核挑", "六个核桃"),  # a shared part
        ("同堂仁", "同仁堂"),  # order
        ("老干的妈", "老干妈"),  # put between
        ("云南白药坊", "云南白药"),  # put behind
        ("新大益", "大益"),  # put before
        ("nlke", "nike"),  # l for I
        ("taetae", "taetea"),  # spelling
    ],
)
def test_a_name_by_itself_is_taken_for_the_known_one(marks: Marks, shown: str, name: str) -> None:
    (found, closeness), *_ = marks.alike(shown)
    assert (found, closeness > 0.75) == (name, True)


@pytest.mark.parametrize(
    "shown", ["大益", "大意", "云岭山人", "勐浪", "同仁堂", "nikes", "云南白药气血康"]
)
def test_the_name_itself_a_common_word_and_another_name_are_not(marks: Marks, shown: str) -> None:
    assert marks.alike(shown) == ()


def accused(marks: Marks, **fields: object) -> bool:
    listing = Listing.from_dict({"title": "商品", **fields})
    texts = texts_of(listing, Matcher([marks.names], (), marks=marks.names))
    return bool(lookalikes(marks, listing, texts, {}))


def test_a_look_alike_in_title_brand_or_words_about_the_mark_is_accused(marks: Marks) -> None:
    assert accused(marks, title="云南百药三七粉", goods="sanqi")
    assert accused(marks, brand="大溢", goods="tea")
    assert accused(marks, text="商标：耐兑，透气网面", goods="apparel")


def test_licensed_sellers_comparison_fit_and_other_goods_are_not_accused(marks: Marks) -> None:
    assert not accused(
        marks, title="云南百药三七粉", goods="sanqi", operator_name="昆明有证虚构药店"
    )
    assert not accused(marks, title="非大溢 小厂口粮茶", goods="tea")
    assert not accused(marks, title="适用于大溢茶罐的标签", goods="tea")
    assert not accused(marks, brand="大溢", goods="auto-parts")
