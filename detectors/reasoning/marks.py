"""Known names: brands, 老字号, firms; and the index by which names that look like them are found.

A name is never compared with all names. The index knows each name with one or two of its
characters left open, its sounds, its characters in any order, and its Latin letters with one of
them missing; the few names that share such a key are scored in `detectors.reasoning.likeness`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

from detectors.fields import FieldText
from detectors.normalise import fold
from detectors.reasoning.likeness import closeness, latin_closeness, skeleton
from detectors.variants import frequency, heard_as, sound
from listing import Listing

__all__ = ["Mark", "Marks", "belongs", "excused"]

REMEMBERED = 50_000
"""Values whose look-alikes are kept; shops repeat themselves."""
_FIT = re.compile(
    r"(?:适用于?|适用机型|兼容|配套|适配|通用|可配|匹配|替换|代替|替代|非|不是|并非|区别于|不同于|媲美|对比|相比|不输|与|跟|和|比)$"
)
_APART = re.compile(
    r"^(?:[、和及与][^、。，,！？]{1,8}){0,3}(?:公司|集团|品牌|官方|企业|商家|等){0,3}(?:均|都|并){0,2}(?:无关|无任何|没任何|没有关|没关系|没有任何|毫无|不是一家|并无|通用|可用|均可用|都能用|机型|专用配件|配件)"
)
_BEFORE = frozenset("新老小金真正滇云国京皇御")
_AFTER = frozenset("坊堂记号轩阁斋府庄园王家氏源斯味香佳仕")


@dataclass(frozen=True, slots=True)
class Mark:
    """A known name."""

    name: str
    owner: str
    goods: frozenset[str]
    kind: str
    """`brand`, `foreign`, `time_honoured`, `firm` (a group or an institute), `place`."""
    common: frozenset[str]
    """Words that look like it and are no look-alikes."""
    official: frozenset[str]
    """Names of shops that the owner runs."""
    imitations: frozenset[str]
    """Names that were found to imitate it and are too far for the eye alone: 康帅博."""
    licensed: frozenset[str]
    """Names of shops and sellers that the owner has licensed."""

    def for_goods(self, listing: Listing) -> bool:
        """Whether it is known for goods of the listing's group; True where either is silent."""
        return not self.goods or not listing.goods or listing.goods in self.goods


class Marks:
    """All known names, with the index for look-alikes."""

    def __init__(self, brands: Iterable[Mapping[str, Any]]) -> None:
        self._marks: dict[str, Mark] = {}
        for brand in brands:
            mark = Mark(
                name=str(brand["name"]),
                owner=str(brand.get("owner", "")),
                goods=frozenset(brand.get("goods", ())),
                kind=str(brand.get("kind", "brand")),
                common=frozenset(fold(str(word)).tight for word in brand.get("common_words", ())),
                official=frozenset(brand.get("official_shops", ())),
                imitations=frozenset(fold(str(word)).tight for word in brand.get("imitations", ())),
                licensed=frozenset(brand.get("licensed_sellers", ())),
            )
            for name in (mark.name, *brand.get("aliases", ()), *brand.get("latin", ())):
                self._marks[fold(str(name)).tight] = mark
        self.names = frozenset(self._marks)
        """Every spelling, folded."""
        self._trusted: defaultdict[str, list[Mark]] = defaultdict(list)
        for mark in set(self._marks.values()):
            for seller in (*mark.official, *mark.licensed):
                self._trusted[seller].append(mark)
        self._keys: defaultdict[str, list[str]] = defaultdict(list)
        for name in sorted(self._marks):
            for key in set(_latin_keys(name) if name.isascii() else _keys(name)):
                self._keys[key].append(name)
        self._imitations = {
            imitation: fold(mark.name).tight
            for mark in self._marks.values()
            for imitation in mark.imitations
        }
        self._tried: dict[str, tuple[tuple[str, float], ...]] = {}

    def __getitem__(self, name: str) -> Mark:
        """The mark of a spelling; KeyError where there is none."""
        return self._marks[name]

    def trusted(self, listing: Listing) -> bool:
        """Whether the shop or its operator is one that an owner runs or has licensed."""
        return bool(self._trusted) and (
            listing.shop_name in self._trusted or listing.operator_name in self._trusted
        )

    def alike(self, value: str) -> tuple[tuple[str, float], ...]:
        """The names that a name by itself (folded) may be taken for, each with its closeness
        from 0 to 1, the closest first; none for a known name or an ordinary word."""
        if not 2 <= len(value) <= 16 or value in self._marks:
            return ()
        if value not in self._tried:
            if len(self._tried) >= REMEMBERED:
                self._tried.clear()
            self._tried[value] = self._scored(value)
        return self._tried[value]

    def _scored(self, value: str) -> tuple[tuple[str, float], ...]:
        if value in self._imitations:
            return ((self._imitations[value], 0.95),)
        if value.isascii():
            if value.rstrip("0123456789") in self._marks:
                return ()
            near = {name for key in _latin_keys(value) for name in self._keys.get(key, ())}
            scored = [(name, latin_closeness(value, name)) for name in near]
        else:
            if frequency(value) > 10:
                return ()
            near = {name for key in _keys(value) for name in self._keys.get(key, ())}
            near |= {rest for rest in _without_one(value) if rest in self._marks}
            if any(value[:end] in self._marks for end in range(3, len(value))):
                near = set()  # the mark itself, and what is sold under it
            scored = [(name, closeness(value, name)) for name in near]
            scored += [(name, 0.85) for name in self._put_on(value)]
        kept = [(name, score) for name, score in scored if score and value not in self._marks[name].common]  # fmt: skip
        return tuple(sorted(kept, key=lambda one: (-one[1], one[0])))

    def _put_on(self, value: str) -> Iterator[str]:
        """A known name with one character put before or after it: 云南白药坊, 新大益."""
        for rest, extra, telling in (
            (value[1:], value[0], _BEFORE),
            (value[:-1], value[-1], _AFTER | {value[-2]}),
        ):
            if rest in self._marks and extra in telling and self._marks[rest].kind != "place":
                yield rest


@cache
def _heard(character: str) -> str:
    return heard_as(sound(character))


def _keys(name: str) -> Iterator[str]:
    """What a Chinese name shares with its look-alikes."""
    size = len(name)
    yield "~" + " ".join(map(_heard, name))
    if size >= 3:
        yield "=" + "".join(sorted(name))
    for place in range(size):
        yield name[:place] + "?" + name[place + 1 :]
    if 4 <= size <= 6:
        for a, b in combinations(range(size), 2):
            yield name[:a] + "?" + name[a + 1 : b] + "?" + name[b + 1 :]


def _without_one(value: str) -> Iterator[str]:
    if len(value) >= 4:
        for place in range(1, len(value) - 1):
            yield value[:place] + value[place + 1 :]


def _latin_keys(word: str) -> Iterator[str]:
    """What a word in Latin letters shares with its look-alikes."""
    plain = skeleton(word)
    yield "^" + plain
    if len(plain) >= 4:
        for place in range(len(plain)):
            yield "^" + plain[:place] + plain[place + 1 :]


def belongs(mark: Mark, operator: str) -> bool:
    """Whether the operator is the owner, or bears the mark in its own name."""
    return bool(operator) and (
        mark.name in operator
        or bool(mark.owner and mark.owner in operator)
        or operator in mark.licensed
    )


def excused(text: FieldText, start: int, end: int) -> bool:
    """Whether a name is only compared with, or named as what the goods fit."""
    tight = text.folded.tight
    return bool(
        _FIT.search(tight[max(0, start - 6) : start]) or _APART.match(tight[end : end + 14])
    )
