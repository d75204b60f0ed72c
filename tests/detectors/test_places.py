"""Places as sellers write them: short, in pairs, abroad, and words that only look like them."""

from __future__ import annotations

import pytest

import settings
from detectors.places import Places, agree, far
from detectors.ruleset import load_rules


@pytest.fixture(scope="module")
def places() -> Places:
    regions = load_rules(settings.load().rules_dir).regions
    return Places(regions, {"小草坝": "530628"})


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("云南易门", ["530425"]),
        ("福建漳平、安溪", ["350881", "350524"]),
        ("江苏兴化大纵湖", ["321281"]),
        ("云南省红河州", ["5325"]),
        ("昭通小草坝天麻", ["530628"]),
        ("湖北省恩施州宣恩县椒园镇", ["422825"]),
        ("凤庆县凤山镇", ["530921"]),
        ("德国莱茵河畔", ["DE"]),
        ("中国大陆", ["CN"]),
    ],
)
def test_a_place_is_found_by_its_short_name_in_its_parent(
    places: Places, text: str, codes: list[str]
) -> None:
    assert [code for _, _, code in places.named(text)] == codes


@pytest.mark.parametrize("text", ["复合肥", "大理石背景墙", "普洱茶熟饼", "公安备案", "日照萎凋"])
def test_a_word_that_only_contains_a_name_is_no_place(places: Places, text: str) -> None:
    assert places.named(text) == []


def test_places_agree_where_one_lies_in_the_other() -> None:
    assert agree("53", "530921")
    assert agree("CN", "4401")
    assert not agree("DE", "CN")
    assert not agree("530921", "530925")
    assert far("530921", "3505")
    assert not far("530921", "5301")
