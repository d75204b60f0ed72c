"""All watch words and their variants in one Aho-Corasick pass over a field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import ahocorasick_rs
import jieba

from detectors.normalise import Folded, disguises
from detectors.variants import frequency, variants

__all__ = ["Hit", "Matcher"]


RARE = 10
"""A look-alike of a mark may be a word that the dictionary has seen fewer times than this."""


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
        names = frozenset(marks)
        patterns: dict[str, list[_Pattern]] = defaultdict(list)
        plain = set(words)
        for word in sorted(plain):
            patterns[word].append(_Pattern(word, ""))
        for word in sorted((set(disguisable) | names) & plain):
            for variant, kind in variants(word, RARE if word in names else 1):
                if variant not in plain:
                    patterns[variant].append(_Pattern(word, kind))
        self._texts = list(patterns)
        self._patterns: list[list[_Pattern]] = list(patterns.values())
        self._automaton = ahocorasick_rs.AhoCorasick(
            self._texts, matchkind=ahocorasick_rs.MatchKind.Standard
        )

    def find(self, folded: Folded) -> list[Hit]:
        """Each hit, in order of its end. A word inside a longer one is found too."""
        tight = folded.tight
        if not tight:
            return []
        hits: list[Hit] = []
        for index, start, end in self._automaton.find_matches_as_indexes(tight, overlapping=True):
            for pattern in self._patterns[index]:
                if not _whole(tight, start, end):
                    continue
                if pattern.kind:
                    if _ordinary(tight, start, end, pattern):
                        continue
                    hits.append(Hit(pattern.word, start, end, (pattern.kind,)))
                    continue
                if end - start == 2 and _astride(tight, start, end):
                    continue
                if folded.cuts:
                    first, last = folded.span(start, end)
                    shown = folded.original[first:last]
                    disguise = disguises(shown, pattern.word)
                    if "space" in disguise and not _set_apart(folded, start, end):
                        continue
                else:
                    disguise = disguises(folded.original[start:end], pattern.word)
                hits.append(Hit(pattern.word, start, end, disguise))
        return hits


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


def _astride(tight: str, start: int, end: int) -> bool:
    """Whether a two-character hit lies across two words of the text: 空包 in 真空包装."""
    left, right = max(0, start - 3), min(len(tight), end + 3)
    position, edges = left, set()
    for token in jieba.cut(tight[left:right], HMM=False):
        edges.add(position)
        position += len(token)
    edges.add(position)
    return start not in edges and end not in edges


def _set_apart(folded: Folded, start: int, end: int) -> bool:
    """Blanks part the words of a title; «最 好» is one word only if it stands apart as a whole."""
    first, last = folded.span(start, end)
    plain = folded.plain
    before = plain[first - 1] if first else " "
    after = plain[last] if last < len(plain) else " "
    return not before.isalnum() and not after.isalnum()


def _ordinary(tight: str, start: int, end: int, pattern: _Pattern) -> bool:
    """Whether a variant is a piece of ordinary text: its stand-in belongs to a real word there."""
    if pattern.kind not in ("homophone", "shape"):
        return False
    found = tight[start:end]
    place = next(
        (i for i, (a, b) in enumerate(zip(found, pattern.word, strict=False)) if a != b), 0
    )
    left, right = max(0, start - 4), min(len(tight), end + 4)
    window, position = tight[left:right], left
    for token in jieba.cut(window, HMM=False):
        if position <= start + place < position + len(token):
            if len(token) > 1 and token != found:
                return True
            # A frequent character standing by itself is a word of its own.
            return len(token) == 1 and len(found) == 2 and frequency(token) > 20_000
        position += len(token)
    return False


def index_by_word(hits: Iterable[Hit]) -> Mapping[str, list[Hit]]:
    """Hits by their word, in order."""
    found: defaultdict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        found[hit.word].append(hit)
    return found
