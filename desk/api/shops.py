"""Shops."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from clues.browse import ShopQuery, browse_shops, count_found
from desk.api.entry import Reads, said
from desk.api.listings import TOTAL
from desk.api.values import Id, Limit, Name, Number, Offset, Said
from storage.models import Shop

__all__ = ["router"]

router = APIRouter(tags=["shops"])


class OneShop(BaseModel):
    """A shop."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    source: str
    name: str
    url: str
    operator_id: int | None
    first_seen: datetime


class ShopItem(OneShop):
    """A shop as a row."""

    operator: str
    listings: int
    clues: int = Field(description="standing clues that began in it")


class ShopPage(BaseModel):
    """A page of the list."""

    total: int = Field(description=TOTAL)
    limit: int
    offset: int
    items: list[ShopItem]


@router.get("/shops", responses=said(422))
def listed(
    visit: Reads,
    q: Annotated[Said, Query(max_length=200, description="part of the name, start of the host")] = "",
    source: Annotated[Name, Query()] = "",
    operator: Annotated[Number | None, Query(description="operator's id")] = None,
    sort: Annotated[Literal["clues", "newest"], Query()] = "clues",
    limit: Limit = 50,
    offset: Offset = 0,
) -> ShopPage:  # fmt: skip
    """Shops that fit, those with most clues first."""
    wanted = ShopQuery(q, source, operator, sort, limit, offset, visit.region)
    with visit.reading() as session:
        found = browse_shops(session, wanted)
        total = count_found(session, wanted)
    items = [ShopItem.model_validate(one) for one in found]
    return ShopPage(total=total, limit=limit, offset=offset, items=items)


@router.get("/shops/{shop_id}", responses=said(404, 422))
def one(visit: Reads, shop_id: Id) -> OneShop:
    """One shop; its listings and clues are `/listings?shop=` and `/clues?shop=`."""
    with visit.reading() as session:
        shop = session.get(Shop, shop_id)
        if shop is None or not visit.sees_shop(session, shop_id):
            raise HTTPException(404, "没有这家网店")
    visit.saw("shop", shop_id, "api")
    return OneShop.model_validate(shop)
