"""The seven ways in which clues arrive (四(一)), and which of them each clue came by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clues.standing import standing
from storage.intake import ClueArrival, IntakeRecord
from storage.models import Clue

__all__ = [
    "FILED",
    "WAYS",
    "WayCount",
    "arrivals_of",
    "arrive",
    "count_ways",
    "hand_on",
    "way_of_sweep",
]

WAYS = {
    "sweep": "线上巡检",
    "promotion": "促销节点定向监测",
    "complaint": "投诉举报（诉转案）",
    "sampling": "质量抽检",
    "inspection": "线下检查对照线上",
    "assigned": "上级交办",
    "transferred": "部门移送",
}
"""By id, as the desk names them."""
FILED = ("complaint", "sampling", "inspection", "assigned", "transferred")
"""Those that come as files."""


def way_of_sweep(mode: str) -> str:
    """By which way a sweep's clues come: an intensified one watches a promotion or a holiday."""
    return "promotion" if mode == "intensified" else "sweep"


def arrive(
    session: Session,
    clue_id: int,
    way: str,
    at: datetime,
    sweep_id: int | None = None,
    records: Iterable[int] = (),
) -> bool:
    """Note that a clue came by a sweep or by intake records; returns whether any is new."""
    rows: list[dict[str, Any]] = [
        {"origin": f"record:{record}", "sweep_id": None, "record_id": record}
        for record in dict.fromkeys(records)
    ] or [{"origin": f"sweep:{sweep_id or 0}", "sweep_id": sweep_id, "record_id": None}]
    for row in rows:
        row |= {"clue_id": clue_id, "way": way, "at": at}
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if on_postgresql else sqlite.insert
    made = insert(ClueArrival).values(rows).on_conflict_do_nothing().returning(ClueArrival.id)
    return bool(session.scalars(made).all())


def hand_on(session: Session, from_clue: int, to_clue: int) -> None:
    """A clue is folded into another: its arrivals are the other's too."""
    rows = session.scalars(select(ClueArrival).where(ClueArrival.clue_id == from_clue)).all()
    for row in rows:
        records = () if row.record_id is None else (row.record_id,)
        arrive(session, to_clue, row.way, row.at, row.sweep_id, records)


def arrivals_of(session: Session, clue_id: int) -> list[dict[str, Any]]:
    """How a clue came, each time, in order: `way`, `sweep`, `record` (ids or None), `at`."""
    rows = session.scalars(
        select(ClueArrival).where(ClueArrival.clue_id == clue_id).order_by(ClueArrival.id)
    )
    return [{"way": r.way, "sweep": r.sweep_id, "record": r.record_id, "at": r.at} for r in rows]


@dataclass(frozen=True, slots=True)
class WayCount:
    """What came by one way."""

    way: str
    records: int
    """Rows of files, newest revisions."""
    matched: int
    unmatched: int
    unsorted: int
    clean: int
    clues: int
    """Clues that came by it, among other ways or alone."""
    alone: int
    """Clues that came by no other way."""
    with_operator: int
    """Clues whose operator is known."""
    operators: int
    """Different ones of them."""


def count_ways(session: Session) -> list[WayCount]:
    """The seven ways in the plan's order, each with what came by it."""
    states: dict[tuple[str, str], int] = {
        (kind, state): count
        for kind, state, count in session.execute(
            select(IntakeRecord.kind, IntakeRecord.state, func.count()).group_by(
                IntakeRecord.kind, IntakeRecord.state
            )
        )
    }
    pairs = select(ClueArrival.clue_id, ClueArrival.way).distinct().subquery()
    single = select(pairs.c.clue_id).group_by(pairs.c.clue_id).having(func.count() == 1).subquery()
    rows = session.execute(
        select(
            pairs.c.way,
            func.count(),
            func.count(single.c.clue_id),
            func.count(Clue.operator_id),
            func.count(Clue.operator_id.distinct()),
        )
        .join(Clue, Clue.id == pairs.c.clue_id)
        .outerjoin(single, single.c.clue_id == pairs.c.clue_id)
        .where(standing())
        .group_by(pairs.c.way)
    )
    clues = {way: counts for way, *counts in rows}
    counted = []
    for way in WAYS:
        by_state = {
            state: states.get((way, state), 0)
            for state in ("matched", "unmatched", "unsorted", "clean")
        }
        total, alone, known, operators = clues.get(way, (0, 0, 0, 0))
        counted.append(
            WayCount(
                way, sum(by_state.values()), **by_state, clues=total, alone=alone,
                with_operator=known, operators=operators,
            )
        )  # fmt: skip
    return counted
