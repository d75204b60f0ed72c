"""Finding and showing clues: the same filters for the command line and the desk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.arrivals import arrivals_of
from clues.filters import ClueFilter, conditions, order_of
from clues.pictures import picture_links
from clues.standing import standing
from clues.summaries import strongest
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
from storage.search import ClueSummary

__all__ = ["ClueFilter", "ClueView", "find_clues", "one_clue", "these_clues"]


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
    due: date | None = None
    """When the next thing is due, as `clues.dues.settle_dues` reckoned it last."""
    version: int = 0
    operator_id: int | None = None
    shop_id: int = 0
    intake: str = ""
    """The way by which it came first."""


def find_clues(session: Session, wanted: ClueFilter) -> list[ClueView]:
    """The clues that fit, in the order asked for (`clues.filters.SORTS`), `limit` of them after
    the first `offset`."""
    # In the order of deadlines those stand that the search index knows: it is read along its index.
    listed = _listed(indexed=wanted.sort == "deadline")
    query = listed.where(*conditions(session, wanted)).order_by(*order_of(wanted.sort))
    if wanted.limit:
        query = query.limit(wanted.limit)
    if wanted.offset:
        # SQLite knows no offset without a limit.
        query = query.limit(wanted.limit or 2**62).offset(wanted.offset)
    return _views(session, query)


def these_clues(session: Session, ids: Collection[int]) -> list[ClueView]:
    """The clues of these ids as rows of the list, in the order of the ids; folded ones and those
    that there are not are left out. A page's worth: all ids go into one question."""
    return _views(session, _listed().where(Clue.id.in_(ids), standing()).order_by(Clue.id))


def _listed(indexed: bool = False) -> Any:
    return (
        select(Clue, Shop.name, Operator.name, ClueSummary)
        .join(Shop, Shop.id == Clue.shop_id)
        .outerjoin(Operator, Operator.id == Clue.operator_id)
        .join(ClueSummary, ClueSummary.clue_id == Clue.id, isouter=not indexed)
    )


def _views(session: Session, query: Any) -> list[ClueView]:
    rows = [tuple(row) for row in session.execute(query)]
    titles = _titles(session, [summary for *_, summary in rows if summary is not None])
    return [_view(clue, shop, operator, summary, titles) for clue, shop, operator, summary in rows]


def _titles(
    session: Session, summaries: Sequence[ClueSummary]
) -> dict[int | None, tuple[str, str]]:
    """Title and address of the listings that rows show."""
    ids = list({one.listing_id for one in summaries if one.listing_id is not None})
    titles: dict[int | None, tuple[str, str]] = {}
    # In slices: SQLite takes a bounded number of parameters.
    for start in range(0, len(ids), 5000):
        found = session.execute(
            select(ListingRow.id, ListingRow.title, ListingRow.url).where(
                ListingRow.id.in_(ids[start : start + 5000])
            )
        )
        titles.update({id_: (title, url) for id_, title, url in found})
    return titles


def _view(
    clue: Clue, shop: str, operator: str | None, summary: ClueSummary | None,
    titles: Mapping[int | None, tuple[str, str]], detail: dict[str, Any] | None = None,
) -> ClueView:  # fmt: skip
    title, url = titles.get(summary.listing_id if summary else None, ("", ""))
    return ClueView(
        id=clue.id,
        violation=clue.violation,
        score=clue.score,
        state=clue.state,
        operator=operator or "",
        shop=shop,
        sources=list(clue.sources),
        goods=list(clue.goods),
        region=clue.region,
        words=[word for word, *_ in summary.words] if summary else [],
        title=title,
        url=url,
        signals=summary.signals if summary else 0,
        evidence=summary.evidence if summary else 0,
        opened_at=clue.opened_at,
        grown_at=clue.grown_at,
        detail=detail or {},
        due=summary.due if summary else None,
        version=clue.version,
        operator_id=clue.operator_id,
        shop_id=clue.shop_id,
        intake=clue.intake,
    )


def _with_pictures(session: Session, signals: list[SignalRow]) -> dict[int, Listing]:
    """What the pages said whose signals stand in pictures, by observation."""
    ids = {one.observation_id for one in signals if one.field.startswith("image_text")}
    rows = session.execute(
        select(Observation.id, Observation.content).where(Observation.id.in_(ids))
    )
    return {id_: Listing.from_dict(content) for id_, content in rows}


def one_clue(session: Session, clue_id: int, most: int = 0) -> ClueView | None:
    """A clue with its signals, evidence and links in `detail`, or None if there is none.

    `most` signals, the strongest, and as much evidence, the newest; 0 is all. `signals` and
    `evidence` of the view count all.

    A signal that the rules would give no more has `superseded_at`. One whose words were read in a picture also has `image`, `image_url` and `box` (see
    `Listing.in_picture`).
    """
    clue = session.get(Clue, clue_id)
    if clue is None:
        return None
    shop = session.get_one(Shop, clue.shop_id)
    operator = session.get(Operator, clue.operator_id) if clue.operator_id else None
    summary = session.get(ClueSummary, clue.id, populate_existing=True)
    if summary is None:
        summary = _counted(session, clue.id)
    shown = (
        select(SignalRow.id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .where(ClueSignal.clue_id == clue.id)
    )
    proof = select(ClueEvidence.evidence_id).where(ClueEvidence.clue_id == clue.id)
    if most:
        shown = shown.order_by(SignalRow.strength.desc(), SignalRow.id).limit(most)
        proof = proof.order_by(ClueEvidence.evidence_id.desc()).limit(most)
    chosen, proven = shown.subquery(), proof.subquery()
    found = session.execute(
        select(SignalRow, ListingRow, Observation.seen_at, Superseded.at)
        .join(chosen, chosen.c.id == SignalRow.id)
        .outerjoin(Superseded, Superseded.signal_id == SignalRow.id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .order_by(SignalRow.strength.desc(), SignalRow.id)
    )
    records = session.scalars(
        select(Evidence).join(proven, proven.c.evidence_id == Evidence.id).order_by(Evidence.id)
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
                "observation": signal.observation_id,
                "listing_id": listing.id,
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
    return _view(
        clue, shop.name, operator.name if operator else "", summary, _titles(session, [summary]), detail
    )  # fmt: skip


def _counted(session: Session, clue_id: int) -> ClueSummary:
    """What is at hand of a standing clue, counted for one that has none (a folded one)."""
    held = (
        select(SignalRow.id, SignalRow.text, SignalRow.strength, Observation.listing_id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .where(ClueSignal.clue_id == clue_id)
        .order_by(SignalRow.strength.desc(), SignalRow.id)
    )
    rows = session.execute(held).all()
    proof = select(func.count()).where(ClueEvidence.clue_id == clue_id)
    return ClueSummary(
        clue_id=clue_id, signals=len(rows), evidence=session.scalar(proof) or 0,
        listing_id=rows[0].listing_id if rows else None,
        words=strongest([[row.text, row.strength, row.id] for row in rows if row.text]), top=[],
    )  # fmt: skip
