"""Listings: what shops offer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from clues.browse import MOST, ListingQuery, browse_listings, count_found
from desk.api.entry import Reads, said
from desk.api.values import Fen, Id, Limit, Moment, Name, Number, Offset, Said, moment_of
from storage.models import ListingRow, Observation

__all__ = ["ListingItem", "router"]

router = APIRouter(tags=["listings"])
TOTAL = f"rows that fit, on all pages: exactly up to {MOST}; {MOST + 1} stands for more"


class ListingItem(BaseModel):
    """A listing as a row."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    url: str
    source: str
    goods: str
    price_fen: int | None = Field(description="as it was seen last")
    shop_id: int
    shop: str
    operator_id: int | None
    operator: str
    first_seen: datetime
    last_seen: datetime
    clues: int = Field(description="standing clues that rest on it")


class ListingPage(BaseModel):
    """A page of the list."""

    total: int = Field(description=TOTAL)
    limit: int
    offset: int
    items: list[ListingItem]


class Price(BaseModel):
    """A look at a listing."""

    seen_at: datetime
    price_fen: int | None


class OneListing(BaseModel):
    """A listing as its page said it last."""

    id: int
    title: str
    url: str
    source: str
    goods: str
    shop_id: int
    price_fen: int | None
    first_seen: datetime
    last_seen: datetime
    content: dict[str, Any] = Field(description="fields of the page, as it was seen last")
    prices: list[Price] = Field(description="the last 200 changed looks, newest first")


@router.get("/listings", responses=said(422))
def listed(
    visit: Reads,
    q: Annotated[Said, Query(max_length=200, description="words, all in one listing")] = "",
    source: Annotated[Name, Query()] = "",
    goods: Annotated[Name, Query()] = "",
    shop: Annotated[Number | None, Query(description="shop's id")] = None,
    operator: Annotated[Number | None, Query(description="operator's id")] = None,
    price_from: Annotated[Fen | None, Query()] = None,
    price_to: Annotated[Fen | None, Query()] = None,
    since: Annotated[Moment | None, Query(description="seen last then or later")] = None,
    accused: Annotated[Literal["", "yes"], Query(description="yes: those that a clue rests on")] = "",
    sort: Annotated[Literal["newest", "price"], Query()] = "newest",
    limit: Limit = 50,
    offset: Offset = 0,
) -> ListingPage:  # fmt: skip
    """Listings that fit, known last first."""
    wanted = ListingQuery(
        q, source, goods, shop, operator, price_from, price_to, moment_of(since) if since else None,
        accused == "yes", sort, limit, offset, visit.region,
    )  # fmt: skip
    with visit.reading() as session:
        found = browse_listings(session, wanted)
        total = count_found(session, wanted)
    items = [ListingItem.model_validate(one) for one in found]
    return ListingPage(total=total, limit=limit, offset=offset, items=items)


@router.get("/listings/{listing_id}", responses=said(404, 422))
def one(visit: Reads, listing_id: Id) -> OneListing:
    """One listing with its content and prices; that it was opened is put down."""
    with visit.reading() as session:
        row = session.get(ListingRow, listing_id)
        if row is None or not visit.sees_listing(session, row):
            raise HTTPException(404, "没有这件商品")
        looks = (
            select(Observation.seen_at, Observation.price_fen)
            .where(Observation.listing_id == listing_id)
            .order_by(Observation.id.desc())
            .limit(200)
        )
        prices = [Price(seen_at=at, price_fen=fen) for at, fen in session.execute(looks)]
        content = session.scalar(
            select(Observation.content)
            .where(Observation.listing_id == listing_id)
            .order_by(Observation.id.desc())
            .limit(1)
        )
    visit.saw("listing", listing_id, "api")
    return OneListing(
        id=row.id, title=row.title, url=row.url, source=row.source, goods=row.goods, shop_id=row.shop_id,
        price_fen=row.price_fen, first_seen=row.first_seen, last_seen=row.last_seen,
        content=content or {}, prices=prices,
    )  # fmt: skip
