"""Clauses that speak like known offences; the model and where it comes from: `detectors.wording`.

A rule names it like any reasoning (``detector: {name: wording, violation: …, in: […]}``), so
goods, exceptions and licences apply as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.normalise import code_points
from detectors.wording import BREAKS, LONGEST, WIDEST, Model, buckets
from listing import Listing

__all__ = ["Wording"]

WINDOW = 3
"""Clauses that are read together, at most."""
WEAK = 0.3
"""Strength below which a finding is not worth a signal."""
STRONGEST = 0.85
PER_TEXT = 3

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Clauses:
    """The clauses of a whole text: bounds, and the sum of weights of each, by violation."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    sums: Floats


class Wording:
    """Scores listings by a model."""

    def __init__(self, model: Model | None) -> None:
        self.model = model
        self._places = {v: n for n, v in enumerate(model.violations)} if model else {}
        self._last: tuple[Sequence[FieldText], list[tuple[int, int, Floats]]] = ((), [])
        """Each violation's rule asks of the same listing, one after the other."""

    def find(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """Clauses that speak like the sayings of a violation; options `violation`, `in`."""
        place = self._places.get(str(options.get("violation")))
        if place is None:
            return []
        scope = options.get("in")
        found = []
        for start, end, scores in self._windows(texts):
            if scores[place] < WEAK:
                continue
            text = _text_at(texts, start)
            if isinstance(scope, list) and text.scope not in scope:
                continue
            strength = min(STRONGEST, round(float(scores[place]), 3))
            found.append(Found(text, start - text.begin, end - text.begin, (), strength))
        return _best(found)

    def _windows(self, texts: Sequence[FieldText]) -> list[tuple[int, int, Floats]]:
        asked, known = self._last
        if asked is texts:
            return known
        found = self._scored(texts[0].findings.folded.tight) if self.model else []
        self._last = (texts, found)
        return found

    def _scored(self, tight: str) -> list[tuple[int, int, Floats]]:
        """Windows of one to three clauses with the probability of each violation, where one of
        them is worth a signal."""
        assert self.model is not None
        clauses = self._clauses(tight)
        found = []
        sums = clauses.sums
        for size in range(1, WINDOW + 1):
            if size > 1:
                sums = sums[:-1] + clauses.sums[size - 1 :]
            if not len(sums):
                break
            telling = (sums + self.model.bias).max(axis=1) > np.log(WEAK / (1 - WEAK))
            for number in np.flatnonzero(telling).tolist():
                start, end = int(clauses.starts[number]), int(clauses.ends[number + size - 1])
                if end - start <= WIDEST and "\n" not in tight[start:end]:
                    odds = sums[number] + self.model.bias
                    found.append((start, end, 1 / (1 + np.exp(-odds))))
        return found

    def _clauses(self, tight: str) -> _Clauses:
        assert self.model is not None
        runs, numbers = buckets(tight)
        rows = self.model.rows[runs]
        nothing = len(self.model.weights) - 1
        rows[runs < 0] = nothing
        flat = rows.ravel()
        telling = np.flatnonzero(flat != nothing)
        if not len(telling):
            none = np.zeros(0, dtype=np.int64)
            return _Clauses(none, none, np.zeros((0, len(self.model.violations)), np.float32))
        clause = numbers[telling // LONGEST]
        first = np.flatnonzero(np.diff(clause, prepend=-1))
        sums = np.add.reduceat(self.model.weights[flat[telling]], first, axis=0)
        which = clause[first]
        starts = np.searchsorted(numbers, which)
        ends = np.searchsorted(numbers, which, side="right")
        # A clause is counted from the mark that ends the one before.
        starts += np.isin(code_points(tight)[starts], BREAKS)
        return _Clauses(starts, ends, sums)


def _text_at(texts: Sequence[FieldText], place: int) -> FieldText:
    return next(text for text in reversed(texts) if text.begin <= place)


def _best(found: Iterable[Found]) -> list[Found]:
    """The strongest, shortest first, none inside or across another."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda f: (-f.strength, f.end - f.start)):
        if not any(
            one.field is other.field and one.start < other.end and other.start < one.end
            for other in kept
        ):
            kept.append(one)
    return kept[:PER_TEXT]
