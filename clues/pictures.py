"""关联: shops and operators that use the same picture, though their pages name no common owner.

A hash is found again by its parts of 16 bits: the first 128 bits, which hold the low
frequencies, have eight of them. Two hashes that differ there in at most seven bits have a part in
common for certain, and with more differing bits than that hardly ever none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.growth import insert_for, subject_of
from detectors.images import MANY_SHOPS, alike
from storage.models import Clue, Evidence, ListingRow, Operator, Picture, PictureBand, Shop
from storage.observations import Found, Recorded

__all__ = ["Link", "keep_pictures", "picture_links", "shared_pictures"]

LOOKED_AT = 300
"""Pictures of a clue's subject that are compared, newest listings first."""
SHOWN = 3
"""Pictures of a link that are shown in full."""
_PARTS = 8
_AT_ONCE = 50


@dataclass(slots=True)
class Link:
    """Another operator or shop that uses pictures of the clue's subject."""

    subject: str
    """`operator:ID` or `shop:ID`, as clues name their subject."""
    operator: str
    shops: list[str] = field(default_factory=list)
    shared: int = 0
    """How many pictures both use."""
    pictures: list[dict[str, Any]] = field(default_factory=list)
    """The first of them: `ours` and `theirs`, each with `picture` (address), `sha256` (of the
    record kept of it, "" if none is), `listing` (title), `url` and `shop`."""


def parts_of(phash: str) -> list[int]:
    """The parts by which a hash is found again, each with its number in its upper bits."""
    return [place << 16 | int(phash[4 * place : 4 * place + 4], 16) for place in range(_PARTS)]


def keep_pictures(session: Session, batch: Iterable[tuple[Found, Recorded]]) -> None:
    """Note which pictures the listings show; noting the same again changes nothing."""
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for found, row in batch:
        listing = found.listing
        shown = zip(listing.images, listing.image_hashes, strict=False)
        for place, (url, phash) in enumerate(shown):
            if phash:
                rows[row.listing_id, phash] = {
                    "listing_id": row.listing_id,
                    "phash": phash,
                    "url": url,
                    "evidence_id": found.pictures.get(place),
                }
    if not rows:
        return
    insert = insert_for(session)
    session.execute(insert(Picture).on_conflict_do_nothing(), list(rows.values()))
    # Sorted, so that two workers lock in the same order.
    bands = sorted({(part, phash) for _, phash in rows for part in parts_of(phash)})
    session.execute(
        insert(PictureBand).on_conflict_do_nothing(),
        [{"part": part, "phash": phash} for part, phash in bands],
    )


def picture_links(session: Session, clue: Clue) -> list[Link]:
    """Who else uses the pictures of a clue's subject, most pictures first.

    A picture that more than `MANY_SHOPS` shops use is a stock picture and links nobody.
    """
    ours = _shops_of(session, clue)
    own = session.scalars(
        select(Picture.phash)
        .join(ListingRow, ListingRow.id == Picture.listing_id)
        .where(ListingRow.shop_id.in_(ours))
        .group_by(Picture.phash)
        .order_by(func.max(Picture.listing_id).desc(), Picture.phash)
        .limit(LOOKED_AT)
    ).all()
    near = _near(session, own)
    users = _users(session, {phash for found in near.values() for phash in found})
    links: dict[str, Link] = {}
    for phash in own:
        shops = set().union(*(users[other] for other in near[phash]))
        if shops - ours and len(shops) <= MANY_SHOPS:
            _add(session, links, phash, near[phash], shops - ours, ours)
    return sorted(links.values(), key=lambda link: (-link.shared, link.subject))


def shared_pictures(session: Session, shop_id: int) -> list[tuple[int, str, list[int]]]:
    """Each other shop that uses a picture of this one: its id, the picture's hash as this shop
    has it, and the records that were kept of it; stock pictures are left out."""
    own = session.scalars(
        select(Picture.phash)
        .join(ListingRow, ListingRow.id == Picture.listing_id)
        .where(ListingRow.shop_id == shop_id)
        .group_by(Picture.phash)
        .order_by(func.max(Picture.listing_id).desc(), Picture.phash)
        .limit(LOOKED_AT)
    ).all()
    near = _near(session, own)
    users = _users(session, {phash for found in near.values() for phash in found})
    found = []
    for phash in own:
        shops = set().union(*(users[other] for other in near[phash]))
        if len(shops) <= MANY_SHOPS:
            others = sorted(shops - {shop_id})
            records = _records(session, near[phash]) if others else []
            found += [(other, phash, records) for other in others]
    return found


