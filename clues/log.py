"""The log of a clue (日志): each step with who, when, why, chained by hashes, never changed.

An event holds the hash of the one before it, and the clue holds their number: one that was
changed, removed or put in between is seen by `check`. A clue that is merged into another leaves
its log as it stands; the heir's `merge` event names it and seals it by its last hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storage.casework import ClueEvent, Penalty, Transfer, Verdict
from storage.models import Clue

__all__ = ["CaseError", "absorb", "append", "check", "events_of", "last_event", "utc_now"]

RANK = ("new", "closed", "rejected", "triaged", "verifying", "confirmed", "answered", "transferred")
"""Of two merged clues' states the later here is kept: nothing that somebody works on is lost."""


class CaseError(RuntimeError):
    """Casework that can't be done: says what, why, and by whom it stands as it does."""


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def _hash(event: Mapping[str, Any]) -> str:
    said = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def _sealed(event: ClueEvent) -> str:
    return _hash(
        {
            "docket": event.docket, "number": event.number, "clue_id": event.clue_id, "action": event.action,
            "from": event.from_state, "to": event.to_state, "by": event.by, "why": event.why,
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"), "clock_back": event.clock_back,
            "detail": event.detail, "former": event.former,
        }
    )  # fmt: skip


def last_event(session: Session, docket: str) -> ClueEvent | None:
    """The newest event of a log, or None."""
    return session.scalar(
        select(ClueEvent)
        .where(ClueEvent.docket == docket)
        .order_by(ClueEvent.number.desc())
        .limit(1)
    )


def append(
    session: Session,
    clue: Clue,
    action: str,
    from_state: str,
    by: str,
    why: str,
    detail: Mapping[str, Any] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> ClueEvent:
    """Write the event that made `clue.version`; call it in the transaction that did so."""
    former = last_event(session, clue.docket)
    at = now()
    event = ClueEvent(
        docket=clue.docket,
        number=clue.version,
        clue_id=clue.id,
        action=action,
        from_state=from_state,
        to_state=clue.state,
        by=by,
        why=why,
        at=at,
        clock_back=max(0, round((former.at - at).total_seconds())) if former else 0,
        detail=dict(detail or {}),
        former=former.hash if former else "",
    )
    event.hash = _sealed(event)
    session.add(event)
    session.flush()
    return event


def events_of(session: Session, docket: str) -> list[ClueEvent]:
    """The whole log, oldest first."""
    return list(
        session.scalars(
            select(ClueEvent).where(ClueEvent.docket == docket).order_by(ClueEvent.number)
        )
    )


def check(session: Session, clue: Clue) -> list[str]:
    """What is wrong with the log of a clue and of those merged into it; empty if nothing is."""
    return _broken(events_of(session, clue.docket), clue.version, session)


def _broken(events: list[ClueEvent], count: int, session: Session, head: str = "") -> list[str]:
    former = ""
    wrong: list[str] = []
    for number, event in enumerate(events, 1):
        if event.number != number:
            return [*wrong, f"event {number} is missing (the next one is {event.number})"]
        if event.former != former:
            wrong.append(f"event {number} does not follow the one before it")
        if event.hash != _sealed(event):
            wrong.append(f"event {number} was changed")
        former = event.hash
        if event.action == "merge":
            # What came after the merge, if it was undone, is checked with its own clue.
            own = events_of(session, event.detail["docket"])[: event.detail["version"]]
            found = _broken(own, event.detail["version"], session, event.detail["head"])
            wrong += [f"clue {event.detail['clue_id']} (merged): {what}" for what in found]
    if len(events) != count:
        wrong.append(f"{len(events)} events are there, but {count} steps were taken")
    elif head and former != head:
        wrong.append("its last event is not the one that the merge sealed")
    return wrong


def absorb(session: Session, heir: Clue, orphan: Clue, why: str) -> None:
    """`orphan` is folded into `heir`: its casework becomes the heir's, its log is sealed as it
    stands now. Given back, it goes on with its own log.

    Where officers have worked on neither, nothing is written.
    """
    for table in (Transfer, Penalty):
        session.execute(update(table).where(table.clue_id == orphan.id).values(clue_id=heir.id))
    mine, theirs = session.get(Verdict, heir.id), session.get(Verdict, orphan.id)
    if theirs is not None:
        if mine is None:
            session.add(Verdict(clue_id=heir.id, right=theirs.right, by=theirs.by, at=theirs.at))
        session.execute(delete(Verdict).where(Verdict.clue_id == orphan.id))
    # Read anew and held: an officer may be taking a step with either at this moment.
    for clue in (heir, orphan):
        session.refresh(clue, with_for_update=True)
    if not orphan.version:
        return
    last = last_event(session, orphan.docket)
    before = heir.state
    heir.state = max(heir.state, orphan.state, key=RANK.index)
    heir.version += 1
    session.flush()
    detail = {
        "clue_id": orphan.id, "docket": orphan.docket, "version": orphan.version, "state": orphan.state,
        "head": last.hash if last else "",
    }  # fmt: skip
    append(session, heir, "merge", before, "system", why, detail)
