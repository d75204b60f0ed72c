"""What the search index keeps of a text, and what is asked for in it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, text

from storage import Store
from storage.models import ListingRow, Shop
from storage.search import ListingText, matching, words_of
from storage.words import AGAIN, GAP, MOST, Document, Term, document, folded, parse
from tests.clues.test_growth import NOW


def phrases(text_: str) -> list[tuple[set[str], bool]]:
    """What is asked for: each term's ways as text, and whether it must not stand."""
    return [({" ".join(way) for way in one.ways}, one.excluded) for one in parse(text_) or []]


def test_full_width_capitals_and_other_forms_are_one() -> None:
    assert folded("ＡＢＣ１２３　①㎏") == "abc123 1kg"
    assert phrases("ＳＣ１０") == phrases("sc10")


def test_a_name_is_kept_by_words_and_by_pairs_and_no_phrase_goes_over_its_end() -> None:
    told = document(["老班章普洱", "虚构店"])
    assert {"老班", "班章", "章普", "普洱"} <= set(told.ordered)
    assert "洱虚" not in told.ordered and GAP in told.ordered
    assert {"老", "章", "虚"} <= {*told.ordered, *told.loose}


def test_a_long_text_is_kept_by_words_with_those_inside_of_longer_ones() -> None:
    told = document([], ["中华人民共和国的茶。好茶"])
    assert "中华人民共和国" in told.ordered and "共和国" in told.loose
    assert told.ordered.count(GAP) == 2, "the sentence, and the end"


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("", []),
        ("  \u3000 ", []),
        ("茶", [({"茶"}, False)]),
        ("-茶", [({"茶"}, True)]),
        ("茶 -红茶", [({"茶"}, False), ({"红茶"}, True)]),
        ("“普洱茶”", [({"普洱 洱茶", "普洱茶"}, False)]),
        ('-"abc def', [({"abc def"}, True)]),
        ("a-b", [({"a b"}, False)]),
        ("100%", [({"100 %"}, False)]),
    ],
)
def test_questions_are_words_phrases_and_exclusions(asked: str, wanted: list[tuple[set[str], bool]]) -> None:  # fmt: skip
    assert phrases(asked) == wanted


@pytest.mark.parametrize("asked", ["，。", "…", "！？", '""', "()", "---", "\u200b\u202e", "、 、"])
def test_marks_alone_ask_for_what_is_nowhere(asked: str) -> None:
    assert parse(asked) is None


def test_letters_and_digits_may_go_on_and_characters_may_not() -> None:
    assert [one.prefix for one in parse("sc10 茶 茶a ★") or []] == [True, False, True, False]


def test_a_question_is_bounded() -> None:
    assert len(parse(" ".join(f"a{n}" for n in range(1000))) or []) <= 16
    (one,) = parse("茶" * 100_000) or []
    assert all(len(way) <= 400 for way in one.ways)


@given(st.text(max_size=200))
def test_no_question_and_no_text_raises(said: str) -> None:
    parse(said)
    told = document([said], [said])
    assert all(token and not any(c.isspace() for c in token) for token in (*told.ordered, *told.loose))  # fmt: skip


def test_a_document_is_bounded_and_counts_each_token_so_often_as_both_databases_can() -> None:
    told = document([f"名称{n}茶" for n in range(10_000)], ["茶 " * 5000])
    assert len(told.ordered) <= MOST
    assert told.ordered.count("茶") == AGAIN


# --- in the databases


def listings(store: Store, told: list[Document]) -> None:
    """So many listings with these words; ids from 1."""
    with store.session() as session:
        session.execute(insert(Shop).values(id=1, source="s", key="k", name="n", url="", first_seen=NOW))  # fmt: skip
        for number, one in enumerate(told, 1):
            session.execute(
                insert(ListingRow).values(
                    id=number, source="s", key=str(number), url="", shop_id=1, goods="", title="", price_fen=None,
                    content_hash="", first_seen=NOW, last_seen=NOW,
                )
            )  # fmt: skip
            session.execute(insert(ListingText).values(listing_id=number, words=words_of(session, one)))  # fmt: skip


