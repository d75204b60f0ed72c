"""How a watch word is written by those who do not want it found.

Variants are made from the watch words, never from the text, so ordinary text gains no noise;
a variant that is an ordinary word itself is not made. Sources: detectors/tables/SOURCES.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path

import jieba
from pypinyin import Style, lazy_pinyin, pinyin

__all__ = ["alike", "frequency", "heard_as", "ordinary_strings", "sound", "variants"]

TABLES = Path(__file__).resolve().parent / "tables"
_RADICALS = {
    "水": "氵", "人": "亻", "手": "扌", "言": "讠", "金": "钅", "病": "疒", "心": "忄", "犬": "犭", "食": "饣",
    "艸": "艹", "艹": "艹", "糸": "纟", "示": "礻", "衣": "衤", "竹": "⺮", "走": "辶",
}  # fmt: skip
_DIGITS = {
    "一": "壹", "二": "贰", "三": "叁", "四": "肆", "五": "伍", "六": "陆", "七": "柒", "八": "捌", "九": "玖", "十": "拾",
}  # fmt: skip
_LEET = {"o": "0", "i": "1", "l": "1", "e": "3", "a": "4", "s": "5"}
_SPOKEN = {
    "ling": "0", "yi": "1", "er": "2", "san": "3", "si": "4", "wu": "5", "liu": "6", "qi": "7", "ba": "8", "jiu": "9",
}  # fmt: skip
_SLURS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))
"""Initials and finals that many speakers do not tell apart."""
MIXED = 4
"""Words of up to so many characters are looked for with any of them spelt out."""
COMMON_ALONE = 5_000
"""A character more frequent than this in jieba's dictionary stands alone in ordinary text, so a
two-character word is not looked for with it as a stand-in."""


RARE_ALONE = 1_500
"""A character less frequent than this is told by itself what its word was."""


@cache
def _dictionary() -> dict[str, int]:
    jieba.setLogLevel(60)
    jieba.initialize()
    return dict(jieba.dt.FREQ)


def frequency(word: str) -> int:
    """How often the dictionary has seen `word`; 0 for none of its words."""
    return _dictionary().get(word, 0)


@cache
def _table(name: str) -> dict[str, str]:
    rows = (TABLES / name).read_text(encoding="utf-8").splitlines()
    pairs = (row.split("\t") for row in rows if not row.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


@cache
def ordinary_strings() -> frozenset[str]:
    """What is ordinary text though no dictionary has it."""
    rows = (TABLES / "ordinary.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(row for row in rows if row and not row.startswith("#"))


@cache
def sound(character: str) -> str:
    """Its commonest reading without tone; the character itself if it has none."""
    return lazy_pinyin(character, errors="default")[0]


def heard_as(syllable: str) -> str:
    """A syllable as the ear takes it: zhi and zi, xing and xin are one."""
    for full, slurred in _SLURS:
        syllable = syllable.replace(full, slurred)
    return syllable


@cache
def _by_sound() -> dict[str, str]:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for word, count in _dictionary().items():
        if len(word) == 1 and "\u4e00" <= word <= "\u9fff" and count >= 20:
            groups[sound(word)].append(word)
    return {key: "".join(sorted(found)) for key, found in groups.items()}


@cache
def alike(one: str, other: str) -> str:
    """`homophone` or `shape` where two characters may stand for each other, else ""."""
    if other in _table("shapes.tsv").get(one, ""):
        return "shape"
    readings = {r for part in pinyin(one, style=Style.NORMAL, heteronym=True) for r in part}
    return "homophone" if sound(other) in readings else ""


def _splits(character: str) -> list[str]:
    parts = _table("splits.tsv").get(character)
    if not parts:
        return []
    found = [parts]
    if parts[0] in _RADICALS:
        found.append(_RADICALS[parts[0]] + parts[1])
    return found


def _han(word: str) -> bool:
    return all("\u4e00" <= character <= "\u9fff" for character in word)


def variants(word: str, ordinary: int = 1) -> Iterator[tuple[str, str]]:
    """Each (variant, kind) of a Chinese word of two to six characters, or of a Latin one.

    Variants that the dictionary has seen `ordinary` times or more are words of their own and
    left out.
    """
    if word.isascii() and 3 <= len(word) <= 12:
        yield from _leet(word)
    if not 2 <= len(word) <= 6 or not _han(word):
        return
    yield from _stand_ins(word, ordinary)
    yield from _in_parts(word)
    latin = [sound(character) for character in word]
    for place, character in enumerate(word):
        before, after = word[:place], word[place + 1 :]
        for digit in _DIGITS.get(character, "") + _SPOKEN.get(latin[place], ""):
            yield before + digit + after, "digit"
    yield from _in_pinyin(word, latin)
    yield from _with_initials(word, latin)
    # A small L between characters is meant as a bar.
    yield "l".join(word), "separator"


def _leet(word: str) -> Iterator[tuple[str, str]]:
    """Letters written as the digits that look like them: n1ke, t0p1."""
    places = [place for place, letter in enumerate(word) if letter in _LEET]
    if len(word) > len(places) and places:
        yield "".join(_LEET.get(letter, letter) for letter in word), "shape"
        for place in places:
            yield word[:place] + _LEET[word[place]] + word[place + 1 :], "shape"


def _with_initials(word: str, latin: Sequence[str]) -> Iterator[tuple[str, str]]:
    """One character by the first letter of its reading: k癌, 拉r头."""
    for place, spelt in enumerate(latin):
        rest = word[:place] + word[place + 1 :]
        if len(word) == 2 and frequency(rest) > RARE_ALONE:
            continue
        yield word[:place] + spelt[0] + word[place + 1 :], "pinyin"


def _in_pinyin(word: str, latin: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Some or all characters spelt out: zui好, gao血ya, zhiliao."""
    choices = [
        (character, spelt) if len(spelt) >= 2 else (character,)
        for character, spelt in zip(word, latin, strict=True)
    ]
    if len(word) > MIXED:
        choices = [(character,) for character in word]
        for place, spelt in enumerate(latin):
            if len(spelt) >= 2:
                yield word[:place] + spelt + word[place + 1 :], "pinyin"
    for mixed in map("".join, product(*choices)):
        if mixed != word and (not mixed.isascii() or len(mixed) >= 6):
            yield mixed, "pinyin"
    if len(word) > MIXED:
        yield "".join(latin), "pinyin"


def _stand_ins(word: str, ordinary: int) -> Iterator[tuple[str, str]]:
    """One character for another; by sound in two-character words alone, as longer words are
    found by their sound as a whole."""
    for place, character in enumerate(word):
        lookers = _table("shapes.tsv").get(character, "")
        sounders = _by_sound().get(sound(character), "") if len(word) == 2 else ""
        for other in dict.fromkeys(sounders + lookers):
            if other == character:
                continue
            variant = word[:place] + other + word[place + 1 :]
            if frequency(variant) >= ordinary:
                continue
            if len(word) == 2 and frequency(other) > COMMON_ALONE and other not in lookers:
                continue
            yield variant, "shape" if other in lookers else "homophone"
    if len(word) == 2:
        first, second = (_table("shapes.tsv").get(character, "") for character in word)
        for variant in map("".join, product(first, second)):
            if frequency(variant) < ordinary:
                yield variant, "shape"


def _in_parts(word: str) -> Iterator[tuple[str, str]]:
    for place, character in enumerate(word):
        for parts in _splits(character):
            yield word[:place] + parts + word[place + 1 :], "split"
    for choice in (0, -1):
        whole = "".join((_splits(c) or [c])[choice] for c in word)
        if len(whole) > len(word) + 1:
            yield whole, "split"
