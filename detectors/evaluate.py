"""Decides a rule on a listing's texts: the condition tree, then the exceptions."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from operator import itemgetter

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
from detectors.contexts import licensed
from detectors.fields import FieldText
from detectors.findings import Hit, Raw
from detectors.gate import Passed
from detectors.normalise import ENDERS
from detectors.ruleset import Rule
from listing import Listing

__all__ = ["Found", "Reasoning", "View", "evaluate"]

MAX_HITS = 100
"""Hits of a condition that are looked at: more say nothing more."""
MAX_ANCHORS = 1000
"""Places around which words are looked for together."""
MAX_PLAIN = 2_000
"""Plainly written words of a pattern that are looked at."""
BEFORE, AFTER = 40, 60
"""Characters around a word that a pattern looks at."""
LONGEST = 16
"""Characters of the longest word, about."""
NEIGHBOURS = 8
"""Hits of one part around a place that are tried."""
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


Reasoning = Callable[[Listing, Sequence[FieldText], Mapping[str, object]], list[Found]]


class View:
    """A listing as rules look at it: its texts, and what may hold in them."""

    def __init__(
        self,
        listing: Listing,
        texts: Sequence[FieldText],
        reasonings: Mapping[str, Reasoning],
        passed: Passed,
    ) -> None:
        self.listing = listing
        self.texts = texts
        self.reasonings = reasonings
        self.passed = passed
        self.findings = texts[0].findings
        self.tight = self.findings.folded.tight
        self._begins = [text.begin for text in texts]

    def text_at(self, place: int) -> FieldText:
        """The text in which this place of the whole folded text lies."""
        return self.texts[bisect_right(self._begins, place) - 1]


def evaluate(rule: Rule, view: View) -> list[Found]:
    """What of the listing fulfils the rule, exceptions taken out; empty if nothing does."""
    found = _Decision(rule, view).decide(rule.match)
    if not found:
        return []
    if any(e.kind == "licensed" and licensed(view.listing, e.licence) for e in rule.exceptions):
        return []
    return [one for one in found if not any(_excepted(one, e) for e in rule.exceptions)]


class _Decision:
    __slots__ = ("may", "rule", "view")

    def __init__(self, rule: Rule, view: View) -> None:
        self.rule = rule
        self.view = view
        self.may = view.passed.may

    def decide(self, condition: Condition) -> list[Found]:
        """The spans that fulfil the condition; [] where it does not hold."""
        match condition:
            case Terms() | Near() | Pattern():
                if not self.may(condition):
                    return []
                scope = condition.scope or self.rule.fields
                if isinstance(condition, Terms):
                    return list(self.terms(condition, scope))
                if isinstance(condition, Near):
                    return list(self.near(condition, scope))
                return list(self.pattern(condition, scope))
            case Reasoned(name=name, options=options):
                return self.view.reasonings[name](self.view.listing, self.view.texts, dict(options))
            case AnyOf(parts=parts):
                return [found for part in parts if self.may(part) for found in self.decide(part)]
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

    def found(
        self, scope: tuple[str, ...], start: int, end: int, disguise: tuple[str, ...]
    ) -> Found | None:
        """A span of the whole text as one of the field it lies in, if that is looked at."""
        text = self.view.text_at(start)
        if text.scope not in scope:
            return None
        return Found(text, start - text.begin, end - text.begin, disguise)

    def hits(self, words: frozenset[str]) -> list[Hit]:
        """Hits of any of `words`, so many as are looked at."""
        hits = self.view.findings.of(words)
        if not self.rule.disguise:
            hits = [hit for hit in hits if not set(hit.disguise) - _PLAINLY]
        return hits[:MAX_HITS]

    def terms(self, condition: Terms, scope: tuple[str, ...]) -> Iterator[Found]:
        """Each of the words."""
        for hit in self.hits(condition.words):
            if found := self.found(scope, hit.start, hit.end, hit.disguise):
                yield found

    def near(self, condition: Near, scope: tuple[str, ...]) -> Iterator[Found]:
        """Combinations of one hit of each part, close together in one sentence.

        Places are compared first and words looked at closely after: most stand too far apart.
        """
        sets = [self.view.findings.raw(part) for part in condition.parts]
        anchor = min(range(len(sets)), key=lambda number: len(sets[number]))
        # Only hits around an anchor can be near: cost stays linear in the text.
        between = len(sets) - 2
        reach = condition.within * (between + 1) + LONGEST * between
        count = 0
        for at in sets[anchor][:MAX_ANCHORS]:
            close = []
            for number, raws in enumerate(sets):
                around = [at] if number == anchor else _around(raws, at, reach)
                if not around:
                    break
                close.append(around)
            else:
                for chosen in product(*close):
                    if found := self.together(condition, chosen, scope):
                        yield found
                        count += 1
                        break
            if count >= MAX_HITS:
                return

    def together(
        self, condition: Near, chosen: tuple[Raw, ...], scope: tuple[str, ...]
    ) -> Found | None:
        """One hit of each part as a finding, if they are close, in order, and what they seem."""
        order = sorted(chosen, key=_start)
        if condition.ordered and tuple(order) != chosen:
            return None
        if any(not 0 <= b[0] - a[1] <= condition.within for a, b in pairwise(order)):
            return None
        start, end = order[0][0], order[-1][1]
        if _ENDER.search(self.view.tight, start, end):
            return None
        disguise: list[str] = []
        for hit in map(self.view.findings.look, order):
            if hit is None or (not self.rule.disguise and set(hit.disguise) - _PLAINLY):
                return None
            disguise += hit.disguise
        return self.found(scope, start, end, tuple(dict.fromkeys(disguise)))

    def pattern(self, condition: Pattern, scope: tuple[str, ...]) -> Iterator[Found]:
        """Matches of the regex around its words, on the folded text.

        Where the words are plainly written the stretches around them are searched, each once,
        and the words looked at closely only where the regex matches; a word in disguise is put
        in plain for it.
        """
        raws = self.view.findings.raw(condition.words)
        plain = [raw for raw in raws if not raw[2].kind][:MAX_PLAIN]
        found = list(self._plainly(condition, scope, plain))
        hidden = [raw for raw in raws if raw[2].kind] if self.rule.disguise else []
        for hit in filter(None, map(self.view.findings.look, hidden[:MAX_HITS])):
            text = self.view.text_at(hit.start)
            if text.scope not in scope:
                continue
            first, last = max(text.begin, hit.start - BEFORE), min(text.end, hit.end + AFTER)
            around = _Plain(self.view.tight, first, last, hit)
            for match in condition.regex.finditer(around.text):
                start, end = around.place(match.start()), around.place(match.end())
                if start < end:
                    found.append(Found(text, start - text.begin, end - text.begin, hit.disguise))
        done = -1
        for one in sorted(found, key=lambda f: (f.field.begin + f.start, -f.end)):
            if one.field.begin + one.start >= done:
                yield one
                done = one.field.begin + one.end

    def _plainly(
        self, condition: Pattern, scope: tuple[str, ...], raws: Sequence[Raw]
    ) -> Iterator[Found]:
        place = 0
        while place < len(raws):
            text = self.view.text_at(raws[place][0])
            first = max(text.begin, raws[place][0] - BEFORE)
            last, after = raws[place][1] + AFTER, place + 1
            while after < len(raws) and raws[after][0] < min(last + BEFORE, text.end):
                last, after = max(last, raws[after][1] + AFTER), after + 1
            if text.scope in scope:
                for match in condition.regex.finditer(self.view.tight, first, min(last, text.end)):
                    hit = self._trigger(match.start(), match.end(), raws[place:after])
                    if hit and match.end() > match.start():
                        span = match.start() - text.begin, match.end() - text.begin
                        yield Found(text, *span, hit.disguise)
            place = after

    def _trigger(self, start: int, end: int, raws: Sequence[Raw]) -> Hit | None:
        """A word that is what it seems, in or around a match."""
        near = [raw for raw in raws if raw[0] - BEFORE <= start and end <= raw[1] + AFTER]
        near.sort(key=lambda raw: not (start <= raw[0] and raw[1] <= end))
        for hit in filter(None, map(self.view.findings.look, near)):
            if self.rule.disguise or not set(hit.disguise) - _PLAINLY:
                return hit
        return None


class _Plain:
    """A stretch of text with one hit written as the word it stands for."""

    __slots__ = ("_first", "_hit", "text")

    def __init__(self, tight: str, first: int, last: int, hit: Hit) -> None:
        self._first, self._hit = first, hit
        start = max(first, hit.start)
        self.text = f"{tight[first:start]}{hit.word}{tight[hit.end : last]}"

    def place(self, at: int) -> int:
        """The place in the whole text of a place in this one."""
        inside = at - (self._hit.start - self._first)
        if inside <= 0:
            return self._first + at
        beyond = inside - len(self._hit.word)
        return self._hit.end + beyond if beyond >= 0 else self._hit.start + inside


_start = itemgetter(0)


def _around(raws: Sequence[Raw], at: Raw, reach: int) -> Sequence[Raw]:
    """Those of the raw hits (in order of their start) that stand within `reach` of another."""
    begin, end, _ = at
    found: list[Raw] = []
    for place in range(bisect_left(raws, begin - reach - LONGEST, key=_start), len(raws)):
        raw = raws[place]
        if raw[0] - end > reach or len(found) == NEIGHBOURS:
            break
        if raw[0] >= end or 0 <= begin - raw[1] <= reach:
            found.append(raw)
    return found


def _excepted(found: Found, exception: Exception_) -> bool:
    tight = found.field.folded.tight
    start, end = found.start, found.end
    if exception.context is not None:
        return exception.context.holds(tight, start, end)
    if exception.kind == "phrases":
        return any(first <= start and last >= end for first, last in exception.spans(tight, start, end))  # fmt: skip
    if exception.kind == "near":
        return any(
            max(first - end, start - last) <= exception.within
            and not _ENDER.search(tight, min(last, end), max(first, start))
            for first, last in exception.spans(tight, start, end)
        )
    return False
