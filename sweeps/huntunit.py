"""A worker's process for one slice of a hunt, or for its end: the preview, and its application."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, update

import detectors
from clues import Jurisdiction
from detectors import Detector
from storage import Store
from storage.hunts import Hunt, HuntSlice, RuleEdition
from sweeps import slices
from sweeps.hunting import look
from sweeps.outcome import OvertakenError, preview
from sweeps.retrohunt import HuntError, apply_finds, chunks, overtaken, scope_of
from sweeps.slices import Slice

__all__ = ["work"]


def work(rules_dir: Path, store: Store, detector: Detector, piece: Slice) -> None:
    """Do what is left of a slice. Why one can't be done stands with it in the store.

    `detector` has the rules as they were when the worker started; where the hunt is of others
    they are read again.
    """
    row = slices.begin(store, piece)
    if row is None:
        return
    with store.session() as session:
        hunt = session.get_one(Hunt, piece.hunt_id)
        digest = session.get_one(RuleEdition, hunt.edition_id).digest
    try:
        if row.after == hunt.last_id:
            _end(store, hunt)
        else:
            if detector.edition[0] != digest:
                detector = detectors.load(rules_dir)
            if detector.edition[0] != digest:
                raise HuntError(f"the rules in {rules_dir} are not those of hunt {hunt.id}")
            if not _look(store, detector, hunt, row, piece):
                return
    except OvertakenError:
        return
    except HuntError as error:
        slices.fail(store, piece, str(error))
        return
    slices.close(store, piece)


def _look(store: Store, detector: Detector, hunt: Hunt, row: HuntSlice, piece: Slice) -> bool:
    """Look at the rest of a slice; False where another process was found at it."""
    jurisdiction = Jurisdiction(detector.knowledge.places)
    with store.session() as session:
        scope = scope_of(session, hunt, detector)
    for where in chunks(store, row.looked_to, row.to):
        with store.session() as session:
            looked = look(session, detector, jurisdiction, scope, where)
        if not slices.keep(store, piece, looked):
            return False
    return True


def _end(store: Store, hunt: Hunt) -> None:
    """All was looked at: count the preview, and apply it where that is wanted."""
    if hunt.state == "looking":
        with store.session() as session:
            told = preview(session, hunt.id)
            rows = session.scalars(
                select(HuntSlice).where(HuntSlice.hunt_id == hunt.id).order_by(HuntSlice.after)
            ).all()
        problems = [*hunt.problems, *(one for row in rows for one in row.problems)][:100]
        seen = hunt.seen + sum(row.seen for row in rows)
        with store.writing() as session:
            session.execute(
                update(Hunt)
                .where(Hunt.id == hunt.id, Hunt.state == "looking")
                .values(
                    preview=told,
                    state="ready",
                    looked_to=hunt.last_id,
                    seen=seen,
                    problems=problems,
                )
            )
    if hunt.workers != "apply" or hunt.state == "done":
        return
    if hunt.state != "applying":
        with store.session() as session:
            overtaken(session, hunt)
    apply_finds(store, hunt.id)
