"""Rows of a list, read one by one: a bad one is named and costs none of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from listing import Listing, ListingError, MoneyError

__all__ = ["read_rows"]


def read_rows(
    rows: Iterable[Any], make: Callable[[Any], Listing]
) -> tuple[tuple[Listing, ...], tuple[str, ...]]:
    """What `make` reads of each row, and a sentence for each that it could not read."""
    listings: list[Listing] = []
    problems: list[str] = []
    for number, row in enumerate(rows, 1):
        try:
            listings.append(make(row))
        except (ListingError, MoneyError) as error:
            problems.append(f"offer {number}: {error}")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            problems.append(f"offer {number}: of an unknown shape ({error})")
    return tuple(listings), tuple(problems)
