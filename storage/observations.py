"""Listings into the store: shops, operators, listings, and an observation where it says anew.

Works on whole batches: a few statements for hundreds of pages. Runs again over the same
batch change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from listing import Listing, PricePoint, is_uscc
from storage.models import ListingRow, Observation, Operator, Shop
from storage.operators import OperatorHead
from storage.prices import CHINA_OFFSET, price_points
from storage.texts import keep_texts

__all__ = ["Found", "Recorded", "foreseen", "listing_key", "record"]


@dataclass(frozen=True, slots=True)
class Found:
    """A listing with its canonical address and what is known of where it was found."""

    listing: Listing
    url: str
    host: str
    """Of an independent shop, by which it is known; "" on a marketplace."""
    goods: str
    evidence_id: int | None
    seen_at: datetime
    pictures: Mapping[int, int] = field(default_factory=dict)
    """Evidence ids of its pictures, by their place in `images`."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """Evidence ids of the shop's own pages, by the field that they state."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the store made of a `Found`, in the same order."""

    listing_id: int
    shop_id: int
    operator_id: int | None
    observation_id: int | None
    """None where the page said nothing new."""
    first: bool
    """Whether the listing was never seen before."""
    prices: tuple[PricePoint, ...]
    """What it was offered at in earlier observations, oldest first."""


def listing_key(url: str) -> str:
    """The key of a listing by its canonical address: the address, or its hash if very long."""
    return url if len(url) <= 500 else "sha256:" + hashlib.sha256(url.encode()).hexdigest()


def fen(price: Decimal | None) -> int | None:
    """CNY as whole fen; None for what no column can hold."""
    if price is None or price > 10**15:
        return None
    return int(price * 100)


def shop_key(found: Found) -> str:
    """By what a shop is known on its source: host, its address there, or its name."""
    key = found.host or found.listing.shop_url or found.listing.shop_name
    return (key or f"?{listing_key(found.url)}")[:255]


def operator_key(listing: Listing) -> str:
    """USCC where a sound one is shown, else the name, else ""."""
    if is_uscc(listing.uscc):
        return listing.uscc
    return f"name:{listing.operator_name}"[:255] if listing.operator_name else ""


def record(session: Session, sweep_id: int | None, batch: Sequence[Found]) -> list[Recorded]:
    """Keep a batch; the last of several looks at one listing in it counts.

    A look from before the newest one known (out of an old archive) joins the history in its
    place and leaves alone what the listing's row shows.
    """
    operators = _operators(session, batch)
    shops = _shops(session, batch, operators)
    known = _listings(session, batch, shops)
    newest = {(f.listing.source, listing_key(f.url)): f for f in batch}
    hashes = {key: found.listing.content_hash() for key, found in newest.items()}
    late = {key for key, found in newest.items() if found.seen_at < known[key].last_seen}
    before = _before(session, {known[key].id: newest[key].seen_at for key in late})
    changed = [
        key
        for key in newest
        if hashes[key] != (before.get(known[key].id) if key in late else known[key].content_hash)
    ]
    observed = _observations(session, sweep_id, changed, newest, hashes, known)
    prices = price_points(session, [known[key].id for key in changed], set(observed.values()))
    _touch(session, {k: f for k, f in newest.items() if k not in late}, hashes, known)
    keep_texts(session, {known[k].id: newest[k].listing for k in changed if k not in late})
    _first_seen(session, {known[key].id: newest[key].seen_at for key in late})
    recorded = []
    for found in batch:
        key = (found.listing.source, listing_key(found.url))
        row = known[key]
        counts = newest[key] is found
        shop_id, operator_id = shops[(found.listing.source, shop_key(found))]
        recorded.append(
            Recorded(
                listing_id=row.id,
                shop_id=shop_id,
                operator_id=operator_id,
                observation_id=observed.get(key) if counts else None,
                first=counts and row.content_hash == "",
                prices=tuple(
                    point
                    for point in prices.get(row.id, ())
                    if point.date <= (found.seen_at + CHINA_OFFSET).date()
                ),
            )
        )
    return recorded


