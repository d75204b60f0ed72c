"""Names that one holder has at a time, by compare-and-set in the store.

A holder that dies keeps its names until they run out; one that lives renews them well before.
Times are the database's own on PostgreSQL (the clocks of many machines differ), the machine's
on SQLite (there is only one).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storage.store import Store
from storage.work import LeaseRow

__all__ = ["Leases", "clock"]


def clock(session: Session) -> datetime:
    """The time that counts for leases, UTC."""
    if session.get_bind().dialect.name == "postgresql":
        now: datetime = session.scalars(select(func.clock_timestamp())).one()
        return now.astimezone(UTC)
    return datetime.now(UTC)


class Leases:
    """What `holder` has, for `seconds` at a time; may be used from several threads."""

    def __init__(self, store: Store, holder: str, seconds: float) -> None:
        self.store = store
        self.holder = holder
        self.seconds = seconds

    def take(self, name: str) -> bool:
        """Whether the name is ours now; False while another has it or it rests."""
        with self.store.writing() as session:
            now = clock(session)
            on_postgresql = session.get_bind().dialect.name == "postgresql"
            made = postgresql.insert(LeaseRow) if on_postgresql else sqlite.insert(LeaseRow)
            until = now + timedelta(seconds=self.seconds)
            ours = made.values(name=name[:300], holder=self.holder, until=until)
            taken = session.scalar(
                ours.on_conflict_do_update(
                    index_elements=[LeaseRow.name],
                    set_={"holder": self.holder, "until": until},
                    where=or_(LeaseRow.until < now, LeaseRow.holder == self.holder),
                ).returning(LeaseRow.name)
            )
            return taken is not None

    def renew(self, names: Collection[str]) -> bool:
        """Whether all of them were still ours; they are for `seconds` more then."""
        if not names:
            return True
        with self.store.writing() as session:
            now = clock(session)
            kept = session.scalars(
                update(LeaseRow)
                .where(
                    LeaseRow.name.in_([name[:300] for name in names]),
                    LeaseRow.holder == self.holder,
                    LeaseRow.until > now,
                )
                .values(until=now + timedelta(seconds=self.seconds))
                .returning(LeaseRow.name)
            ).all()
            return len(kept) == len({name[:300] for name in names})

    def give_back(self, name: str, rest: float = 0.0) -> None:
        """Nobody has it then; nobody gets it for `rest` seconds."""
        with self.store.writing() as session:
            ours = (LeaseRow.name == name[:300], LeaseRow.holder == self.holder)
            if rest > 0:
                until = clock(session) + timedelta(seconds=rest)
                session.execute(update(LeaseRow).where(*ours).values(holder="", until=until))
            else:
                session.execute(delete(LeaseRow).where(*ours))

    def held_by_others(self, names: Collection[str]) -> set[str]:
        """Those of the names that can't be had now."""
        with self.store.session() as session:
            return set(
                session.scalars(
                    select(LeaseRow.name).where(
                        LeaseRow.name.in_([name[:300] for name in names]),
                        LeaseRow.until >= clock(session),
                        LeaseRow.holder != self.holder,
                    )
                )
            )
