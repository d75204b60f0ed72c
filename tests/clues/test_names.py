"""Names as they are compared."""

from __future__ import annotations

import pytest

from clues.names import core, likeness, name_keys, plain


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("勐海云岫虚构茶业有限公司", "勐海云岫虚构茶业有限公司"),
        (" 勐海 云岫虚构茶业（云南）有限公司", "勐海云岫虚构茶业(云南)有限公司"),
        ("寨子虚构茶农（个体工商户）", "寨子虚构茶农"),
        ("Ａｂｃ茶行", "ABC茶行"),
    ],
)
def test_a_name_is_compared_without_spaces_width_and_ownership(name: str, same: str) -> None:
    assert plain(name) == same


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("昆明市盘龙区葵竹虚构茶叶经营部", "葵竹虚构茶叶"),
        ("勐海云岫虚构茶业有限公司", "勐海云岫虚构茶业"),
        ("云岫茶业股份有限公司", "云岫茶业"),
        ("商行", "商行"),
    ],
)
def test_the_core_is_without_division_and_form(name: str, kept: str) -> None:
    assert core(name) == kept


def test_names_one_character_apart_have_a_key_in_common() -> None:
    for other in ("云袖虚构茶业有限公司", "云岫虚拟茶业有限公司", "云岫虚构茶有限公司"):
        assert set(name_keys("云岫虚构茶业有限公司")) & set(name_keys(other)), other
    assert not set(name_keys("云岫虚构茶业有限公司")) & set(name_keys("乌有虚构三七有限公司"))


def test_likeness_of_equal_like_and_other_names() -> None:
    assert likeness("云岫虚构茶业有限公司", "云岫虚构茶业有限公司") == 1.0
    assert 0.85 <= likeness("昆明云岫虚构茶业公司", "昆明云袖虚构茶业公司") < 1
    assert likeness("虚构茶叶第101号店", "虚构茶叶第102号店") <= 0.8
    assert likeness("云岫虚构茶业有限公司", "乌有假想三七有限公司") < 0.5
