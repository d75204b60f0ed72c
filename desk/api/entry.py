"""Who calls: a program by its token, or a browser by its session; and what may go wrong."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field

from desk.people import session_of, still_here
from desk.roles import Permission, may
from desk.tokens import token_of, token_used
from desk.visit import COOKIE, Forbidden, LoginWanted, Visit, language, office_of
from desk.visit import Needs as DeskNeeds

__all__ = ["Call", "Exports", "Judges", "Manages", "Needs", "Problem", "Reads", "Settles", "said"]

_BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token made at /me/tokens of the desk."
)
_COOKIE = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="session",
    description="A browser logged in to the desk; to write it also sends its token as X-CSRF.",
)  # fmt: skip


class Problem(BaseModel):
    """What went wrong."""

    detail: str = Field(description="a sentence, mostly in Chinese, fit to be shown")


_WHY = {
    400: "The body is no JSON",
    401: "No token and no session, or none that stands",
    403: "The role, the token's scopes or the county do not allow it",
    404: "No such record, or it is another county's",
    409: "It can't be done as things stand: another officer was first, or a setting is missing",
    422: "A value that makes no sense",
    503: "Another's report is not done yet",
}


def said(*codes: int) -> dict[int | str, dict[str, Any]]:
    """What a route answers beside its success: these, and what any route may."""
    return {
        code: {"model": Problem, "description": _WHY[code]} for code in sorted({401, 403, *codes})
    }


@dataclass(frozen=True, slots=True)
class Call(Visit):
    """A visit by the API; a token narrows what its account may."""

    scopes: tuple[str, ...] | None = None
    """None for a session of the desk."""

    def may(self, permission: Permission) -> bool:
        """Whether the role has it, and the token too."""
        return may(self.role, permission) and (self.scopes is None or permission in self.scopes)


def _caller(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    cookie: Annotated[str | None, Security(_COOKIE)],
) -> Call:
    # A token that is shown counts alone: a bad one does not fall back to the session.
    if "authorization" in request.headers:
        return _by_token(request, bearer.credentials if bearer else "")
    return _by_session(request, cookie or "")


def _by_token(request: Request, secret: str) -> Call:
    office = office_of(request)
    with office.store.session() as session:
        found = token_of(session, secret) if secret else None
    if found is None:
        raise LoginWanted
    token, account = found
    if token.used_at is None or token.used_at < datetime.now(UTC) - timedelta(minutes=1):
        with office.store.writing() as session:
            token_used(session, token.id)
    return Call(
        office, account.id, account.officer, account.name, account.role, account.region, "",
        language(request), request.url.path, tuple(token.scopes),
    )  # fmt: skip


def _by_session(request: Request, secret: str) -> Call:
    office = office_of(request)
    with office.store.session() as session:
        found = session_of(session, secret) if secret else None
    if found is None:
        raise LoginWanted
    shown = request.headers.get("x-csrf", "")
    if request.method not in ("GET", "HEAD") and not secrets.compare_digest(
        shown.encode(), found.csrf.encode()
    ):
        raise Forbidden("写入须带 X-CSRF")
    if found.idle:
        with office.store.writing() as session:
            still_here(session, secret)
    account = found.account
    return Call(
        office, account.id, account.officer, account.name, account.role, account.region,
        found.csrf, language(request), request.url.path,
    )  # fmt: skip


class Needs(DeskNeeds):
    """As on the desk, of a caller by token or session."""

    def __call__(self, visit: Annotated[Call, Depends(_caller)]) -> Call:  # type: ignore[override]
        """The call, of one who has the permission; raises `Forbidden` for others."""
        if not visit.may(self.permission):
            raise Forbidden("角色或令牌没有这项权限")
        return visit


Reads = Annotated[Call, Depends(Needs("read"))]
Judges = Annotated[Call, Depends(Needs("judge"))]
Exports = Annotated[Call, Depends(Needs("export"))]
Settles = Annotated[Call, Depends(Needs("settle"))]
Manages = Annotated[Call, Depends(Needs("manage"))]

DOCUMENTED: Mapping[int, str] = _WHY