def foreseen(session: Session, batch: Sequence[Found]) -> list[tuple[PricePoint, ...] | None]:
    """Of each the earlier prices that `record` will name, None where it says nothing new or is
    older than what is known. Changes nothing."""
    rows = session.execute(
        select(
            ListingRow.source,
            ListingRow.key,
            ListingRow.id,
            ListingRow.content_hash,
            ListingRow.last_seen,
        ).where(
            ListingRow.source.in_({found.listing.source for found in batch}),
            ListingRow.key.in_({listing_key(found.url) for found in batch}),
        )
    )
    known = {
        (source, key): _Known(id_, content, last_seen)
        for source, key, id_, content, last_seen in rows
    }
    prices = price_points(session, [one.id for one in known.values()])
    ahead: list[tuple[PricePoint, ...] | None] = []
    for found in batch:
        row = known.get((found.listing.source, listing_key(found.url)))
        if row is None:
            ahead.append(())
        elif row.last_seen > found.seen_at or row.content_hash == found.listing.content_hash():
            ahead.append(None)
        else:
            until = (found.seen_at + CHINA_OFFSET).date()
            ahead.append(tuple(p for p in prices.get(row.id, ()) if p.date <= until))
    return ahead


def _operators(session: Session, batch: Iterable[Found]) -> dict[str, int]:
    wanted = {key: f for f in batch if (key := operator_key(f.listing))}
    ids = _ids_by_key(session, Operator, wanted)
    fresh = [
        {
            "key": key,
            "name": found.listing.operator_name,
            "uscc": found.listing.uscc[:32],
            "licence_no": found.listing.licence_no,
            "phone": found.listing.phone,
            "address": found.listing.address,
            "first_seen": found.seen_at,
        }
        for key, found in wanted.items()
        if key not in ids
    ]
    if fresh:
        session.execute(insert(Operator), fresh)
        ids = _ids_by_key(session, Operator, wanted)
    return ids


def _ids_by_key(session: Session, table: type[Operator], keys: Iterable[str]) -> dict[str, int]:
    """Of one that was merged: the operator under which its shops now stand."""
    rows = session.execute(
        select(table.key, func.coalesce(OperatorHead.head_id, table.id))
        .outerjoin(OperatorHead, OperatorHead.operator_id == table.id)
        .where(table.key.in_(list(keys)))
    )
    return {key: id_ for key, id_ in rows}


def _shops(
    session: Session, batch: Iterable[Found], operators: dict[str, int]
) -> dict[tuple[str, str], tuple[int, int | None]]:
    """(shop id, operator id) by source and key. A shop keeps the operator it is known under
    until a page names one."""
    wanted: dict[tuple[str, str], Found] = {}
    for found in batch:
        key = (found.listing.source, shop_key(found))
        if key not in wanted or operator_key(found.listing):
            wanted[key] = found

    def load() -> dict[tuple[str, str], tuple[int, int | None]]:
        rows = session.execute(
            select(Shop.source, Shop.key, Shop.id, Shop.operator_id).where(
                Shop.source.in_({source for source, _ in wanted}),
                Shop.key.in_({key for _, key in wanted}),
            )
        )
        return {(source, key): (id_, operator) for source, key, id_, operator in rows}

    known = load()
    fresh = [
        {
            "source": source,
            "key": key,
            "name": found.listing.shop_name or found.host,
            "url": found.listing.shop_url,
            "operator_id": operators.get(operator_key(found.listing)),
            "first_seen": found.seen_at,
        }
        for (source, key), found in wanted.items()
        if (source, key) not in known
    ]
    if fresh:
        session.execute(insert(Shop), fresh)
        known = load()
    named = [
        {"shop": known[key][0], "operator": operators[operator_key(found.listing)]}
        for key, found in wanted.items()
        if known[key][1] is None and operator_key(found.listing)
    ]
    if named:
        session.connection().execute(
            update(Shop.__table__)  # type: ignore[arg-type]
            .where(Shop.id == bindparam("shop"))
            .values(operator_id=bindparam("operator")),
            named,
        )
        known = load()
    return known


