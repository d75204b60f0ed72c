"""In whose jurisdiction an operator is, and what contradicts it."""

from __future__ import annotations

import pytest

from clues.placing import Reason, division_of, places_of, weigh
from storage import Store
from storage import models as m
from tests.clues.shops import PLACES, accuse, settled, shop


@pytest.mark.parametrize(
    ("digits", "code"),
    [("530103", "530103"), ("530100", "5301"), ("530000", "53"), ("532701", "53"), ("990101", "")],
)
def test_the_division_in_a_code_as_narrow_as_it_is_known(digits: str, code: str) -> None:
    assert division_of(digits, PLACES) == code


def test_reasons_that_agree_make_surer_and_one_that_does_not_less() -> None:
    uscc = Reason("uscc", "9153…", "530103", 0.9)
    ship = Reason("ship_from", "云南昆明", "5301", 0.35)
    far = Reason("address", "广州市荔湾区", "440103", 0.75)
    alone, agreed, opposed = weigh([uscc]), weigh([uscc, ship]), weigh([uscc, ship, far])
    assert (alone.code, alone.confidence) == ("530103", 0.9)
    assert (agreed.code, agreed.confidence, agreed.contradictions) == ("530103", 0.9, ())
    # 0.9 × (1 − 0.6 × 0.75)
    assert (opposed.code, opposed.confidence) == ("530103", 0.495)
    assert opposed.contradictions == (far,)


def test_a_wide_reason_supports_its_province_and_two_of_them_decide() -> None:
    told = [Reason("uscc", "", "440103", 0.9), Reason("address", "", "530103", 0.75), Reason("licence", "", "530102", 0.8)]  # fmt: skip
    assert weigh(told).code == "530102"
    assert weigh([]).code == "" and weigh([]).confidence == 0.0


def test_an_operator_is_where_its_code_licence_name_and_address_say(store: Store) -> None:
    row = shop(
        store, "葵竹虚构茶叶店", operator_name="昆明市盘龙区葵竹虚构茶叶经营部", uscc="92530103MAUGJ3L280",
        licence_no="JY25301037346553", address="云南省昆明市盘龙区葵竹路虚构茶城A12", ship_from="广东 广州",
    )  # fmt: skip
    clue = accuse(store, row)
    settled(store)
    with store.session() as session:
        place = places_of(session, [row.operator_id or 0], PLACES)[row.operator_id or 0]
        assert session.get_one(m.Clue, clue).region == "530103"
    assert place.code == "530103" and place.confidence > 0.75
    assert {r.kind for r in place.reasons} == {"uscc", "licence", "name", "address", "ship_from"}
    assert [(r.kind, r.code, r.shown) for r in place.contradictions] == [("ship_from", "4401", "广东 广州（1/1）")]  # fmt: skip


def test_two_addresses_that_contradict_are_both_shown(store: Store) -> None:
    row = shop(store, "甲虚茶行", operator_name="虚构茶行", address="云南省昆明市盘龙区虚构路31号")
    shop(store, "甲虚茶行", 2, operator_name="虚构茶行", address="广州市荔湾区虚拟路5号")
    settled(store)
    with store.session() as session:
        place = places_of(session, [row.operator_id or 0], PLACES)[row.operator_id or 0]
    codes = {r.code for r in place.reasons}
    assert codes == {"530103", "440103"} and len(place.contradictions) == 1
    assert place.confidence < 0.5


def test_where_nothing_tells_the_place_is_not_known(store: Store) -> None:
    row = shop(store, "甲虚茶行", operator_name="虚构茶行", phone="0871-00036481")
    settled(store)
    with store.session() as session:
        place = places_of(session, [row.operator_id or 0], PLACES)[row.operator_id or 0]
    assert (place.code, place.reasons) == ("", ())
