"""Tokens of one's own programs: made, shown once, revoked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.api.values import Id
from desk.people import PeopleError, named
from desk.roles import PERMISSIONS
from desk.screen import draw
from desk.tokens import LONGEST, make_token, revoke_token, tokens_of
from desk.visit import Reads, Visit

__all__ = ["router"]

router = APIRouter()
MEANS = {
    "read": "查阅",
    "judge": "甄别",
    "export": "导出",
    "settle": "移送与办结",
    "manage": "管理",
}


def _page(request: Request, visit: Visit, problem: str = "", secret: str = "") -> HTMLResponse:
    with visit.reading() as session:
        tokens = tokens_of(session, visit.account_id)
    return draw(
        request, visit, "tokens.html", 422 if problem else 200, tokens=tokens, problem=problem, secret=secret,
        scopes={one: MEANS[one] for one in PERMISSIONS if visit.may(one)}, means=MEANS, longest=LONGEST,
    )  # fmt: skip


@router.get("/me/tokens")
def listed(request: Request, visit: Reads) -> HTMLResponse:
    """Own tokens."""
    return _page(request, visit)


@router.post("/me/tokens")
def make(
    request: Request, visit: Reads,
    name: Annotated[str, Form(max_length=200)],
    days: Annotated[int, Form(ge=0, le=10_000)] = 90,
    scopes: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:  # fmt: skip
    """Make a token; it is shown this once."""
    try:
        with visit.writing() as session:
            _, secret = make_token(session, named(session, visit.name), name, scopes or [], days)
    except PeopleError as error:
        return _page(request, visit, str(error))
    return _page(request, visit, secret=secret)


@router.post("/me/tokens/{token_id}/revoke")
def revoke(request: Request, visit: Reads, token_id: Id) -> Response:
    """End a token, at once."""
    try:
        with visit.writing() as session:
            revoke_token(session, visit.account_id, token_id)
    except PeopleError as error:
        return _page(request, visit, str(error))
    return RedirectResponse("/me/tokens", 303)
