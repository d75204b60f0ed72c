"""Who opened what: every look at a clue, its evidence or an intake record is put down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.privacy import Access

__all__ = ["AccessView", "accesses", "opened"]


@dataclass(frozen=True, slots=True)
class AccessView:
    """One look. `at` is UTC."""

    id: int
    officer: str
    what: str
    target: str
    via: str
    at: datetime


def opened(
    session: Session, officer: str, what: str, target: object, via: str, at: datetime | None = None
) -> None:
    """Put down that an officer opened `what` (clue, evidence or intake) by the command `via`."""
    session.add(
        Access(
            officer=officer[:255], what=what, target=str(target)[:255], via=via[:64],
            at=at or datetime.now(UTC),
        )
    )  # fmt: skip


def accesses(
    session: Session, officer: str = "", what: str = "", target: str = "", limit: int = 100
) -> list[AccessView]:
    """Looks by an officer, at a kind, at one of it ("" asks nothing), newest first.

    In the order in which they were put down, whatever the clock said.
    """
    query = select(Access).order_by(Access.id.desc())
    if officer:
        query = query.where(Access.officer == officer)
    if what:
        query = query.where(Access.what == what)
    if target:
        query = query.where(Access.target == target)
    rows = session.scalars(query.limit(limit) if limit else query)
    return [AccessView(r.id, r.officer, r.what, r.target, r.via, r.at) for r in rows]
