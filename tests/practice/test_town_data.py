"""The one data file and its truth."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from listing import Listing, is_uscc
from practice import listings, truth
from practice.data import HERE, goods, offers, sellers

IDS = {
    "counterfeit",
    "lookalike_mark",
    "time_honoured_misuse",
    "gi_misuse",
    "fake_origin",
    "absolute_claim",
    "state_endorsement",
    "medical_claim",
    "health_food_claim",
    "efficacy_guarantee",
    "investment_claim",
    "false_claim",
    "commercial_defamation",
    "brushed_reviews",
    "brushing_offer",
    "price_fraud",
    "unlawful_operator",
    "forged_name",
    "unfair_terms",
    "return_refusal",
    "pyramid_selling",
    "personal_data",
    "off_platform",
    "smuggled_goods",
}
MANY = (
    "absolute_claim medical_claim lookalike_mark fake_origin gi_misuse counterfeit return_refusal"
)


def counts() -> Counter[str]:
    return Counter(label for told in truth().values() for label in told.labels)


def test_every_line_of_the_file_is_a_listing_with_an_id_of_its_own() -> None:
    lines = (HERE / "listings.jsonl").read_text(encoding="utf-8").splitlines()
    read = [Listing.from_dict(json.loads(line)) for line in lines]
    assert len(read) >= 420
    assert len({listing.id for listing in read}) == len(read)


def test_the_truth_tells_of_each_listing_and_of_no_other() -> None:
    assert list(truth()) == [listing.id for listing in listings()]


def test_all_24_violations_are_planted_at_least_five_times_and_the_frequent_ones_twenty() -> None:
    assert len(IDS) == 24
    assert set(counts()) == IDS
    assert min(counts().values()) >= 5
    assert {name: counts()[name] for name in MANY.split() if counts()[name] < 20} == {}


def test_about_a_third_of_the_listings_is_unlawful() -> None:
    unlawful = sum(bool(told.labels) for told in truth().values())
    assert 0.30 <= unlawful / len(truth()) <= 0.37


def test_most_of_what_is_planted_often_is_tea_or_sanqi() -> None:
    for name in MANY.split():
        where = [offers()[i].listing.goods for i, t in truth().items() if name in t.labels]
        assert sum(group in ("tea", "sanqi") for group in where) / len(where) > 0.5, name


def test_a_quarter_of_the_lawful_listings_looks_suspicious() -> None:
    lawful = [told for told in truth().values() if not told.labels]
    hard = sum(told.note != "寻常合法商品" for told in lawful)
    assert 0.2 <= hard / len(lawful) <= 0.35


def test_all_twelve_groups_of_the_watch_list_are_on_offer() -> None:
    assert len(goods()) == 12
    assert {listing.goods for listing in listings()} == set(goods())


def test_unlawful_words_are_not_one_text_copied() -> None:
    said = [
        (listing.title, listing.text, listing.terms)
        for listing in listings()
        if truth()[listing.id].labels
    ]
    assert len(set(said)) == len(said)


def test_the_named_place_of_a_violation_is_a_field_that_says_something() -> None:
    absent_is_the_offence = {"uscc", "operator_name"}
    for told in truth().values():
        if told.labels and told.where not in absent_is_the_offence:
            assert getattr(offers()[told.id].listing, told.where), told


def test_lawful_sellers_state_a_code_that_fits_or_that_they_need_none() -> None:
    for identity, told in truth().items():
        exempt = "依法不需要办理市场主体登记" in offers()[identity].listing.operator_name
        if not exempt and not {"unlawful_operator", "forged_name"} & set(told.labels):
            assert is_uscc(offers()[identity].listing.uscc), identity


def test_every_planted_unlawful_operator_lacks_a_valid_code_or_a_licence() -> None:
    for identity, told in truth().items():
        if "unlawful_operator" in told.labels:
            said = offers()[identity].listing
            assert not is_uscc(said.uscc) or not said.licence_no, identity


def test_a_price_history_of_a_fraud_never_reached_the_former_price_before_the_sale_week() -> None:
    told = [offers()[i].listing for i, t in truth().items() if t.where == "price_history"]
    assert len(told) >= 4
    for listing in told:
        earlier = [p.price for p in listing.price_history[:-2] if p.price is not None]
        assert listing.original_price is not None
        assert max(earlier) < listing.original_price


def test_two_marketplaces_and_at_least_six_shapes_of_shops_sell() -> None:
    assert {seller.site for seller in sellers().values()} == {"taoji", "jingdian", "shop"}
    shapes = {s.template for s in sellers().values() if s.site == "shop"}
    assert shapes == {"json-ld", "microdata", "table", "spa", "gbk", "og"}


def test_composing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "practice.compose", "--into", str(tmp_path)]
    subprocess.run(command, cwd=HERE.parent, check=True)
    for name in ("listings.jsonl", "truth.jsonl", "shops.yaml"):
        assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes(), name


def test_six_operators_have_several_shops_and_twins_and_a_service_station_none() -> None:
    hands: dict[str, list[str]] = {}
    for seller in sellers().values():
        hands.setdefault(seller.hand, []).append(seller.name)
    several = sorted(len(names) for names in hands.values() if len(names) > 1)
    assert several == [2, 2, 2, 2, 3, 3]
    assert {len(hands[s.hand]) for s in sellers().values() if s.name.startswith("虚溪老")} == {1}
    centre = [s for s in sellers().values() if s.phone == "400-000-5508"]
    assert len(centre) == 14 == len({s.hand for s in centre})
