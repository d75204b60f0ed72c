"""What stands in a text, by groups of words; each place is looked at closely only when asked for.

The automata (`detectors.matcher`) say where the strings of words and their variants stand; here
it is decided whether it is the word there, or a piece of ordinary text that looks like it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import rjieba

from detectors.normalise import ENDERS, Folded, code_points, disguises
from detectors.variants import frequency, ordinary_strings

__all__ = ["Findings", "Hit", "Places", "Raw", "Spelling"]

SENTENCES = 1024
"""Sentences that are told apart; in a text of more, some are taken for one."""
RARE = 10
"""A look-alike of a mark may be a word that the dictionary has seen fewer times than this."""

Numbers = npt.NDArray[np.int64]


@cache
def _ends_sentence() -> npt.NDArray[np.bool_]:
    """By code point: whether it ends a sentence."""
    table = np.zeros(0x110000, dtype=np.bool_)
    table[[ord(mark) for mark in ENDERS]] = True
    return table


@dataclass(frozen=True, slots=True)
class Hit:
    """A watch word found: `start` and `end` index the folded (`tight`) text."""

    word: str
    start: int
    end: int
    disguise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spelling:
    """A word as it may be written."""

    word: str
    kind: str
    """"" for the word itself, else how it is disguised."""
    name: bool
    """Whether the word is a mark."""


Raw = tuple[int, int, Spelling]


@dataclass(frozen=True, slots=True)
class Places:
    """What the automata found, a row for each spelling and group: all of one length."""

    starts: Numbers
    ends: Numbers
    spellings: Numbers
    """Numbers in the matcher's list."""
    groups: Numbers

    def only(self, kept: npt.NDArray[np.bool_]) -> Places:
        """Those rows for which `kept` is true."""
        return Places(self.starts[kept], self.ends[kept], self.spellings[kept], self.groups[kept])


class Findings:
    """What stands in a folded text."""

    __slots__ = ("_asked", "_close", "_ends", "_places", "_raw", "_spellings", "folded", "groups", "standing")  # fmt: skip

    def __init__(
        self,
        folded: Folded,
        places: Places,
        spellings: Sequence[Spelling],
        groups: dict[frozenset[str], int],
    ) -> None:
        self.folded = folded
        self.groups = groups
        self._places, self._spellings = places, spellings
        marks = np.flatnonzero(_ends_sentence()[code_points(folded.tight)])
        self._ends = np.append(marks + 1, len(folded.tight) + 1)
        shape = (len(groups) + 1, min(len(self._ends), SENTENCES))
        self.standing: npt.NDArray[np.bool_] = np.zeros(shape, dtype=np.bool_)
        """By group and sentence: whether one of its words may stand there. The last row is
        true throughout."""
        sentence = self._ends.searchsorted(places.ends) % SENTENCES
        self.standing[places.groups, sentence] = True
        self.standing[-1] = True
        self._raw: dict[int, list[Raw]] = {}
        self._close: dict[tuple[int, int, str], Hit | None] = {}
        self._asked: dict[int, list[Hit]] = {}

    def within(self, begin: int, end: int) -> slice:
        """The sentences of a stretch of text."""
        if len(self._ends) > SENTENCES:
            return slice(None)
        first, last = self._ends.searchsorted((begin + 1, max(end, begin + 1)))
        return slice(int(first), int(last) + 1)

    def of(self, words: frozenset[str]) -> list[Hit]:
        """The hits of a group's words in order; one inside a longer one is left out."""
        group = self.groups[words]
        if group not in self._asked:
            hits = [hit for raw in self.raw(words) if (hit := self.look(raw))]
            hits.sort(key=lambda hit: (hit.start, -hit.end))
            kept: list[Hit] = []
            for hit in hits:
                if not kept or hit.end > kept[-1].end:
                    kept.append(hit)
            self._asked[group] = kept
        return self._asked[group]

    def all(self) -> list[Hit]:
        """Every hit, in order of its end."""
        hits = {hit for words in self.groups for raw in self.raw(words) if (hit := self.look(raw))}
        return sorted(hits, key=lambda hit: (hit.end, hit.start, hit.word))

    def raw(self, words: frozenset[str]) -> list[Raw]:
        """Where a group's words may stand, not looked at closely; in order of their starts."""
        group = self.groups[words]
        if group not in self._raw:
            rows = np.flatnonzero(self._places.groups == group)
            rows = rows[self._places.starts[rows].argsort(kind="stable")]
            places = self._places
            self._raw[group] = [
                (start, end, self._spellings[number])
                for start, end, number in zip(
                    places.starts[rows].tolist(),
                    places.ends[rows].tolist(),
                    places.spellings[rows].tolist(),
                    strict=True,
                )
            ]
        return self._raw[group]

    def look(self, raw: Raw) -> Hit | None:
        """The hit, or None where these characters are something else."""
        start, end, spelling = raw
        key = (start, end, spelling.word)
        if key not in self._close:
            self._close[key] = _checked(self.folded, start, end, spelling)
        return self._close[key]


def _checked(folded: Folded, start: int, end: int, spelling: Spelling) -> Hit | None:
    """The hit, or None where these characters are something else."""
    tight, word, kind = folded.tight, spelling.word, spelling.kind
    found = tight[start:end]
    letters = sum(map(_latin, found))
    # zui好 may follow another word in Latin; of one letter alone it must be the whole: 250g生产.
    mixed = kind == "pinyin" and letters > 1 and not found.isascii()
    if not mixed and not _whole(folded, start, end):
        return None
    if kind == "pinyin" and letters == 1 and _latin(found[0]) and _digit(tight[start - 1 : start]):
        return None
    if kind and found in ordinary_strings():
        return None
    if kind:
        ordinary = kind in ("homophone", "shape") and _ordinary(tight, start, end, spelling)
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


def _ordinary(tight: str, start: int, end: int, spelling: Spelling) -> bool:
    """Whether a variant is a piece of ordinary text: what differs belongs to a real word there.

    A name may have an ordinary word inside (同人 in 同人堂), a watch word may not.
    """
    word, name = spelling.word, spelling.name
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
