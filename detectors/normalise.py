"""Text as the matcher sees it, with the way back to the original.

Folding is one character to one character (width, traditional form, case, circled numbers), so
it keeps positions. What is strewn between characters (zero-width marks, emoji, stars, dots,
brackets, blanks) and what is stuttered (高高血血压压) is then taken out; `Folded.span` leads back
through it. Sentence marks stay: words do not join across them.

All texts of a listing are folded in one pass of table look-ups over their code points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt
from opencc import OpenCC

__all__ = ["ENDERS", "Folded", "code_points", "disguises", "fold", "fold_all", "text_of"]

ENDERS = "。！？!?；;\n"
"""Marks that end a sentence."""
_MARK = "\x01"
"""Stands for one invisible or decorating character until it is taken out."""
_STAYS = frozenset("。！？!?；;，,、：:\n%￥¥$《》<>℃°")
"""Marks that end or part what is said, or mean something themselves; any other is strewn."""


@cache
def _strewn() -> frozenset[str]:
    """What is taken out, written as it stands after folding."""
    marks = (chr(code) for code in range(0x20, 0x3400))
    wide = (chr(code) for code in range(0xFE10, 0xFFF0))
    kinds = frozenset(("Pc", "Pd", "Po", "Ps", "Pe", "Pi", "Pf", "Sm", "Sk", "So", "Sc", "Zs"))
    found = {c for c in (*marks, *wide) if unicodedata.category(c) in kinds} | set(_STROKES)
    return frozenset(found - _STAYS) | {_MARK, "\t", "\r"}


_EMOJI = (
    (0x1F000, 0x1FAFF),
    (0x2600, 0x27BF),
    (0x2B00, 0x2BFF),
    (0xFE00, 0xFE0F),
    (0xE0000, 0xE007F),
)
_INVISIBLE = (0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x3164, 0xFEFF, 0xFFA0)
_STROKES = "丨丶丿亅乀"
"""Strokes that stand for no word and are used like a bar or a dot."""
_HOMOGLYPHS = dict(zip("аеорсухіѕԁһкмтвнοανρτκι", "aeopcyxisdhkmtbhoavptki", strict=True))
"""Cyrillic and Greek letters that look like Latin ones (Unicode TR 39, the plainest of them)."""
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
        elif character.lower() in _HOMOGLYPHS:
            table[code] = _HOMOGLYPHS[character.lower()]
        elif (base := unicodedata.normalize("NFKD", character)[:1].lower()).isascii() and (
            base.isalpha() and category in ("Ll", "Lu") and len(plain) == 1
        ):
            table[code] = base
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
    table[ord("関")] = "关"
    # A name's 昇 is another name than its 升; the look-alike is what is looked for.
    table.pop(ord("昇"), None)
    return table


CodePoints = npt.NDArray[np.uint32]


@cache
def _lookups() -> tuple[CodePoints, npt.NDArray[np.bool_]]:
    """By code point: what it folds to, and whether that is taken out."""
    folded = np.arange(0x110000, dtype=np.uint32)
    for code, plain in _table().items():
        folded[code] = ord(plain)
    strewn = np.zeros(0x110000, dtype=np.bool_)
    strewn[[ord(character) for character in _strewn()]] = True
    return folded, strewn


def code_points(text: str) -> CodePoints:
    """The text's code points; lone surrogates are kept."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def text_of(codes: CodePoints) -> str:
    """The text of these code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text folded: `tight` is what is matched."""

    original: str
    tight: str
    kept: npt.NDArray[np.int64] | None
    """Where in the original each character of `tight` stands; None where nothing was taken out."""

    def position(self, place: int) -> int:
        """The place in the original of the character at `place` of `tight`."""
        return place if self.kept is None else int(self.kept[place])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that holds ``tight[start:end]`` (end > start)."""
        return self.position(start), self.position(end - 1) + 1

    def torn(self, start: int, end: int) -> bool:
        """Whether ``tight[start:end]`` is the end of one word and the beginning of the next: a blank
        within it and none around it, as in 月光白 山中客."""
        first, last = self.span(start, end)
        around = self.original[max(0, first - 1) : first], self.original[last : last + 1]
        within = any(c.isspace() for c in self.original[first:last])
        return within and all(c.isalnum() for c in around)

    def part(self, begin: int, end: int) -> Folded:
        """The same of ``original[begin:end]`` alone."""
        if self.kept is None:
            return Folded(self.original[begin:end], self.tight[begin:end], None)
        first, last = (int(place) for place in self.kept.searchsorted((begin, end)))
        whole = last - first == end - begin
        places = None if whole else self.kept[first:last] - begin
        return Folded(self.original[begin:end], self.tight[first:last], places)


def fold(text: str) -> Folded:
    """`text` folded; linear in its length."""
    table, strewn = _lookups()
    written = code_points(text)
    plain = table[written]
    if "+" in text or "➕" in text or "＋" in text:
        plain = _plus(plain, written)
    kept = np.flatnonzero(~strewn[plain])
    stuttered = _stuttered(plain[kept])
    if stuttered is not None:
        kept = kept[~stuttered]
    tight = text_of(plain[kept])
    return Folded(text, tight, None if len(tight) == len(text) else kept)


def fold_all(texts: Sequence[str]) -> tuple[Folded, list[int]]:
    """The texts as one, each on a line of its own, folded in one pass; and where each begins in
    `tight`, the end as the last. A line's end joins no words and is never taken out."""
    if not texts:
        return fold(""), [0, 1]
    folded = fold("\n".join(texts))
    ends = [0, *accumulate(len(text) + 1 for text in texts)]
    if folded.kept is None:
        return folded, ends
    return folded, [*folded.kept.searchsorted(ends[:-1]).tolist(), len(folded.tight) + 1]


