"""Slices of a hunt that is left to workers: ranges of observations, and one row for its end.

A slice is a row with a cursor of its own, moved in the transaction that keeps what was found; so
whoever takes it over goes on behind that, and two that have the same slice count nothing twice.
The end (`after` is the hunt's last observation) is open when all others are done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from storage import Store
from storage.hunts import Hunt, HuntFind, HuntSlice
from sweeps.hunting import Looked
from sweeps.lanes import LOSSES, TRIES, pause_after

__all__ = [
    "Far",
    "Slice",
    "begin",
    "close",
    "crashed",
    "cut",
    "fail",
    "far",
    "give_back",
    "keep",
    "open_slices",
]

SLICE = 10_000
"""Observations per slice at least: some ten seconds of work."""
MOST = 2_000
"""Slices per hunt."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The observations of one hunt behind `after`, up to where its row says."""

    hunt_id: int
    after: int
    opens: datetime | None = field(default=None, compare=False)
    """When it has rested after a crash, if it has to."""

    @property
    def name(self) -> str:
        """Of its lease, or of the locks of its job."""
        return f"hunt:{self.hunt_id}/{self.after}"


@dataclass(frozen=True, slots=True)
class Far:
    """How far the workers are with a hunt."""

    done: int
    slices: int
    """Without the end."""
    looked: int
    """Ids of observations that are behind the cursors."""
    seen: int
    over: bool
    """Whether its end is done."""
    failed: tuple[str, ...]
    """What is wrong with each slice that failed."""


def cut(session: Session, hunt: Hunt, what: str) -> None:
    """Leave to workers what a hunt has left; `what` is preview or apply. Slices that failed are
    tried again."""
    hunt.workers = what
    mine = HuntSlice.hunt_id == hunt.id
    again = {"state": "open", "tries": 0, "note": "", "rests_until": None}
    session.execute(update(HuntSlice).where(mine, HuntSlice.state == "failed").values(again))
    session.execute(update(HuntSlice).where(mine, HuntSlice.after == hunt.last_id).values(again))
    if session.scalar(select(func.count()).where(mine)):
        return
    size = max(SLICE, -(-(hunt.last_id - hunt.looked_to) // MOST))
    starts = [*range(hunt.looked_to, hunt.last_id, size), hunt.last_id]
    session.execute(
        insert(HuntSlice),
        [
            {
                "hunt_id": hunt.id, "after": after, "to": min(after + size, hunt.last_id),
                "looked_to": after, "seen": 0, "problems": [], **again,
            }
            for after in starts
        ],
    )  # fmt: skip


def open_slices(session: Session, hunt_id: int = 0) -> list[Slice]:
    """Of one hunt or of all: what can be done, the oldest hunt first, those that rest too."""
    other = aliased(HuntSlice)
    waits = (
        select(other.hunt_id)
        .where(other.hunt_id == Hunt.id, other.after < Hunt.last_id, other.state != "done")
        .exists()
    )
    query = (
        select(HuntSlice.hunt_id, HuntSlice.after, HuntSlice.rests_until)
        .join(Hunt, Hunt.id == HuntSlice.hunt_id)
        .where(HuntSlice.state == "open", or_(HuntSlice.after < Hunt.last_id, ~waits))
        .order_by(HuntSlice.hunt_id, HuntSlice.after)
    )
    if hunt_id:
        query = query.where(HuntSlice.hunt_id == hunt_id)
    return [Slice(*row) for row in session.execute(query)]


def begin(store: Store, piece: Slice) -> HuntSlice | None:
    """The row of a slice that somebody sets about, None where nothing is left to do."""
    with store.writing() as session:
        row = session.get(HuntSlice, (piece.hunt_id, piece.after))
        if row is None or row.state != "open":
            return None
        if row.tries >= LOSSES:
            row.state, row.note = "failed", f"its worker was lost {row.tries} times"
            return None
        row.tries += 1
        return row


def keep(store: Store, piece: Slice, looked: Looked) -> bool:
    """A chunk's finds and the cursor behind it; False, and neither, where another was there."""
    with store.writing() as session:
        row = session.get_one(HuntSlice, (piece.hunt_id, piece.after))
        if row.looked_to != looked.look.after or row.state != "open":
            return False
        row.looked_to = looked.look.to
        row.seen += looked.seen
        row.problems = [*row.problems, *looked.problems][:100]
        row.tries = 0
        if looked.finds:
            finds = [{"hunt_id": piece.hunt_id} | find for find in looked.finds]
            session.execute(insert(HuntFind), finds)
        return True


def close(store: Store, piece: Slice) -> None:
    """All of a slice was looked at, or, of the end, all is done."""
    _change(store, piece, lambda row: setattr(row, "state", "done"))


def fail(store: Store, piece: Slice, note: str) -> None:
    """A slice can't be done; the note says why. `cut` opens it again."""

    def change(row: HuntSlice) -> None:
        row.state, row.note = "failed", note

    _change(store, piece, change)


def give_back(store: Store, piece: Slice) -> None:
    """Somebody stopped in order: that is no try."""
    _change(store, piece, lambda row: setattr(row, "tries", max(0, row.tries - 1)))


def crashed(store: Store, piece: Slice, note: str) -> int:
    """Write down that a slice's process ended of itself; returns how often it has in a row."""

    def change(row: HuntSlice) -> None:
        row.note = note
        row.rests_until = datetime.now(UTC) + timedelta(seconds=pause_after(row.tries))
        if row.tries >= TRIES:
            row.state, row.note = "failed", f"{note} ({row.tries} times)"

    return _change(store, piece, change)


def _change(store: Store, piece: Slice, change: Callable[[HuntSlice], None]) -> int:
    """Change an open slice; returns its tries."""
    with store.writing() as session:
        row = session.get_one(HuntSlice, (piece.hunt_id, piece.after))
        if row.state == "open":
            change(row)
        return row.tries


def far(session: Session, hunt: Hunt) -> Far:
    """How far the workers are with a hunt."""
    rows = list(session.scalars(select(HuntSlice).where(HuntSlice.hunt_id == hunt.id)))
    slices = [row for row in rows if row.after < hunt.last_id]
    return Far(
        sum(row.state == "done" for row in slices),
        len(slices),
        hunt.last_id - sum(row.to - row.looked_to for row in slices if row.state != "done"),
        sum(row.seen for row in slices),
        any(row.state == "done" for row in rows if row.after == hunt.last_id),
        tuple(_told(hunt, row) for row in rows if row.state == "failed"),
    )


def _told(hunt: Hunt, row: HuntSlice) -> str:
    where = f"observations {row.looked_to + 1} to {row.to}" if row.after < hunt.last_id else "end"
    return f"{where}: {row.note}"
