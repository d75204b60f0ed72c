"""What the project's own rules say of listings: each case is judged by law, not by the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from detectors import Detector
from listing import Listing


def violations(detector: Detector, title: str = "茶", **fields: Any) -> set[str]:
    return set(detector.detect(Listing.from_dict({"title": title, **fields})).violations)


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"title": "全网销量第一的古树茶", "goods": "tea"}, "absolute_claim"),
        ({"title": "三七粉", "goods": "sanqi", "text": "长期服用可治疗冠心病"}, "medical_claim"),
        (
            {"title": "三七粉", "goods": "sanqi", "image_text": ["降血压", "天天喝"]},
            "medical_claim",
        ),
        ({"title": "大溢 7572 普洱茶", "goods": "tea"}, "lookalike_mark"),
        (
            {"title": "老班章", "goods": "tea", "attributes": {"产地": "广东省东莞市"}},
            "fake_origin",
        ),
        (
            {"title": "文山三七", "goods": "sanqi", "attributes": {"产地": "广西百色市"}},
            "gi_misuse",
        ),
        ({"title": "大益 高仿 7542", "goods": "tea"}, "counterfeit"),
        ({"title": "普洱茶", "terms": "概不退换"}, "return_refusal"),
    ],
)
def test_the_first_seven_violations(
    detector: Detector, fields: dict[str, Any], violation: str
) -> None:
    assert violation in violations(detector, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "普洱茶最小起订量2件"},
        {"title": "三七粉", "text": "本品不能代替药物治疗高血压"},
        {"title": "血塞通片 国药准字Z20054321", "goods": "food-drug", "text": "用于治疗脑血栓"},
        {"title": "非大益 勐海古树茶", "goods": "tea"},
        {
            "title": "老班章",
            "goods": "tea",
            "ship_from": "广东 广州",
            "attributes": {"产地": "云南省勐海县"},
        },
        {"title": "正品保证 假一罚十 杜绝高仿"},
        {"title": "鲜松茸", "terms": "鲜活易腐商品不支持七天无理由退货"},
        {
            "title": "茶",
            "text": "根据广告法第九条，不得使用国家级、最高级、最佳等用语，如有遗漏请联系我们",
        },
        {"title": "喝普洱茶能降血压吗？"},
        {"title": "第一道茶汤不喝"},
        {"title": "适用于美的电饭煲的内胆", "goods": "appliance"},
    ],
)
def test_lawful_listings_are_not_accused(detector: Detector, fields: dict[str, Any]) -> None:
    assert violations(detector, **fields) == set()


@pytest.mark.parametrize("name", ["大溢", "大盖", "同人堂", "云南百药", "下关坨茶"])
def test_names_that_sound_or_look_alike_are_found(detector: Detector, name: str) -> None:
    goods = "tea" if name in ("大溢", "大盖", "下关坨茶") else "sanqi"
    assert {"lookalike_mark", "time_honoured_misuse"} & violations(
        detector, f"{name} 礼盒", goods=goods
    )


@pytest.mark.parametrize(
    "title", ["大意失荆州主题杯", "大一新生礼物", "大盖帽 复古", "大衣柜 茶室"]
)
def test_common_words_are_no_look_alikes(detector: Detector, title: str) -> None:
    assert "lookalike_mark" not in violations(detector, title, goods="tea")


def test_the_words_of_a_signal_are_the_originals(detector: Detector) -> None:
    text = "【正品】全 网，治*疗 高血壓 有效"
    for signal in detector.detect(Listing(title=text, goods="tea")).signals:
        assert text[signal.start : signal.end] == signal.text


def test_disguise_is_on_the_signal_and_makes_it_stronger(detector: Detector) -> None:
    (plain,) = detector.detect(Listing(title="最好喝的茶")).signals
    (hidden,) = detector.detect(Listing(title="最*好喝的茶")).signals
    assert hidden.disguise == ("separator",) and hidden.strength > plain.strength


def test_the_licence_number_tells_where_it_was_made(detector: Detector) -> None:
    # 420112 is 武汉市东西湖区 (GB/T 2260), as on a real nut packet's «SC11842011202060».
    listing = Listing(title="老班章古树茶", goods="tea", licence_no="SC11842011202060")
    (signal,) = [s for s in detector.detect(listing).signals if s.violation == "fake_origin"]
    assert "湖北省武汉市" in signal.reason


@pytest.mark.parametrize(("title", "claimed"), [("月光白 山中客", False), ("月光 白山 古树茶", True), ("白 山 古树茶", True)])  # fmt: skip
def test_the_end_of_one_word_and_the_beginning_of_the_next_are_no_place(
    detector: Detector, title: str, claimed: bool
) -> None:
    listing = Listing(title=title, goods="tea", origin="云南勐海")
    assert ("fake_origin" in detector.detect(listing).violations) == claimed


@pytest.mark.parametrize("price", ["10", "99999"])
def test_a_famous_place_at_an_impossible_price(detector: Detector, price: str) -> None:
    listing = Listing.from_dict({"title": "老班章 357克", "goods": "tea", "price": price})
    assert ("fake_origin" in detector.detect(listing).violations) == (price == "10")


@pytest.mark.parametrize(
    "title", ["x" * 100_000, "🍵" * 1000, "最" * 5000, "\u200b", "治疗" * 5000]
)
def test_odd_texts_end_in_a_clean_result(detector: Detector, title: str) -> None:
    assert detector.detect(Listing(title=title)).score <= 1


def test_a_long_list_of_signals_is_cut_but_not_the_verdict(detector: Detector) -> None:
    found = detector.detect(Listing(title="茶", text="最好喝。" * 500))
    assert found.violations == ("absolute_claim",) and len(found.signals) <= 10


def test_of_some_violations_only_it_says_what_it_says_of_them_among_all(
    detector: Detector, house: Path
) -> None:
    labelled = house / "tests" / "detectors" / "labelled" / "seen" / "a.jsonl"
    for line in labelled.read_text(encoding="utf-8").splitlines()[:30]:
        listing = Listing.from_dict(json.loads(line))
        whole = detector.detect(listing)
        for only in (frozenset(["medical_claim"]), frozenset(["false_claim", "absolute_claim"])):
            part = detector.detect(listing, only)
            assert part.signals == tuple(s for s in whole.signals if s.violation in only)
            assert part.violations == tuple(v for v in whole.violations if v in only)
