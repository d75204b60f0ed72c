"""How a watch word is written by those who do not want it found.

Variants are made from the watch words, never from the text, so ordinary text gains no noise;
a variant that is an ordinary word itself is not made. Sources: detectors/tables/SOURCES.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jieba
from pypinyin import Style, lazy_pinyin, pinyin

__all__ = ["alike", "frequency", "sound", "variants"]

TABLES = Path(__file__).resolve().parent / "tables"
_RADICALS = {
    "水": "氵", "人": "亻", "手": "扌", "言": "讠", "金": "钅", "病": "疒", "心": "忄", "犬": "犭", "食": "饣",
    "艸": "艹", "艹": "艹", "糸": "纟", "示": "礻", "衣": "衤", "竹": "⺮", "走": "辶",
}  # fmt: skip
_DIGITS = {"一": "1壹", "二": "2贰", "三": "3叁", "十": "拾", "零": "0"}
COMMON_ALONE = 5_000
"""A character more frequent than this in jieba's dictionary stands alone in ordinary text, so a
two-character word is not looked for with it as a stand-in."""


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
def sound(character: str) -> str:
    """Its commonest reading without tone; the character itself if it has none."""
    return lazy_pinyin(character, errors="default")[0]


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
    """Each (variant, kind) of a Chinese word of two to six characters.

    Variants that the dictionary has seen `ordinary` times or more are words of their own and
    left out.
    """
    if not 2 <= len(word) <= 6 or not _han(word):
        return
    yield from _stand_ins(word, ordinary)
    yield from _in_parts(word)
    latin = [sound(character) for character in word]
    for place, character in enumerate(word):
        before, after = word[:place], word[place + 1 :]
        if len(latin[place]) >= 2:
            yield before + latin[place] + after, "pinyin"
        for digit in _DIGITS.get(character, ""):
            yield before + digit + after, "digit"
    if len("".join(latin)) >= 6:
        yield "".join(latin), "pinyin"


def _stand_ins(word: str, ordinary: int) -> Iterator[tuple[str, str]]:
    for place, character in enumerate(word):
        lookers = _table("shapes.tsv").get(character, "")
        for other in dict.fromkeys(_by_sound().get(sound(character), "") + lookers):
            if other == character:
                continue
            variant = word[:place] + other + word[place + 1 :]
            if frequency(variant) >= ordinary:
                continue
            if len(word) == 2 and frequency(other) > COMMON_ALONE and other not in lookers:
                continue
            yield variant, "shape" if other in lookers else "homophone"


def _in_parts(word: str) -> Iterator[tuple[str, str]]:
    for place, character in enumerate(word):
        for parts in _splits(character):
            yield word[:place] + parts + word[place + 1 :], "split"
    for choice in (0, -1):
        whole = "".join((_splits(c) or [c])[choice] for c in word)
        if len(whole) > len(word) + 1:
            yield whole, "split"
