"""Finding clues, listings, shops and operators: search, filters, pages, counts, deadlines; and that
what is kept of each clue is the same whichever way it came about."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from clues import ClueFilter, find_clues
from clues.browse import (
    ListingQuery,
    OperatorQuery,
    ShopQuery,
    browse_listings,
    browse_operators,
    browse_shops,
    count_found,
)
from clues.counts import clue_facets, clues_by_county, clues_by_day, count_clues
from clues.deadlines import load_periods
from clues.dues import settle_dues
from clues.filters import SORTS, in_region, order_of
from clues.merging import merge, split, undo
from clues.summaries import refresh, reindex_clues
from listing import Listing
from storage import Store
from storage import models as m
from storage.casework import Transfer
from storage.intake import ClueArrival
from storage.observations import Found, record
from storage.operators import OperatorPlace
from storage.texts import reindex_listings
from tests.clues import shops
from tests.clues.casework import HOUSE, walk
from tests.clues.test_growth import NOW, accuse, seen

WORDS = {
    1: ("老班章普洱茶 特级", "最好"), 2: ("班老章茶 特制", "高仿"), 3: ("ＳＣ１０５３ 三七粉★", "根治"), 4: ("It's the BEST tea", "best"),
    5: ("三七面膜，百分之百纯真", "100%"), 6: ("文山三七茶", "顶级"),
}  # fmt: skip


@pytest.fixture
def six(store: Store) -> dict[int, int]:
    """Six clues of six shops; the number of each by its id."""
    numbers = {}
    for number, (title, words) in WORDS.items():
        row = seen(
            store,
            title,
            number,
            shop_name=f"虚构{number}号店",
            text=f"这是第{number}段说明，好物出深山。",
        )
        (clue_id,) = accuse(store, row, words, 0.4 + number / 10, region="532822" if number % 2 else "530102")[0]  # fmt: skip
        numbers[clue_id] = number
    return numbers


def asked(store: Store, six: dict[int, int], **wanted: Any) -> set[int]:
    """Numbers of the clues that fit; the count must agree."""
    with store.session() as session:
        ids = [one.id for one in find_clues(session, ClueFilter(**wanted))]
        assert count_clues(session, ClueFilter(**wanted)) == len(ids) == len(set(ids))
    return {six[id_] for id_ in ids}


@pytest.mark.parametrize("common", [3000, 1])
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("班章", {1}),
        ("老班章", {1}),
        ("三七", {3, 5, 6}),
        ("三七 -面膜", {3, 6}),
        ("-三七", {1, 2, 4}),
        ('"三七粉"', {3}),
        ("“普洱茶”", {1}),
        ("茶", {1, 2, 6}),
        ("章", {1, 2}),
        ("SC1053", {3}),
        ("ｓｃ１０", {3}),
        ("Best TE", {4}),
        ("it's", {4}),
        ("tea best", {4}),
        ('"tea best"', set()),
        ("100%", {5}),
        ("１００％", {5}),
        ("★", {3}),
        ("高仿", {2}),
        ("虚构4号店", {4}),
        ("深山", {1, 2, 3, 4, 5, 6}),
        ("三七 顶级", {6}),
        ("", {1, 2, 3, 4, 5, 6}),
        ("  ", {1, 2, 3, 4, 5, 6}),
        ("，。！", set()),
        ("没有的词", set()),
    ],
)  # fmt: skip
def test_words_stand_in_listings_names_and_matched_words(
    store: Store, six: dict[int, int], words: str, wanted: set[int], common: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    # Words that stand nearly everywhere are looked for another way, and found as well.
    monkeypatch.setattr("clues.filters.COMMON", common)
    assert asked(store, six, text=words) == wanted


HOSTILE = [
    "'", '"', "\\", "\0", "''''", '"""', "%", "_", "*", ":*", "<->", "a & b", "| !", "NEAR(a b)", "AND", "OR NOT", "x:y", "{a}:b", "^a", "-", "--", "-*",
    "'); DROP TABLE clue; --", "\u202e\u200b", "\ud800", "a" * 100_000, "茶" * 100_000, '"' * 5000, "-茶 " * 500, "()" * 200, "😀🧿", "\x1a\x7f", "1e999",
]  # fmt: skip


