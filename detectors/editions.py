"""Editions of rules: a digest of all that decides what a rule finds, to tell a changed one.

Examples, title and file name don't count; the words of its lexicons, its contexts and, where
it reasons over brands, indications or goods, that data do. The program's own code does not:
after a new release rules are run again by name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from detectors.conditions import AllOf, AnyOf, Condition, Exception_, NoneOf, Reasoned
from detectors.ruleset import Rule, RuleSet

__all__ = ["edition", "rule_digests"]

_SILENT = frozenset({"hits", "misses", "file", "title", "false_alarms"})


class _Digester:
    def __init__(self) -> None:
        self._words: dict[int, str] = {}

    def of(self, value: Any) -> Any:
        """Plain JSON values that are equal just where `value` decides the same."""
        if isinstance(value, frozenset):
            # The same lexicon stands in many rules.
            if id(value) not in self._words:
                self._words[id(value)] = _hash(sorted(map(str, value)))
            return self._words[id(value)]
        if isinstance(value, Rule):
            told = [f.name for f in fields(value) if f.name not in _SILENT]
            return {name: self.of(getattr(value, name)) for name in told}
        if isinstance(value, Exception_):
            told = ["kind", "words", "within", "licence", "context"]
            return {name: self.of(getattr(value, name)) for name in told}
        if is_dataclass(value):
            named = {f.name: self.of(getattr(value, f.name)) for f in fields(value)}
            return {"is": type(value).__name__} | named
        if isinstance(value, Mapping):
            return {str(key): self.of(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(one) for one in value]
        if hasattr(value, "pattern"):
            return value.pattern
        return value if isinstance(value, str | int | float | bool | None) else str(value)


def _hash(value: Any) -> str:
    packed = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(packed.encode()).hexdigest()


def _reasons(condition: Condition) -> bool:
    if isinstance(condition, AnyOf | AllOf | NoneOf):
        return any(_reasons(part) for part in condition.parts)
    return isinstance(condition, Reasoned)


def rule_digests(ruleset: RuleSet) -> dict[str, str]:
    """Rule id → 16 hexadecimal digits that change when the rule would find other things."""
    digester = _Digester()
    goods = _hash(ruleset.goods)
    data = _hash([ruleset.brands, ruleset.gis, goods, ruleset.regions])
    return {
        rule.id: _hash(
            [
                digester.of(rule),
                data if _reasons(rule.match) else goods if rule.goods else "",
                ruleset.thresholds.get(rule.violation),
                ruleset.calibration,
            ]
        )[:16]
        for rule in ruleset.rules.values()
    }


def edition(ruleset: RuleSet) -> tuple[str, dict[str, list[str]]]:
    """(digest of all rules together, rule id → [its digest, its violation])."""
    digests = rule_digests(ruleset)
    rules = {id_: [digests[id_], rule.violation] for id_, rule in ruleset.rules.items()}
    return _hash(rules), rules
