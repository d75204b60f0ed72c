"""How often clues were right, by rule, violation and source, measured from the verdicts."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.casework import Verdict
from storage.models import Clue, ClueSignal, ListingRow, Observation, SignalRow

__all__ = ["Measured", "precision", "wilson"]

_Z = 1.959964
"""Of the 95 % interval."""


def wilson(right: int, decided: int) -> tuple[float, float]:
    """Wilson's interval (95 %) of a share; (0, 1) where nothing was decided."""
    if not decided:
        return 0.0, 1.0
    share, z2 = right / decided, _Z * _Z
    middle = (share + z2 / (2 * decided)) / (1 + z2 / decided)
    half = (
        _Z * math.sqrt(share * (1 - share) / decided + z2 / (4 * decided**2)) / (1 + z2 / decided)
    )
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Measured:
    """Verdicts on the clues of one rule, violation or source."""

    kind: str
    """rule, violation or source."""
    name: str
    right: int
    wrong: int

    @property
    def decided(self) -> int:
        """Clues with a verdict."""
        return self.right + self.wrong

    @property
    def precision(self) -> float:
        """The share that was right."""
        return self.right / self.decided

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval, by Wilson."""
        return wilson(self.right, self.decided)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        low, high = self.interval
        return asdict(self) | {
            "precision": round(self.precision, 4), "low": round(low, 4), "high": round(high, 4),
        }  # fmt: skip


def precision(session: Session) -> list[Measured]:
    """By rule, violation, source; within each kind by name. A clue counts once for each of its rules."""
    signals = (
        select(ClueSignal.clue_id, SignalRow.rule, ListingRow.source)
        .join(SignalRow, SignalRow.id == ClueSignal.signal_id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .subquery()
    )
    questions = {
        "rule": select(signals.c.rule, Verdict.right, func.count(Verdict.clue_id.distinct()))
        .join(Verdict, Verdict.clue_id == signals.c.clue_id)
        .group_by(signals.c.rule, Verdict.right),
        "violation": select(Clue.violation, Verdict.right, func.count())
        .join(Verdict, Verdict.clue_id == Clue.id)
        .group_by(Clue.violation, Verdict.right),
        "source": select(signals.c.source, Verdict.right, func.count(Verdict.clue_id.distinct()))
        .join(Verdict, Verdict.clue_id == signals.c.clue_id)
        .group_by(signals.c.source, Verdict.right),
    }
    found = []
    for kind, question in questions.items():
        counts: Counter[tuple[str, bool]] = Counter()
        for name, right, count in session.execute(question):
            counts[name, right] += count
        names = sorted({name for name, _ in counts})
        found += [Measured(kind, name, counts[name, True], counts[name, False]) for name in names]
    return found
