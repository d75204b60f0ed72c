"""Records into the store, a batch at a time: new, unchanged, changed; matched, and behind clues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from clues.growth import Finding, Tally, grow
from clues.intake.inspection import compare, evidence_of
from clues.intake.matching import Match, Matcher
from clues.intake.placing import placed
from clues.intake.reading import Entry
from clues.intake.sorting import Sorted, Sorting
from clues.jurisdiction import Jurisdiction
from listing import Listing
from storage.intake import IntakeRecord

__all__ = ["Known", "Written", "accuse", "known_records", "state_of", "write"]


@dataclass(frozen=True, slots=True)
class Known:
    """A revision of a record that is in the store."""

    id: int
    revision: int
    digest: str
    file_id: int
    line: int


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an entry."""

    state: str
    how: str
    new_shop: bool


def known_records(session: Session, kind: str, keys: Sequence[str]) -> dict[str, list[Known]]:
    """The revisions of these records, oldest first."""
    found: dict[str, list[Known]] = defaultdict(list)
    rows = session.execute(
        select(
            IntakeRecord.key,
            IntakeRecord.id,
            IntakeRecord.revision,
            IntakeRecord.digest,
            IntakeRecord.file_id,
            IntakeRecord.line,
        )
        .where(IntakeRecord.kind == kind, IntakeRecord.key.in_(keys))
        .order_by(IntakeRecord.revision)
    )
    for key, id_, revision, digest, file_id, line in rows:
        found[key].append(Known(id_, revision, digest, file_id, line))
    return found


def state_of(match: Match, violations: Sequence[object], clean: bool) -> str:
    """The state of a record; see `storage.intake.IntakeRecord.state`."""
    if clean and not violations:
        return "clean"
    if match.shop_id is None:
        return "unmatched"
    return "matched" if violations else "unsorted"


def write(
    session: Session,
    file_id: int,
    evidence_id: int,
    kind: str,
    entries: Sequence[tuple[Entry, Known | None]],
    matcher: Matcher,
    sorting: Sorting,
    jurisdiction: Jurisdiction,
    at: datetime,
) -> tuple[list[Written], Tally]:
    """Keep entries, each with the revision that it supersedes, and let clues open and grow.

    Returns what became of each, and the clues.
    """
    matcher.prepare([entry.content for entry, _ in entries])
    rows: list[dict[str, Any]] = []
    written: list[Written] = []
    for entry, before in entries:
        row, fresh = _row(session, kind, entry, before, matcher, sorting, at)
        rows.append(row | {"file_id": file_id})
        written.append(Written(row["state"], row["match"]["how"], fresh))
    superseded = [before.id for _, before in entries if before is not None]
    if superseded:
        session.execute(
            update(IntakeRecord).where(IntakeRecord.id.in_(superseded)).values(state="superseded")
        )
    if not rows:
        return written, Tally()
    ids = session.scalars(
        insert(IntakeRecord).returning(IntakeRecord.id, sort_by_parameter_order=True), rows
    ).all()
    for row, id_ in zip(rows, ids, strict=True):
        row["id"] = id_
    tally = accuse(session, kind, rows, matcher, sorting, jurisdiction, evidence_id, at)
    return written, tally


def _row(
    session: Session, kind: str, entry: Entry, before: Known | None, matcher: Matcher, sorting: Sorting,
    at: datetime,
) -> tuple[dict[str, Any], bool]:  # fmt: skip
    content = entry.content
    said = sorting.sort(kind, content)
    match, fresh = placed(session, matcher, matcher.find(content), kind, content, at)
    settled_by = ""
    violations = said.violations
    old = session.get(IntakeRecord, before.id) if before is not None else None
    if old is not None and old.settled_by:
        # What an officer settled stays so when the row comes again with other words.
        settled_by = old.settled_by
        match = Match("officer", 100, old.shop_id, old.operator_id, old.listing_id)
        violations = list(old.violations)
    operator_id = match.operator_id or matcher.claimed(content)
    findings: list[dict[str, Any]] = []
    if kind == "inspection":
        findings = compare(
            session, content, match.shop_id, operator_id, entry.received_at, sorting.groups
        )
        violations = sorting.with_findings(violations, findings)
    return {
        "kind": kind,
        "key": entry.key,
        "revision": before.revision + 1 if before else 1,
        "digest": entry.digest,
        "line": entry.line,
        "received_at": entry.received_at,
        "content": dict(entry.kept),
        "violations": violations,
        "signals": _masked(said, entry.kept),
        "match": match.to_dict(),
        "findings": findings,
        "state": state_of(match, violations, said.clean),
        "shop_id": match.shop_id,
        "listing_id": match.listing_id,
        "operator_id": operator_id,
        "settled_by": settled_by,
        "at": at,
    }, fresh


def _masked(said: Sorted, kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Signals with their words as the masked row has them."""
    return [
        one | {"text": str(kept[one["field"]])[one["start"] : one["end"]]} for one in said.signals
    ]


def accuse(
    session: Session,
    kind: str,
    rows: Sequence[Mapping[str, Any]],
    matcher: Matcher,
    sorting: Sorting,
    jurisdiction: Jurisdiction,
    evidence_id: int,
    at: datetime,
) -> Tally:
    """Open a clue for each shop or operator and violation that matched records speak of, or let it
    grow; the file that they came in is its evidence."""
    grouped: dict[tuple[int, str], list[tuple[Mapping[str, Any], float]]] = defaultdict(list)
    for row in rows:
        if row["state"] == "matched":
            for violation in row["violations"]:
                grouped[row["shop_id"], violation["violation"]].append((row, violation["score"]))
    tally = Tally()
    for (shop_id, violation), said in grouped.items():
        shop = matcher.shops[shop_id]
        address = next(filter(None, (row["content"].get("operator_address") for row, _ in said)), "")  # fmt: skip
        listings = [one["id"] for row, _ in said for f in row["findings"] if f["kind"] != "not_seen_since" for one in f["listings"]]  # fmt: skip
        listings += [row["listing_id"] for row, _ in said if row["listing_id"] is not None]
        finding = Finding(
            shop_id=shop_id,
            operator_id=shop.operator_id,
            source=shop.source,
            goods=next(filter(None, (sorting.goods_of(row["content"]) for row, _ in said)), ""),
            region=jurisdiction.of(Listing(title="-", address=address)) if address else "",
            evidence_id=evidence_id,
            seen_at=at,
            violations={violation: (max(score for _, score in said), ())},
            pictures={violation: evidence_of(session, listings)} if listings else {},
            records=[row["id"] for row, _ in said],
        )
        one = grow(session, None, [finding], kind)
        tally.opened |= one.opened
        tally.grown |= one.grown
    tally.grown -= tally.opened
    return tally
