"""What is told of a pack that holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from proof.stamping import Stamp

__all__ = ["Intact"]


@dataclass(slots=True)
class Intact:
    """A pack that holds: what it has, and what was noticed that breaks nothing."""

    key: str
    """Fingerprint of the key that signed it."""
    stamp: Stamp | None = None
    records: int = 0
    links: int = 0
    seals: int = 0
    notes: list[str] = field(default_factory=list)
