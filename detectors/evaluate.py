"""Decides a rule on a listing's texts: the condition tree, then the exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from detectors.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Exception_,
    Near,
    NoneOf,
    Pattern,
    Reasoned,
    Terms,
)
from detectors.contexts import ENDERS, licensed
from detectors.fields import FieldText
from detectors.matcher import Hit
from detectors.ruleset import Rule
from listing import Listing

__all__ = ["Found", "Reasoning", "evaluate"]

MAX_HITS = 40
"""Hits of one word in one field that are looked at: more say nothing more."""
_ENDER = re.compile("[" + re.escape(ENDERS) + "]")


@dataclass(frozen=True, slots=True)
class Found:
    """Words that fulfil a rule: a span of a field's folded text, or of a whole field."""

    field: FieldText
    start: int
    end: int
    disguise: tuple[str, ...] = ()
    strength: float = 0.0
    """Of a reasoning; 0 means the rule's own."""
    reason: str = ""


Reasoning = Callable[[Listing, Sequence[FieldText], Mapping[str, object]], list[Found]]


def evaluate(
    rule: Rule,
    listing: Listing,
    texts: Sequence[FieldText],
    reasonings: Mapping[str, Reasoning],
) -> list[Found]:
    """What of the listing fulfils the rule, exceptions taken out; empty if nothing does."""
    view = _View(rule, listing, texts, reasonings)
    found = view.decide(rule.match)
    if not found:
        return []
    if any(e.kind == "licensed" and licensed(listing, e.licence) for e in rule.exceptions):
        return []
    return [one for one in found if not any(_excepted(one, e) for e in rule.exceptions)]


class _View:
    def __init__(
        self,
        rule: Rule,
        listing: Listing,
        texts: Sequence[FieldText],
        reasonings: Mapping[str, Reasoning],
    ) -> None:
        self.rule = rule
        self.listing = listing
        self.texts = texts
        self.reasonings = reasonings

    def decide(self, condition: Condition) -> list[Found]:
        """The spans that fulfil the condition; [] where it does not hold."""
        match condition:
            case Terms():
                return [
                    Found(text, hit.start, hit.end, hit.disguise)
                    for text in self.scoped(condition.scope)
                    for hit in self.hits(text, condition.words)
                ]
            case Near():
                return [
                    f for text in self.scoped(condition.scope) for f in self.near(text, condition)
                ]
            case Pattern():
                return [
                    f
                    for text in self.scoped(condition.scope)
                    for f in self.pattern(text, condition)
                ]
            case Reasoned(name=name, options=options):
                return self.reasonings[name](self.listing, self.texts, dict(options))
            case AnyOf(parts=parts):
                return [found for part in parts for found in self.decide(part)]
            case NoneOf():
                return []
            case AllOf(parts=parts):
                return self.all_of(parts)

    def all_of(self, parts: Sequence[Condition]) -> list[Found]:
        """Every part must hold; a `none` among them must not."""
        found: list[Found] = []
        for part in parts:
            if isinstance(part, NoneOf):
                if any(self.decide(inner) for inner in part.parts):
                    return []
                continue
            if not (held := self.decide(part)):
                return []
            found += held
        return found

    def scoped(self, scope: tuple[str, ...] | None) -> Iterator[FieldText]:
        """The texts in which the rule, or the condition by itself, looks."""
        fields = self.rule.fields if scope is None else scope
        return (text for text in self.texts if text.scope in fields)

    def hits(self, text: FieldText, words: frozenset[str]) -> list[Hit]:
        """Hits of any of `words`; those inside a longer one of them are left out."""
        if len(words) > len(text.hits):
            present = [word for word in text.hits if word in words]
        else:
            present = [word for word in words if word in text.hits]
        hits = [hit for word in present for hit in text.hits[word][:MAX_HITS]]
        if not self.rule.disguise:
            hits = [hit for hit in hits if not set(hit.disguise) - {"width", "traditional"}]
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        kept: list[Hit] = []
        for hit in hits:
            if not kept or hit.end > kept[-1].end:
                kept.append(hit)
        return kept

    def near(self, text: FieldText, condition: Near) -> Iterator[Found]:
        """Combinations of one hit of each part, close together in one sentence."""
        sets = []
        for part in condition.parts:
            if not (hits := self.hits(text, part)):
                return
            sets.append(hits)
        tight = text.folded.tight
        count = 0
        for first in sets[0]:
            # Only hits around the first one can be near: cost stays linear in the text.
            reach = condition.within * len(sets) + 40
            close = [
                [h for h in hits if abs(h.start - first.start) <= reach][:6] for hits in sets[1:]
            ]
            for rest in product(*close):
                chosen = (first, *rest)
                order = sorted(chosen, key=lambda hit: hit.start)
                if condition.ordered and tuple(order) != chosen:
                    continue
                gaps = [b.start - a.end for a, b in pairwise(order)]
                if any(gap < 0 or gap > condition.within for gap in gaps):
                    continue
                start, end = order[0].start, order[-1].end
                if _ENDER.search(tight, start, end):
                    continue
                disguise = tuple(dict.fromkeys(d for hit in order for d in hit.disguise))
                yield Found(text, start, end, disguise)
                count += 1
                break
            if count >= MAX_HITS:
                return

    def pattern(self, text: FieldText, condition: Pattern) -> Iterator[Found]:
        """Matches of the regex around its words, on the folded text."""
        tight = text.folded.tight
        done = -1
        for hit in self.hits(text, condition.words):
            for found in condition.regex.finditer(
                tight, max(0, hit.start - 40, done), hit.end + 60
            ):
                if found.end() > found.start() >= done:
                    yield Found(text, found.start(), found.end(), hit.disguise)
                    done = found.end()


def _excepted(found: Found, exception: Exception_) -> bool:
    tight = found.field.folded.tight
    start, end = found.start, found.end
    if exception.context is not None:
        return exception.context.holds(tight, start, end)
    hits = found.field.hits
    if exception.kind == "phrases":
        return any(
            hit.start <= start and hit.end >= end and not hit.disguise
            for word in exception.words & hits.keys()
            for hit in hits[word]
        )
    if exception.kind == "near":
        return any(
            max(hit.start - end, start - hit.end) <= exception.within
            and not _ENDER.search(tight, min(hit.end, end), max(hit.start, start))
            for word in exception.words & hits.keys()
            for hit in hits[word]
        )
    return False
