"""Finding and showing clues: the same filters for the command line and the desk."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from clues.arrivals import arrivals_of
from clues.pictures import picture_links
from clues.standing import standing
from listing import Listing
from storage.hunts import Superseded
from storage.models import (
    Clue,
    ClueEvidence,
    ClueSignal,
    Evidence,
    ListingRow,
    Observation,
    Operator,
    Shop,
    SignalRow,
)

__all__ = ["ClueFilter", "ClueView", "find_clues", "one_clue"]


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
    min_score: float = 0.0
    text: str = ""
    """Words in the shop's or operator's name, a listing's title or the matched words."""
    limit: int = 0
    """At most so many; 0 is all."""


@dataclass(frozen=True, slots=True)
class ClueView:
    """A clue as a row of the list. Times are UTC."""

    id: int
    violation: str
    score: float
    state: str
    operator: str
    shop: str
    sources: list[str]
    goods: list[str]
    region: str
    words: list[str]
    """The words that gave it away, strongest first."""
    title: str
    url: str
    signals: int
    evidence: int
    opened_at: datetime
    grown_at: datetime
    detail: dict[str, Any] = field(default_factory=dict)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


Row = tuple[Clue, str, str | None]


def _where(query: Select[Any], wanted: ClueFilter) -> Select[Any]:
    query = query.where(standing())
    if wanted.violation:
        query = query.where(Clue.violation == wanted.violation)
    if wanted.state:
        query = query.where(Clue.state == wanted.state)
    if wanted.region:
        query = query.where(Clue.region.startswith(wanted.region, autoescape=True))
    if wanted.since:
        query = query.where(Clue.grown_at >= wanted.since)
    if wanted.min_score:
        query = query.where(Clue.score >= wanted.min_score)
    if wanted.goods or wanted.source or wanted.text:
        seen = (
            select(ClueSignal.clue_id)
            .join(SignalRow, SignalRow.id == ClueSignal.signal_id)
            .join(Observation, Observation.id == SignalRow.observation_id)
            .join(ListingRow, ListingRow.id == Observation.listing_id)
            .where(ClueSignal.clue_id == Clue.id)
        )
        if wanted.goods:
            query = query.where(exists(seen.where(ListingRow.goods == wanted.goods)))
        if wanted.source:
            query = query.where(exists(seen.where(ListingRow.source == wanted.source)))
        if wanted.text:
            like = f"%{_escaped(wanted.text)}%"
            query = query.where(
                or_(
                    Shop.name.ilike(like, escape="\\"),
                    Operator.name.ilike(like, escape="\\"),
                    exists(
                        seen.where(
                            or_(
                                ListingRow.title.ilike(like, escape="\\"),
                                SignalRow.text.ilike(like, escape="\\"),
                            )
                        )
                    ),
                )
            )
    return query


def find_clues(session: Session, wanted: ClueFilter) -> list[ClueView]:
    """The clues that fit, highest score first, then newest."""
    query: Any = (
        select(Clue, Shop.name, Operator.name)
        .join(Shop, Shop.id == Clue.shop_id)
        .outerjoin(Operator, Operator.id == Clue.operator_id)
        .order_by(Clue.score.desc(), Clue.grown_at.desc(), Clue.id)
    )
    query = _where(query, wanted)
    if wanted.limit:
        query = query.limit(wanted.limit)
    rows: list[Row] = [tuple(row) for row in session.execute(query)]
    ids = [clue.id for clue, _, _ in rows]
    words, titles, signals, evidence = _gathered(session, ids)
    return [
        ClueView(
            id=clue.id,
            violation=clue.violation,
            score=clue.score,
            state=clue.state,
            operator=operator or "",
            shop=shop,
            sources=list(clue.sources),
            goods=list(clue.goods),
            region=clue.region,
            words=words.get(clue.id, []),
            title=titles.get(clue.id, ("", ""))[0],
            url=titles.get(clue.id, ("", ""))[1],
            signals=signals.get(clue.id, 0),
            evidence=evidence.get(clue.id, 0),
            opened_at=clue.opened_at,
            grown_at=clue.grown_at,
        )
        for clue, shop, operator in rows
    ]


