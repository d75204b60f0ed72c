"""Which clues stand for themselves, and which were folded into another."""

from __future__ import annotations

from sqlalchemy import ColumnElement, literal_column

from storage.models import Clue

__all__ = ["FOLDED", "standing"]

FOLDED = "folded:"
"""How the subject of a clue begins that is part of another now (`clues.folding`)."""


def standing() -> ColumnElement[bool]:
    """The condition of clues that are not folded into another."""
    # Word for word, not a parameter: partial indexes are of these clues.
    return Clue.subject.not_like(literal_column(f"'{FOLDED}%'"))
