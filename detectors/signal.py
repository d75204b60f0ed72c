"""`Signal`: one detector's finding in one field of one listing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Detection", "Signal"]


@dataclass(frozen=True, slots=True)
class Signal:
    """Words in a listing that speak for a violation.

    `start` and `end` index the original `field` in Unicode code points, and
    ``field_text[start:end] == text``. Of a list field (`image_text`, `reviews`,
    `attributes`) the field is named with its place: ``image_text[0]``,
    ``reviews[2].text``, ``attributes.产地``.
    """

    rule: str
    rule_version: int
    violation: str
    field: str
    start: int
    end: int
    text: str
    strength: float
    """How much it speaks for the violation, 0 to 1."""
    reason: str
    """One Chinese sentence for the officer."""
    disguise: tuple[str, ...] = ()
    """How the words were disguised: separator, homophone, shape, split, pinyin, width, …"""
    law: tuple[str, ...] = ()
    """Ids in `rules/laws.yaml`."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values of every field, as `yunjian scan` writes them."""
        return asdict(self) | {"disguise": list(self.disguise), "law": list(self.law)}


@dataclass(frozen=True, slots=True)
class Detection:
    """All that the detectors say of one listing."""

    signals: tuple[Signal, ...] = ()
    scores: dict[str, float] = field(default_factory=dict)
    """Combined score 0 to 1 of each violation that has a signal."""
    violations: tuple[str, ...] = ()
    """Those that reach their threshold and would open a clue, strongest first."""

    @property
    def score(self) -> float:
        """The highest score, 0 where nothing was found."""
        return max(self.scores.values(), default=0.0)
