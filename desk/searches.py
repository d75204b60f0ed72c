"""Searches that an officer keeps: filters of the list of clues under a name, each officer's own."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fastapi import HTTPException
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.datastructures import ImmutableMultiDict

from desk.asking import Asked, asked
from desk.visit import Visit
from storage.people import SavedSearch

__all__ = ["SearchError", "forget_search", "keep_search", "own_search", "question", "searches_of"]


class SearchError(ValueError):
    """What can't be kept or asked: says why, in Chinese, fit to be shown."""


SAVED = 50
"""Searches an officer may keep."""


def searches_of(visit: Visit, session: Session) -> list[SavedSearch]:
    """The officer's own, by name."""
    mine = select(SavedSearch).where(SavedSearch.account_id == visit.account_id)
    return list(session.scalars(mine.order_by(SavedSearch.name).limit(SAVED)))


def own_search(visit: Visit, session: Session, search_id: int) -> SavedSearch:
    """One of them; another officer's is as if there were none (404)."""
    kept = session.get(SavedSearch, search_id)
    if kept is None or kept.account_id != visit.account_id:
        raise HTTPException(404, "没有这个检索")
    return kept


def question(visit: Visit, query: str) -> Asked:
    """What a search asks; raises `SearchError` with what of it makes no sense."""
    try:
        told = asked(ImmutableMultiDict(parse_qsl(query, max_num_fields=200)), visit)
    except ValueError:
        raise SearchError("检索条件过多") from None
    if told.problems:
        raise SearchError("；".join(told.problems))
    return told


def keep_search(visit: Visit, session: Session, name: str, query: str) -> SavedSearch:
    """Keep what the list understands of a search; the same name again takes the place of the
    former. Raises `SearchError` for one that can't be kept."""
    name = "".join(c for c in name if c.isprintable()).strip()
    if not name:
        raise SearchError("请给这个检索起个名字")
    told = question(visit, query)
    mine = SavedSearch.account_id == visit.account_id
    kept = session.scalar(select(SavedSearch).where(mine, SavedSearch.name == name))
    if kept is not None:
        kept.query = told.query
    elif (session.scalar(select(func.count()).where(mine)) or 0) >= SAVED:
        raise SearchError(f"至多保存 {SAVED} 个检索，请先删除不用的")
    else:
        kept = SavedSearch(
            account_id=visit.account_id, name=name, query=told.query, created_at=datetime.now(UTC)
        )
        session.add(kept)
    session.flush()
    return kept


def forget_search(visit: Visit, session: Session, search_id: int) -> None:
    """Delete an own search; 404 for another's."""
    session.delete(own_search(visit, session, search_id))
