"""Shops: the list, and one with what it shows of itself, its listings and its clues."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.browse import MOST, ListingQuery, ShopQuery, browse_listings, browse_shops, count_found
from clues.filters import ClueFilter
from clues.links import KINDS
from clues.query import find_clues
from desk.minute import minute_of
from desk.screen import draw
from desk.visit import Reads
from storage import models as m
from storage.operators import ShopFact
from storage.registry import RegistryResult
from watching.standing import source_title

__all__ = ["Id", "Page", "router", "words"]

ROWS = 50
FACTS, CLUES, LISTINGS, LOOKS = 100, 50, 20, 20
"""At most so many on the page of one shop."""
Id = Annotated[int, Path(ge=1, le=2**53)]
Page = Annotated[int, Query(ge=1, le=MOST // ROWS)]
Text = Annotated[str, Query(max_length=200)]
router = APIRouter()


def words(text: str) -> str:
    """What was asked, without what a database refuses."""
    return text.replace("\0", "").strip()


@router.get("/shops")
def shops(
    request: Request, visit: Reads, text: Text = "", source: Text = "",
    sort: Literal["clues", "newest"] = "clues", page: Page = 1,
) -> HTMLResponse:  # fmt: skip
    """The list; of an officer with a county those that bear its clues."""
    asked = ShopQuery(
        text=words(text), source=words(source), sort=sort, bears=visit.region, limit=ROWS + 1,
        offset=(page - 1) * ROWS,
    )  # fmt: skip
    kept = minute_of(request)
    with visit.reading() as session:
        # The clues of all shops are counted for the order: not for everybody anew.
        rows = kept.of(("shops", asked), lambda: browse_shops(session, asked))
        count = kept.of(("shops counted", asked), lambda: count_found(session, asked))
    return draw(
        request, visit, "shops.html", rows=rows[:ROWS], more=len(rows) > ROWS, count=count, most=MOST,
        asked=asked, page=page, source_title=source_title,
    )  # fmt: skip


@router.get("/shops/{shop_id}")
def shop(request: Request, visit: Reads, shop_id: Id, page: Page = 1) -> HTMLResponse:
    """One shop; 404 where there is none, or none of this officer's county."""
    with visit.reading() as session:
        found = session.get(m.Shop, shop_id)
        if found is None or not visit.sees_shop(session, shop_id):
            raise HTTPException(404)
        operator = session.get(m.Operator, found.operator_id) if found.operator_id else None
        facts = session.scalars(
            select(ShopFact)
            .where(ShopFact.shop_id == shop_id, ShopFact.kind != "text")
            .order_by(ShopFact.id)
            .limit(FACTS)
        ).all()
        registry = session.scalars(
            select(RegistryResult).where(RegistryResult.shop_id == shop_id).limit(FACTS)
        ).all()
        asked = ListingQuery(shop=shop_id, limit=LISTINGS + 1, offset=(page - 1) * LISTINGS)
        listings = browse_listings(session, asked)
        count = count_found(session, asked)
        clues = find_clues(session, ClueFilter(shop=shop_id, region=visit.region, limit=CLUES))
        looks = _looks(session, [one.id for one in listings[:LISTINGS]])
    visit.saw("shop", shop_id)
    return draw(
        request, visit, "shop.html", shop=found, operator=operator, facts=facts, kinds=KINDS, clues=clues,
        registry=registry, listings=listings[:LISTINGS], more=len(listings) > LISTINGS, count=count,
        most=MOST, page=page, looks=looks, source_title=source_title, full=CLUES,
    )  # fmt: skip


def _looks(session: Session, listings: list[int]) -> list[Any]:
    """The newest observations of these listings, with their titles."""
    return list(
        session.execute(
            select(
                m.Observation.seen_at, m.Observation.price_fen, m.ListingRow.id, m.ListingRow.title
            )
            .join(m.ListingRow, m.ListingRow.id == m.Observation.listing_id)
            .where(m.Observation.listing_id.in_(listings))
            .order_by(m.Observation.seen_at.desc(), m.Observation.id.desc())
            .limit(LOOKS)
        )
    )
