from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.matcher import Matcher
from detectors.normalise import fold

WORDS = ["最好", "治疗", "降血压", "高血压", "老班章", "第一", "种植", "销量第一"]
MATCHER = Matcher([frozenset(WORDS)], WORDS)


def found(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """(word, the original words that were matched, disguise) of each hit."""
    folded = fold(text)
    return [
        (hit.word, text[slice(*folded.span(hit.start, hit.end))], hit.disguise)
        for hit in MATCHER.find(folded)
    ]


@pytest.mark.parametrize(
    ("text", "word", "shown", "disguise"),
    [
        ("最好的茶", "最好", "最好", ()),
        ("这是最*好的", "最好", "最*好", ("separator",)),
        ("最.好", "最好", "最.好", ("separator",)),
        ("最\u200b好", "最好", "最\u200b好", ("zero_width",)),
        ("最🍵好", "最好", "最🍵好", ("emoji",)),
        ("最 好 的", "最好", "最 好", ("space",)),
        ("全网第①", "第一", "第①", ("digit",)),
        ("治療", "治疗", "治療", ("traditional",)),
        ("冶疗", "治疗", "冶疗", ("shape",)),
        ("罪好喝", "最好", "罪好", ("homophone",)),
        ("降血呀", "降血压", "降血呀", ("shape",)),
        ("禾中植", "种植", "禾中植", ("split",)),
        ("氵台疒了", "治疗", "氵台疒了", ("split",)),
        ("zui好", "最好", "zui好", ("pinyin",)),
        ("gao血压", "高血压", "gao血压", ("pinyin",)),
        ("gao xue压", "高血压", "gao xue压", ("pinyin",)),
        ("高学鸭", "高血压", "高学鸭", ("homophone",)),
        ("酱雪鸭", "降血压", "酱雪鸭", ("homophone",)),
        ("冶疔", "治疗", "冶疔", ("shape",)),
        ("高高血血压压", "高血压", "高高血血压", ("repeat",)),
        ("最最最好", "最好", "最最最好", ("repeat",)),
        ("第1名", "第一", "第1", ("digit",)),
        ("老斑章", "老班章", "老斑章", ("shape",)),
        ("三七粉治 疗高血压", "治疗", "治 疗", ("space",)),
        ("全网销量【第一】", "销量第一", "销量【第一", ("separator",)),
    ],
)
def test_a_disguised_word_is_found_with_its_span_and_its_disguise(
    text: str, word: str, shown: str, disguise: tuple[str, ...]
) -> None:
    assert (word, shown, disguise) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "嘴好馋", "产品最 好评如潮", "最。好茶", "最\n好", "醉了好久", "他最，好像", "第10名", "zuihaode", "", "🍵🍵🍵",
        "治理疗养院", "高血脂压力",
    ],
)  # fmt: skip
def test_ordinary_text_is_not_taken_for_a_disguise(text: str) -> None:
    assert not [hit for hit in found(text) if hit[2]]
    assert not found(text)


def test_a_word_across_two_words_is_not_that_word() -> None:
    folded = fold("真空包装 空包一个")
    (hit,) = Matcher([frozenset(["空包"])]).find(folded)
    assert folded.span(hit.start, hit.end) == (5, 7)


@given(st.text())
def test_for_any_text_spans_lie_inside_it(text: str) -> None:
    folded = fold(text)
    for hit in MATCHER.find(folded):
        start, end = folded.span(hit.start, hit.end)
        assert 0 <= start < end <= len(text)


STREWN = st.text(alphabet=" *._-~|\u200b\u200d\ufeff🍵★·", max_size=8)


@given(st.sampled_from(WORDS), st.data(), st.text(alphabet="茶叶的了在是", max_size=6))
def test_no_number_of_separators_hides_a_word(word: str, data: st.DataObject, around: str) -> None:
    strewn = [data.draw(STREWN) for _ in word[1:]]
    hidden = word[0] + "".join(s + c for s, c in zip(strewn, word[1:], strict=True))
    text = f"{around}。{hidden}。{around}"
    hits = [hit for hit in found(text) if hit[0] == word]
    assert hits and hits[0][1] == hidden


def test_ten_megabytes_are_folded_and_matched() -> None:
    text = "云南普洱茶，最*好。" * 1_000_000
    folded = fold(text)
    hits = MATCHER.find(fold(text[:100_000]))
    assert len(folded.tight) == 9_000_000 and len(hits) == 10_000