@dataclass(slots=True)
class _Known:
    id: int
    content_hash: str
    last_seen: datetime


def _listings(
    session: Session,
    batch: Iterable[Found],
    shops: dict[tuple[str, str], tuple[int, int | None]],
) -> dict[tuple[str, str], _Known]:
    wanted = {(f.listing.source, listing_key(f.url)): f for f in batch}

    def load() -> dict[tuple[str, str], _Known]:
        rows = session.execute(
            select(
                ListingRow.source,
                ListingRow.key,
                ListingRow.id,
                ListingRow.content_hash,
                ListingRow.last_seen,
            ).where(
                ListingRow.source.in_({source for source, _ in wanted}),
                ListingRow.key.in_({key for _, key in wanted}),
            )
        )
        return {
            (source, key): _Known(id_, content, last_seen)
            for source, key, id_, content, last_seen in rows
        }

    known = load()
    fresh = [
        {
            "source": source,
            "key": key,
            "url": found.url,
            "shop_id": shops[(source, shop_key(found))][0],
            "goods": found.goods,
            "title": found.listing.title,
            "price_fen": fen(found.listing.price),
            "content_hash": "",
            "first_seen": found.seen_at,
            "last_seen": found.seen_at,
        }
        for (source, key), found in wanted.items()
        if (source, key) not in known
    ]
    if fresh:
        session.execute(insert(ListingRow), fresh)
        known = load()
    return known


Key = tuple[str, str]


def _before(session: Session, looks: Mapping[int, datetime]) -> dict[int, str]:
    """What each listing said at a time, by the hash of the observation that held then."""
    held: dict[int, str] = {}
    if looks:
        rows = session.execute(
            select(Observation.listing_id, Observation.content_hash, Observation.seen_at)
            .where(Observation.listing_id.in_(looks))
            .order_by(Observation.seen_at, Observation.id)
        )
        held = {id_: content for id_, content, seen_at in rows if seen_at <= looks[id_]}
    return held


def _first_seen(session: Session, looks: Mapping[int, datetime]) -> None:
    for id_, seen_at in looks.items():
        session.execute(
            update(ListingRow)
            .where(ListingRow.id == id_, ListingRow.first_seen > seen_at)
            .values(first_seen=seen_at)
        )


def _observations(
    session: Session,
    sweep_id: int | None,
    changed: Sequence[Key],
    newest: dict[Key, Found],
    hashes: dict[Key, str],
    known: dict[Key, _Known],
) -> dict[Key, int]:
    if not changed:
        return {}
    rows: list[dict[str, Any]] = [
        {
            "listing_id": known[key].id,
            "sweep_id": sweep_id,
            "evidence_id": newest[key].evidence_id,
            "content_hash": hashes[key],
            "content": newest[key].listing.to_dict(),
            "price_fen": fen(newest[key].listing.price),
            "seen_at": newest[key].seen_at,
        }
        for key in changed
    ]
    ids = session.scalars(
        insert(Observation).returning(Observation.id, sort_by_parameter_order=True), rows
    ).all()
    return dict(zip(changed, ids, strict=True))


def _touch(
    session: Session,
    newest: dict[Key, Found],
    hashes: dict[Key, str],
    known: dict[Key, _Known],
) -> None:
    """The listing's row shows its newest look."""
    if not newest:
        return
    session.execute(
        update(ListingRow),
        [
            {
                "id": known[key].id,
                "url": found.url,
                "goods": found.goods,
                "title": found.listing.title,
                "price_fen": fen(found.listing.price),
                "content_hash": hashes[key],
                "last_seen": found.seen_at,
            }
            for key, found in newest.items()
        ],
    )