def _plus(plain: CodePoints, written: CodePoints) -> CodePoints:
    """«+V», «➕微» is 加V, 加微; any other plus is strewn."""
    signs = np.isin(written[:-1], (0x2B, 0x2795, 0xFF0B))
    wanted = np.isin(plain[1:], [ord(c) for c in "v微薇威wq扣群卫维➕"])
    plain[:-1][signs & wanted] = ord("加")
    return plain


def _stuttered(codes: CodePoints) -> npt.NDArray[np.bool_] | None:
    """Which Han characters say again what stands before them: from the third of a run on, or in
    two runs one after the other (高高血血). None where none does."""
    same = (codes[1:] == codes[:-1]) & (codes[1:] >= 0x4E00) & (codes[1:] <= 0x9FFF)
    if same.sum() < 2:
        return None
    again = np.zeros(len(codes), dtype=np.bool_)
    for gap in (1, 2):
        pair = same[gap:] & same[:-gap]
        again[1 + gap :] |= pair
        again[1:-gap] |= pair
    return again if again.any() else None


def disguises(original: str, word: str) -> tuple[str, ...]:
    """How `original`, which folds to `word`, differs from it; () where it is plainly written."""
    if original == word or original.lower() == word:
        return ()
    found = []
    if any(unicodedata.category(c) == "Cf" or c in "\u034f\ufe0f" for c in original):
        found.append("zero_width")
    between = [c for c in original if c in _strewn()]
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
        elif unicodedata.category(character) in ("Mn", "Me") or (
            0xC0 <= code < 0x370 and unicodedata.decomposition(character)
        ):
            kind = "combining"
        elif character.lower() in _HOMOGLYPHS:
            kind = "shape"
        elif 0x3400 <= code < 0xA000 and _table().get(code):
            kind = "traditional"
        else:
            continue
        if kind not in found:
            found.append(kind)
    if any(a == b and "\u4e00" <= a <= "\u9fff" for a, b in pairwise(original)) and not any(
        a == b for a, b in pairwise(word)
    ):
        found.append("repeat")
    return tuple(found)
