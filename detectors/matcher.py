"""All watch words and their variants in one Aho-Corasick pass over a field."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from operator import itemgetter

import ahocorasick_rs
import numpy as np
import rjieba

from detectors.normalise import ENDERS, CodePoints, Folded, code_points, disguises, text_of
from detectors.variants import frequency, heard_as, sound, variants

__all__ = ["Findings", "Hit", "Matcher", "Raw"]


HEARD = 3
"""Words of so many characters are also found by their sound alone, whatever is written."""
MIXED = 6
"""Characters of a word in disguise before or after a Latin letter in it."""
PIECE, OVERLAP = 200_000, 64
"""Characters that are matched at once, and of the piece before."""
SENTENCES = 1024
"""Sentences that are told apart; in a text of more, some are taken for one."""
MANY = 20_000
"""Hits of one group of words that are kept: more say nothing more."""
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
    groups: tuple[int, ...]


Raw = tuple[int, int, _Pattern]


class Findings:
    """What stands in a folded text, by groups of words; looked at closely only when asked for."""

    __slots__ = ("_asked", "_by_group", "_close", "_ends", "_matcher", "_sorted", "folded", "standing")  # fmt: skip

    def __init__(self, matcher: Matcher, folded: Folded) -> None:
        self.folded = folded
        self.standing: defaultdict[int, int] = defaultdict(int)
        """By group: a bit for each sentence in which one of its words may stand."""
        self._ends = [mark.end() for mark in _END.finditer(folded.tight)]
        self._ends.append(len(folded.tight) + 1)
        self._matcher = matcher
        self._by_group: defaultdict[int, list[Raw]] = defaultdict(list)
        self._close: dict[tuple[int, int, str], Hit | None] = {}
        self._asked: dict[int, list[Hit]] = {}
        self._sorted: set[int] = set()

    def within(self, begin: int, end: int) -> int:
        """The bits of the sentences of a stretch of text (end > begin)."""
        if len(self._ends) > SENTENCES:
            return -1
        first, last = bisect_right(self._ends, begin), bisect_left(self._ends, end)
        return (2 << last) - (1 << first)

    def add(self, found: Iterable[tuple[Sequence[_Pattern], int, int]]) -> None:
        """Note what an automaton found, in order of the ends."""
        by_group, standing, ends = self._by_group, self.standing, self._ends
        sentence, limit, bit = 0, ends[0], 1
        for patterns, start, end in found:
            if end > limit:
                sentence = bisect_left(ends, end, sentence + 1)
                limit, bit = ends[sentence], 1 << (sentence % SENTENCES)
            for pattern in patterns:
                raw = (start, end, pattern)
                for group in pattern.groups:
                    standing[group] |= bit
                    raws = by_group[group]
                    if len(raws) < MANY:
                        raws.append(raw)

    def of(self, words: frozenset[str]) -> list[Hit]:
        """The hits of a group's words in order; one inside a longer one is left out."""
        group = self._matcher.groups.get(words, -1)
        if group not in self._by_group:
            return []
        if group not in self._asked:
            looked_at = map(self.look, self._by_group[group])
            hits = sorted((h for h in looked_at if h), key=lambda h: (h.start, -h.end))
            kept: list[Hit] = []
            for hit in hits:
                if not kept or hit.end > kept[-1].end:
                    kept.append(hit)
            self._asked[group] = kept
        return self._asked[group]

    def all(self) -> list[Hit]:
        """Every hit, in order of its end."""
        raws = {id(raw): raw for found in self._by_group.values() for raw in found}
        hits = [hit for raw in raws.values() if (hit := self.look(raw))]
        return sorted(hits, key=lambda hit: (hit.end, hit.start))

    def raw(self, words: frozenset[str]) -> list[Raw]:
        """Where a group's words may stand, not looked at closely; in order of their starts."""
        group = self._matcher.groups.get(words, -1)
        if group not in self._by_group:
            return []
        if group not in self._sorted:
            self._by_group[group].sort(key=itemgetter(0))
            self._sorted.add(group)
        return self._by_group[group]

    def look(self, raw: Raw) -> Hit | None:
        """The hit, or None where these characters are something else."""
        start, end, pattern = raw
        key = (start, end, pattern.word)
        if key not in self._close:
            name = pattern.word in self._matcher.names
            self._close[key] = _checked(self.folded, start, end, pattern.word, pattern.kind, name)
        return self._close[key]


