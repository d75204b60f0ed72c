"""Where nobody was found: the shop that a row names joins the shops, and is watched from then on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from clues.arrivals import WAYS
from clues.growth import insert_for
from clues.intake.matching import Match, Matcher
from listing.addresses import canonical, host_of
from storage import models as m
from storage.operators import OperatorHead

__all__ = ["OFFLINE", "placed"]

OFFLINE = "offline"
"""Source of a shop that is known by its operator only: no storefront was seen yet."""
OFFICIAL = ("sampling", "inspection", "assigned", "transferred")
"""Kinds in which an authority says who the operator of a shop is; a consumer may be wrong."""


def placed(
    session: Session, matcher: Matcher, match: Match, kind: str, content: Mapping[str, Any], at: datetime
) -> tuple[Match, bool]:  # fmt: skip
    """The match with a shop, made where the row says enough of it, and whether it was made.

    A row that names neither a site nor an operator, or fits several shops, stays without one.
    """
    if match.shop_id is not None or match.candidates:
        return match, False
    name = str(content.get("shop_name", ""))[:500]
    source = matcher.source_of(content)
    link = str(content.get("shop_url") or content.get("url") or "")
    operator_id = match.operator_id
    if link and not source:
        host = host_of(link)
        _watch(session, link, host, name, kind, content, at)
        spot = (host, host, name or host, f"{urlsplit(link).scheme}://{urlsplit(link).netloc}/")
    elif source and name:
        url = canonical(str(content["shop_url"])) if content.get("shop_url") else ""
        spot = (source, (url or name)[:255], name, url)
    else:
        operator_id = operator_id or _operator(session, matcher, content, at)
        if operator_id is None:
            return match, False
        stated = str(content.get("operator_name", "")) or name
        spot = (OFFLINE, f"operator:{operator_id}", stated, "")
    if spot[0] != OFFLINE and operator_id is None and kind in OFFICIAL:
        operator_id = _operator(session, matcher, content, at)
    owner = operator_id if kind in OFFICIAL or spot[0] == OFFLINE else None
    shop_id, fresh = _shop(session, spot, owner, at)
    if shop_id not in matcher.shops:
        # Not fresh: a sweep made it since the names were read.
        owner = owner if fresh else session.get_one(m.Shop, shop_id).operator_id
        matcher.add_shop(shop_id, *spot, owner)
    known = matcher.shops[shop_id].operator_id
    how = match.how or "new shop"
    return Match(how, match.score or 100, shop_id, known, match.listing_id), fresh


def _shop(
    session: Session, spot: tuple[str, str, str, str], operator_id: int | None, at: datetime
) -> tuple[int, bool]:
    source, key, name, url = spot
    made = (
        insert_for(session)(m.Shop)
        .values(source=source[:255], key=key[:255], name=name, url=url, operator_id=operator_id, first_seen=at)
        .on_conflict_do_nothing()
        .returning(m.Shop.id)
    )  # fmt: skip
    if (shop_id := session.scalar(made)) is not None:
        return shop_id, True
    found = select(m.Shop.id).where(m.Shop.source == source[:255], m.Shop.key == key[:255])
    return session.scalars(found).one(), False


def _operator(
    session: Session, matcher: Matcher, content: Mapping[str, Any], at: datetime
) -> int | None:
    """The operator that the row states, made if it is new; None where it states none."""
    uscc, name = str(content.get("uscc", "")), str(content.get("operator_name", ""))
    if not uscc and not name:
        return None
    key = (uscc or f"name:{name}")[:255]
    known = session.scalar(
        select(func.coalesce(OperatorHead.head_id, m.Operator.id))
        .select_from(m.Operator)
        .outerjoin(OperatorHead, OperatorHead.operator_id == m.Operator.id)
        .where(m.Operator.key == key)
    )
    if known is not None:
        return known
    operator_id = session.scalars(
        insert(m.Operator)
        .values(
            key=key, name=name, uscc=uscc, licence_no="",
            phone=str(content.get("operator_phone", "")),
            address=str(content.get("operator_address", "")), first_seen=at,
        )
        .returning(m.Operator.id)
    ).one()  # fmt: skip
    matcher.add_operator(operator_id, name, uscc)
    return operator_id


def _watch(
    session: Session, link: str, host: str, name: str, kind: str, content: Mapping[str, Any], at: datetime
) -> None:  # fmt: skip
    """An independent shop joins the sources: sweeps that name none take it up."""
    parts = urlsplit(link)
    how = f"{WAYS[kind]} {content.get('number', '')}".strip()
    session.execute(
        insert_for(session)(m.SourceRow)
        .values(
            name=host[:255], kind="shop", title=name[:200] or host,
            home=f"{parts.scheme}://{parts.netloc}/", how_found=how[:200], added_at=at,
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
