"""All watch words and their variants in one Aho-Corasick pass over a field."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import ahocorasick_rs
import numpy as np
import rjieba

from detectors.normalise import CodePoints, Folded, code_points, disguises, text_of
from detectors.variants import frequency, heard_as, sound, variants

__all__ = ["Hit", "Matcher"]


HEARD = 3
"""Words of so many characters are also found by their sound alone, whatever is written."""
RARE = 10
"""A look-alike of a mark may be a word that the dictionary has seen fewer times than this."""


@cache
def _heard() -> CodePoints:
    """By code point: one character that stands for how it is read; itself if it is not Han."""
    table = np.arange(0x110000, dtype=np.uint32)
    codes: dict[str, int] = {}
    for code in range(0x4E00, 0xA000):
        read = heard_as(sound(chr(code)))
        table[code] = codes.setdefault(read, 0xE000 + len(codes))
    return table


@dataclass(frozen=True, slots=True)
class Hit:
    """A watch word found: `start` and `end` index the folded (`tight`) text."""

    word: str
    start: int
    end: int
    disguise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pattern:
    word: str
    kind: str
    """"" for the word itself, else how it is disguised."""


class Matcher:
    """Finds `words`; those in `disguisable` also in their variants."""

    def __init__(
        self,
        words: Iterable[str],
        disguisable: Iterable[str] = (),
        marks: Iterable[str] = (),
    ) -> None:
        """`marks` are names to be found in look-alikes too, rarely used words among them."""
        names = self._names = frozenset(marks)
        patterns: dict[str, list[_Pattern]] = defaultdict(list)
        plain = set(words)
        for word in sorted(plain):
            patterns[word].append(_Pattern(word, ""))
        hidden = sorted((set(disguisable) | names) & plain)
        for word in hidden:
            for variant, kind in variants(word, RARE if word in names else 1):
                if variant not in plain:
                    patterns[variant].append(_Pattern(word, kind))
        self.words = frozenset(plain)
        """The words themselves, without their variants."""
        self._texts = list(patterns)
        self._patterns: list[list[_Pattern]] = list(patterns.values())
        self._automaton = ahocorasick_rs.AhoCorasick(
            self._texts, matchkind=ahocorasick_rs.MatchKind.Standard
        )

        sounding: defaultdict[str, list[str]] = defaultdict(list)
        for word in hidden:
            if len(word) >= HEARD and all("\u4e00" <= c <= "\u9fff" for c in word):
                sounding[text_of(_heard()[code_points(word)])].append(word)
        self._sounding = list(sounding.values())
        self._sounds = ahocorasick_rs.AhoCorasick(list(sounding)) if sounding else None

    def __len__(self) -> int:
        """How many patterns are looked for, variants included."""
        return len(self._texts)

    def find(self, folded: Folded) -> list[Hit]:
        """Each hit in one text; see `find_all`."""
        return self.find_all([folded])[0]

    def find_all(self, texts: Sequence[Folded]) -> list[list[Hit]]:
        """The hits of each text, in order of their ends. A word inside a longer one is found too."""
        joined = "\n".join(folded.tight for folded in texts)
        found: list[list[Hit]] = [[] for _ in texts]
        if not joined.strip("\n"):
            return found
        ends = list(accumulate(len(folded.tight) + 1 for folded in texts))
        for kind, start, end, word in self._raw(joined):
            number = bisect_right(ends, start)
            begin = ends[number - 1] if number else 0
            name = word in self._names
            hit = _checked(texts[number], start - begin, end - begin, word, kind, name)
            if hit is not None:
                found[number].append(hit)
        return found

    def _raw(self, joined: str) -> Iterator[tuple[str, int, int, str]]:
        """(kind, start, end, word) of everything that might be a hit."""
        for index, start, end in self._automaton.find_matches_as_indexes(joined, overlapping=True):
            for pattern in self._patterns[index]:
                yield pattern.kind, start, end, pattern.word
        if self._sounds is None:
            return
        heard = text_of(_heard()[code_points(joined)])
        for index, start, end in self._sounds.find_matches_as_indexes(heard, overlapping=True):
            shown = joined[start:end]
            for word in self._sounding[index]:
                if shown != word:
                    yield "homophone", start, end, word


def _checked(
    folded: Folded, start: int, end: int, word: str, kind: str, name: bool
) -> Hit | None:
    """The hit, or None where these characters are something else."""
    tight = folded.tight
    if not _whole(tight, start, end):
        return None
    if kind:
        ordinary = kind in ("homophone", "shape") and _ordinary(tight, start, end, word, name)
        return None if ordinary else Hit(word, start, end, (kind,))
    if end - start == 2 and _astride(tight, start, end):
        return None
    first, last = folded.span(start, end)
    disguise = disguises(folded.original[first:last], word)
    if "space" in disguise and _parted(folded.original, first, last):
        return None
    return Hit(word, start, end, disguise)


def _latin(character: str) -> bool:
    return "a" <= character <= "z"


def _digit(character: str) -> bool:
    return "0" <= character <= "9"


def _whole(tight: str, start: int, end: int) -> bool:
    """Latin letters and digits at the ends must not go on beyond the hit."""
    first, last = tight[start], tight[end - 1]
    before = tight[start - 1] if start else " "
    after = tight[end] if end < len(tight) else " "
    if (_latin(first) and _latin(before)) or (_latin(last) and _latin(after)):
        return False
    return not ((_digit(first) and _digit(before)) or (_digit(last) and _digit(after)))


def _tokens(tight: str, left: int, right: int) -> Iterator[tuple[int, int]]:
    """The words of a stretch of text, by their bounds."""
    position = left
    for token in rjieba.cut(tight[left:right], False):
        yield position, position + len(token)
        position += len(token)


def _astride(tight: str, start: int, end: int) -> bool:
    """Whether a two-character hit lies across two words of the text: 空包 in 真空包装."""
    tokens = list(_tokens(tight, max(0, start - 3), min(len(tight), end + 3)))
    return not any(edge in (start, end) for token in tokens for edge in token)


def _parted(original: str, first: int, last: int) -> bool:
    """Whether a blank inside the hit parts two words: «产品最 好评» is not 最好.

    It does not where the pieces are no parts of words of their own: «三七粉治 疗高血压».
    """
    pieces = original[first:last].split()
    before = original[max(0, first - 6) : first].split("\n")[-1]
    after = original[last : last + 6].split("\n")[0]
    head = "" if before[-1:].isspace() else before.split()[-1] if before.strip() else ""
    tail = "" if after[:1].isspace() else after.split()[0] if after.strip() else ""
    left, right = head + pieces[0], pieces[-1] + tail
    starts = {a for a, _ in _tokens(left, 0, len(left))}
    ends = {b for _, b in _tokens(right, 0, len(right))}
    return len(head) not in starts or len(pieces[-1]) not in ends


def _ordinary(tight: str, start: int, end: int, word: str, name: bool) -> bool:
    """Whether a variant is a piece of ordinary text: what differs belongs to a real word there.

    A name may have an ordinary word inside (同人 in 同人堂), a watch word may not.
    """
    found = tight[start:end]
    differing = [start + i for i, (a, b) in enumerate(zip(found, word, strict=True)) if a != b]
    for first, last in _tokens(tight, max(0, start - 4), min(len(tight), end + 4)):
        inside = [place for place in differing if first <= place < last]
        if not inside:
            continue
        token = tight[first:last]
        if len(token) == 1:
            # A frequent character standing by itself is a word of its own.
            often = 1_000_000 if name and len(found) > 2 else 20_000
            if len(differing) == 1 and frequency(token) > often:
                return True
        elif first < start or last > end:
            return True
        elif token != found and not name:
            return True
        elif token == found and frequency(found) > RARE:
            return True
    return False


def index_by_word(hits: Iterable[Hit]) -> Mapping[str, list[Hit]]:
    """Hits by their word, in order."""
    found: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        found[hit.word].append(hit)
    return found
