"""What a retro-hunt would do (preview), and its doing it (apply), from the same finds.

`apply` works in small transactions, each of which moves the hunt's cursor on: killed at any
instant it goes on where it was, nothing lost and nothing done twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select, update
from sqlalchemy.orm import Session

from clues import Finding, grow
from clues.growth import insert_for, subject_of
from storage import Store
from storage import models as m
from storage.hunts import Hunt, HuntClue, HuntFind, RuleEdition, Superseded

__all__ = ["COLUMNS", "apply_batch", "finish", "preview"]

COLUMNS = ("listings", "comes", "goes", "opens", "grows", "bare")
"""Of each violation: listings at which something changes, signals that come and that go, clues
that open, that grow, and that are left with superseded signals only."""
BATCH = 200
"""Finds per transaction."""

Found = Row[HuntFind, m.Observation, m.ListingRow, m.Shop]
Counts = dict[str, dict[str, int]]


def _empty() -> dict[str, int]:
    return dict.fromkeys(COLUMNS, 0)


def _finds(session: Session, hunt_id: int, after: int, limit: int) -> Sequence[Found]:
    """The next finds with their listing and shop; those whose observation is gone are left out."""
    return session.execute(
        select(HuntFind, m.Observation, m.ListingRow, m.Shop)
        .join(m.Observation, m.Observation.id == HuntFind.observation_id)
        .join(m.ListingRow, m.ListingRow.id == m.Observation.listing_id)
        .join(m.Shop, m.Shop.id == m.ListingRow.shop_id)
        .where(HuntFind.hunt_id == hunt_id, HuntFind.observation_id > after)
        .order_by(HuntFind.observation_id)
        .limit(limit)
    ).all()


def _all_finds(session: Session, hunt_id: int) -> Iterator[Sequence[Found]]:
    after = 0
    while rows := _finds(session, hunt_id, after, 2000):
        yield rows
        after = rows[-1][0].observation_id
        session.expunge_all()


def _touched(find: HuntFind) -> set[str]:
    coming = {signal["violation"] for signal in find.comes}
    return coming | {violation for _, violation in find.goes} | set(find.scores)


def _listings(session: Session, hunt_id: int) -> dict[str, set[int]]:
    listings: dict[str, set[int]] = defaultdict(set)
    for rows in _all_finds(session, hunt_id):
        for find, _, listing, _ in rows:
            for violation in _touched(find):
                listings[violation].add(listing.id)
    return listings


# Preview ----------------------------------------------------------------------------------


def preview(session: Session, hunt_id: int) -> dict[str, Any]:
    """What applying it now would do: `violations` (violation → `COLUMNS`), `listings` in all,
    and which clues: `grows` (ids) and `opens` ([subject, violation], 1,000 at most)."""
    counts: Counts = defaultdict(_empty)
    listings: dict[str, set[int]] = defaultdict(set)
    opens: dict[tuple[str, str], None] = {}
    grown: dict[tuple[str, str], set[int]] = {}
    loses: dict[int, set[int]] = defaultdict(set)
    for rows in _all_finds(session, hunt_id):
        known = _known(session, rows)
        gone = [id_ for row in rows for id_, _ in row[0].goes]
        for start in range(0, len(gone), 5000):
            linked = select(m.ClueSignal.clue_id, m.ClueSignal.signal_id).where(
                m.ClueSignal.signal_id.in_(gone[start : start + 5000])
            )
            for clue_id, signal_id in session.execute(linked):
                loses[clue_id].add(signal_id)
        for find, _, listing, shop in rows:
            for violation in _touched(find):
                listings[violation].add(listing.id)
            for signal in find.comes:
                counts[signal["violation"]]["comes"] += 1
            for _, violation in find.goes:
                counts[violation]["goes"] += 1
            for violation in find.scores:
                key = (subject_of(shop.id, shop.operator_id), violation)
                if key in opens:
                    continue
                # A shop's clue becomes its operator's when it grows.
                there = known.get(key, set()) | known.get((f"shop:{shop.id}", violation), set())
                if there or key in grown:
                    grown[key] = grown.get(key, set()) | there
                else:
                    opens[key] = None
    for _, violation in opens:
        counts[violation]["opens"] += 1
    for _, violation in grown:
        counts[violation]["grows"] += 1
    fed = set().union(*grown.values()) if grown else set()
    for violation in _bare(session, {id_: ids for id_, ids in loses.items() if id_ not in fed}):
        counts[violation]["bare"] += 1
    for violation, ids in listings.items():
        counts[violation]["listings"] = len(ids)
    return {
        "violations": {violation: counts[violation] for violation in sorted(counts)},
        "listings": len(set().union(*listings.values())) if listings else 0,
        "grows": sorted(fed)[:1000],
        "opens": [list(key) for key in list(opens)[:1000]],
    }


def _known(session: Session, rows: Sequence[Found]) -> dict[tuple[str, str], set[int]]:
    subjects = {f"shop:{shop.id}" for *_, shop in rows}
    subjects |= {subject_of(shop.id, shop.operator_id) for *_, shop in rows}
    known: dict[tuple[str, str], set[int]] = defaultdict(set)
    for id_, subject, violation in session.execute(
        select(m.Clue.id, m.Clue.subject, m.Clue.violation).where(m.Clue.subject.in_(subjects))
    ):
        known[subject, violation].add(id_)
    return known


def _bare(session: Session, loses: dict[int, set[int]]) -> Iterator[str]:
    """The violations of the clues that would have no standing signal left."""
    for clue_id, gone in loses.items():
        standing = session.scalars(
            select(m.ClueSignal.signal_id).where(m.ClueSignal.clue_id == clue_id, _stands())
        )
        if not set(standing) - gone:
            yield session.get_one(m.Clue, clue_id).violation


def _stands() -> ColumnElement[bool]:
    return (
        ~select(Superseded.signal_id).where(Superseded.signal_id == m.ClueSignal.signal_id).exists()
    )


# Apply ------------------------------------------------------------------------------------


class OvertakenError(RuntimeError):
    """Another process applies the same hunt."""


def apply_batch(store: Store, hunt_id: int) -> bool:
    """Apply the next finds in one transaction; False when there are none left."""
    with store.writing() as session:
        hunt = session.get_one(Hunt, hunt_id)
        rows = _finds(session, hunt_id, hunt.applied_to, BATCH)
        if not rows:
            return False
        moved = session.execute(
            update(Hunt)
            .where(Hunt.id == hunt_id, Hunt.applied_to == hunt.applied_to)
            .values(applied_to=rows[-1][0].observation_id)
            .returning(Hunt.id)
            .execution_options(synchronize_session=False)
        )
        if moved.scalar() is None:
            raise OvertakenError
        edition = session.get_one(RuleEdition, hunt.edition_id)
        result: Counts = {v: dict(counts) for v, counts in (hunt.result or {}).items()}
        incoming = _write_signals(session, rows, edition)
        for (find, observation, listing, shop), ids in zip(rows, incoming, strict=True):
            for signal in find.comes:
                result.setdefault(signal["violation"], _empty())["comes"] += 1
            for violation in _supersede(session, hunt_id, find):
                result.setdefault(violation, _empty())["goes"] += 1
            _grow(session, hunt_id, (find, observation, listing, shop), ids)
        session.execute(
            update(Hunt)
            .where(Hunt.id == hunt_id)
            .values(result=result)
            .execution_options(synchronize_session=False)
        )
    return True


def _write_signals(
    session: Session, rows: Sequence[Found], edition: RuleEdition
) -> list[dict[str, list[int]]]:
    """Ids of the new signals of each find, by violation."""
    new = [
        {"observation_id": row[0].observation_id, "rule_digest": edition.rules[signal["rule"]][0]}
        | signal
        for row in rows
        for signal in row[0].comes
    ]
    stored = iter(
        session.scalars(
            insert(m.SignalRow).returning(m.SignalRow.id, sort_by_parameter_order=True), new
        ).all()
        if new
        else ()
    )
    written = []
    for row in rows:
        ids: dict[str, list[int]] = defaultdict(list)
        for signal in row[0].comes:
            ids[signal["violation"]].append(next(stored))
        written.append(ids)
    return written


def _supersede(session: Session, hunt_id: int, find: HuntFind) -> Iterator[str]:
    """The violations of the signals that this very call marked."""
    at = datetime.now(UTC)
    for signal_id, violation in find.goes:
        row = {"signal_id": signal_id, "hunt_id": hunt_id, "at": at}
        made = insert_for(session)(Superseded).values(row).on_conflict_do_nothing()
        if session.scalar(made.returning(Superseded.signal_id)) is not None:
            yield violation


def _grow(
    session: Session,
    hunt_id: int,
    row: tuple[HuntFind, m.Observation, m.ListingRow, m.Shop],
    incoming: dict[str, list[int]],
) -> None:
    find, observation, listing, shop = row
    for violation, score in find.scores.items():
        ids = [*find.keeps.get(violation, ()), *incoming.get(violation, ())]
        pictures = session.scalars(
            select(m.Picture.evidence_id).where(
                m.Picture.listing_id == listing.id,
                m.Picture.url.in_(find.pictures.get(violation, ())),
                m.Picture.evidence_id.is_not(None),
            )
        ).all()
        finding = Finding(
            shop_id=shop.id,
            operator_id=shop.operator_id,
            source=listing.source,
            goods=listing.goods,
            region=find.region,
            evidence_id=observation.evidence_id,
            # The page may be years old; its clue opens or grows now.
            seen_at=datetime.now(UTC),
            violations={violation: (score, ids)},
            pictures={violation: [id_ for id_ in pictures if id_ is not None]},
        )
        tally = grow(session, observation.sweep_id, [finding])
        for opened, clues in ((True, tally.opened), (False, tally.grown)):
            for clue_id in clues:
                told = {"hunt_id": hunt_id, "clue_id": clue_id, "violation": violation}
                made = insert_for(session)(HuntClue).values(**told, opened=opened)
                session.execute(made.on_conflict_do_nothing())


def finish(store: Store, hunt_id: int) -> None:
    """All finds are applied: count what came of it, in the form of the preview."""
    # Counting may take a while, in which others write.
    with store.session() as session:
        result = _counted(session, session.get_one(Hunt, hunt_id))
    with store.writing() as session:
        session.execute(
            update(Hunt)
            .where(Hunt.id == hunt_id, Hunt.state == "applying")
            .values(result=result, state="done", ended_at=datetime.now(UTC))
            .execution_options(synchronize_session=False)
        )


def _counted(session: Session, hunt: Hunt) -> dict[str, Any]:
    counts: Counts = defaultdict(_empty)
    for violation, told in (hunt.result or {}).items():
        counts[violation] |= told
    for violation, opened, number in session.execute(
        select(HuntClue.violation, HuntClue.opened, func.count())
        .where(HuntClue.hunt_id == hunt.id)
        .group_by(HuntClue.violation, HuntClue.opened)
    ):
        counts[violation]["opens" if opened else "grows"] = number
    lost = select(m.ClueSignal.clue_id).join(
        Superseded, Superseded.signal_id == m.ClueSignal.signal_id
    )
    standing = select(m.ClueSignal.signal_id).where(m.ClueSignal.clue_id == m.Clue.id, _stands())
    for violation, number in session.execute(
        select(m.Clue.violation, func.count())
        .where(m.Clue.id.in_(lost.where(Superseded.hunt_id == hunt.id)), ~standing.exists())
        .group_by(m.Clue.violation)
    ):
        counts[violation]["bare"] = number
    listings = _listings(session, hunt.id)
    for violation, ids in listings.items():
        counts[violation]["listings"] = len(ids)
    touched = select(HuntClue.clue_id).where(HuntClue.hunt_id == hunt.id).order_by(HuntClue.clue_id)
    return {
        "violations": {violation: counts[violation] for violation in sorted(counts)},
        "listings": len(set().union(*listings.values())) if listings else 0,
        "grows": list(session.scalars(touched.where(~HuntClue.opened).limit(1000))),
        "opens": list(session.scalars(touched.where(HuntClue.opened).limit(1000))),
    }
