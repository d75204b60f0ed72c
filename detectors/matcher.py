"""All watch words and their variants in one Aho-Corasick pass over a text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

import ahocorasick_rs
import numpy as np
import numpy.typing as npt

from detectors.findings import RARE, Findings, Hit, Places, Spelling
from detectors.normalise import CodePoints, Folded, code_points, text_of
from detectors.variants import heard_as, sound, variants

__all__ = ["Matcher"]

HEARD = 3
"""Words of so many characters are also found by their sound alone, whatever is written."""
MIXED = 6
"""Characters of a word in disguise before or after a Latin letter in it."""
PIECE, OVERLAP = 200_000, 64
"""Characters that are matched at once, and of the piece before."""
_LATIN = re.compile("[a-z]")
_LATIN_RUN = re.compile("[a-z]{1,100}")

Numbers = npt.NDArray[np.int64]


@cache
def _heard() -> CodePoints:
    """By code point: one character that stands for how it is read; itself if it is not Han."""
    table = np.arange(0x110000, dtype=np.uint32)
    codes: dict[str, int] = {}
    for code in range(0x4E00, 0xA000):
        read = heard_as(sound(chr(code)))
        table[code] = codes.setdefault(read, 0xE000 + len(codes))
    return table


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
        names = frozenset(marks)
        of_word: defaultdict[str, list[int]] = defaultdict(list)
        for words, number in self.groups.items():
            for word in words:
                of_word[word].append(number)
        self.words = frozenset(of_word)
        """The words themselves, without their variants."""
        self._spellings: list[Spelling] = []
        numbers: dict[tuple[str, str], int] = {}

        def spelt(word: str, kind: str) -> int:
            if (word, kind) not in numbers:
                numbers[word, kind] = len(self._spellings)
                self._spellings.append(Spelling(word, kind, word in names))
            return numbers[word, kind]

        strings: defaultdict[str, list[int]] = defaultdict(list)
        for word in sorted(self.words):
            strings[word].append(spelt(word, ""))
        hidden = sorted((set(disguisable) | names) & self.words)
        for word in hidden:
            for variant, kind in variants(word, RARE if word in names else 1):
                if variant not in self.words:
                    strings[variant].append(spelt(word, kind))
        sounding: defaultdict[str, list[int]] = defaultdict(list)
        for word in hidden:
            if len(word) >= HEARD and all("\u4e00" <= c <= "\u9fff" for c in word):
                heard = text_of(_heard()[code_points(word)])
                sounding[heard].append(spelt(word, "homophone"))
        groups_of = [of_word[spelling.word] for spelling in self._spellings]
        # What has Latin letters among Han is looked for only around Latin letters.
        mixed = {v for v in strings if v not in self.words and _LATIN.search(v)}
        plain = {string: found for string, found in strings.items() if string not in mixed}
        self._plain = _Automaton(plain, groups_of)
        self._mixed = _Automaton({v: strings[v] for v in sorted(mixed)}, groups_of)
        self._sounds = _Automaton(sounding, groups_of)

    def __len__(self) -> int:
        """How many strings are looked for, variants included."""
        return sum(len(one) for one in (self._plain, self._mixed, self._sounds))

    def find(self, folded: Folded) -> list[Hit]:
        """Every hit in a text, in order of its end, those inside longer ones too."""
        return self.findings(folded).all()

    def findings(self, folded: Folded) -> Findings:
        """What stands in the text."""
        tight = folded.tight
        places = [self._plain.places(tight)]
        for first, last in _around_latin(tight):
            places.append(self._mixed.places(tight[first:last], first))
        if len(self._sounds):
            sounds = self._sounds.places(text_of(_heard()[code_points(tight)]))
            places.append(self._not_plain(tight, sounds))
        return Findings(folded, _together(places), self._spellings, self.groups)

    def _not_plain(self, tight: str, places: Places) -> Places:
        """Those that are not the word itself, which is found already."""
        rows = zip(
            places.starts.tolist(), places.ends.tolist(), places.spellings.tolist(), strict=True
        )
        kept = [tight[a:b] != self._spellings[number].word for a, b, number in rows]
        return places.only(np.array(kept, dtype=np.bool_))


def _together(places: Sequence[Places]) -> Places:
    if len(places) == 1:
        return places[0]
    return Places(
        np.concatenate([one.starts for one in places]),
        np.concatenate([one.ends for one in places]),
        np.concatenate([one.spellings for one in places]),
        np.concatenate([one.groups for one in places]),
    )


class _Automaton:
    """Finds strings, each with the spellings that it may be, and their groups of words."""

    __slots__ = ("_automaton", "_counts", "_firsts", "_groups", "_spellings")

    def __init__(
        self, strings: Mapping[str, Sequence[int]], groups_of: Sequence[Sequence[int]]
    ) -> None:
        rows = [
            [(number, group) for number in found for group in groups_of[number]]
            for found in strings.values()
        ]
        flat = np.array([pair for row in rows for pair in row], dtype=np.int64).reshape(-1, 2)
        self._spellings, self._groups = flat[:, 0].copy(), flat[:, 1].copy()
        self._counts = np.array([len(row) for row in rows], dtype=np.int64)
        self._firsts = self._counts.cumsum() - self._counts
        self._automaton = ahocorasick_rs.AhoCorasick(list(strings))

    def __len__(self) -> int:
        """How many strings there are."""
        return len(self._counts)

    def places(self, text: str, begin: int = 0) -> Places:
        """Where they stand in a text that begins at `begin` of the whole."""
        found = self._matches(text)
        if not len(found):
            none = np.zeros(0, dtype=np.int64)
            return Places(none, none, none, none)
        counts = self._counts[found[:, 0]]
        again = np.repeat(np.arange(len(found)), counts)
        # The rows of a string follow each other from its first on.
        place = np.arange(len(again)) - np.repeat(counts.cumsum() - counts, counts)
        rows = self._firsts[found[:, 0]][again] + place
        bounds = found[again, 1:] + begin
        return Places(bounds[:, 0], bounds[:, 1], self._spellings[rows], self._groups[rows])

    def _matches(self, text: str) -> Numbers:
        """Index, start and end of each; a very long text is taken piece by piece, so that memory
        stays flat."""
        if len(text) <= PIECE:
            found = self._automaton.find_matches_as_indexes(text, overlapping=True)
            return np.array(found, dtype=np.int64).reshape(-1, 3)
        pieces = []
        step = PIECE - OVERLAP
        for begin in range(0, len(text), step):
            first = max(0, begin - OVERLAP)
            piece = self._matches(text[first : begin + step])
            piece[:, 1:] += first
            pieces.append(piece[piece[:, 2] > begin])
        return np.concatenate(pieces)


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
