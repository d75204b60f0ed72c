"""One request of one officer: who it is, what may be done, which county is seen.

Every route but the login asks for a permission by its parameter: ``visit: Reads``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from clues.access import opened
from clues.standing import standing
from desk.office import Office
from desk.people import session_of, still_here
from desk.roles import Permission, may
from storage.models import Clue, ListingRow, Shop

__all__ = [
    "COOKIE", "Exports", "Forbidden", "Judges", "LoginWanted", "Manages", "Needs", "Reads", "Settles", "Visit",
    "language", "office_of", "posted_token",
]  # fmt: skip

COOKIE = "yunjian"


class LoginWanted(Exception):
    """Nobody is logged in; pages lead to the login."""


class Forbidden(Exception):
    """The role does not allow it, or the form was not one of ours: says which."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks, and for what part of the world."""

    office: Office
    account_id: int
    officer: str
    """As it is written into logs."""
    name: str
    role: str
    region: str
    """Division code that bounds what is seen; "" is everything."""
    csrf: str
    lang: str
    path: str

    def may(self, permission: Permission) -> bool:
        """Whether the officer's role has it."""
        return may(self.role, permission)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction to read in."""
        with self.office.store.session() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes; keep it short."""
        with self.office.store.writing() as session:
            yield session

    def saw(self, what: str, target: object, via: str = "desk") -> None:
        """Put down a look or an export, for the audit."""
        with self.office.store.writing() as session:
            opened(session, self.officer, what, target, via)

    def within(self, code: str) -> bool:
        """Whether a division lies in what this officer sees."""
        return code.startswith(self.region)

    def clue(self, session: Session, clue_id: int) -> Clue:
        """The clue; 404 where there is none, or it is another county's."""
        clue = session.get(Clue, clue_id)
        if clue is None or not self.within(clue.region):
            raise HTTPException(404, "没有这条线索")
        return clue

    def sees_shop(self, session: Session, shop_id: int) -> bool:
        """Whether the shop bears a clue of the officer's county; all do where none bounds it."""
        if not self.region:
            return True
        mine = Clue.region.startswith(self.region, autoescape=True)
        owner = select(Shop.operator_id).where(Shop.id == shop_id).scalar_subquery()
        by = (Clue.shop_id == shop_id) | (Clue.operator_id == owner)
        return bool(session.scalar(select(exists().where(standing(), mine, by))))

    def sees_operator(self, session: Session, operator_id: int) -> bool:
        """Whether the operator bears a clue of the officer's county."""
        if not self.region:
            return True
        mine = Clue.region.startswith(self.region, autoescape=True)
        return bool(
            session.scalar(
                select(exists().where(standing(), mine, Clue.operator_id == operator_id))
            )
        )

    def sees_listing(self, session: Session, listing: ListingRow) -> bool:
        """Whether the listing's shop is one that this officer sees."""
        return self.sees_shop(session, listing.shop_id)


def office_of(request: Request) -> Office:
    """The office behind the request."""
    office: Office = request.app.state.office
    return office


async def posted_token(request: Request) -> str:
    """What a form carries against forgery: in a header (htmx) or a field."""
    if request.method in ("GET", "HEAD"):
        return ""
    header = request.headers.get("x-csrf")
    if header is not None:
        return header
    form = await request.form()
    value = form.get("csrf", "")
    return value if isinstance(value, str) else ""


def language(request: Request) -> str:
    """zh, or en where the officer chose it."""
    return "en" if request.cookies.get("lang") == "en" else "zh"


def _visitor(request: Request, token: Annotated[str, Depends(posted_token)]) -> Visit:
    office = office_of(request)
    secret = request.cookies.get(COOKIE, "")
    with office.store.session() as session:
        found = session_of(session, secret) if secret else None
    if found is None:
        raise LoginWanted
    if request.method not in ("GET", "HEAD") and not secrets.compare_digest(
        token.encode(), found.csrf.encode()
    ):
        raise Forbidden("表单已失效，请刷新页面后重试")
    if found.idle:
        with office.store.writing() as session:
            still_here(session, secret)
    account = found.account
    return Visit(
        office, account.id, account.officer, account.name, account.role, account.region,
        found.csrf, language(request), request.url.path,
    )  # fmt: skip


class Needs:
    """A dependency that knows which permission it asks for, so that tests can list all routes."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, visit: Annotated[Visit, Depends(_visitor)]) -> Visit:
        """The visit, of an officer who has the permission; raises `Forbidden` for others."""
        if not visit.may(self.permission):
            raise Forbidden("您的角色不能做这件事")
        return visit


# What a route asks for: ``def page(visit: Reads)``.
Reads = Annotated[Visit, Depends(Needs("read"))]
Judges = Annotated[Visit, Depends(Needs("judge"))]
Exports = Annotated[Visit, Depends(Needs("export"))]
Settles = Annotated[Visit, Depends(Needs("settle"))]
Manages = Annotated[Visit, Depends(Needs("manage"))]
