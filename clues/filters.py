"""What is asked of the clues, as conditions and orders of the database: the same for the command
line, the desk and the reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, union_all
from sqlalchemy.orm import Session

from clues.standing import standing
from storage.casework import Transfer
from storage.intake import ClueArrival
from storage.models import Clue, ListingRow
from storage.search import ClueFacet, ClueListing, ClueSummary, ClueText, ListingText, matching
from storage.words import Term, parse

__all__ = ["SORTS", "ClueFilter", "conditions", "in_region", "order_of", "text_conditions"]


COUNTY = 6
"""Digits of a county's division code."""
PROVINCE = 2
"""Digits of a province's."""


@dataclass(frozen=True, slots=True)
class ClueFilter:
    """What an analyst asks for; a field left as it is asks nothing."""

    violation: str = ""
    goods: str = ""
    source: str = ""
    region: str = ""
    """A division code; those below it count too."""
    state: str = ""
    since: datetime | None = None
    """Grown at this time or later."""
    min_score: float = 0.0
    text: str = ""
    """Words that all stand somewhere in the clue: in a listing it rests on, the names of its shop
    and operator, its matched words. `"…"` is a phrase, `-…` must stand nowhere."""
    limit: int = 0
    """At most so many; 0 is all."""
    offset: int = 0
    """So many are passed over."""
    sort: str = "score"
    """One of `SORTS`; within equals, by id."""
    until: datetime | None = None
    """Grown before this time."""
    opened_since: datetime | None = None
    opened_until: datetime | None = None
    """Before this time."""
    states: tuple[str, ...] = ()
    """Any of these."""
    violations: tuple[str, ...] = ()
    """Any of these."""
    department: str = ""
    """An id of a department to which it was handed over."""
    price_from: int | None = None
    """Fen; of a listing it rests on, as it was seen last."""
    price_to: int | None = None
    """Fen, and no more."""
    way: str = ""
    """By which it came, among others (`clues.arrivals.WAYS`)."""
    operator: int | None = None
    """An operator's id, of one that others were merged into."""
    shop: int | None = None
    """A shop's id: where it was first seen, or with a listing that it rests on."""
    due_until: date | None = None
    """Something is due on this day or before it (as `clues.dues.settle_dues` reckoned it)."""


SORTS = ("score", "newest", "opened", "deadline", "violation", "region")
"""Worst first; last grown first; last opened first; due first; the last two worst first within."""


def order_of(sort: str) -> tuple[Any, ...]:
    """The order of a list; whole, so that a page holds the same whenever it is asked for. Raises
    `ValueError` for an unknown one."""
    worst = (Clue.score.desc(), Clue.grown_at.desc(), Clue.id)
    orders: dict[str, tuple[Any, ...]] = {
        "score": worst,
        "newest": (Clue.grown_at.desc(), Clue.id),
        "opened": (Clue.opened_at.desc(), Clue.id),
        "deadline": (ClueSummary.due.nulls_last(), ClueSummary.clue_id),
        "violation": (Clue.violation, *worst),
        "region": (Clue.region, *worst),
    }
    if sort not in orders:
        raise ValueError(f"no such order: {sort} ({', '.join(SORTS)})")
    return orders[sort]


def in_region(column: Any, region: str) -> ColumnElement[bool]:
    """Whether a division code is this one or below it. As a range, which an index can answer."""
    if not (region.isascii() and region.isdigit()):
        return bool_of(column.startswith(region, autoescape=True))
    if len(region) == COUNTY:
        # Nothing lies below it, and an index of a division is in the order of lists.
        return bool_of(column == region)
    after = str(int(region) + 1).zfill(len(region))
    if len(after) > len(region):
        return bool_of(column >= region)
    return and_(column >= region, column < after)


def _below(session: Session, region: str) -> ColumnElement[bool]:
    """`in_region` of a clue. SQLite keeps no count of what a range holds: it would look at all
    clues of a province by the index of divisions, and sort them."""
    if len(region) == PROVINCE and session.get_bind().dialect.name == "sqlite":
        return bool_of(func.substr(Clue.region, 1, PROVINCE) == region)
    return in_region(Clue.region, region)


def bool_of(condition: Any) -> ColumnElement[bool]:
    """The condition, for the checker of types."""
    told: ColumnElement[bool] = condition
    return told


