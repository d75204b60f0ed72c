"""Clues open and grow here, and nowhere else, so that none is ever doubled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clues.arrivals import arrive
from clues.folding import take_over
from clues.summaries import note
from storage.models import Clue, ClueEvidence, ClueSignal
from storage.operators import OperatorChange

__all__ = ["Finding", "Tally", "grow", "insert_for"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one observation gives: its violations with their scores and signal ids."""

    shop_id: int
    operator_id: int | None
    source: str
    goods: str
    region: str
    evidence_id: int | None
    seen_at: datetime
    violations: Mapping[str, tuple[float, Sequence[int]]]
    """violation → (score 0–1, ids of its signals)."""
    pictures: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """violation → evidence ids of the pictures in which its words stand."""
    records: Sequence[int] = ()
    """Ids of the intake records that say so, where it did not come by a sweep."""


@dataclass(slots=True)
class Tally:
    """Ids of the clues that were opened, and of those that grew."""

    opened: set[int] = field(default_factory=set)
    grown: set[int] = field(default_factory=set)


def subject_of(shop_id: int, operator_id: int | None) -> str:
    """Whom a clue is about: the operator where one is known, else the shop."""
    return f"operator:{operator_id}" if operator_id is not None else f"shop:{shop_id}"


def grow(
    session: Session, sweep_id: int | None, findings: Sequence[Finding], intake: str = "sweep"
) -> Tally:
    """Open a clue for each new subject × violation, and let the known ones grow."""
    tally = Tally()
    for finding in findings:
        if finding.operator_id is not None:
            _adopt(session, finding.shop_id, finding.operator_id)
        for violation, (score, signals) in finding.violations.items():
            clue, fresh = _clue(session, sweep_id, finding, violation, score, intake)
            linked = _link(session, ClueSignal, "signal_id", clue.id, signals)
            rests_on = [finding.evidence_id] if finding.evidence_id is not None else []
            rests_on += finding.pictures.get(violation, ())
            proven = _link(session, ClueEvidence, "evidence_id", clue.id, rests_on)
            # A look that says nothing new to the clue is no arrival.
            arrived = (fresh or bool(linked) or bool(finding.records)) and arrive(
                session, clue.id, intake, finding.seen_at, sweep_id, finding.records
            )
            if fresh:
                tally.opened.add(clue.id)
            elif linked or (arrived and finding.records):
                clue.score = max(clue.score, score)
                clue.goods = sorted({*clue.goods, *([finding.goods] if finding.goods else [])})
                clue.sources = sorted({*clue.sources, finding.source})
                clue.region = clue.region or finding.region
                # The clock of a machine may have been set back since.
                clue.grown_at = max(clue.grown_at, finding.seen_at)
                tally.grown.add(clue.id)
            if fresh or linked or proven or clue.id in tally.grown:
                note(session, clue, linked, len(proven))
    tally.grown -= tally.opened
    return tally


def insert_for(session: Session) -> type[postgresql.Insert] | type[sqlite.Insert]:
    """The insert of this database that can pass over rows which are there already."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.Insert if on_postgresql else sqlite.Insert


def _clue(
    session: Session,
    sweep_id: int | None,
    finding: Finding,
    violation: str,
    score: float,
    intake: str,
) -> tuple[Clue, bool]:
    subject = subject_of(finding.shop_id, finding.operator_id)
    found = select(Clue).where(Clue.subject == subject, Clue.violation == violation)
    if (clue := session.scalar(found)) is not None:
        return clue, False
    made = insert_for(session)(Clue).values(
        subject=subject,
        operator_id=finding.operator_id,
        shop_id=finding.shop_id,
        violation=violation,
        state="new",
        score=score,
        goods=[finding.goods] if finding.goods else [],
        sources=[finding.source],
        region=finding.region,
        intake=intake,
        sweep_id=sweep_id,
        opened_at=finding.seen_at,
        grown_at=finding.seen_at,
    )
    # Two workers may see the same shop at once: the second one's insert does nothing.
    fresh = session.scalar(made.on_conflict_do_nothing().returning(Clue.id)) is not None
    return session.scalars(found).one(), fresh


def _link(
    session: Session,
    table: type[ClueSignal] | type[ClueEvidence],
    column: str,
    clue_id: int,
    ids: Sequence[int],
) -> list[int]:
    """Tie signals or evidence to a clue; returns those that were new to it."""
    rows = [{"clue_id": clue_id, column: id_} for id_ in dict.fromkeys(ids)]
    if not rows:
        return []
    made = insert_for(session)(table).values(rows).on_conflict_do_nothing()
    return list(session.scalars(made.returning(table.__table__.c[column])))


def _adopt(session: Session, shop_id: int, operator_id: int) -> None:
    """The operator of a shop became known: the shop's clues become the operator's."""
    told = take_over(session, f"shop:{shop_id}", operator_id)
    if told:
        session.add(
            OperatorChange(
                kind="adopt", operator_id=operator_id, other_id=None, shops=[[shop_id, None]],
                clues=told, links=[], officer="yunjian", reason="a page named the operator",
                at=datetime.now(UTC), undoes_id=None, automatic=True,
            )
        )  # fmt: skip