def found(store: Store, asked: str) -> list[set[int]]:
    """Ids by each term."""
    with store.session() as session:
        return [set(session.scalars(matching(session, ListingText, term))) for term in parse(asked) or []]  # fmt: skip


def holds(told: Document, term: Term) -> bool:
    """Whether a term stands in a document, reckoned without a database."""
    runs = [told.ordered, *((word,) for word in told.loose)]
    for way in term.ways:
        *whole, last = way
        for run in runs:
            for at in range(len(run) - len(way) + 1):
                end = run[at + len(way) - 1]
                fits = end.startswith(last) if term.prefix else end == last
                if fits and list(run[at : at + len(whole)]) == whole:
                    return True
    return False


TITLES = [
    "老班章普洱茶 特级", "班老章茶", "ＳＣ１０５３０１ 认证★包邮", "it's \"the\" best\\tea & 100% 真_茶", "茶",
    "🫖🧿 紫砂壶 50ml×2", "𠮷野家 〇〇 々 ﾜｲﾝ İstanbul ﬁne ß", "国家级🏆第一\u202e！", "a'b\\c:d|e&f!g(h)*i", "AND OR NOT NEAR(茶 叶)",
    "\U000f0000私\ue000用 \u0378 \U00030000", "红茶，绿叶", "二手茶具、茶叶；茶具", "中华人民共和国", "na\u0308ive na\u00efve",
]  # fmt: skip


def test_both_databases_find_what_stands_there_and_nothing_else(store: Store) -> None:
    told = [document([one, f"店{n}"], [one[::-1] + "。" + one]) for n, one in enumerate(TITLES)]
    listings(store, told)
    chance = random.Random(7)
    asked = [*TITLES, "老茶", "班茶", "茶绿", "茶章", "章茶", "sc1053", "sc10530", "the best", "best the", "th", "t", "☆"]  # fmt: skip
    asked += ["'", "\\", ":*", "a:*", "' | 'x", '"茶" OR', "<->", "!茶", "茶 & 叶", "NEAR(茶", "^茶", "{茶}", "words:茶", "-", "--茶", '-"']  # fmt: skip
    pool = "".join(TITLES)
    for _ in range(150):
        begin = chance.randrange(len(pool))
        asked.append(pool[begin : begin + chance.randrange(1, 6)])
        asked.append("".join(chance.sample(pool, 2)))
    for one in asked:
        for term, ids in zip(parse(one) or [], found(store, one), strict=True):
            wanted = {n for n, doc in enumerate(told, 1) if holds(doc, term)}
            assert ids == wanted, (one, term)


def test_titles_of_any_size_are_kept(store: Store) -> None:
    chance = random.Random(1)
    huge = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(300_000))
    long_words = " ".join("x" * 5000 + str(n) for n in range(100))
    many = [huge[n * 200 : n * 200 + 200] for n in range(300)]
    listings(store, [document([huge], [huge]), document([long_words]), document(many), document(["茶 " * 9000 + "完"])])  # fmt: skip
    assert found(store, huge[:4]) == [{1, 3}]
    assert found(store, huge[5000:5004]) == [{3}], "what comes late in a title is not searched …"
    assert found(store, huge[250_000:250_004]) == [set()], "… on either database"
    assert found(store, "x" * 64)[0] == {2}


def test_what_stands_very_often_is_found_where_it_stands_first(store: Store) -> None:
    listings(store, [document([f"茶 号码{n}" for n in range(1000, 1400)])])
    assert found(store, '"茶 号码1100"') == [{1}]
    assert found(store, '"茶 号码1399"') == [set()]


def test_a_word_that_is_written_over_is_no_longer_found(store: Store) -> None:
    listings(store, [document(["普洱茶"])])
    with store.session() as session:
        row = session.scalars(select(ListingText)).one()
        row.words = words_of(session, document(["三七粉"]))
    assert (found(store, "普洱"), found(store, "三七")) == ([set()], [{1}])
    with store.session() as session:
        session.execute(text("DELETE FROM listing_text"))
    assert found(store, "三七") == [set()]