def test_no_question_raises(store: Store, six: dict[int, int]) -> None:
    for words in HOSTILE:
        asked(store, six, text=words)
        with store.session() as session:
            for wanted in (
                ListingQuery(text=words),
                ShopQuery(text=words),
                OperatorQuery(text=words),
            ):
                count_found(session, wanted)
            browse_listings(session, ListingQuery(text=words))
            browse_shops(session, ShopQuery(text=words))
            browse_operators(session, OperatorQuery(text=words))
    assert len(asked(store, six)) == 6


def test_what_a_page_says_no_more_is_not_found(store: Store, six: dict[int, int]) -> None:
    seen(store, "绿茶", 1, NOW + timedelta(days=1), shop_name="虚构1号店")
    assert (asked(store, six, text="老班章"), asked(store, six, text="绿茶")) == (set(), {1})


def test_each_filter_alone(store: Store, six: dict[int, int]) -> None:
    by = {number: id_ for id_, number in six.items()}
    walk(store, by[2], "triage")
    with store.session() as session:
        session.get_one(m.Clue, by[3]).violation = "counterfeit"
        session.get_one(m.Clue, by[4]).opened_at = NOW - timedelta(days=9)
        session.get_one(m.Clue, by[5]).grown_at = NOW + timedelta(days=9)
        session.add(Transfer(clue_id=by[6], case_id=None, department="gongan", role="lead", grounds=[], sent_by="x", sent_at=NOW, why="", answered_at=None))  # fmt: skip
        session.add(ClueArrival(clue_id=by[1], way="complaint", origin="", at=NOW, record_id=None))
        clue = session.get_one(m.Clue, by[1])
        clue.goods, clue.sources = ["sanqi", "tea"], ["jd", "taobao"]
        session.execute(text("UPDATE listing SET price_fen = id * 100"))
        shop, listing = clue.shop_id, session.scalar(text("SELECT listing_id FROM clue_listing WHERE clue_id = :c").bindparams(c=by[1]))  # fmt: skip
        refresh(session, by.values())
    for wanted, numbers in (
        ({"violation": "counterfeit"}, {3}),
        ({"violations": ("counterfeit", "absolute_claim")}, {1, 2, 3, 4, 5, 6}),
        ({"violation": "counterfeit", "violations": ("absolute_claim",)}, set()),
        ({"state": "triaged"}, {2}),
        ({"states": ("new", "triaged")}, {1, 2, 3, 4, 5, 6}),
        ({"goods": "sanqi"}, {1}),
        ({"source": "jd"}, {1}),
        ({"region": "5328"}, {1, 3, 5}),
        ({"region": "53"}, {1, 2, 3, 4, 5, 6}),
        ({"region": "532823"}, set()),
        ({"min_score": 0.9}, {5, 6}),
        ({"since": NOW + timedelta(days=1)}, {5}),
        ({"until": NOW + timedelta(days=1)}, {1, 2, 3, 4, 6}),
        ({"opened_until": NOW - timedelta(days=1)}, {4}),
        ({"opened_since": NOW - timedelta(days=1)}, {1, 2, 3, 5, 6}),
        ({"department": "gongan"}, {6}),
        ({"way": "complaint"}, {1}),
        ({"price_from": listing * 100, "price_to": listing * 100}, {1}),
        ({"shop": shop}, {1}),
        ({"operator": 10**6}, set()),
        ({"text": "三七", "min_score": 0.85}, {5, 6}),
    ):  # fmt: skip
        assert asked(store, six, **wanted) == numbers, wanted


def test_a_division_is_a_range_of_codes_up_to_the_last() -> None:
    column: Any = m.Clue.region
    assert "9" not in str(in_region(column, "99").compile(compile_kwargs={"literal_binds": True})).split(">=")[1].replace("'99'", "")  # fmt: skip
    with pytest.raises(ValueError, match="no such order"):
        order_of("score; DROP TABLE clue")