class Matcher:
    """Finds the words of `groups`; those in `disguisable` also in their variants."""

    def __init__(
        self,
        groups: Iterable[frozenset[str]],
        disguisable: Iterable[str] = (),
        marks: Iterable[str] = (),
    ) -> None:
        """`marks` are names to be found in look-alikes too, rarely used words among them."""
        self.groups = {words: number for number, words in enumerate(dict.fromkeys(groups))}
        """The number of each group of words."""
        self.names = frozenset(marks)
        of_word: defaultdict[str, list[int]] = defaultdict(list)
        for words, number in self.groups.items():
            for word in words:
                of_word[word].append(number)
        self.words = frozenset(of_word)
        """The words themselves, without their variants."""

        @cache
        def pattern(word: str, kind: str) -> _Pattern:
            return _Pattern(word, kind, tuple(of_word[word]))

        patterns: dict[str, list[_Pattern]] = defaultdict(list)
        for word in sorted(self.words):
            patterns[word].append(pattern(word, ""))
        hidden = sorted((set(disguisable) | self.names) & self.words)
        for word in hidden:
            for variant, kind in variants(word, RARE if word in self.names else 1):
                if variant not in self.words:
                    patterns[variant].append(pattern(word, kind))
        # What has Latin letters among Han is looked for only around Latin letters.
        mixed = {
            variant for variant in patterns if variant not in self.words and _LATIN.search(variant)
        }
        self._plain = _Automaton({v: found for v, found in patterns.items() if v not in mixed})
        self._mixed = _Automaton({variant: patterns[variant] for variant in sorted(mixed)})
        sounding: defaultdict[str, list[_Pattern]] = defaultdict(list)
        for word in hidden:
            if len(word) >= HEARD and all("\u4e00" <= c <= "\u9fff" for c in word):
                heard = text_of(_heard()[code_points(word)])
                sounding[heard].append(pattern(word, "homophone"))
        self._sounds = _Automaton(sounding)

    def __len__(self) -> int:
        """How many patterns are looked for, variants included."""
        return sum(len(one.patterns) for one in (self._plain, self._mixed, self._sounds))

    def find(self, folded: Folded) -> list[Hit]:
        """Every hit in a text, in order of its end, those inside longer ones too."""
        return self.findings(folded).all()

    def findings(self, folded: Folded) -> Findings:
        """What stands in the text."""
        found = Findings(self, folded)
        tight = folded.tight
        found.add(self._plain.matches(tight))
        for first, last in _around_latin(tight):
            mixed = self._mixed.matches(tight[first:last])
            found.add((patterns, first + start, first + end) for patterns, start, end in mixed)
        if self._sounds.patterns:
            sounds = self._sounds.matches(text_of(_heard()[code_points(tight)]))
            # What is written plainly is found already.
            found.add(
                ([one for one in patterns if tight[start:end] != one.word], start, end)
                for patterns, start, end in sounds
            )
        return found


class _Automaton:
    """Finds strings, each with the patterns that it stands for."""

    __slots__ = ("_automaton", "patterns")

    def __init__(self, patterns: Mapping[str, Sequence[_Pattern]]) -> None:
        self.patterns = [tuple(found) for found in patterns.values()]
        self._automaton = ahocorasick_rs.AhoCorasick(list(patterns))

    def matches(self, text: str) -> Iterable[tuple[tuple[_Pattern, ...], int, int]]:
        """Every match; a very long text is taken piece by piece, so that memory stays flat."""
        if len(text) > PIECE:
            return self._by_pieces(text)
        patterns = self.patterns
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return [(patterns[index], start, end) for index, start, end in found]

    def _by_pieces(self, text: str) -> Iterator[tuple[tuple[_Pattern, ...], int, int]]:
        patterns = self.patterns
        for begin in range(0, len(text), PIECE):
            first = max(0, begin - OVERLAP)
            piece = text[first : begin + PIECE]
            found = self._automaton.find_matches_as_indexes(piece, overlapping=True)
            for index, start, end in found:
                if first + end > begin:
                    yield patterns[index], first + start, first + end


_END = re.compile("[" + re.escape(ENDERS) + "]")
_LATIN = re.compile("[a-z]")
_LATIN_RUN = re.compile("[a-z]{1,100}")


def _around_latin(tight: str) -> Iterator[tuple[int, int]]:
    """The stretches in which Latin letters stand, with what may belong to a word of them; none
    overlaps another."""
    begin, end = 0, -1
    for run in _LATIN_RUN.finditer(tight):
        if run.start() - MIXED > end:
            if end > 0:
                yield begin, end
            begin = max(0, run.start() - MIXED)
        end = run.end() + MIXED
    if end > 0:
        yield begin, end


def _checked(folded: Folded, start: int, end: int, word: str, kind: str, name: bool) -> Hit | None:
    """The hit, or None where these characters are something else."""
    tight = folded.tight
    mixed = kind == "pinyin" and not tight[start:end].isascii()
    if not mixed and not _whole(folded, start, end):
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


def _whole(folded: Folded, start: int, end: int) -> bool:
    """Latin letters and digits at the ends must not go on beyond the hit; what stood apart from
    them where it was written does not go on."""
    tight = folded.tight
    first, last = tight[start], tight[end - 1]
    before = tight[start - 1] if start else " "
    after = tight[end] if end < len(tight) else " "
    on_before = (_latin(first) and _latin(before)) or (_digit(first) and _digit(before))
    on_after = (_latin(last) and _latin(after)) or (_digit(last) and _digit(after))
    return not (
        (on_before and folded.position(start) == folded.position(start - 1) + 1)
        or (on_after and folded.position(end) == folded.position(end - 1) + 1)
    )


def _tokens(tight: str, left: int, right: int) -> Iterator[tuple[int, int]]:
    """The words of a stretch of text, by their bounds."""
    position = left
    for token in rjieba.cut(tight[left:right], False):
        yield position, position + len(token)
        position += len(token)


@lru_cache(maxsize=20_000)
def _edges(window: str) -> frozenset[int]:
    """Where words begin and end in a stretch of text; shops repeat themselves."""
    return frozenset((0, *accumulate(len(token) for token in rjieba.cut(window, False))))


def _astride(tight: str, start: int, end: int) -> bool:
    """Whether a two-character hit lies across two words of the text: 空包 in 真空包装."""
    left = max(0, start - 3)
    edges = _edges(tight[left : end + 3])
    return start - left not in edges and end - left not in edges


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
        elif (
            first < start
            or last > end
            or (token != found and not name)
            or (token == found and frequency(found) > RARE)
        ):
            return True
    return False
