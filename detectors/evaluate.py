"""Decides a rule on a listing's texts: the condition tree, then the exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise, product
from operator import or_

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
from detectors.matcher import Hit, Raw
from detectors.ruleset import Rule
from listing import Listing

__all__ = ["Found", "Possible", "Reasoning", "View", "evaluate"]

MAX_HITS = 40
"""Hits of one word in one field that are looked at: more say nothing more."""
MAX_ANCHORS = 400
"""Places in one field around which words are looked for together."""
_PLAINLY = {"width", "traditional"}
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


Possible = Callable[[Condition, int], bool]
"""Whether a condition may hold where only these groups of words stand (their bits)."""
Reasoning = Callable[[Listing, Sequence[FieldText], Mapping[str, object]], list[Found]]


class View:
    """A listing as rules look at it: its texts, and which groups of words may stand in them."""

    def __init__(
        self,
        listing: Listing,
        texts: Sequence[FieldText],
        reasonings: Mapping[str, Reasoning],
        possible: Possible,
    ) -> None:
        self.listing = listing
        self.texts = texts
        self.reasonings = reasonings
        self.possible = possible
        self._masks: dict[tuple[str, ...], int] = {}

    def mask(self, scope: tuple[str, ...]) -> int:
        """The groups of which a word may stand in one of these fields."""
        if scope not in self._masks:
            masks = (text.findings.mask for text in self.texts if text.scope in scope)
            self._masks[scope] = reduce(or_, masks, 0)
        return self._masks[scope]


def evaluate(rule: Rule, view: View) -> list[Found]:
    """What of the listing fulfils the rule, exceptions taken out; empty if nothing does."""
    found = _Decision(rule, view).decide(rule.match)
    if not found:
        return []
    if any(e.kind == "licensed" and licensed(view.listing, e.licence) for e in rule.exceptions):
        return []
    return [one for one in found if not any(_excepted(one, e) for e in rule.exceptions)]


class _Decision:
    __slots__ = ("listing", "possible", "reasonings", "rule", "texts", "view")

    def __init__(self, rule: Rule, view: View) -> None:
        self.rule = rule
        self.view = view
        self.listing, self.texts = view.listing, view.texts
        self.reasonings, self.possible = view.reasonings, view.possible

    def decide(self, condition: Condition) -> list[Found]:
        """The spans that fulfil the condition; [] where it does not hold."""
        match condition:
            case Terms():
                return [
                    Found(text, hit.start, hit.end, hit.disguise)
                    for text in self.scoped(condition)
                    for hit in self.hits(text, condition.words)
                ]
            case Near():
                return [f for text in self.scoped(condition) for f in self.near(text, condition)]
            case Pattern():
                return [f for text in self.scoped(condition) for f in self.pattern(text, condition)]
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

    def scoped(self, condition: Terms | Near | Pattern) -> list[FieldText]:
        """The texts in which the rule, or the condition by itself, looks, and may find it."""
        fields = condition.scope or self.rule.fields
        return [
            text
            for text in self.texts
            if text.findings.mask
            and text.scope in fields
            and self.possible(condition, text.findings.mask)
        ]

    def hits(self, text: FieldText, words: frozenset[str]) -> list[Hit]:
        """Hits of any of `words`, so many as are looked at."""
        hits = text.hits(words)
        if not self.rule.disguise:
            hits = [hit for hit in hits if not set(hit.disguise) - _PLAINLY]
        return hits[:MAX_HITS]

    def near(self, text: FieldText, condition: Near) -> Iterator[Found]:
        """Combinations of one hit of each part, close together in one sentence.

        Places are compared first and words looked at closely after: most stand too far apart.
        """
        sets = [text.findings.raw(part) for part in condition.parts]
        anchor = min(range(len(sets)), key=lambda number: len(sets[number]))
        # Only hits around an anchor can be near: cost stays linear in the text.
        reach = condition.within * len(sets) + 40
        count = 0
        for at in sets[anchor][:MAX_ANCHORS]:
            close = []
            for number, raws in enumerate(sets):
                around = [at] if number == anchor else [r for r in raws if -reach <= r[0] - at[0] <= reach][:8]  # fmt: skip
                if not around:
                    break
                close.append(around)
            else:
                for chosen in product(*close):
                    if found := self.together(text, condition, chosen):
                        yield found
                        count += 1
                        break
            if count >= MAX_HITS:
                return

    def together(self, text: FieldText, condition: Near, chosen: tuple[Raw, ...]) -> Found | None:
        """One hit of each part as a finding, if they are close, in order, and what they seem."""
        order = sorted(chosen, key=lambda raw: raw[0])
        if condition.ordered and tuple(order) != chosen:
            return None
        if any(not 0 <= b[0] - a[1] <= condition.within for a, b in pairwise(order)):
            return None
        start, end = order[0][0], order[-1][1]
        if _ENDER.search(text.folded.tight, start, end):
            return None
        hits = [text.findings.look(raw) for raw in order]
        disguise: list[str] = []
        for hit in hits:
            if hit is None or (not self.rule.disguise and set(hit.disguise) - _PLAINLY):
                return None
            disguise += hit.disguise
        return Found(text, start, end, tuple(dict.fromkeys(disguise)))

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
    hits = found.field.hits(exception.words)
    if exception.kind == "phrases":
        return any(hit.start <= start and hit.end >= end and not hit.disguise for hit in hits)
    if exception.kind == "near":
        return any(
            max(hit.start - end, start - hit.end) <= exception.within
            and not _ENDER.search(tight, min(hit.end, end), max(hit.start, start))
            for hit in hits
        )
    return False
