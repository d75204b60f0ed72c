"""What goes wrong with an intake file as a whole."""

from __future__ import annotations

__all__ = ["IntakeError"]


class IntakeError(RuntimeError):
    """A file, a profile or an order that can't be used; says which, where and why. Nothing of it
    was taken in."""
