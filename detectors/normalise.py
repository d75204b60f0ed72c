"""Text as the matcher sees it, with the way back to the original.

Folding is one character to one character (width, traditional form, case, circled numbers), so
it keeps positions. What is strewn between characters (zero-width marks, emoji, stars, dots,
blanks) is then taken out; `Folded.span` leads back through it. Sentence marks stay: words do
not join across them.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache

from opencc import OpenCC

__all__ = ["Folded", "disguises", "fold"]

_MARK = "\x01"
"""Stands for one invisible or decorating character until it is taken out."""
_STREWN = re.compile("[" + _MARK + r" \t\u3000\xa0*._\-~^|/\\+=&#@'`\"·•●○◆◇■□★☆※→←↑↓…—–]+")
_EMOJI = (
    (0x1F000, 0x1FAFF),
    (0x2600, 0x27BF),
    (0x2B00, 0x2BFF),
    (0xFE00, 0xFE0F),
    (0xE0000, 0xE007F),
)
_INVISIBLE = (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0)
_CIRCLED = {0x3220: "一二三四五六七八九十", 0x3280: "一二三四五六七八九十"}


@cache
def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    simplified = OpenCC("t2s")
    for code in range(0x3400, 0xA000):
        character = chr(code)
        plain = simplified.convert(character)
        if plain != character and len(plain) == 1:
            table[code] = plain
    for code in (*range(0x80, 0x3400), *range(0xA000, 0xD800), *range(0xF900, 0x10000)):
        character = chr(code)
        category = unicodedata.category(character)
        plain = unicodedata.normalize("NFKC", character)
        if category in ("Cf", "Mn", "Me") or code in _INVISIBLE:
            table[code] = _MARK
        elif len(plain) == 1 and plain != character:
            table[code] = plain.lower() if len(plain.lower()) == 1 else plain
        elif len(character.lower()) == 1 and character.lower() != character:
            table[code] = character.lower()
    for code in range(0x41, 0x5B):
        table[code] = chr(code + 32)
    for number in range(9):
        for start in (0x2460, 0x2474, 0x2488, 0x2776, 0x2780, 0x278A):
            table[start + number] = str(number + 1)
    for start, digits in _CIRCLED.items():
        for place, digit in enumerate(digits):
            table[start + place] = digit
    for first, last in _EMOJI:
        for code in range(first, last + 1):
            table.setdefault(code, _MARK)
    table[ord("葯")] = "药"
    return table


@dataclass(frozen=True, slots=True)
class Folded:
    """A text folded: `plain` keeps the original's positions, `tight` is what is matched."""

    original: str
    plain: str
    tight: str
    cuts: list[int]
    """Where in `tight` something was taken out, ascending."""
    shifts: list[int]
    """How much was taken out up to and with that place."""

    def position(self, place: int) -> int:
        """The place in the original of the character at `place` of `tight`."""
        index = bisect_right(self.cuts, place)
        return place + (self.shifts[index - 1] if index else 0)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that holds ``tight[start:end]`` (end > start)."""
        return self.position(start), self.position(end - 1) + 1


def fold(text: str) -> Folded:
    """`text` folded; linear in its length."""
    plain = text.translate(_table())
    cuts: list[int] = []
    shifts: list[int] = []
    pieces: list[str] = []
    position = kept = taken = 0
    for found in _STREWN.finditer(plain):
        start, end = found.span()
        pieces.append(plain[position:start])
        kept += start - position
        taken += end - start
        cuts.append(kept)
        shifts.append(taken)
        position = end
    pieces.append(plain[position:])
    return Folded(text, plain, "".join(pieces) if cuts else plain, cuts, shifts)


_ZERO_WIDTH = re.compile(
    "[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufe00-\ufe0f]"
)


def disguises(original: str, word: str) -> tuple[str, ...]:
    """How `original`, which folds to `word`, differs from it; () where it is plainly written."""
    if original == word or original.lower() == word:
        return ()
    found = []
    if _ZERO_WIDTH.search(original):
        found.append("zero_width")
    between = [c for c in original if c in " \t\u3000\xa0" or _STREWN.fullmatch(c)]
    if any(not c.isspace() for c in between):
        found.append("separator")
    elif between:
        found.append("space")
    for character in original:
        code = ord(character)
        if any(first <= code <= last for first, last in _EMOJI[:3]):
            kind = "digit" if 0x2776 <= code <= 0x2793 else "emoji"
        elif 0x2460 <= code <= 0x249B or 0x3220 <= code <= 0x3289:
            kind = "digit"
        elif 0xFF01 <= code <= 0xFF5E:
            kind = "width"
        elif unicodedata.category(character) in ("Mn", "Me"):
            kind = "combining"
        elif 0x3400 <= code < 0xA000 and _table().get(code):
            kind = "traditional"
        else:
            continue
        if kind not in found:
            found.append(kind)
    return tuple(found)
