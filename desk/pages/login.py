"""Logging in and out, the own password, the language."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from desk.people import SESSION_LONGEST, PeopleError, end, log_in, named, set_password
from desk.screen import draw, draw_bare
from desk.visit import COOKIE, Reads, office_of

__all__ = ["router", "safe_next"]

router = APIRouter()
FORM = "yunjian_form"
"""The cookie that a login form must agree with: there is no session yet to bind it to."""


def safe_next(path: str) -> str:
    """A path of this desk to go on to, "/" where it is anything else: no open redirect."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and "\\" not in path else "/"


def _cookie(response: Response, request: Request, name: str, value: str, age: int) -> None:
    response.set_cookie(
        name, value, max_age=age, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )  # fmt: skip


@router.get("/login")
def form(request: Request, next: str = "/") -> HTMLResponse:
    """The login."""
    return _form(request, safe_next(next))


def _form(request: Request, to: str, problem: str = "", status: int = 200) -> HTMLResponse:
    token = request.cookies.get(FORM) or secrets.token_urlsafe(24)
    page = draw_bare(request, "login.html", status, to=to, problem=problem, token=token)
    _cookie(page, request, FORM, token, 3600)
    return page


@router.post("/login")
def enter(
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=2000)],
    token: Annotated[str, Form(max_length=100)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Log in."""
    to = safe_next(next)
    kept = request.cookies.get(FORM, "")
    if not kept or not secrets.compare_digest(kept.encode(), token.encode()):
        return _form(request, to, "表单已失效，请再试一次", 403)
    address = request.client.host if request.client else ""
    try:
        secret = log_in(office_of(request).store, name, password, address)
    except PeopleError as error:
        return _form(request, to, str(error), 429)
    if secret is None:
        return _form(request, to, "登录名或口令不对；多次输错后账户锁定十五分钟", 401)
    answer = RedirectResponse(to, 303)
    _cookie(answer, request, COOKIE, secret, int(SESSION_LONGEST.total_seconds()))
    answer.delete_cookie(FORM)
    return answer


@router.post("/logout")
def leave(request: Request, visit: Reads) -> Response:
    """Log out."""
    with visit.writing() as session:
        end(session, request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


@router.post("/language")
def language(
    request: Request,
    visit: Reads,
    lang: Annotated[str, Form(pattern="^(zh|en)$")],
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Chinese or English."""
    answer = RedirectResponse(safe_next(next), 303)
    _cookie(answer, request, "lang", lang, 365 * 86400)
    return answer


@router.get("/me")
def me(request: Request, visit: Reads) -> HTMLResponse:
    """The own account."""
    return draw(request, visit, "me.html", problem="", done=False)


@router.post("/me/password")
def password(
    request: Request,
    old: Annotated[str, Form(max_length=2000)],
    new: Annotated[str, Form(max_length=2000)],
    again: Annotated[str, Form(max_length=2000)],
    visit: Reads,
) -> Response:
    """Another password of one's own; all sessions end."""
    address = request.client.host if request.client else ""
    try:
        if new != again:
            raise PeopleError("两次输入的新口令不同")
        if log_in(visit.office.store, visit.name, old, address) is None:
            raise PeopleError("现在的口令不对")
        with visit.writing() as session:
            set_password(session, named(session, visit.name), new)
    except PeopleError as error:
        return draw(request, visit, "me.html", 422, problem=str(error), done=False)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer
