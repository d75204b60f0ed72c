"""Who uses the same pictures: links between operators, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select

from clues import Finding, Link, grow, keep_pictures, one_clue
from clues.pictures import picture_links
from detectors.images import MANY_SHOPS
from listing import Listing
from storage import Store
from storage import models as m
from storage.observations import Found, Recorded, record

NOW = datetime(2026, 11, 11, 2, tzinfo=UTC)
TEA = "8f6c334c" * 8
PACK = "17ad90e2" * 8


def changed(phash: str, *bits: int) -> str:
    """The hash with some bits turned, counted from its front."""
    return f"{int(phash, 16) ^ sum(1 << (255 - bit) for bit in bits):064x}"


def shown(store: Store, shop: str, *hashes: str, number: int = 1, operator: str = "") -> Recorded:
    """A listing of a shop with pictures of these hashes."""
    listing = Listing.from_dict(
        {
            "title": f"{shop}的茶{number}", "source": "taobao", "shop_name": shop, "operator_name": operator,
            "images": [f"http://img.example/{shop}/{number}-{n}.jpg" for n in range(len(hashes))],
            "image_hashes": hashes,
        }
    )  # fmt: skip
    found = Found(listing, f"http://x.example/{shop}/{number}", "", "tea", None, NOW)
    with store.session() as session:
        (row,) = record(session, None, [found])
        keep_pictures(session, [(found, row)])
        keep_pictures(session, [(found, row)])
    return row


def clue_of(store: Store, row: Recorded, **more: Any) -> int:
    with store.session() as session:
        signal = insert(m.SignalRow).values(
            {
                "observation_id": row.observation_id, "rule": "r", "rule_version": 1, "violation": "false_claim",
                "field": "title", "start": 0, "end": 2, "text": "茶", "strength": 0.8, "reason": "", "disguise": [],
                "law": [],
            } | more
        )  # fmt: skip
        id_ = session.scalars(signal.returning(m.SignalRow.id)).one()
        finding = Finding(row.shop_id, row.operator_id, "taobao", "tea", "", None, NOW, {"false_claim": (0.8, [id_])})  # fmt: skip
        (clue_id,) = grow(session, None, [finding]).opened
    return clue_id


def links(store: Store, clue_id: int) -> list[Link]:
    with store.session() as session:
        return picture_links(session, session.get_one(m.Clue, clue_id))


def test_two_shops_with_the_same_picture_are_linked_with_both_listings(store: Store) -> None:
    clue_id = clue_of(store, shown(store, "甲店", PACK, TEA))
    other = shown(store, "乙店", "", changed(TEA, 3, 40, 77, 200, 201))
    shown(store, "丙店", changed(TEA, *range(0, 120, 4)))
    (link,) = links(store, clue_id)
    assert (link.subject, link.operator, link.shops) == (f"shop:{other.shop_id}", "", ["乙店"])
    assert link.shared == 1
    (picture,) = link.pictures
    assert picture["ours"] == {
        "picture": "http://img.example/甲店/1-1.jpg", "sha256": "", "listing": "甲店的茶1",
        "url": "http://x.example/甲店/1", "shop": "甲店",
    }  # fmt: skip
    assert picture["theirs"]["picture"] == "http://img.example/乙店/1-1.jpg"
    assert picture["theirs"]["url"] == "http://x.example/乙店/1"


def test_an_operators_own_shops_are_no_link_and_anothers_are_one(store: Store) -> None:
    clue_id = clue_of(store, shown(store, "甲店", TEA, operator="虚构甲公司"))
    shown(store, "甲店二", TEA, operator="虚构甲公司")
    shown(store, "乙店", TEA, operator="虚构乙公司")
    shown(store, "乙店二", TEA, PACK, operator="虚构乙公司")
    (link,) = links(store, clue_id)
    assert (link.operator, link.shops, link.shared) == ("虚构乙公司", ["乙店", "乙店二"], 1)


def test_more_shared_pictures_come_first(store: Store) -> None:
    clue_id = clue_of(store, shown(store, "甲店", TEA, PACK))
    shown(store, "乙店", TEA)
    shown(store, "丙店", TEA, number=1)
    shown(store, "丙店", PACK, number=2)
    assert [(link.shops, link.shared) for link in links(store, clue_id)] == [(["丙店"], 2), (["乙店"], 1)]  # fmt: skip


def test_a_stock_picture_is_no_link(store: Store) -> None:
    clue_id = clue_of(store, shown(store, "甲店", TEA))
    for number in range(MANY_SHOPS - 1):
        # Saved anew by each shop: nearly the same hash.
        shown(store, f"店{number}", changed(TEA, 250 - number))
    assert len(links(store, clue_id)) == MANY_SHOPS - 1
    shown(store, "又一店", TEA)
    assert links(store, clue_id) == []


def test_blank_pictures_are_not_kept(store: Store) -> None:
    shown(store, "甲店", "", TEA)
    with store.session() as session:
        assert session.scalars(select(m.Picture.phash)).all() == [TEA]
        assert session.scalar(select(func.count()).select_from(m.PictureBand)) == 8


def test_a_clue_shows_where_in_the_picture_its_words_stand_and_its_links(store: Store) -> None:
    listing = Listing.from_dict(
        {
            "title": "茶", "source": "taobao", "shop_name": "甲店", "images": ["http://img.example/a.svg", "http://img.example/b.png"],
            "image_text": ["从网页来的", "全网最低价"], "image_boxes": [[1, 20, 30, 200, 60]], "image_hashes": ["", TEA],
        }
    )  # fmt: skip
    found = Found(listing, "http://x.example/1", "", "tea", None, NOW)
    with store.session() as session:
        (row,) = record(session, None, [found])
        keep_pictures(session, [(found, row)])
    clue_id = clue_of(store, row, field="image_text[1]", text="最低")
    shown(store, "乙店", TEA)
    with store.session() as session:
        view = one_clue(session, clue_id)
    assert view is not None
    (signal,) = view.detail["signals"]
    assert (signal["image"], signal["image_url"], signal["box"]) == (1, "http://img.example/b.png", [20, 30, 200, 60])  # fmt: skip
    assert [link["shops"] for link in view.detail["links"]] == [["乙店"]]
