"""The runs in the store: written once each, under the lease of the scheduler that acts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from schedule.timetable import Planned
from storage import Store
from storage.runs import Run, ScheduleLease

__all__ = ["OPEN", "Holding", "Ledger", "LeaseLost"]

OPEN = ("queued", "begun")
"""Outcomes of runs that are under way."""
UNBEGUN = ("missed", "coalesced", "skipped")
NAME = "scheduler"


class LeaseLost(RuntimeError):
    """Another scheduler has taken over; nothing of the transaction was kept."""


@dataclass(frozen=True, slots=True)
class Holding:
    """The lease as one scheduler sees it."""

    mine: bool
    holder: str
    beat: int
    watermark: datetime


class Ledger:
    """The schedule's tables, as the scheduler `me` uses them."""

    def __init__(self, store: Store, me: str) -> None:
        self.store = store
        self.me = me

    # The lease ----------------------------------------------------------------------------

    def look(self, now: datetime) -> Holding:
        """The lease; made, with nobody holding it, where there is none. What was planned before
        it was first made is none of ours."""
        with self.store.session() as session:
            row = session.get(ScheduleLease, NAME)
        if row is None:
            try:
                with self.store.session() as session:
                    session.add(ScheduleLease(name=NAME, holder="", beat=0, watermark=now))
            except IntegrityError:
                pass  # the other scheduler was first
            return self.look(now)
        return Holding(row.holder == self.me, row.holder, row.beat, row.watermark)

    def take(self, seen: Holding) -> bool:
        """Take (or renew) the lease, if it still is as it was seen."""
        with self.store.session() as session:
            done = session.execute(
                update(ScheduleLease)
                .where(
                    ScheduleLease.name == NAME,
                    ScheduleLease.holder == seen.holder,
                    ScheduleLease.beat == seen.beat,
                )
                .values(holder=self.me, beat=seen.beat + 1)
            )
            return bool(done.rowcount)  # type: ignore[attr-defined]

    def give_back(self) -> None:
        """Let another take over at once."""
        with self.store.session() as session:
            session.execute(
                update(ScheduleLease)
                .where(ScheduleLease.name == NAME, ScheduleLease.holder == self.me)
                .values(holder="", beat=ScheduleLease.beat + 1)
            )

    def fence(self, session: Session) -> None:
        """Raises `LeaseLost` unless the lease is ours until this transaction ends."""
        done = session.execute(
            update(ScheduleLease)
            .where(ScheduleLease.name == NAME, ScheduleLease.holder == self.me)
            .values(beat=ScheduleLease.beat + 1)
        )
        if not done.rowcount:  # type: ignore[attr-defined]
            raise LeaseLost("another scheduler has taken over")

    def decided(self, now: datetime) -> None:
        """All runs planned up to `now` have been decided."""
        with self.store.session() as session:
            self.fence(session)
            session.execute(
                update(ScheduleLease).where(ScheduleLease.name == NAME).values(watermark=now)
            )

    # Runs ---------------------------------------------------------------------------------

    def write(
        self, session: Session, run: Planned, now: datetime, outcome: str, note: str = "",
        sweep_id: int | None = None,
    ) -> None:  # fmt: skip
        """Put down what becomes of a planned run, under our lease.

        Raises `LeaseLost`, and IntegrityError where its moment stands already.
        """
        self.fence(session)
        session.execute(
            insert(Run).values(
                entry=run.entry, kind=run.kind, planned_at=run.at, until=run.until,
                outcome=outcome, note=note, decided_at=now, sweep_id=sweep_id, tries=0, host="",
                ended_at=None if outcome in OPEN else now,
            )
        )  # fmt: skip

    def put(self, run: Planned, now: datetime, outcome: str, note: str = "") -> bool:
        """`write` in a transaction of its own; False where its moment stands already."""
        try:
            with self.store.session() as session:
                self.write(session, run, now, outcome, note)
        except IntegrityError:
            return False
        return True

    def change(self, run_id: int, **values: object) -> None:
        """Change columns of a run, under our lease. Raises `LeaseLost`."""
        with self.store.session() as session:
            self.fence(session)
            session.execute(update(Run).where(Run.id == run_id).values(**values))

    def standing(self, runs: Iterable[Planned]) -> set[tuple[str, datetime]]:
        """(entry, planned at) of those of `runs` that stand already."""
        wanted = list(runs)
        if not wanted:
            return set()
        with self.store.session() as session:
            rows = session.execute(
                select(Run.entry, Run.planned_at).where(
                    Run.planned_at.between(
                        min(run.at for run in wanted), max(run.at for run in wanted)
                    )
                )
            )
            return {(entry, at) for entry, at in rows}

    def open_runs(self) -> list[Run]:
        """Runs under way, what is urgent first."""
        urgency = {"intensified": 0, "price-watch": 1, "nightly": 2}
        with self.store.session() as session:
            rows = session.scalars(select(Run).where(Run.outcome.in_(OPEN)))
            return sorted(rows, key=lambda run: (urgency.get(run.kind, 3), run.planned_at, run.id))

    def take_back(self, now: datetime) -> datetime | None:
        """Forget what a clock that has since been set back put down as never begun.

        Returns when the first of these was planned; None where there are none.
        """
        with self.store.session() as session:
            self.fence(session)
            wrong = Run.outcome.in_(UNBEGUN) & (Run.decided_at > now)
            rows = list(session.scalars(select(Run.planned_at).where(wrong)))
            session.execute(delete(Run).where(wrong))
        return min(rows, default=None)
