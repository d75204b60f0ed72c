"""Lanes: what is left of the sweeps that are left to workers, by source.

All tasks of one source in one sweep are one lane, and one worker has a source at a time, whatever
the sweep: so its shop's or marketplace's hosts are asked by one process. Results that lead to new
shops in mid-sweep make new lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, union_all, update
from sqlalchemy.orm import Session

from settings import Settings
from storage import Store
from storage import models as m
from storage.work import LeadRow, UnitRow
from sweeps.gather import gather
from sweeps.order import SweepError

__all__ = [
    "Lane",
    "cancel",
    "crashed",
    "hand_over",
    "lanes",
    "left",
    "pause_after",
    "rested",
    "settled",
]

TRIES = 5
"""Times that a lane's process may crash before its tasks fail."""
LOSSES = 20
"""Times that a lane's worker may be lost before its tasks fail: it may be what kills them."""
BACK_OFF = 5.0
"""Seconds until a crashed lane is tried again; doubled each time."""


@dataclass(frozen=True, slots=True)
class Lane:
    """What one sweep has left to ask of one source; of the source "" its end."""

    sweep_id: int
    source: str
    reader: str = ""
    priority: int = 0

    def opens(self, settings: Settings, now: datetime) -> datetime | None:
        """When the source's hours begin, None where it may be asked now."""
        policy = settings.policy(self.source, self.reader)
        return None if policy.open_at(now) else policy.opens_at(now)


def _shared(session: Session, sweep_id: int = 0) -> list[int]:
    """Sweeps that are left to workers and not at their end."""
    query = select(m.Sweep.id, m.Sweep.plan).where(m.Sweep.state == "running")
    if sweep_id:
        query = query.where(m.Sweep.id == sweep_id)
    return [id_ for id_, plan in session.execute(query) if plan.get("workers")]


def lanes(session: Session, sweep_id: int = 0) -> list[Lane]:
    """Of one sweep or of all: the most urgent first."""
    sweeps = _shared(session, sweep_id)
    columns = (m.TaskRow.sweep_id, m.TaskRow.source, m.TaskRow.reader, m.TaskRow.priority)
    tasks = select(*columns, m.TaskRow.id).where(m.TaskRow.state == "pending")
    led = (
        select(*columns, m.TaskRow.id)
        .join(LeadRow, LeadRow.task_id == m.TaskRow.id)
        .where(LeadRow.state == "pending")
    )
    both = union_all(
        tasks.where(m.TaskRow.sweep_id.in_(sweeps)), led.where(m.TaskRow.sweep_id.in_(sweeps))
    ).subquery()
    urgent, oldest = func.max(both.c.priority), func.min(both.c.id)
    rows = session.execute(
        select(both.c.sweep_id, both.c.source, func.min(both.c.reader), urgent)
        .group_by(both.c.sweep_id, both.c.source)
        .order_by(urgent.desc(), both.c.sweep_id, oldest)
    )
    found = [Lane(*row) for row in rows]
    busy = {lane.sweep_id for lane in found}
    return found + [Lane(id_, "") for id_ in sweeps if id_ not in busy]


def left(session: Session, sweep_id: int) -> bool:
    """Whether a sweep has anything left to ask."""
    pending = m.TaskRow.sweep_id == sweep_id, m.TaskRow.state == "pending"
    if session.scalar(select(m.TaskRow.id).where(*pending).limit(1)) is not None:
        return True
    led = select(LeadRow.task_id).join(m.TaskRow, m.TaskRow.id == LeadRow.task_id)
    led = led.where(m.TaskRow.sweep_id == sweep_id, LeadRow.state == "pending")
    return session.scalar(led.limit(1)) is not None


def hand_over(store: Store, sweep_id: int) -> None:
    """Leave a planned or interrupted sweep to the workers. Raises `SweepError`."""
    with store.writing() as session:
        sweep = session.get(m.Sweep, sweep_id)
        if sweep is None:
            raise SweepError(f"no sweep {sweep_id}")
        if sweep.state in ("done", "cancelled"):
            raise SweepError(f"sweep {sweep_id} is {sweep.state}; nothing is left to do")
        if "archives" in sweep.plan:
            raise SweepError("a sweep of archives is read by one process")
        sweep.plan = sweep.plan | {"workers": True}
        sweep.state = "running"