@pytest.mark.parametrize("sort", SORTS)
def test_pages_are_whole_and_repeat_nothing(store: Store, six: dict[int, int], sort: str) -> None:
    with store.session() as session:
        # Equals in every order.
        session.execute(text("UPDATE clue SET score = 0.5"))
        session.execute(text("UPDATE clue SET region = '53', violation = 'v'"))
        whole = [one.id for one in find_clues(session, ClueFilter(sort=sort))]
        pages = [
            [one.id for one in find_clues(session, ClueFilter(sort=sort, limit=2, offset=offset))]
            for offset in range(0, 8, 2)
        ]
        rest = [one.id for one in find_clues(session, ClueFilter(sort=sort, offset=4))]
    assert [id_ for page in pages for id_ in page] == whole and sorted(whole) == sorted(six)
    assert (pages[3], rest) == ([], whole[4:])


def test_facets_are_what_a_count_by_hand_gives(store: Store, six: dict[int, int]) -> None:
    for number in range(7, 12):
        row = seen(store, f"三七{number}", number, shop_name=f"虚构{number}号店")
        accuse(store, row, "假", 0.6, "counterfeit", region=("", "5328", "44")[number % 3])
    for wanted in (ClueFilter(), ClueFilter(text="三七"), ClueFilter(region="53"), ClueFilter(state="closed")):  # fmt: skip
        with store.session() as session:
            clues, facets = find_clues(session, wanted), clue_facets(session, wanted)
            assert facets.total == count_clues(session, wanted) == len(clues)
            assert facets.violations == Counter(one.violation for one in clues)
            assert facets.states == Counter(one.state for one in clues)
            assert facets.counties == Counter(one.region[:6] for one in clues)
            assert facets.goods == Counter(goods for one in clues for goods in one.goods)
            assert facets.sources == Counter(source for one in clues for source in one.sources)
    with store.session() as session:
        every = find_clues(session, ClueFilter())
        rows = clues_by_county(session)
        assert {(v, c): n for v, c, n in rows} == Counter((o.violation, o.region[:6]) for o in every)  # fmt: skip
        assert [n for *_, n in rows] == sorted((n for *_, n in rows), reverse=True)
        assert sum(n for *_, n in clues_by_county(session, NOW + timedelta(days=1))) == 0
        assert sum(n for *_, n in clues_by_county(session, None, "5328")) == sum(o.region.startswith("5328") for o in every)  # fmt: skip


def test_days_are_those_of_china(store: Store, six: dict[int, int]) -> None:
    times = ["2026-11-10T15:59:59", "2026-11-10T16:00:00", "2026-11-11T15:59:59", "2026-11-11T16:00:00", "2026-11-09T16:00:00", "2026-10-01T00:00:00"]  # fmt: skip
    with store.session() as session:
        for id_, at in zip(six, times, strict=True):
            session.get_one(m.Clue, id_).opened_at = datetime.fromisoformat(at).replace(tzinfo=UTC)
        session.flush()
        days = clues_by_day(session, datetime(2026, 11, 11, 2, tzinfo=UTC), 3)
        assert days == [(date(2026, 11, 9), 0), (date(2026, 11, 10), 2), (date(2026, 11, 11), 2)]
        assert sum(n for _, n in clues_by_day(session, NOW, 3, "5301")) == 1


TABLES = ("clue_summary", "clue_text", "clue_word", "clue_facet", "clue_listing", "listing_text")


