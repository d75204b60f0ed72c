"""`prune`: old observations leave the store, but for what a clue may ever need.

What stays, however old: the newest observation of each listing; every observation of a listing
on which any clue rests (its price history is evidence too); all that another table refers to.
Evidence is never touched. What went is on record in the table `pruning`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from storage import models as m
from storage.hunts import Hunt, HuntFind, Superseded
from storage.prunings import Pruning
from storage.store import Store

__all__ = ["Pruned", "prune"]

BATCH = 1000
"""Observations per transaction."""


@dataclass(slots=True)
class Pruned:
    """Rows that went (or, in a dry run, would go), by table; `id` of the record, 0 if dry."""

    id: int
    rows: dict[str, int]
    first_id: int = 0
    last_id: int = 0
    digest: str = ""


def _referring(column: Any, known: tuple[type[m.Base], ...]) -> list[tuple[Table, Any]]:
    """Tables and their columns that refer to a column, but for those that are looked after here."""
    passed = {table.__table__ for table in known}
    return [
        (table, key.parent)
        for table in m.Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column is column and table not in passed
    ]


def _removable(before: datetime) -> ColumnElement[bool]:
    later, told = aliased(m.Observation), aliased(m.Observation)
    seen = m.Observation
    newer = select(later.id).where(
        later.listing_id == seen.listing_id,
        or_(later.seen_at > seen.seen_at, (later.seen_at == seen.seen_at) & (later.id > seen.id)),
    )
    of_clue = (
        select(told.id)
        .join(m.SignalRow, m.SignalRow.observation_id == told.id)
        .join(m.ClueSignal, m.ClueSignal.signal_id == m.SignalRow.id)
        .where(told.listing_id == seen.listing_id)
    )
    wanted = (seen.seen_at < before) & newer.exists() & ~of_clue.exists()
    for _, column in _referring(m.Observation.__table__.c.id, (m.SignalRow,)):
        wanted &= ~select(column).where(column == seen.id).exists()
    for _, column in _referring(m.SignalRow.__table__.c.id, (m.ClueSignal, Superseded)):
        signal = aliased(m.SignalRow)
        used = select(column).join(signal, signal.id == column)
        wanted &= ~used.where(signal.observation_id == seen.id).exists()
    return wanted


def _next(before: datetime, after: int) -> Select[int, str]:
    return (
        select(m.Observation.id, m.Observation.content_hash)
        .where(m.Observation.id > after, _removable(before))
        .order_by(m.Observation.id)
        .limit(BATCH)
    )


def prune(
    store: Store,
    before: datetime,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Pruned:
    """Remove observations of before a time, with their signals; returns what went.

    In batches: what a killed run removed is on record, and the next one goes on.
    """
    pruned = Pruned(0, {"observation": 0, "signal": 0, "hunt_find": 0})
    if not dry_run:
        with store.session() as session:
            row = Pruning(
                at=datetime.now(UTC), before=before, state="running", removed={}, digest=""
            )
            session.add(row)
            session.flush()
            pruned.id = row.id
    after = 0
    while after := _batch(store, before, after, pruned):
        progress(pruned.rows["observation"])
    stale = HuntFind.hunt_id.in_(
        select(Hunt.id).where(Hunt.state == "done", Hunt.ended_at < before)
    )
    with store.session() as session:
        count = select(func.count()).select_from(HuntFind).where(stale)
        pruned.rows["hunt_find"] = session.scalar(count) or 0
        if not dry_run:
            session.execute(
                delete(HuntFind).where(stale).execution_options(synchronize_session=False)
            )
            session.execute(
                update(Pruning)
                .where(Pruning.id == pruned.id)
                .values(state="done", removed=_told(pruned))
            )
    return pruned


def _told(pruned: Pruned) -> dict[str, int]:
    return pruned.rows | {"first_id": pruned.first_id, "last_id": pruned.last_id}


def _batch(store: Store, before: datetime, after: int, pruned: Pruned) -> int:
    """Remove (or count) the next observations; returns the last one's id, 0 at the end."""
    with store.session() as session:
        rows = session.execute(_next(before, after)).all()
        if not rows:
            return 0
        ids = [id_ for id_, _ in rows]
        signals = session.scalars(
            select(m.SignalRow.id).where(m.SignalRow.observation_id.in_(ids))
        ).all()
        lines = "".join(f"{id_} {content}\n" for id_, content in rows)
        pruned.digest = hashlib.sha256(f"{pruned.digest}\n{lines}".encode()).hexdigest()
        pruned.rows["observation"] += len(ids)
        pruned.rows["signal"] += len(signals)
        pruned.first_id = pruned.first_id or ids[0]
        pruned.last_id = ids[-1]
        if pruned.id:
            for part in (signals[i : i + 5000] for i in range(0, len(signals), 5000)):
                session.execute(delete(Superseded).where(Superseded.signal_id.in_(part)))
                session.execute(delete(m.SignalRow).where(m.SignalRow.id.in_(part)))
            session.execute(delete(m.Observation).where(m.Observation.id.in_(ids)))
            session.execute(
                update(Pruning)
                .where(Pruning.id == pruned.id)
                .values(removed=_told(pruned), digest=pruned.digest)
            )
    return ids[-1]