def conditions(session: Session, wanted: ClueFilter) -> list[ColumnElement[bool]]:
    """All that must hold of `Clue`; folded clues never fit."""
    asked: list[ColumnElement[bool]] = [standing()]
    violations = {*wanted.violations, *([wanted.violation] if wanted.violation else [])}
    states = {*wanted.states, *([wanted.state] if wanted.state else [])}
    for column, one, several, values in (
        (Clue.violation, wanted.violation, wanted.violations, violations),
        (Clue.state, wanted.state, wanted.states, states),
    ):
        if one and several:
            asked += [column == one, column.in_(several)]
        elif len(values) == 1:
            asked.append(column == next(iter(values)))
        elif values:
            asked.append(column.in_(sorted(values)))
    if wanted.region:
        asked.append(_below(session, wanted.region))
    for time, since, until in (
        (Clue.grown_at, wanted.since, wanted.until),
        (Clue.opened_at, wanted.opened_since, wanted.opened_until),
    ):
        if since:
            asked.append(time >= since)
        if until:
            asked.append(time < until)
    if wanted.min_score:
        asked.append(Clue.score >= wanted.min_score)
    for kind, value in (("goods", wanted.goods), ("source", wanted.source)):
        if value:
            asked.append(_has_facet(kind, value))
    if wanted.department:
        asked.append(
            exists().where(Transfer.clue_id == Clue.id, Transfer.department == wanted.department)
        )
    if wanted.way:
        asked.append(exists().where(ClueArrival.clue_id == Clue.id, ClueArrival.way == wanted.way))
    if wanted.operator is not None:
        asked.append(Clue.operator_id == wanted.operator)
    if wanted.due_until is not None:
        due = select(ClueSummary.clue_id).where(ClueSummary.due <= wanted.due_until)
        asked.append(Clue.id.in_(due))
    if wanted.shop is not None:
        asked.append(_of_shop(wanted.shop))
    if wanted.price_from is not None or wanted.price_to is not None:
        asked.append(_priced(wanted.price_from, wanted.price_to))
    if wanted.text.strip():
        asked += text_conditions(session, wanted.text)
    return asked


def _has_facet(kind: str, value: str) -> ColumnElement[bool]:
    return exists().where(
        ClueFacet.clue_id == Clue.id, ClueFacet.kind == kind, ClueFacet.value == value
    )


def _of_shop(shop: int) -> ColumnElement[bool]:
    theirs = (
        select(ClueListing.clue_id)
        .join(ListingRow, ListingRow.id == ClueListing.listing_id)
        .where(ListingRow.shop_id == shop)
    )
    first = select(Clue.id).where(Clue.shop_id == shop)
    return Clue.id.in_(union_all(theirs, first))


def _priced(lowest: int | None, highest: int | None) -> ColumnElement[bool]:
    listing = (
        select(ClueListing.clue_id)
        .join(ListingRow, ListingRow.id == ClueListing.listing_id)
        .where(ClueListing.clue_id == Clue.id)
    )
    if lowest is not None:
        listing = listing.where(ListingRow.price_fen >= lowest)
    if highest is not None:
        listing = listing.where(ListingRow.price_fen <= highest)
    return exists(listing)


def text_conditions(session: Session, text: str) -> list[ColumnElement[bool]]:
    """That each word or phrase stands in the clue, and no excluded one does."""
    terms = parse(text)
    if terms is None:
        return [false()]
    return [_stands(session, term) for term in terms]


COMMON = 3000
"""From so many listings on, a word is looked for in each clue as the list comes to it, not the
clues by the word: the first page of a list in its order needs few of them."""


def _stands(session: Session, term: Term) -> ColumnElement[bool]:
    listings = matching(session, ListingText, term)
    common = session.scalar(select(func.count()).select_from(listings.limit(COMMON).subquery()))
    if common == COMMON:
        theirs = exists().where(
            ClueListing.clue_id == Clue.id,
            exists(matching(session, ListingText, term, ClueListing.listing_id)),
        )
        found = or_(theirs, exists(matching(session, ClueText, term, Clue.id)))
    else:
        by_listing = select(ClueListing.clue_id).where(ClueListing.listing_id.in_(listings))
        found = Clue.id.in_(union_all(by_listing, matching(session, ClueText, term)))
    return ~found if term.excluded else found
