"""`Detector`: all rules on one listing."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from detectors.conditions import (
    AllOf,
    AnyOf,
    Condition,
    NoneOf,
    groups_of,
)
from detectors.editions import edition
from detectors.evaluate import Found, View, evaluate
from detectors.fields import texts_of
from detectors.gate import Gate
from detectors.matcher import Matcher
from detectors.reasoning import Knowledge, reasonings_of
from detectors.ruleset import Rule, RuleSet, load_rules
from detectors.signal import Detection, Signal
from listing import Listing

__all__ = ["Detector", "load"]

PER_RULE = 8
"""Signals of one rule on one listing that are kept."""
DISGUISED = 0.1
"""What disguise adds to a signal's strength: who hides a word knows what it is."""


class Detector:
    """Made by `load`; `detect` may be called from many threads."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.ruleset = ruleset
        groups: list[frozenset[str]] = []
        disguisable: set[str] = set()
        for rule in ruleset.rules.values():
            groups += groups_of(rule.match)
            if rule.disguise:
                disguisable |= _hideable(rule.match)
        disguisable -= ruleset.generic
        self.knowledge = Knowledge(ruleset)
        self.matcher = Matcher(
            [*groups, *self.knowledge.groups], disguisable, marks=self.knowledge.marks.names
        )
        self.reasonings = reasonings_of(self.knowledge)
        self.gate = Gate(ruleset.rules.values(), self.matcher.groups)
        self._groups = frozenset(str(group["id"]) for group in ruleset.goods)
        self._signs: dict[str, list[str]] = {
            kind: list(signs)
            for group in ruleset.goods
            for kind, signs in group.get("kinds", {}).items()
        }

    def detect(self, listing: Listing, only: frozenset[str] | None = None) -> Detection:
        """All signals of the listing, its scores, and the violations that would open a clue; of
        some violations `only`, for which it then says the same in less time."""
        view = self._view(listing)
        scopes = self.goods_of(listing)
        signals: list[Signal] = []
        for rule in self.ruleset.rules.values():
            if rule.id not in view.passed.rules:
                continue
            if only is not None and rule.violation not in only:
                continue
            # Of unknown goods every group's rules are asked, but not those of drugs or health foods.
            if not rule.goods or rule.goods & (scopes or self._groups):
                signals += self._signals_of(rule, view)
        return self._judge(signals)

    def detect_rule(self, rule: Rule, listing: Listing) -> list[Signal]:
        """The signals of one rule alone, whatever goods it is for."""
        return self._signals_of(rule, self._view(listing))

    def _view(self, listing: Listing) -> View:
        texts = texts_of(listing, self.matcher)
        return View(listing, texts, self.reasonings, self.gate.passed(texts))

    def _signals_of(self, rule: Rule, view: View) -> list[Signal]:
        found = evaluate(rule, view)
        unique = {(one.field.name, one.start, one.end): one for one in found}
        return [self._signal(rule, one) for one in list(unique.values())[:PER_RULE]]

    @staticmethod
    def _signal(rule: Rule, found: Found) -> Signal:
        folded = found.field.folded
        start, end = folded.span(found.start, found.end)
        text = folded.original[start:end]
        hidden = tuple(d for d in found.disguise if d not in ("space", "traditional", "width"))
        strength = found.strength or rule.strength
        if hidden:
            strength = min(1.0, strength + DISGUISED)
        reason = found.reason or rule.reason
        return Signal(
            rule=rule.id,
            rule_version=rule.version,
            violation=rule.violation,
            field=found.field.name,
            start=start,
            end=end,
            text=text,
            strength=round(strength, 3),
            reason=reason.replace("{words}", text).replace("{field}", found.field.name),
            disguise=found.disguise,
            law=rule.law,
        )

    def _judge(self, signals: Iterable[Signal]) -> Detection:
        """Signals of one violation are independent testimony: 1 - Π(1 - strength). Words that
        several of its rules name are one signal, the strongest; the same words said again in
        another place add nothing. The score is the share of right verdicts at that strength."""
        ordered = sorted(signals, key=lambda s: (-s.strength, s.field, s.start, -s.end, s.rule))
        doubt: dict[str, float] = {}
        counted: set[tuple[str, str]] = set()
        taken: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        kept = []
        for signal in ordered:
            spans = taken[signal.violation, signal.field]
            if any(signal.start < end and start < signal.end for start, end in spans):
                continue
            spans.append((signal.start, signal.end))
            kept.append(signal)
            if (signal.violation, signal.text) in counted:
                continue
            counted.add((signal.violation, signal.text))
            doubt[signal.violation] = doubt.get(signal.violation, 1.0) * (1 - signal.strength)
        score = self.ruleset.score
        scores = {violation: round(score(1 - left), 4) for violation, left in doubt.items()}
        opening = [v for v, score in scores.items() if score >= self.ruleset.threshold(v)]
        opening.sort(key=lambda v: (-scores[v], v))
        return Detection(tuple(kept), scores, tuple(opening))

    def goods_of(self, listing: Listing) -> frozenset[str]:
        """The group a listing belongs to, as it says, else by its title's words; and the kinds
        (drug, health food) whose signs it bears, whatever its group."""
        found = {listing.goods} if listing.goods else set()
        stated = " ".join(listing.attributes.values())[:500]
        looked_at = f"{listing.title} {listing.licence_no} {stated} {listing.text[:2000]}"
        kinds: set[str] = set()
        for group in self.ruleset.goods:
            if listing.goods in (group["id"], group["title"]) or (
                not listing.goods and any(word in listing.title for word in group["words"])
            ):
                found.add(group["id"])
            if listing.goods in group.get("kinds", {}):
                kinds, found = {listing.goods}, found | {group["id"]}
        if not kinds:
            kinds = {k for k, signs in self._signs.items() if any(w in looked_at for w in signs)}
            if not kinds and "food-drug" in found:
                kinds = {"food"}
        return frozenset(found | kinds)

    @cached_property
    def edition(self) -> tuple[str, dict[str, list[str]]]:
        """Digest of all rules, and by rule its own digest and its violation."""
        return edition(self.ruleset)

    @cached_property
    def violations(self) -> dict[str, str]:
        """Chinese titles of the violations, by id."""
        return {id_: str(entry.get("title", id_)) for id_, entry in self.ruleset.violations.items()}


def _hideable(condition: Condition) -> frozenset[str]:
    """The words that can make a rule hold (not those that forbid it)."""
    match condition:
        case NoneOf():
            return frozenset()
        case AnyOf(parts=parts) | AllOf(parts=parts):
            return frozenset().union(*(_hideable(part) for part in parts))
        case _:
            return frozenset().union(*groups_of(condition))


def load(rules_dir: Path) -> Detector:
    """The detector with all rules of a folder; raises `RuleError` with every problem found."""
    detector = Detector(load_rules(rules_dir))
    # Its words live as long as the process: the collector need not walk them again and again.
    gc.collect()
    gc.freeze()
    return detector