def rested(session: Session, lane: Lane, now: datetime) -> bool:
    """Whether a lane that crashed has rested long enough."""
    crashes, last = session.execute(
        select(func.count(), func.max(UnitRow.ended_at)).where(
            UnitRow.sweep_id == lane.sweep_id,
            UnitRow.source == lane.source,
            UnitRow.state == "crashed",
        )
    ).one()
    if not crashes or last is None:
        return True
    return bool(last + timedelta(seconds=pause_after(crashes)) <= now)


def pause_after(crashes: int) -> float:
    """Seconds that a lane rests after so many crashes."""
    return float(BACK_OFF * 2 ** max(0, crashes - 1))


def crashed(store: Store, lane: Lane, worker: str, note: str) -> int:
    """Write down that a lane's process ended of itself; returns how often it has now."""
    now = datetime.now(UTC)
    lanes_units = (UnitRow.sweep_id == lane.sweep_id, UnitRow.source == lane.source)
    with store.writing() as session:
        ended = session.scalars(
            update(UnitRow)
            .where(*lanes_units, UnitRow.worker == worker, UnitRow.state == "running")
            .values(state="crashed", note=note, ended_at=now)
            .returning(UnitRow.id)
        ).all()
        if not ended:
            session.add(
                UnitRow(
                    sweep_id=lane.sweep_id, source=lane.source, worker=worker, state="crashed",
                    summary=None, note=note, started_at=now, ended_at=now,
                )
            )  # fmt: skip
            session.flush()
        rows = session.execute(
            select(UnitRow.state, func.count())
            .where(*lanes_units, UnitRow.state.in_(("crashed", "lost")))
            .group_by(UnitRow.state)
        )
        counts = {state: count for state, count in rows}
        if counts.get("crashed", 0) >= TRIES or counts.get("lost", 0) >= LOSSES:
            _give_up(session, lane, note)
        return counts.get("crashed", 0)


def _give_up(session: Session, lane: Lane, note: str) -> None:
    """What the lane has left fails, and says why."""
    ours = m.TaskRow.sweep_id == lane.sweep_id, m.TaskRow.source == lane.source
    session.execute(
        update(LeadRow)
        .where(LeadRow.task_id.in_(select(m.TaskRow.id).where(*ours)))
        .values(state="done")
    )
    session.execute(
        update(m.TaskRow)
        .where(*ours, m.TaskRow.state == "pending")
        .values(state="failed", note=note)
    )


def settled(settings: Settings, session: Session, sweep_id: int) -> bool:
    """Whether nothing of a sweep can be done now: it is at its end, or waits for hours."""
    now = datetime.now(UTC)
    if session.get_one(m.Sweep, sweep_id).state != "running":
        return True
    return all(lane.opens(settings, now) for lane in lanes(session, sweep_id))


def cancel(store: Store, sweep_id: int) -> int:
    """End a sweep that is left to workers; returns how many tasks it had left.

    What is under way stops in order within seconds and keeps what it has. Raises `SweepError`.
    """
    with store.writing() as session:
        sweep = session.get(m.Sweep, sweep_id)
        if sweep is None:
            raise SweepError(f"no sweep {sweep_id}")
        if not sweep.plan.get("workers"):
            raise SweepError(f"sweep {sweep_id} is not left to workers: stop its own process")
        if sweep.state != "running":
            raise SweepError(f"sweep {sweep_id} is {sweep.state}; nothing is left to cancel")
        sweep.state, sweep.ended_at = "cancelled", datetime.now(UTC)
        ended = session.scalars(
            update(m.TaskRow)
            .where(m.TaskRow.sweep_id == sweep_id, m.TaskRow.state == "pending")
            .values(state="cancelled", note="cancelled by an officer")
            .returning(m.TaskRow.id)
        ).all()
        session.flush()
        sweep.summary = gather(session, sweep_id).to_dict()
        return len(ended)
