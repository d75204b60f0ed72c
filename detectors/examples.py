"""Every rule carries its own examples; here they are run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detectors.detector import Detector
from detectors.ruleset import Rule
from listing import Listing, ListingError

__all__ = ["Failure", "run"]


@dataclass(frozen=True, slots=True)
class Failure:
    """An example that does not do what it says."""

    rule: str
    file: str
    kind: str
    """hit or miss."""
    example: str
    why: str


def run(detector: Detector) -> tuple[int, list[Failure]]:
    """How many examples were run, and those that fail. Each runs on its rule alone."""
    count, failures = 0, []
    for rule in detector.ruleset.rules.values():
        for kind, examples in (("hit", rule.hits), ("miss", rule.misses)):
            for example in examples:
                count += 1
                if why := _fails(detector, rule, kind, example):
                    failures.append(Failure(rule.id, rule.file, kind, str(example)[:200], why))
    return count, failures


def _fails(detector: Detector, rule: Rule, kind: str, example: Any) -> str:
    fields = {"title": example} if isinstance(example, str) else dict(example)
    fields.setdefault("title", "商品")
    if rule.goods and "goods" not in fields:
        fields["goods"] = sorted(rule.goods)[0]
    try:
        signals = detector.detect_rule(rule, Listing.from_dict(fields))
    except ListingError as error:
        return f"not a listing: {error}"
    if kind == "hit" and not signals:
        return "no signal of this rule"
    if kind == "miss" and signals:
        return f"found {', '.join(repr(signal.text) for signal in signals)}"
    return ""