def _gathered(
    session: Session, ids: list[int]
) -> tuple[dict[int, list[str]], dict[int, tuple[str, str]], dict[int, int], dict[int, int]]:
    words: dict[int, list[str]] = {}
    titles: dict[int, tuple[str, str]] = {}
    signals: dict[int, int] = {}
    evidence: dict[int, int] = {}
    # In slices: SQLite takes a bounded number of parameters.
    for start in range(0, len(ids), 5000):
        part = ids[start : start + 5000]
        found = session.execute(
            select(ClueSignal.clue_id, SignalRow.text, ListingRow.title, ListingRow.url)
            .join(SignalRow, SignalRow.id == ClueSignal.signal_id)
            .join(Observation, Observation.id == SignalRow.observation_id)
            .join(ListingRow, ListingRow.id == Observation.listing_id)
            .where(ClueSignal.clue_id.in_(part))
            .order_by(SignalRow.strength.desc(), SignalRow.id)
        )
        for clue_id, text, title, url in found:
            signals[clue_id] = signals.get(clue_id, 0) + 1
            titles.setdefault(clue_id, (title, url))
            seen = words.setdefault(clue_id, [])
            if text and text not in seen and len(seen) < 5:
                seen.append(text)
        counted = session.execute(
            select(ClueEvidence.clue_id, func.count())
            .where(ClueEvidence.clue_id.in_(part))
            .group_by(ClueEvidence.clue_id)
        )
        evidence.update({clue_id: count for clue_id, count in counted})
    return words, titles, signals, evidence


def _with_pictures(session: Session, signals: list[SignalRow]) -> dict[int, Listing]:
    """What the pages said whose signals stand in pictures, by observation."""
    ids = {one.observation_id for one in signals if one.field.startswith("image_text")}
    rows = session.execute(
        select(Observation.id, Observation.content).where(Observation.id.in_(ids))
    )
    return {id_: Listing.from_dict(content) for id_, content in rows}


def one_clue(session: Session, clue_id: int) -> ClueView | None:
    """A clue with all its signals, evidence and links in `detail`, or None if there is none.

    A signal that the rules would give no more has `superseded_at`. One whose words were read in a picture also has `image`, `image_url` and `box` (see
    `Listing.in_picture`).
    """
    clue = session.get(Clue, clue_id)
    if clue is None:
        return None
    shop = session.get_one(Shop, clue.shop_id)
    operator = session.get(Operator, clue.operator_id) if clue.operator_id else None
    words, titles, signals, evidence = _gathered(session, [clue.id])
    found = session.execute(
        select(SignalRow, ListingRow, Observation.seen_at, Superseded.at)
        .outerjoin(Superseded, Superseded.signal_id == SignalRow.id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .where(ClueSignal.clue_id == clue.id)
        .order_by(SignalRow.strength.desc(), SignalRow.id)
    )
    records = session.scalars(
        select(Evidence)
        .join(ClueEvidence, ClueEvidence.evidence_id == Evidence.id)
        .where(ClueEvidence.clue_id == clue.id)
        .order_by(Evidence.id)
    )
    signals_shown = list(found)
    listings = _with_pictures(session, [signal for signal, *_ in signals_shown])
    detail: dict[str, Any] = {
        "version": clue.version,
        "uscc": operator.uscc if operator else "",
        "address": operator.address if operator else "",
        "phone": operator.phone if operator else "",
        "shop_url": shop.url,
        "signals": [
            {
                "rule": signal.rule,
                "rule_version": signal.rule_version,
                "listing": listing.title,
                "url": listing.url,
                "field": signal.field,
                "start": signal.start,
                "end": signal.end,
                "text": signal.text,
                "strength": signal.strength,
                "disguise": signal.disguise,
                "reason": signal.reason,
                "law": signal.law,
                "seen_at": seen_at,
                "superseded_at": superseded_at,
                **(
                    listings[signal.observation_id].in_picture(signal.field)
                    if signal.observation_id in listings
                    else {}
                ),
            }
            for signal, listing, seen_at, superseded_at in signals_shown
        ],
        "evidence": [
            {
                "id": record.id,
                "kind": record.kind,
                "url": record.url,
                "sha256": record.sha256,
                "warc_file": record.warc_file,
                "warc_offset": record.warc_offset,
                "record_id": record.record_id,
                "fetched_at": record.fetched_at,
            }
            for record in records
        ],
        "arrivals": arrivals_of(session, clue.id),
        "links": [asdict(link) for link in picture_links(session, clue)],
    }
    title, url = titles.get(clue.id, ("", ""))
    return ClueView(
        id=clue.id, violation=clue.violation, score=clue.score, state=clue.state,
        operator=operator.name if operator else "", shop=shop.name, sources=list(clue.sources),
        goods=list(clue.goods), region=clue.region, words=words.get(clue.id, []), title=title,
        url=url, signals=signals.get(clue.id, 0), evidence=evidence.get(clue.id, 0),
        opened_at=clue.opened_at, grown_at=clue.grown_at, detail=detail,
    )  # fmt: skip
