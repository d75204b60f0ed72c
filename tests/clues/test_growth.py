from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from clues import ClueFilter, Finding, find_clues, grow, one_clue
from listing import Listing
from storage import Store
from storage import models as m
from storage.observations import Found, Recorded, record

NOW = datetime(2026, 11, 11, 2, tzinfo=UTC)


def seen(store: Store, title: str, number: int, at: datetime = NOW, **more: str) -> Recorded:
    listing = Listing.from_dict(
        {"title": title, "source": "taobao", "shop_name": "虚构茶行", "goods": "tea", **more}
    )
    with store.session() as session:
        (row,) = record(
            session, None, [Found(listing, f"http://x.example/{number}", "", "tea", None, at)]
        )
    return row


def accuse(store: Store, row: Recorded, words: str, score: float = 0.8, violation: str = "absolute_claim", region: str = "5301") -> tuple[set[int], set[int]]:  # fmt: skip
    with store.session() as session:
        signal_id = session.scalars(
            insert(m.SignalRow)
            .values(
                observation_id=row.observation_id, rule="r", rule_version=1, violation=violation, field="title",
                start=0, end=2, text=words, strength=score, reason="因为", disguise=[], law=["ad-law-9-3"],
            )
            .returning(m.SignalRow.id)
        ).one()  # fmt: skip
        finding = Finding(
            row.shop_id, row.operator_id, "taobao", "tea", region, None, NOW, {violation: (score, [signal_id])}
        )  # fmt: skip
        tally = grow(session, None, [finding])
        again = grow(session, None, [finding])
    assert not again.opened and not again.grown, "the same finding twice changes nothing"
    return tally.opened, tally.grown


def test_a_shop_and_a_violation_make_one_clue_that_grows(store: Store) -> None:
    opened, _ = accuse(store, seen(store, "最好的茶", 1), "最好", 0.6)
    opened_again, grown = accuse(store, seen(store, "顶级的茶", 2), "顶级", 0.9)
    assert len(opened) == 1 and not opened_again and grown == opened
    with store.session() as session:
        (clue,) = find_clues(session, ClueFilter())
    assert (clue.score, clue.signals, clue.words) == (0.9, 2, ["顶级", "最好"])


def test_another_violation_is_another_clue(store: Store) -> None:
    row = seen(store, "最好的茶", 1)
    accuse(store, row, "最好")
    accuse(store, row, "高仿", violation="counterfeit")
    with store.session() as session:
        assert {c.violation for c in find_clues(session, ClueFilter())} == {
            "absolute_claim",
            "counterfeit",
        }


def test_when_the_operator_becomes_known_the_shops_clue_becomes_the_operators(store: Store) -> None:
    accuse(store, seen(store, "最好的茶", 1), "最好")
    named = seen(store, "顶级的茶", 2, operator_name="虚构茶行有限公司")
    assert named.operator_id is not None
    accuse(store, named, "顶级")
    with store.session() as session:
        (clue,) = session.scalars(select(m.Clue)).all()
        assert clue.subject == f"operator:{named.operator_id}"
        (view,) = find_clues(session, ClueFilter())
    assert view.signals == 2 and view.operator == "虚构茶行有限公司"


def test_filters_ask_for_what_they_say(store: Store) -> None:
    accuse(store, seen(store, "最好的茶100%_", 1), "最好", 0.6)
    accuse(
        store,
        seen(store, "高仿三七", 2, shop_name="另一虚构店"),
        "高仿",
        0.9,
        "counterfeit",
        "4403",
    )

    def violations(**wanted: object) -> list[str]:
        with store.session() as session:
            return [c.violation for c in find_clues(session, ClueFilter(**wanted))]  # type: ignore[arg-type]

    assert violations() == ["counterfeit", "absolute_claim"], "worst first"
    assert violations(violation="counterfeit") == ["counterfeit"]
    assert violations(region="53") == ["absolute_claim"]
    assert violations(min_score=0.7) == ["counterfeit"]
    assert violations(text="另一虚构") == ["counterfeit"]
    assert violations(text="100%_") == ["absolute_claim"]
    assert violations(text="%") == ["absolute_claim"], "a percent sign is no wildcard"
    assert violations(source="jd") == []
    assert violations(goods="tea", limit=1) == ["counterfeit"]
    assert violations(since=NOW + timedelta(days=1)) == []


def test_a_clue_shows_each_signal_with_its_listing_and_law(store: Store) -> None:
    (clue_id,) = accuse(store, seen(store, "最好的茶", 1), "最好")[0]
    with store.session() as session:
        view = one_clue(session, clue_id)
        assert view is not None
        (signal,) = view.detail["signals"]
        assert (signal["text"], signal["listing"], signal["law"]) == (
            "最好",
            "最好的茶",
            ["ad-law-9-3"],
        )
        assert one_clue(session, 999_999) is None
