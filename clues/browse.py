"""Lists of listings, shops and operators: with filters, search, an order and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, false, func, or_, select
from sqlalchemy.orm import Session

from clues.filters import in_region
from clues.standing import standing
from storage.models import Clue, ListingRow, Operator, Shop
from storage.operators import OperatorPlace, ShopFact
from storage.search import ClueListing, ListingText, matching
from storage.words import ASKED, parse

__all__ = [
    "MOST",
    "ListingItem",
    "ListingQuery",
    "OperatorItem",
    "OperatorQuery",
    "ShopItem",
    "ShopQuery",
    "browse_listings",
    "browse_operators",
    "browse_shops",
    "count_found",
]

MOST = 10_000
"""So far lists of listings, shops and operators are counted; what is more is "10,000+"."""


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """Which listings; a field left as it is asks nothing."""

    text: str = ""
    """As `ClueFilter.text`, all in one listing."""
    source: str = ""
    goods: str = ""
    shop: int | None = None
    operator: int | None = None
    price_from: int | None = None
    """Fen."""
    price_to: int | None = None
    since: datetime | None = None
    """Seen last at this time or later."""
    accused: bool = False
    """Only those that a clue rests on."""
    sort: str = "newest"
    """newest (known last) or price (lowest first; those without one are left out)."""
    limit: int = 50
    offset: int = 0
    bears: str = ""
    """Only those of shops that bear a standing clue of this division, or whose operator does;
    only those clues are counted, and accuse."""


@dataclass(frozen=True, slots=True)
class ListingItem:
    """A listing as a row. Times are UTC, the price is in fen."""

    id: int
    title: str
    url: str
    source: str
    goods: str
    price_fen: int | None
    shop_id: int
    shop: str
    operator_id: int | None
    operator: str
    first_seen: datetime
    last_seen: datetime
    clues: int
    """Standing clues that rest on it."""


@dataclass(frozen=True, slots=True)
class ShopQuery:
    """Which shops."""

    text: str = ""
    """Part of the name, or the start of its key (host, address)."""
    source: str = ""
    operator: int | None = None
    sort: str = "clues"
    """clues (most first) or newest."""
    limit: int = 50
    offset: int = 0
    bears: str = ""
    """Only those that bear a standing clue of this division, or whose operator does; only those
    clues are counted."""


@dataclass(frozen=True, slots=True)
class ShopItem:
    """A shop as a row."""

    id: int
    source: str
    name: str
    url: str
    operator_id: int | None
    operator: str
    first_seen: datetime
    listings: int
    clues: int
    """Standing clues that began in it."""


@dataclass(frozen=True, slots=True)
class OperatorQuery:
    """Which operators: of those that have shops."""

    text: str = ""
    """Part of the name, the code, or what a shop of theirs shows (telephone, 微信号, names)."""
    region: str = ""
    sort: str = "clues"
    """clues, shops (most first) or newest."""
    limit: int = 50
    offset: int = 0
    bears: str = ""
    """Only those that bear a standing clue of this division; only those clues are counted."""


@dataclass(frozen=True, slots=True)
class OperatorItem:
    """An operator as a row."""

    id: int
    name: str
    uscc: str
    region: str
    shops: int
    clues: int


def browse_listings(session: Session, wanted: ListingQuery) -> list[ListingItem]:
    """The listings that fit, in the order asked for. Raises `ValueError` for an unknown one."""
    query: Any = (
        select(ListingRow, Shop.name, Shop.operator_id, Operator.name)
        .join(Shop, Shop.id == ListingRow.shop_id)
        .outerjoin(Operator, Operator.id == Shop.operator_id)
        .where(*_of_listings(session, wanted))
    )
    if wanted.sort == "price":
        query = query.order_by(ListingRow.price_fen, ListingRow.id)
    elif wanted.sort == "newest":
        query = query.order_by(ListingRow.id.desc())
    else:
        raise ValueError(f"no such order: {wanted.sort} (newest, price)")
    rows = session.execute(query.limit(wanted.limit).offset(wanted.offset)).all()
    ids = [row[0].id for row in rows]
    resting = select(ClueListing.listing_id, func.count()).join(Clue, Clue.id == ClueListing.clue_id)  # fmt: skip
    clues = _counts(session, resting.where(standing(), *_within(wanted.bears), ClueListing.listing_id.in_(ids)).group_by(ClueListing.listing_id))  # fmt: skip
    return [
        ListingItem(
            one.id, one.title, one.url, one.source, one.goods, one.price_fen, one.shop_id, shop,
            operator_id, operator or "", one.first_seen, one.last_seen, clues.get(one.id, 0),
        )
        for one, shop, operator_id, operator in rows
    ]  # fmt: skip


def _of_listings(session: Session, wanted: ListingQuery) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if wanted.text.strip():
        terms = parse(wanted.text)
        if terms is None:
            return [false()]
        for term in terms:
            found = ListingRow.id.in_(matching(session, ListingText, term))
            asked.append(~found if term.excluded else found)
    if wanted.source:
        asked.append(ListingRow.source == wanted.source)
    if wanted.goods:
        asked.append(ListingRow.goods == wanted.goods)
    if wanted.shop is not None:
        asked.append(ListingRow.shop_id == wanted.shop)
    if wanted.operator is not None:
        shops = select(Shop.id).where(Shop.operator_id == wanted.operator)
        asked.append(ListingRow.shop_id.in_(shops))
    if wanted.price_from is not None:
        asked.append(ListingRow.price_fen >= wanted.price_from)
    if wanted.price_to is not None:
        asked.append(ListingRow.price_fen <= wanted.price_to)
    if wanted.sort == "price":
        asked.append(ListingRow.price_fen.is_not(None))
    if wanted.since is not None:
        asked.append(ListingRow.last_seen >= wanted.since)
    if wanted.accused:
        asked.append(
            exists().where(
                ClueListing.listing_id == ListingRow.id, Clue.id == ClueListing.clue_id, standing(),
                *_within(wanted.bears),
            )
        )  # fmt: skip
    if wanted.bears:
        asked.append(ListingRow.shop_id.in_(select(Shop.id).where(_bearing(wanted.bears))))
    return asked


def browse_shops(session: Session, wanted: ShopQuery) -> list[ShopItem]:
    """The shops that fit, in the order asked for. Raises `ValueError` for an unknown one."""
    counted = (
        select(Clue.shop_id, func.count().label("n"))
        .where(standing(), *_within(wanted.bears))
        .group_by(Clue.shop_id)
    ).subquery()
    clues = func.coalesce(counted.c.n, 0)
    query: Any = (
        select(Shop, Operator.name, clues)
        .outerjoin(Operator, Operator.id == Shop.operator_id)
        .outerjoin(counted, counted.c.shop_id == Shop.id)
        .where(*_of_shops(wanted))
    )
    if wanted.sort == "clues":
        query = query.order_by(clues.desc(), Shop.id)
    elif wanted.sort == "newest":
        query = query.order_by(Shop.id.desc())
    else:
        raise ValueError(f"no such order: {wanted.sort} (clues, newest)")
    rows = session.execute(query.limit(wanted.limit).offset(wanted.offset)).all()
    ids = [row[0].id for row in rows]
    has = select(ListingRow.shop_id, func.count()).where(ListingRow.shop_id.in_(ids))
    listings = _counts(session, has.group_by(ListingRow.shop_id))
    return [
        ShopItem(
            one.id, one.source, one.name, one.url, one.operator_id, operator or "",
            one.first_seen, listings.get(one.id, 0), n,
        )
        for one, operator, n in rows
    ]  # fmt: skip


def _of_shops(wanted: ShopQuery) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if words := _plain(wanted.text):
        named = Shop.name.icontains(words, autoescape=True)
        asked.append(or_(named, Shop.key.istartswith(words, autoescape=True)))
    if wanted.source:
        asked.append(Shop.source == wanted.source)
    if wanted.operator is not None:
        asked.append(Shop.operator_id == wanted.operator)
    if wanted.bears:
        asked.append(_bearing(wanted.bears))
    return asked


def _bearing(region: str) -> ColumnElement[bool]:
    """Whether a shop bears a clue of the division, or its operator does."""
    owners = _borne(Clue.operator_id, region)
    return or_(Shop.id.in_(_borne(Clue.shop_id, region)), Shop.operator_id.in_(owners))


def _borne(column: Any, region: str) -> Any:
    """Of the standing clues of a division: whose they are."""
    return select(column).where(standing(), *_within(region), column.is_not(None))


def _within(region: str) -> list[ColumnElement[bool]]:
    return [in_region(Clue.region, region)] if region else []


def browse_operators(session: Session, wanted: OperatorQuery) -> list[OperatorItem]:
    """The operators that fit, in the order asked for. Raises `ValueError` for an unknown one."""
    shops = (
        select(Shop.operator_id, func.count().label("n"))
        .where(Shop.operator_id.is_not(None))
        .group_by(Shop.operator_id)
    ).subquery()
    counted = (
        select(Clue.operator_id, func.count().label("n"))
        .where(standing(), Clue.operator_id.is_not(None), *_within(wanted.bears))
        .group_by(Clue.operator_id)
    ).subquery()
    clues = func.coalesce(counted.c.n, 0)
    place = func.coalesce(OperatorPlace.code, "")
    query: Any = (
        select(Operator.id, Operator.name, Operator.uscc, place, shops.c.n, clues)
        .join(shops, shops.c.operator_id == Operator.id)
        .outerjoin(counted, counted.c.operator_id == Operator.id)
        .outerjoin(OperatorPlace, OperatorPlace.operator_id == Operator.id)
        .where(*_of_operators(wanted))
    )
    orders: dict[str, Any] = {"clues": clues.desc(), "shops": shops.c.n.desc()}
    if wanted.sort == "newest":
        query = query.order_by(Operator.id.desc())
    elif wanted.sort in orders:
        query = query.order_by(orders[wanted.sort], Operator.id)
    else:
        raise ValueError(f"no such order: {wanted.sort} (clues, shops, newest)")
    rows = session.execute(query.limit(wanted.limit).offset(wanted.offset))
    return [OperatorItem(*row) for row in rows]


def _of_operators(wanted: OperatorQuery) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if words := _plain(wanted.text):
        shown = (
            select(Shop.operator_id)
            .join(ShopFact, ShopFact.shop_id == Shop.id)
            .where(
                ShopFact.kind != "text",
                or_(
                    ShopFact.shown.icontains(words, autoescape=True),
                    ShopFact.value == words.lower(),
                ),
            )
        )
        named = Operator.name.icontains(words, autoescape=True)
        asked.append(or_(named, Operator.uscc == words.upper(), Operator.id.in_(shown)))
    if wanted.region:
        asked.append(in_region(OperatorPlace.code, wanted.region))
    if wanted.bears:
        asked.append(Operator.id.in_(_borne(Clue.operator_id, wanted.bears)))
    return asked


def count_found(
    session: Session, wanted: ListingQuery | ShopQuery | OperatorQuery, most: int = MOST
) -> int:
    """How many fit, exactly up to `most`; `most` + 1 stands for more."""
    found: Any
    if isinstance(wanted, ListingQuery):
        found = select(ListingRow.id).where(*_of_listings(session, wanted))
    elif isinstance(wanted, ShopQuery):
        found = select(Shop.id).where(*_of_shops(wanted))
    else:
        has_shop = exists().where(Shop.operator_id == Operator.id)
        found = (
            select(Operator.id)
            .outerjoin(OperatorPlace, OperatorPlace.operator_id == Operator.id)
            .where(has_shop, *_of_operators(wanted))
        )
    bounded = found.limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(bounded)) or 0


def _plain(text: str) -> str:
    """What is looked for as it stands, without what no database takes as text."""
    return text[:ASKED].encode("utf-8", "ignore").decode().replace("\0", "").strip()


def _counts(session: Session, query: Any) -> dict[int, int]:
    return {id_: count for id_, count in session.execute(query)}
