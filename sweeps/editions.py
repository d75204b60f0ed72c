"""Which rules a sweep looked with, and from that which rules old pages have not seen yet."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.growth import insert_for
from detectors import Detector
from storage import Store
from storage import models as m
from storage.hunts import Hunt, RuleEdition, SweepEdition

__all__ = ["keep_edition", "note_edition", "unseen_rules"]


def keep_edition(session: Session, detector: Detector) -> int:
    """The id of the rules as they stand, kept if they are new."""
    digest, rules = detector.edition
    known = select(RuleEdition.id).where(RuleEdition.digest == digest)
    if (id_ := session.scalar(known)) is None:
        row = {"digest": digest, "rules": rules, "first_used": datetime.now(UTC)}
        session.execute(insert_for(session)(RuleEdition).values(row).on_conflict_do_nothing())
        id_ = session.scalars(known).one()
    return id_


def note_edition(store: Store, detector: Detector, sweep_id: int) -> None:
    """Keep on record that this sweep looks with these rules."""
    with store.session() as session:
        row = {"sweep_id": sweep_id, "edition_id": keep_edition(session, detector)}
        session.execute(insert_for(session)(SweepEdition).values(row).on_conflict_do_nothing())


def unseen_rules(session: Session, detector: Detector) -> list[str]:
    """Rules, sorted, that some stored page was not looked at with as they stand now: new ones,
    changed ones, and those that are gone since.

    A page was looked at by the rules of its sweep, and by those of each hunt over everything
    that began after the sweep had ended and was applied.
    """
    now = detector.edition[1]
    editions = {e.id: e.rules for e in session.scalars(select(RuleEdition))}
    used: dict[int, list[int]] = {}
    for sweep_id, edition_id in session.execute(
        select(SweepEdition.sweep_id, SweepEdition.edition_id)
    ):
        used.setdefault(sweep_id, []).append(edition_id)
    hunts = [
        hunt
        for hunt in session.scalars(select(Hunt).where(Hunt.state == "done"))
        if not hunt.scope["goods"] and not hunt.scope["since"]
    ]
    unseen: set[str] = set()
    looked = select(m.Observation.id)
    sweeps: list[tuple[int | None, datetime | None]] = [
        (id_, ended) for id_, ended in session.execute(select(m.Sweep.id, m.Sweep.ended_at))
    ]
    for sweep, ended in [*sweeps, (None, datetime.min.replace(tzinfo=UTC))]:
        if session.scalar(looked.where(m.Observation.sweep_id == sweep).limit(1)) is None:
            continue
        by = [editions[id_] for id_ in used.get(sweep or 0, ())]
        seen = {rule for rule in now if by and all(now[rule] == e.get(rule) for e in by)}
        gone = {rule for e in by for rule in e if rule not in now}
        for hunt in hunts:
            if ended is None or hunt.started_at < ended:
                continue
            with_rules = editions[hunt.edition_id]
            for rule in hunt.rules:
                seen |= {rule} if rule in now and now[rule] == with_rules.get(rule) else set()
                gone -= {rule} if rule not in with_rules else set()
        unseen |= (now.keys() - seen) | gone
    return sorted(unseen)
