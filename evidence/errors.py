"""What can't be sealed, packed or stamped."""

from __future__ import annotations

__all__ = ["EvidenceError", "StampError"]


class EvidenceError(RuntimeError):
    """Says what and why, and what to do."""


class StampError(RuntimeError):
    """Why the authority's time stamp could not be had."""
