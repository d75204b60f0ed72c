"""Which conditions may hold in a listing at all, decided for all rules at once.

A `near` can hold only where words of all its parts stand in one sentence of a field it looks at.
That is a look-up in a table of groups by sentences, done here for every condition of every rule
in a few array operations; only what passes is looked at closely (`detectors.evaluate`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from detectors.conditions import (
    FIELDS,
    AllOf,
    AnyOf,
    Condition,
    Near,
    NoneOf,
    Pattern,
    Reasoned,
    Terms,
)
from detectors.fields import FieldText
from detectors.ruleset import Rule

__all__ = ["Gate"]

Scope = tuple[str, ...]


class Gate:
    """Made from the rules and the numbers of their groups of words."""

    def __init__(self, rules: Iterable[Rule], groups: Mapping[frozenset[str], int]) -> None:
        self._numbers: dict[int, int] = {}
        scopes: dict[Scope, int] = {}
        needs: list[list[int]] = []
        looks: list[int] = []
        self._ways: dict[str, tuple[int, ...] | None] = {}
        """By rule: conditions of which one must hold; None where none need."""
        for rule in rules:
            for one in _leaves(rule.match):
                parts = one.parts if isinstance(one, Near) else (one.words,)
                self._numbers[id(one)] = len(needs)
                needs.append([groups[part] for part in parts])
                looks.append(scopes.setdefault(one.scope or rule.fields, len(scopes)))
            ways = self._of(rule.match)
            self._ways[rule.id] = None if ways is None else tuple(ways)
        most = max(map(len, needs), default=1)
        # The last row of the table is true throughout: it fills what has fewer parts.
        filled = [row + [-1] * (most - len(row)) for row in needs]
        self._needs = np.array(filled, dtype=np.int64).reshape(-1, most)
        self._looks = np.array(looks, dtype=np.int64)
        self._kinds = {kind: number for number, kind in enumerate(FIELDS)}
        self._scopes = np.zeros((len(scopes), len(FIELDS)), dtype=np.float32)
        for scope, number in scopes.items():
            self._scopes[number, [self._kinds[kind] for kind in scope]] = 1
        self._deep = [np.flatnonzero(self._needs[:, n] >= 0) for n in range(1, most)]
        self._wanted = [(rule_id, ways) for rule_id, ways in self._ways.items() if ways is not None]
        self._flat = np.array([way for _, ways in self._wanted for way in ways], dtype=np.int64)
        counts = [len(ways) for _, ways in self._wanted]
        self._firsts = np.cumsum([0, *counts])[:-1]

    def passed(self, texts: Sequence[FieldText]) -> Passed:
        """What may hold in these texts of one listing."""
        findings = texts[0].findings
        standing = findings.standing
        kinds = np.zeros((len(self._kinds), standing.shape[1]), dtype=np.float32)
        for text in texts:
            kinds[self._kinds[text.scope], findings.within(text.begin, text.end)] = 1
        within = (self._scopes @ kinds) > 0
        may = standing[self._needs[:, 0]] & within[self._looks]
        for depth, rows in enumerate(self._deep, 1):
            may[rows] &= standing[self._needs[rows, depth]]
        holds: npt.NDArray[np.bool_] = np.any(may, axis=1)
        rules = {rule_id for rule_id, ways in self._ways.items() if ways is None}
        if len(self._flat):
            passing = np.logical_or.reduceat(holds[self._flat], self._firsts).tolist()
            rules |= {id_ for (id_, _), one in zip(self._wanted, passing, strict=True) if one}
        return Passed(rules, set(np.flatnonzero(holds).tolist()), self._numbers)

    def _of(self, condition: Condition) -> list[int] | None:
        """Conditions of which one must hold that this one may; None where it may without."""
        match condition:
            case Terms() | Near() | Pattern():
                return [self._numbers[id(condition)]]
            case AnyOf(parts=parts):
                ways = [self._of(part) for part in parts]
                return None if None in ways else [way for found in ways if found for way in found]
            case AllOf(parts=parts):
                return next((need for part in parts if (need := self._of(part))), None)
            case _:
                return None


class Passed:
    """What may hold in one listing."""

    __slots__ = ("_holds", "_numbers", "rules")

    def __init__(self, rules: set[str], holds: set[int], numbers: Mapping[int, int]) -> None:
        self.rules = rules
        """Ids of the rules that may hold."""
        self._holds, self._numbers = holds, numbers

    def may(self, condition: Condition) -> bool:
        """Whether a condition may hold, as far as that is known without looking closely."""
        number = self._numbers.get(id(condition))
        return number is None or number in self._holds


def _leaves(condition: Condition) -> Iterator[Terms | Near | Pattern]:
    match condition:
        case AnyOf(parts=parts) | AllOf(parts=parts) | NoneOf(parts=parts):
            for part in parts:
                yield from _leaves(part)
        case Reasoned():
            return
        case Terms() | Near() | Pattern():
            yield condition
