"""Accounts as an administrator sees them: those of the own division, no more rights than it has."""

from __future__ import annotations

from fastapi import HTTPException
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.access import AccessView
from desk.people import PeopleError
from desk.visit import Visit
from storage.people import Account
from storage.privacy import Access

__all__ = ["account_of", "accounts_of", "count_accounts", "grantable", "looks_of"]


def _mine(visit: Visit) -> list[object]:
    return [Account.region.startswith(visit.region, autoescape=True)] if visit.region else []


def accounts_of(visit: Visit, session: Session, limit: int, offset: int) -> list[Account]:
    """Accounts of the administrator's division, by login name."""
    query = select(Account).where(*_mine(visit)).order_by(Account.name)  # type: ignore[arg-type]
    return list(session.scalars(query.limit(limit).offset(offset)))


def count_accounts(visit: Visit, session: Session) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(Account).where(*_mine(visit))) or 0  # type: ignore[arg-type]


def account_of(visit: Visit, session: Session, account_id: int) -> Account:
    """An account; 404 where there is none, or it is beyond the administrator's division."""
    account = session.get(Account, account_id)
    if account is None or not visit.within(account.region):
        raise HTTPException(404, "没有这个账户")
    return account


def grantable(visit: Visit, region: str) -> str:
    """The region, if the administrator may give it; raises `PeopleError` for one beyond."""
    if not visit.within(region):
        raise PeopleError(f"辖区须在 {visit.region} 之内")
    return region


def looks_of(
    visit: Visit, session: Session, officer: str = "", what: str = "", target: str = "",
    limit: int = 100, before: int = 0,
) -> list[AccessView]:  # fmt: skip
    """Looks by officers of the administrator's division, newest first; those below an id."""
    query = select(Access).order_by(Access.id.desc())
    for column, value in ((Access.officer, officer), (Access.what, what), (Access.target, target)):
        if value:
            query = query.where(column == value)
    if before:
        query = query.where(Access.id < before)
    if visit.region:
        query = query.where(Access.officer.in_(select(Account.officer).where(*_mine(visit))))  # type: ignore[arg-type]
    rows = session.scalars(query.limit(limit))
    return [AccessView(r.id, r.officer, r.what, r.target, r.via, r.at) for r in rows]
