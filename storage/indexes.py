"""Indexes of a part of a table, alike on both databases."""

from __future__ import annotations

from sqlalchemy import Index, text

__all__ = ["partial_index"]


def partial_index(name: str, column: str, where: str) -> Index:
    """An index of the few rows that `where` is true for; a query must have it word for word."""
    return Index(name, column, sqlite_where=text(where), postgresql_where=text(where))
