"""Records seen again: listed, shown, settled by an officer, and inspections compared anew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.growth import Tally
from clues.intake.inspection import compare
from clues.intake.matching import Match, Matcher
from clues.intake.platforms import Platforms
from clues.intake.problems import IntakeError
from clues.intake.sorting import Sorting
from clues.intake.writing import accuse, state_of
from clues.jurisdiction import Jurisdiction
from storage import models as m
from storage.intake import ClueArrival, IntakeFile, IntakeRecord

__all__ = ["RecordView", "Sorters", "compare_again", "find_records", "one_record", "settle"]


@dataclass(frozen=True, slots=True)
class Sorters:
    """What settling a record needs to know."""

    sorting: Sorting
    platforms: Platforms
    jurisdiction: Jurisdiction


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as it is shown; all of it masked. Times are UTC."""

    id: int
    kind: str
    number: str
    revision: int
    state: str
    received_at: datetime | None
    shop: str
    operator: str
    listing: str
    violations: list[dict[str, Any]]
    signals: list[dict[str, Any]]
    match: dict[str, Any]
    findings: list[dict[str, Any]]
    content: dict[str, Any]
    clues: list[int]
    file: str
    line: int
    sha256: str
    """Of the file as it came, which is in the vault."""
    settled_by: str


def find_records(
    session: Session, kind: str = "", state: str = "", limit: int = 50
) -> list[RecordView]:
    """The records of a kind and state (all if "", but for superseded ones), newest first."""
    query = select(IntakeRecord).order_by(IntakeRecord.id.desc())
    query = query.where(IntakeRecord.state == state if state else IntakeRecord.state != "superseded")  # fmt: skip
    if kind:
        query = query.where(IntakeRecord.kind == kind)
    if limit:
        query = query.limit(limit)
    return [_view(session, row) for row in session.scalars(query).all()]


def one_record(session: Session, record_id: int) -> RecordView:
    """A record; raises `IntakeError` where there is none."""
    return _view(session, _record(session, record_id))


def _record(session: Session, record_id: int) -> IntakeRecord:
    row = session.get(IntakeRecord, record_id)
    if row is None:
        raise IntakeError(f"no intake record {record_id}; `yunjian intakes list` lists them")
    return row


def _view(session: Session, row: IntakeRecord) -> RecordView:
    file = session.get_one(IntakeFile, row.file_id)
    shop = session.get(m.Shop, row.shop_id) if row.shop_id else None
    operator = session.get(m.Operator, row.operator_id) if row.operator_id else None
    listing = session.get(m.ListingRow, row.listing_id) if row.listing_id else None
    clues = select(ClueArrival.clue_id).where(ClueArrival.record_id == row.id)
    return RecordView(
        id=row.id, kind=row.kind, number=str(row.content.get("number", "")), revision=row.revision,
        state=row.state, received_at=row.received_at, shop=shop.name if shop else "",
        operator=operator.name if operator else "", listing=listing.title if listing else "",
        violations=row.violations, signals=row.signals, match=row.match, findings=row.findings,
        content=row.content, clues=sorted(session.scalars(clues)), file=file.name, line=row.line,
        sha256=file.sha256, settled_by=row.settled_by,
    )  # fmt: skip


def settle(
    session: Session,
    sorters: Sorters,
    record_id: int,
    officer: str,
    shop_id: int | None = None,
    violation: str = "",
    now: datetime | None = None,
) -> Tally:
    """An officer says whom a record is about, what is unlawful, or both; returns the clues that
    opened or grew.

    Raises `IntakeError` for a record, shop or violation that is not there, or a record that a
    later one superseded.
    """
    row = _record(session, record_id)
    if row.state == "superseded":
        raise IntakeError(f"record {record_id} was superseded; settle its newest revision")
    if shop_id is not None:
        shop = session.get(m.Shop, shop_id)
        if shop is None:
            raise IntakeError(f"no shop {shop_id}")
        row.shop_id, row.operator_id, row.listing_id = shop.id, shop.operator_id, None
        row.match = Match("officer", 100).to_dict()
    if violation:
        if violation not in sorters.sorting.known_violations:
            raise IntakeError(f"no such violation: {violation}")
        score = float(sorters.sorting.ways[row.kind]["category"])
        others = [one for one in row.violations if one["violation"] != violation]
        row.violations = [
            {"violation": violation, "score": score, "why": f"settled by {officer}"},
            *others,
        ]
    row.settled_by = officer
    return _restate(session, sorters, row, now or datetime.now(UTC))


def compare_again(session: Session, sorters: Sorters, now: datetime | None = None) -> Tally:
    """Hold every inspection against what is online now; returns the clues that opened or grew.

    A second run over an unchanged store changes nothing.
    """
    total = Tally()
    rows = session.scalars(
        select(IntakeRecord)
        .where(IntakeRecord.kind == "inspection", IntakeRecord.state != "superseded")
        .order_by(IntakeRecord.id)
    ).all()
    for row in rows:
        shop = session.get(m.Shop, row.shop_id) if row.shop_id else None
        operator_id = (shop.operator_id if shop else None) or row.operator_id
        findings = compare(
            session, row.content, row.shop_id, operator_id, row.received_at, sorters.sorting.groups
        )
        if _accusing(findings) == _accusing(row.findings):
            row.findings = findings
            continue
        row.findings = findings
        row.violations = sorters.sorting.with_findings(row.violations, findings)
        tally = _restate(session, sorters, row, now or datetime.now(UTC))
        total.opened |= tally.opened
        total.grown |= tally.grown
    return total


def _accusing(findings: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return sorted((one["kind"], one["what"]) for one in findings if one["kind"] != "not_seen_since")


def _restate(session: Session, sorters: Sorters, row: IntakeRecord, at: datetime) -> Tally:
    match = Match(shop_id=row.shop_id)
    row.state = state_of(match, row.violations, clean=row.state == "clean")
    session.flush()
    entry = {
        "id": row.id, "state": row.state, "violations": row.violations, "findings": row.findings,
        "shop_id": row.shop_id, "listing_id": row.listing_id, "content": row.content,
    }  # fmt: skip
    file = session.get_one(IntakeFile, row.file_id)
    matcher = Matcher(session, sorters.platforms)
    return accuse(
        session, row.kind, [entry], matcher, sorters.sorting, sorters.jurisdiction, file.evidence_id, at
    )  # fmt: skip
