"""Price watch: item pages of goods on promotion, day by day, so that 明码标价和禁止价格欺诈规定
16 and 17 can be decided on the day: they look at the prices of the days before.

Only the item page is asked (which answers 304 where it has not changed). A look keeps the price
of the day with the page that shows it, whether or not the page says anything new; and where
days have gone by, a page that stayed the same is judged again by the prices now known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from crawler.plan import load_goods, queries
from detectors import Detection
from listing import Listing
from settings import Settings
from spiders import READERS
from storage import models as m
from storage.observations import Found, Recorded, fen, listing_key
from storage.prices import CHINA_OFFSET, keep_samples, price_points
from storage.runs import PriceSample
from sweeps.order import (
    PRICE_WATCH,
    SETTLED,
    SHOPS,
    URGENT,
    Plan,
    PlannedTask,
    SweepError,
    SweepOrder,
)

__all__ = ["SAMPLED", "completed", "draw_watch", "only_new", "sample", "to_judge"]

SAMPLED = (PRICE_WATCH, "intensified")
"""Modes whose looks are kept as the price of the day."""
BUDGET = 2000
"""Item pages of a price watch that names no budget."""
SEEN_WITHIN = timedelta(days=45)
"""A listing that no sweep saw for so long is taken for gone."""
VIOLATION = "price_fraud"


def draw_watch(
    settings: Settings, session: Session, order: SweepOrder, now: datetime | None = None
) -> Plan:
    """The item pages to look at: those of shops with open clues first, then those with most
    samples (days in a row are what the law asks for), within the budget, each once a day.

    Raises `SweepError` or `PlanError`.
    """
    now = now or datetime.now(UTC)
    watch_list = load_goods(settings.rules_dir)
    goods = {query.goods for query in queries(watch_list, ["any"], order.goods)}
    known = set(READERS) | {SHOPS}
    if unknown := [name for name in order.sources if name not in known]:
        raise SweepError(f"a price watch has no source {', '.join(unknown)} (known: {', '.join(sorted(known))})")  # fmt: skip
    urgent = (
        select(m.Shop.id)
        .join(m.Clue, or_(m.Clue.shop_id == m.Shop.id, m.Clue.operator_id == m.Shop.operator_id))
        .where(m.Clue.state.not_in(SETTLED))
    )
    samples = (
        select(PriceSample.listing_id, func.count().label("days"), func.max(PriceSample.day).label("last"))
        .group_by(PriceSample.listing_id)
        .subquery()
    )  # fmt: skip
    first = m.ListingRow.shop_id.in_(urgent)
    query = (
        select(m.ListingRow, m.SourceRow.kind, first)
        .join(m.SourceRow, m.SourceRow.name == m.ListingRow.source)
        .outerjoin(samples, samples.c.listing_id == m.ListingRow.id)
        .where(m.ListingRow.goods.in_(goods), m.ListingRow.last_seen > now - SEEN_WITHIN)
        .where(m.ListingRow.url.startswith("http"))
        .where(or_(samples.c.last.is_(None), samples.c.last < (now + CHINA_OFFSET).date()))
        .order_by(first.desc(), func.coalesce(samples.c.days, 0).desc(), m.ListingRow.id)
    )
    tasks: list[PlannedTask] = []
    for listing, kind, pressing in session.execute(query):
        reader = SHOPS if kind == "shop" else listing.source
        if not _page_read(reader) or (order.sources and reader not in order.sources):
            continue
        why = "price watch, open clues" if pressing else "price watch"
        tasks.append(
            PlannedTask(
                listing.source, reader, listing.goods, "", listing.url, 1,
                URGENT if pressing else 0, why, item=True,
            )
        )  # fmt: skip
        if len(tasks) >= (order.budget or BUDGET):
            break
    sources = dict.fromkeys(task.source for task in tasks if task.reader != SHOPS)
    return Plan(tuple(tasks), (), (), tuple(sources))


def _page_read(reader: str) -> bool:
    source = READERS[reader].source if reader in READERS else None
    return source is not None and source.access == "page" and source.kind in ("marketplace", "shop")


def completed(session: Session, looks: Sequence[tuple[Found, bool]]) -> list[Found]:
    """All looks; those at an item page alone (told by the flag beside them) are completed by what the last whole visit said of the listing.

    Title, text and prices are the page's own; what stands elsewhere (the result list, pictures,
    the shop's other pages) was not looked at and stays as it was.
    """
    keys = {listing_key(found.url) for found, item in looks if item}
    if not keys:
        return [found for found, _ in looks]
    rows = session.execute(
        select(m.ListingRow.source, m.ListingRow.key, m.Observation.content)
        .join(m.Observation, m.Observation.listing_id == m.ListingRow.id)
        .where(m.ListingRow.key.in_(keys))
        .where(m.Observation.content_hash == m.ListingRow.content_hash)
        .order_by(m.Observation.id)
    )
    last: dict[tuple[str, str], dict[str, Any]] = {(s, key): content for s, key, content in rows}
    whole = []
    for found, item in looks:
        content = last.get((found.listing.source, listing_key(found.url))) if item else None
        if content is not None:
            now = found.listing
            said = {
                "title": now.title, "text": now.text or content.get("text", ""),
                "price": now.price, "original_price": now.original_price, "seen_at": now.seen_at,
            }  # fmt: skip
            listing = Listing.from_dict(content).model_copy(update=said)
            found = replace(found, listing=listing, goods=listing.goods or found.goods)
        whole.append(found)
    return whole


def sample(session: Session, batch: Sequence[Found], recorded: Sequence[Recorded]) -> None:
    """Keep the price of the day of each look."""
    keep_samples(
        session,
        [
            (row.listing_id, price, found.evidence_id, found.seen_at)
            for found, row in zip(batch, recorded, strict=True)
            if (price := fen(found.listing.price)) is not None
        ],
    )


def to_judge(
    session: Session, batch: Sequence[Found], recorded: Sequence[Recorded]
) -> list[tuple[Found, Recorded]]:
    """Listings whose page said nothing new, with their newest observation and all prices now
    known: time alone may have decided what was open."""
    same = [
        (f, r) for f, r in zip(batch, recorded, strict=True) if r.observation_id is None and not r.first
    ]  # fmt: skip
    ids = list({row.listing_id for _, row in same})
    if not ids:
        return []
    newest: dict[int, int] = {
        id_: observation
        for id_, observation in session.execute(
            select(m.Observation.listing_id, func.max(m.Observation.id))
            .where(m.Observation.listing_id.in_(ids))
            .group_by(m.Observation.listing_id)
        )
    }
    prices = price_points(session, ids)
    return [
        (found, replace(row, observation_id=newest[row.listing_id], prices=tuple(prices.get(row.listing_id, ()))))
        for found, row in same
        if row.listing_id in newest
    ]  # fmt: skip


def only_new(
    session: Session, judged: Sequence[tuple[Found, Recorded, Detection]]
) -> list[tuple[Found, Recorded, Detection]]:
    """Of judgements made again, what they say of prices that was not said before."""
    ids = [row.observation_id for _, row, _ in judged]
    told = {
        (observation, rule)
        for observation, rule in session.execute(
            select(m.SignalRow.observation_id, m.SignalRow.rule).where(
                m.SignalRow.observation_id.in_(ids), m.SignalRow.violation == VIOLATION
            )
        )
    }
    found = []
    for one, row, detection in judged:
        signals = [
            signal
            for signal in detection.signals
            if signal.violation == VIOLATION and (row.observation_id, signal.rule) not in told
        ]
        if signals:
            violations = [v for v in detection.violations if v == VIOLATION]
            found.append(
                (one, row, replace(detection, signals=tuple(signals), violations=tuple(violations)))
            )
    return found
