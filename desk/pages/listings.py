"""A listing: what was seen when, its prices, and the signals in it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.filters import ClueFilter
from clues.query import ClueView, find_clues
from clues.standing import standing
from desk.pages.shops import Id
from desk.pictures import price_line
from desk.screen import draw
from desk.visit import Reads, Visit
from storage import models as m
from storage.prices import price_points
from storage.search import ClueListing
from watching.standing import source_title

__all__ = ["router"]

LOOKS = 50
"""The newest observations that are shown."""
SIGNALS = 100
POINTS = 400
"""Prices in the picture: more than a year, day by day."""
TEXT = 20_000
"""Characters of the text, which may be a hundred thousand."""
router = APIRouter()


@router.get("/listings/{listing_id}")
def listing(request: Request, visit: Reads, listing_id: Id) -> HTMLResponse:
    """One listing; 404 where there is none, or none of this officer's county."""
    with visit.reading() as session:
        found = session.get(m.ListingRow, listing_id)
        if found is None or not visit.sees_listing(session, found):
            raise HTTPException(404)
        shop = session.get_one(m.Shop, found.shop_id)
        operator = session.get(m.Operator, shop.operator_id) if shop.operator_id else None
        looks = session.execute(
            select(
                m.Observation.id, m.Observation.seen_at, m.Observation.price_fen,
                m.Observation.evidence_id, m.Observation.sweep_id, m.Observation.content_hash,
            )
            .where(m.Observation.listing_id == listing_id)
            .order_by(m.Observation.seen_at.desc(), m.Observation.id.desc())
            .limit(LOOKS)
        ).all()  # fmt: skip
        newest = session.get(m.Observation, looks[0].id) if looks else None
        content = newest.content if newest else {}
        signals = session.execute(
            select(m.SignalRow, m.Observation.seen_at)
            .join(m.Observation, m.Observation.id == m.SignalRow.observation_id)
            .where(m.SignalRow.observation_id.in_([one.id for one in looks]))
            .order_by(m.SignalRow.strength.desc(), m.SignalRow.id)
            .limit(SIGNALS)
        ).all()
        known = price_points(session, [listing_id]).get(listing_id, [])[-POINTS:]
        prices = [(one.date, float(one.price)) for one in known if one.price is not None]
        clues = _clues(session, visit, listing_id)
    visit.saw("listing", listing_id)
    return draw(
        request, visit, "listing.html", listing=found, shop=shop, operator=operator, looks=looks,
        signals=signals, said=str(content.get("text") or "")[:TEXT], prices=prices, clues=clues,
        picture=price_line(prices), source_title=source_title, full=LOOKS,
    )  # fmt: skip


def _clues(session: Session, visit: Visit, listing_id: int) -> list[ClueView]:
    """Standing clues that rest on it and that the officer sees."""
    ids = session.scalars(
        select(ClueListing.clue_id)
        .join(m.Clue, m.Clue.id == ClueListing.clue_id)
        .where(ClueListing.listing_id == listing_id, standing())
        .limit(LOOKS)
    ).all()
    shop_clues = find_clues(
        session,
        ClueFilter(
            shop=session.get_one(m.ListingRow, listing_id).shop_id, region=visit.region, limit=200
        ),
    )
    return [one for one in shop_clues if one.id in ids]