def kept(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All that is at hand, but when something is due, which is reckoned later."""
    with store.session() as session:
        told = {}
        for name in TABLES:
            rows = session.execute(text(f"SELECT * FROM {name}")).mappings()
            told[name] = sorted(
                tuple((k, str(v)) for k, v in row.items() if k not in ("due", "due_for")) for row in rows
            )  # fmt: skip
        return told


def anew(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """The same, after all of it was made anew."""
    assert list(reindex_listings(store))[-1:] and list(reindex_clues(store))[-1:]
    return kept(store)


def test_what_grew_step_by_step_is_what_is_made_anew(store: Store) -> None:
    strengths = [0.5, 0.9, 0.9, 0.7, 0.7, 0.6, 0.95, 0.2]
    for number, strength in enumerate(strengths, 1):
        row = seen(store, f"好茶{number}", number, goods="sanqi" if number % 2 else "tea")
        for words in (f"词{number % 6}", "", "词", "长" * 300 + str(number)):
            accuse(store, row, words, strength)
        assert kept(store) == anew(store), number
    # Another look at a page; its signals rest on the same listing.
    accuse(store, seen(store, "好茶一改", 1, NOW + timedelta(days=1)), "词", 0.99)
    assert kept(store) == anew(store)
    with store.session() as session:
        (clue,) = find_clues(session, ClueFilter())
    assert clue.signals == 33 and clue.title == "好茶一改" and clue.words[0] == "词"


def two(store: Store) -> tuple[int, int]:
    """Two operators with clues of one violation, and one with another besides."""
    one = shops.shop(store, "甲店", uscc=shops.ONE_CODE, operator_name="虚构甲公司")
    other = shops.shop(store, "乙店", uscc=shops.OTHER_CODE, operator_name="虚构乙公司")
    shops.accuse(store, one, text="最好")
    shops.accuse(store, other, text="顶级", strength=0.9)
    shops.accuse(store, other, "counterfeit", text="高仿")
    shops.settled(store)
    ids = shops.operator_of(store, one), shops.operator_of(store, other)
    assert ids[0] is not None and ids[1] is not None and ids[0] != ids[1]
    return ids[0], ids[1]


def test_merging_and_taking_it_back_keeps_it_right(store: Store) -> None:
    one, other = two(store)
    before = kept(store)
    assert before == anew(store)
    with store.session() as session:
        change = merge(session, one, other, "王芳", "同一人").id
    merged = kept(store)
    assert merged == anew(store)
    with store.session() as session:
        (clue,) = find_clues(session, ClueFilter(text="顶级"))
        assert (clue.signals, set(clue.words)) == (2, {"最好", "顶级"})
        assert len(find_clues(session, ClueFilter(operator=one))) == 2
    shops.accuse(store, shops.shop(store, "乙店", 2, uscc=shops.OTHER_CODE), text="极品")
    assert kept(store) == anew(store)
    with store.session() as session:
        undo(session, change, "王芳", "不是")
    assert kept(store) == anew(store)
    with store.session() as session:
        (clue,) = find_clues(session, ClueFilter(text="极品"))
        assert set(clue.words) == {"顶级", "极品"}


def test_a_split_keeps_it_right(store: Store) -> None:
    one, other = two(store)
    with store.session() as session:
        merge(session, one, other, "王芳", "同一人")
        theirs = session.scalars(select(m.Shop.id).where(m.Shop.name == "乙店")).all()
        split(session, one, theirs, "王芳", "不是")
    assert kept(store) == anew(store)


def test_deadlines_are_reckoned_where_something_changed_and_only_there(store: Store, six: dict[int, int]) -> None:  # fmt: skip
    periods = load_periods(HOUSE / "rules")
    with store.session() as session:
        assert settle_dues(session, periods) == 6
        assert settle_dues(session, periods) == 0
        dues = {one.id: one.due for one in find_clues(session, ClueFilter())}
        assert all(dues.values())
    first, last = sorted(six)[0], sorted(six)[-1]
    walk(store, first, "reject", "close")
    with store.session() as session:
        assert settle_dues(session, periods) == 1
        told = find_clues(session, ClueFilter(sort="deadline"))
        assert told[-1].id == first and told[-1].due is None, "nothing is due of a closed one"
        day = dues[last]
        assert day is not None
        assert {one.id for one in find_clues(session, ClueFilter(due_until=day))} == set(six) - {first}  # fmt: skip
        assert not find_clues(session, ClueFilter(due_until=day - timedelta(days=1)))


def priced(store: Store, number: int, price: str | None, **said: Any) -> None:
    listing = Listing.from_dict({"title": f"茶{number}", "source": "taobao", "shop_name": f"店{number % 3}", "price": price, **said})  # fmt: skip
    with store.session() as session:
        record(session, None, [Found(listing, f"http://x.example/{number}", "", "tea", None, NOW + timedelta(hours=number))])  # fmt: skip


def test_lists_of_listings_have_filters_orders_and_pages(store: Store) -> None:
    for number, price in enumerate(["30", "10", None, "20", "10"], 1):
        priced(store, number, price)
    accuse(store, seen(store, "最好的三七", 9, goods="sanqi"), "最好")

    def titles(**wanted: Any) -> list[str]:
        with store.session() as session:
            query = ListingQuery(**wanted)
            told = [one.title for one in browse_listings(session, query)]
            assert len(told) == min(count_found(session, query), query.limit)
            return told

    assert titles() == ["最好的三七", "茶5", "茶4", "茶3", "茶2", "茶1"]
    assert titles(sort="price") == ["茶2", "茶5", "茶4", "茶1"]
    assert titles(price_from=1000, price_to=1000) == ["茶5", "茶2"]
    assert titles(text="三七") == titles(accused=True) == titles(source="taobao", text="最好") == ["最好的三七"]  # fmt: skip
    assert titles(text="-三七", since=NOW + timedelta(hours=5)) == ["茶5"]
    assert titles(text="，") == titles(source="jd") == titles(shop=10**6) == []
    with store.session() as session:
        pages = [browse_listings(session, ListingQuery(limit=2, offset=n)) for n in (0, 2, 4)]
        assert len({one.id for page in pages for one in page}) == 6
        assert pages[0][0].clues == 1 and pages[0][1].clues == 0
        assert count_found(session, ListingQuery(), most=3) == 4, "more than three"
        with pytest.raises(ValueError, match="no such order"):
            browse_listings(session, ListingQuery(sort="x"))


def test_lists_of_shops_and_operators(store: Store) -> None:
    one, other = two(store)
    shops.shop(store, "丙店", 3, phone="13900000000")
    with store.session() as session:
        session.merge(OperatorPlace(operator_id=one, code="530102", confidence=1, reasons=[], contradictions=[], settled_at=NOW))  # fmt: skip
        told = browse_shops(session, ShopQuery())
        assert [(s.name, s.clues, s.listings) for s in told] == [("乙店", 2, 1), ("甲店", 1, 1), ("丙店", 0, 1)]  # fmt: skip
        assert [s.name for s in browse_shops(session, ShopQuery(sort="newest"))] == ["丙店", "乙店", "甲店"]  # fmt: skip
        assert [s.name for s in browse_shops(session, ShopQuery(text="乙"))] == ["乙店"]
        assert [s.name for s in browse_shops(session, ShopQuery(operator=other))] == ["乙店"]
        assert not browse_shops(session, ShopQuery(text="%"))
        firms = browse_operators(session, OperatorQuery())
        assert [(o.name, o.clues, o.shops) for o in firms] == [("虚构乙公司", 2, 1), ("虚构甲公司", 1, 1)]  # fmt: skip
        assert [o.id for o in browse_operators(session, OperatorQuery(region="5301"))] == [one]
        assert [o.id for o in browse_operators(session, OperatorQuery(text=shops.OTHER_CODE.lower()))] == [other]  # fmt: skip
        assert [o.id for o in browse_operators(session, OperatorQuery(text="甲公"))] == [one]
        for query in (OperatorQuery(), ShopQuery(), OperatorQuery(region="5301")):
            many = browse_operators(session, query) if isinstance(query, OperatorQuery) else browse_shops(session, query)  # fmt: skip
            assert count_found(session, query) == len(many)
        with pytest.raises(ValueError, match="no such order"):
            browse_shops(session, ShopQuery(sort="x"))
        with pytest.raises(ValueError, match="no such order"):
            browse_operators(session, OperatorQuery(sort="x"))