def _records(session: Session, hashes: Sequence[str]) -> list[int]:
    kept = select(Picture.evidence_id).where(
        Picture.phash.in_(hashes), Picture.evidence_id.is_not(None)
    )
    return [id_ for id_ in session.scalars(kept.distinct().limit(10)) if id_ is not None]


def _shops_of(session: Session, clue: Clue) -> set[int]:
    if clue.operator_id is None:
        return {clue.shop_id}
    return set(session.scalars(select(Shop.id).where(Shop.operator_id == clue.operator_id)))


def _near(session: Session, own: Sequence[str]) -> dict[str, list[str]]:
    """The hashes in the store that are of the same picture, by each of `own`."""
    near: dict[str, list[str]] = {}
    for start in range(0, len(own), _AT_ONCE):
        wanted = own[start : start + _AT_ONCE]
        parts = {part for phash in wanted for part in parts_of(phash)}
        found = session.execute(
            select(PictureBand.part, PictureBand.phash).where(PictureBand.part.in_(parts))
        )
        by_part: defaultdict[int, list[str]] = defaultdict(list)
        for part, phash in found:
            by_part[part].append(phash)
        for phash in wanted:
            candidates = {other for part in parts_of(phash) for other in by_part[part]}
            near[phash] = sorted(other for other in candidates if alike(phash, other))
    return near


def _users(session: Session, hashes: set[str]) -> defaultdict[str, set[int]]:
    """Which shops use each picture."""
    users: defaultdict[str, set[int]] = defaultdict(set)
    ordered = sorted(hashes)
    for start in range(0, len(ordered), 5000):
        rows = session.execute(
            select(Picture.phash, ListingRow.shop_id)
            .join(ListingRow, ListingRow.id == Picture.listing_id)
            .where(Picture.phash.in_(ordered[start : start + 5000]))
            .distinct()
        )
        for phash, shop_id in rows:
            users[phash].add(shop_id)
    return users


def _add(
    session: Session,
    links: dict[str, Link],
    phash: str,
    alike_ones: Sequence[str],
    others: set[int],
    ours: set[int],
) -> None:
    """Count one picture for each of the others that use it, and show it where few are shown."""
    mine: dict[str, Any] | None = None
    counted = set()
    for shop in session.scalars(select(Shop).where(Shop.id.in_(others)).order_by(Shop.id)):
        subject = subject_of(shop.id, shop.operator_id)
        if subject not in links:
            operator = session.get(Operator, shop.operator_id) if shop.operator_id else None
            links[subject] = Link(subject, operator.name if operator else "")
        link = links[subject]
        if shop.name not in link.shops:
            link.shops.append(shop.name)
        if subject in counted:
            continue
        counted.add(subject)
        link.shared += 1
        if len(link.pictures) < SHOWN:
            mine = mine or _use(session, [phash], ours)
            link.pictures.append({"ours": mine, "theirs": _use(session, alike_ones, {shop.id})})


def _use(session: Session, hashes: Sequence[str], shops: set[int]) -> dict[str, Any]:
    """The first listing of these shops that shows the picture."""
    picture, listing, shop, sha256 = session.execute(
        select(Picture.url, ListingRow, Shop.name, Evidence.sha256)
        .join(ListingRow, ListingRow.id == Picture.listing_id)
        .join(Shop, Shop.id == ListingRow.shop_id)
        .outerjoin(Evidence, Evidence.id == Picture.evidence_id)
        .where(Picture.phash.in_(hashes), ListingRow.shop_id.in_(shops))
        .order_by(ListingRow.id)
        .limit(1)
    ).one()
    return {
        "picture": picture,
        "sha256": sha256 or "",
        "listing": listing.title,
        "url": listing.url,
        "shop": shop,
    }
