"""Look-alike marks: names that sound, look or are spelt almost like a known one.

In running text the matcher finds variants of known names by sound, shape and parts. What is a
name by itself (品牌, the head of a title, «商标：…») is looked up in the index of all names. Who
sells the real mark, compares with it or fits it, is not accused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import rjieba

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.marks import Mark, Marks, belongs, excused
from listing import Listing

__all__ = ["lookalikes"]

STRENGTH = {
    "brand": 0.85, "attributes": 0.85, "title": 0.7, "shop_name": 0.55, "image_text": 0.55, "text": 0.4,
}  # fmt: skip
CLOSE = 0.8
"""Names closer than this are accused; farther ones are a hint."""
HINT = 0.35
AS_MARK = 0.55
"""What a coined name one character away says where it stands as the mark."""
HEAD = 0.55
"""What the head of a title says when only its glyphs, two of them, are alike."""
_TELLING = {"homophone", "shape", "split", "digit"}
_MASKING = {"pinyin", "separator", "zero_width", "emoji"}
_LATIN = re.compile(r"[a-z0-9]{4,20}")
_NAME_KEYS = ("品牌", "商标", "品牌名称", "厂名", "注册商标")
_NAMED = re.compile(
    r"(?:商标|品牌|牌子叫|牌子是|取名|注册名)[:：是为叫]{0,2}([\u4e00-\u9fff]{2,6})"
)
_HAN = re.compile(r"[\u4e00-\u9fff]{2,12}")
_HOW = {
    "homophone": "读音相近", "shape": "字形相近", "split": "拆字仿写", "digit": "以数字替代",
}  # fmt: skip


def lookalikes(
    marks: Marks, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Spans that imitate a mark for the goods of this listing.

    `kind` narrows the marks. With `masked: true`, known names that are not imitated but half
    hidden (雅shi兰黛, A-d-i-d-a-s), as those write who do not want to be found.
    """
    if marks.trusted(listing):
        return []
    kind, masked = options.get("kind"), bool(options.get("masked"))
    wanted = _MASKING if masked else _TELLING
    found: list[Found] = []
    for text in texts:
        if text.scope not in STRENGTH:
            continue
        for hit in text.hits(marks.names):
            mark = marks[hit.word]
            if not hit.disguise or not _accusable(mark, listing, kind):
                continue
            shown = text.folded.tight[hit.start : hit.end]
            hidden = _by_digits(shown)
            if not (masked if hidden else wanted & set(hit.disguise)):
                continue
            if shown in mark.common or excused(text, hit.start, hit.end):
                continue
            found.append(_found(text, hit.start, hit.end, mark, hit.disguise))
        found += _by_index(marks, listing, text, kind, masked)
    return found


def _accusable(mark: Mark, listing: Listing, kind: object) -> bool:
    return (
        (kind is None or mark.kind == kind)
        and mark.for_goods(listing)
        and not belongs(mark, listing.operator_name)
    )


def _by_index(
    marks: Marks, listing: Listing, text: FieldText, kind: object, masked: bool
) -> Iterator[Found]:
    """What stands as a name, looked up in the index. A digit for a letter (M0BIL) hides a name."""
    for start, end, whole in _names(text):
        value = text.folded.tight[start:end]
        if masked != _by_digits(value):
            continue
        for name, close in marks.alike(value):
            mark = marks[name]
            if not _accusable(mark, listing, kind) or excused(text, start, end):
                continue
            if not whole and len(value) == 2 and close < CLOSE:
                continue
            strength = STRENGTH[text.scope] if close >= CLOSE else HINT
            if close < CLOSE and whole and (value.isascii() or mark.kind == "foreign"):
                # A made-up name, and nothing else stands where the mark stands.
                alone = _is_mark(text) and (start, end) == (0, len(text.folded.tight))
                strength = AS_MARK if alone else HINT
            if not whole and len(value) == 2:
                strength = min(strength, HEAD)
            yield _found(text, start, end, mark, ("digit",) if masked else ("shape",), strength)
            break


def _by_digits(shown: str) -> bool:
    """Whether digits stand for letters: so a name is hidden, not imitated."""
    return shown.isascii() and any(character.isdigit() for character in shown)


def _is_mark(text: FieldText) -> bool:
    return text.scope == "brand" or text.name.removeprefix("attributes.") in _NAME_KEYS


def _names(text: FieldText) -> Iterator[tuple[int, int, bool]]:
    """Spans that stand as names, and whether nothing else stands with them."""
    tight = text.folded.tight
    if _is_mark(text):
        yield 0, len(tight), True
        for part in _HAN.finditer(tight):
            if part.span() != (0, len(tight)):
                yield *part.span(), True
    elif text.scope == "attributes":
        return
    elif text.scope in ("text", "image_text"):
        if "商标" in tight or "牌" in tight or "取名" in tight:
            for named in _NAMED.finditer(tight):
                yield from _heads(tight, *named.span(1))
        return
    elif head := _HAN.match(tight):
        yield from _heads(tight, *head.span())
    for word in _LATIN.finditer(tight):
        yield *word.span(), True


def _heads(tight: str, first: int, last: int) -> Iterator[tuple[int, int, bool]]:
    """The beginnings of a stretch that end where a word ends, the longest first."""
    ends, place = [], first
    for word in rjieba.cut(tight[first : min(last, first + 8)], False):
        place += len(word)
        if 2 <= place - first <= 6:
            ends.append(place)
    for end in reversed(ends):
        yield first, end, False


def _found(
    text: FieldText,
    start: int,
    end: int,
    mark: Mark,
    disguise: tuple[str, ...],
    strength: float = 0.0,
) -> Found:
    shown = text.folded.tight[start:end]
    manner = "、".join(_HOW[d] for d in disguise if d in _HOW) or "近似"
    why = f"“{shown}”与“{mark.name}”{manner}，涉嫌仿冒近似商标或名称"
    if set(disguise) & _MASKING or (shown.isascii() and "digit" in disguise):
        why = f"“{shown}”遮掩品牌“{mark.name}”"
        strength = HINT
    return Found(text, start, end, (), strength or STRENGTH[text.scope], why)
