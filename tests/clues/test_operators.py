"""Who is behind the shops: links, what is certain, and what officers say of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from clues import one_clue
from clues.merging import OperatorError, head_of, merge, split, undo
from clues.operators import (
    OperatorFilter,
    confirm_link,
    cut_link,
    find_operators,
    link_operators,
    one_operator,
    split_operator,
)
from storage import Store
from storage import models as m
from storage.operators import LinkVerdict, OperatorChange, ShopLink
from tests.clues.shops import (
    ONE_CODE,
    OTHER_CODE,
    accuse,
    operator_of,
    settled,
    shop,
    state,
)

SAME: dict[str, Any] = {"phone": "0871-00036481", "text": "老客户加微信 xubao_tea01 看货"}


def links(store: Store) -> list[tuple[str, str]]:
    with store.session() as session:
        rows = session.execute(select(ShopLink.kind, ShopLink.state).order_by(ShopLink.id))
        return [(kind, state) for kind, state in rows]


def test_shops_with_one_phone_and_one_wechat_are_one_operator_whatever_their_names(store: Store) -> None:  # fmt: skip
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行", uscc=ONE_CODE, **SAME)
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍", **SAME)
    done = settled(store)
    assert len(done.merged) == 1
    assert operator_of(store, one) == operator_of(store, other) == one.operator_id, "the code's"
    with store.session() as session:
        found = one_operator(session, other.operator_id or 0)
    assert found["id"] == one.operator_id and found["asked"] == other.operator_id
    assert {(link["kind"], link["inside"]) for link in found["links"]} == {("phone", True), ("wechat", True)}  # fmt: skip
    assert all(len(link["detail"]["observations"]) == 2 for link in found["links"])
    assert settled(store).shops == 0, "nothing is left to do"


def test_a_phone_alone_is_a_link_and_no_proof(store: Store) -> None:
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行", phone="0871-00036481")
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍", phone="(0871)00036481")
    assert settled(store).merged == []
    assert links(store) == [("phone", "found")]
    assert operator_of(store, one) != operator_of(store, other)


def test_one_number_that_is_phone_and_wechat_counts_once(store: Store) -> None:
    for name in ("甲虚茶行", "乙假想茶舍"):
        shop(store, name, operator_name=name, phone="13900000000", text="加微信：13900000000")
    assert settled(store).merged == []
    assert links(store) == [("wechat", "found"), ("phone", "found")]


def test_the_phone_of_a_call_centre_links_nobody(store: Store) -> None:
    rows = [
        shop(store, f"虚店{chr(0x4E00 + n * 37)}{chr(0x5100 + n * 41)}", phone="0871-00099999")
        for n in range(40)
    ]
    settled(store)
    assert links(store) == []
    assert {operator_of(store, row) for row in rows} == {None}


def test_what_becomes_common_later_ends_its_links_and_the_merges_that_stood_on_them(store: Store) -> None:  # fmt: skip
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行", **SAME)
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍", **SAME)
    assert len(settled(store).merged) == 1
    for n in range(14):
        shop(store, f"虚店{chr(0x4E00 + n * 37)}{chr(0x5100 + n * 41)}", phone=SAME["phone"])
    done = settled(store)
    assert len(done.undone) == 1
    assert operator_of(store, one) != operator_of(store, other)
    assert ("phone", "crowded") in links(store)


def test_two_sound_codes_are_two_legal_persons_whatever_they_share(store: Store) -> None:
    same = SAME | {"address": "云南省昆明市盘龙区虚构路31号"}
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行", uscc=ONE_CODE, **same)
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍", uscc=OTHER_CODE, **same)
    assert settled(store).merged == []
    assert {kind for kind, _ in links(store)} == {"phone", "wechat", "address"}
    with store.session() as session:
        link = session.scalars(select(ShopLink.id).limit(1)).one()
        assert confirm_link(session, link, "李某", "实地核查").merged == []
    with store.session() as session:
        merge(session, one.operator_id or 0, other.operator_id or 0, "李某", "一套人马两块牌子")
    assert operator_of(store, one) == operator_of(store, other)


def test_a_code_whose_check_digit_is_wrong_links_nobody(store: Store) -> None:
    wrong = ONE_CODE[:-1] + "A"
    for name in ("甲虚茶行", "乙假想茶舍"):
        shop(store, name, operator_name=name, uscc=wrong)
    settled(store)
    assert links(store) == []
    with store.session() as session:
        operator = session.scalars(select(m.Operator.id).limit(1)).one()
        found = one_operator(session, operator)
    assert {"kind": "bad_uscc", "shown": [wrong]} in found["contradictions"]


def test_a_shop_that_names_nobody_comes_under_the_operator_it_is_known_by(store: Store) -> None:
    named = shop(store, "甲虚茶行", operator_name="甲虚茶行", uscc=ONE_CODE, **SAME)
    nameless = shop(store, "无名茶社", **SAME)
    clue = accuse(store, nameless)
    settled(store)
    assert operator_of(store, nameless) == named.operator_id
    with store.session() as session:
        assert session.get_one(m.Clue, clue).subject == f"operator:{named.operator_id}"


def test_two_shops_that_name_nobody_become_an_operator_known_by_them(store: Store) -> None:
    rows = [shop(store, name, **SAME) for name in ("无名茶社", "老街小铺子")]
    settled(store)
    (operator,) = {operator_of(store, row) for row in rows}
    with store.session() as session:
        (found,) = find_operators(session, OperatorFilter(text="xubao_tea01"))
    assert (found.id, found.name, found.shops) == (operator, "", 2)


def test_names_that_differ_in_one_character_or_sound_alike_are_found(store: Store) -> None:
    shop(store, "一", operator_name="昆明云岫虚构茶业有限公司")
    shop(store, "二", operator_name="昆明云袖虚构茶业有限公司")
    shop(store, "三", operator_name="昆明云岫虚构茶业有限责任公司")
    shop(store, "四", operator_name="昆明乌有虚构茶业有限公司")
    settled(store)
    with store.session() as session:
        pairs = set(session.scalars(select(ShopLink.value).where(ShopLink.kind == "alike")))
        merged = session.scalar(select(func.count()).select_from(OperatorChange))
    assert pairs == {
        "昆明云岫虚构茶业有限公司~昆明云袖虚构茶业有限公司",
        "昆明云岫虚构茶业有限公司~昆明云岫虚构茶业有限责任公司",
        "昆明云岫虚构茶业有限责任公司~昆明云袖虚构茶业有限公司",
    }
    assert merged == 0, "likeness alone is no proof"


def test_numbered_names_are_not_alike(store: Store) -> None:
    shop(store, "虚构茶叶第101号店")
    shop(store, "虚构茶叶第102号店")
    settled(store)
    assert links(store) == []


def test_a_filing_number_of_the_own_site_counts_and_a_markets_does_not(store: Store) -> None:
    icp: dict[str, Any] = {"attributes": {"ICP备案": "滇ICP备2099062822号-1"}}
    shop(store, "甲", own_site=True, **icp)
    shop(store, "乙", own_site=True, attributes={"ICP备案": "滇ICP备2099062822号-2"})
    shop(store, "丙", **icp)
    settled(store)
    assert links(store) == [("icp", "found")]


def test_an_address_counts_as_it_is_meant_and_only_with_a_door(store: Store) -> None:
    shop(store, "甲", address="云南省昆明市盘龙区虚构路31号")
    shop(store, "乙", address="昆明市盘龙区虚构路 31 号")
    shop(store, "丙", address="云南省昆明市盘龙区虚构路32号")
    shop(store, "丁", address="云南省昆明市盘龙区虚构村")
    shop(store, "戊", address="云南省昆明市盘龙区虚构村")
    settled(store)
    assert links(store) == [("address", "found")]


def test_an_officer_confirms_or_cuts_a_link_and_it_is_kept(store: Store) -> None:
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行", phone="0871-00036481")
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍", phone="0871-00036481")
    settled(store)
    with store.session() as session:
        (link,) = session.scalars(select(ShopLink.id)).all()
        with pytest.raises(OperatorError, match="name and a reason"):
            confirm_link(session, link, "", "实地核查")
    with store.session() as session:
        assert len(confirm_link(session, link, "李某", "实地核查为同一经营者").merged) == 1
    assert operator_of(store, one) == operator_of(store, other)
    with store.session() as session:
        said = session.scalars(select(LinkVerdict)).one()
        assert (said.verdict, said.officer, said.reason) == ("confirm", "李某", "实地核查为同一经营者")  # fmt: skip
        assert session.scalars(select(OperatorChange.officer)).all() == ["李某"]


def test_a_cut_link_takes_the_merge_back_and_stays_cut(store: Store) -> None:
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行", **SAME)
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍", **SAME)
    before = state(store)
    settled(store)
    with store.session() as session:
        wechat = session.scalars(select(ShopLink.id).where(ShopLink.kind == "wechat")).one()
        assert len(cut_link(session, wechat, "李某", "客服外包，微信为外包公司所有").undone) == 1
    assert state(store) == before
    shop(store, "甲虚茶行", number=2, operator_name="甲虚茶行", **SAME)
    settled(store)
    assert operator_of(store, one) != operator_of(store, other)
    assert ("wechat", "cut") in links(store)


def test_an_officers_split_is_not_undone_by_the_program(store: Store) -> None:
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行", **SAME)
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍", **SAME)
    (change,) = settled(store).merged
    with store.session() as session:
        split_operator(session, one.operator_id or 0, (), change, "李某", "两户")
    shop(store, "乙假想茶舍", number=2, operator_name="乙假想茶舍", **SAME)
    assert settled(store).merged == []
    assert operator_of(store, one) != operator_of(store, other)


def test_an_officer_links_what_no_page_shows(store: Store) -> None:
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行")
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍")
    with store.session() as session:
        link_operators(session, one.operator_id or 0, other.operator_id or 0, "李某", "同一仓库发货")  # fmt: skip
    assert operator_of(store, one) == operator_of(store, other)


def test_a_merge_folds_clues_and_taking_it_back_restores_every_row(store: Store) -> None:
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行")
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍")
    heir = accuse(store, one, strength=0.6)
    folded = accuse(store, other, strength=0.9)
    alone = accuse(store, other, "absolute_claim")
    before = state(store)
    with store.session() as session:
        change = merge(session, one.operator_id or 0, other.operator_id or 0, "李某", "同一户")
    with store.session() as session:
        view = one_clue(session, heir)
        assert view is not None and (view.signals, view.score) == (2, 0.9)
        assert session.get_one(m.Clue, alone).subject == f"operator:{one.operator_id}"
        assert session.get_one(m.Clue, folded).subject == f"folded:{folded}"
        assert head_of(session, other.operator_id or 0) == one.operator_id
    with store.session() as session:
        undo(session, change.id, "李某", "查错了")
    assert state(store) == before
    with store.session() as session, pytest.raises(OperatorError, match="already"):
        undo(session, change.id, "李某", "再来一次")


def test_what_was_found_since_goes_where_it_belongs_when_a_merge_is_taken_back(store: Store) -> None:  # fmt: skip
    one = shop(store, "甲虚茶行", operator_name="甲虚茶行")
    other = shop(store, "乙假想茶舍", operator_name="乙假想茶舍")
    first, second = accuse(store, one), accuse(store, other)
    with store.session() as session:
        change = merge(session, one.operator_id or 0, other.operator_id or 0, "李某", "同一户")
    later = shop(store, "乙假想茶舍", number=2, operator_name="乙假想茶舍")
    assert later.operator_id == one.operator_id, "a merged operator's pages are the heir's"
    assert accuse(store, later, strength=0.95) == first
    with store.session() as session:
        undo(session, change.id, "李某", "两户")
    with store.session() as session:
        views = {id_: one_clue(session, id_) for id_ in (first, second)}
    assert {id_: (v.signals, v.score) for id_, v in views.items() if v} == {first: (1, 0.8), second: (2, 0.95)}  # fmt: skip


def test_a_split_takes_a_shops_part_of_the_clues_along(store: Store) -> None:
    one = shop(store, "甲虚茶行", operator_name="虚构茶行有限公司")
    other = shop(store, "乙假想茶舍", operator_name="虚构茶行有限公司")
    assert one.operator_id == other.operator_id
    clue = accuse(store, one, strength=0.9)
    assert accuse(store, other, strength=0.5) == clue
    with store.session() as session:
        change = split(session, one.operator_id or 0, [other.shop_id], "李某", "冒用名称的另一户")
        with pytest.raises(OperatorError, match="must stay"):
            split(session, one.operator_id or 0, [one.shop_id], "李某", "全部")
    assert operator_of(store, other) == change.other_id != one.operator_id
    with store.session() as session:
        clues = session.scalars(select(m.Clue).order_by(m.Clue.id)).all()
        assert [(c.subject, c.score) for c in clues] == [
            (f"operator:{one.operator_id}", 0.9),
            (f"operator:{change.other_id}", 0.5),
        ]
        assert [one_clue(session, c.id).signals for c in clues] == [1, 1]  # type: ignore[union-attr]


def test_merges_of_merges_come_apart_in_any_order(store: Store) -> None:
    rows = [shop(store, name, operator_name=name) for name in ("甲虚行", "乙假想舍", "丙乌有铺")]
    for row in rows:
        accuse(store, row)
    ids = [row.operator_id or 0 for row in rows]
    before = state(store)
    with store.session() as session:
        inner = merge(session, ids[1], ids[2], "李某", "一")
    with store.session() as session:
        outer = merge(session, ids[0], ids[1], "李某", "二")
        assert head_of(session, ids[2]) == ids[0]
    with store.session() as session:
        undo(session, inner.id, "李某", "三")
    assert [operator_of(store, row) for row in rows] == [ids[0], ids[0], ids[2]]
    with store.session() as session:
        undo(session, outer.id, "李某", "四")
    after = state(store)
    assert after["shops"] == before["shops"] and after["signals"] == before["signals"]
    assert [c[:8] for c in after["clues"]] == [c[:8] for c in before["clues"]]
