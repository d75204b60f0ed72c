"""Accounts, what they may, who opened what, and the programs that are told of new clues."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select

from desk.accounts import account_of, accounts_of, count_accounts, grantable, looks_of
from desk.api.values import BIGGEST, Id
from desk.people import PeopleError, add_account, set_account, set_password
from desk.screen import draw
from desk.visit import Manages, Visit
from storage.webhooks import Delivery, Webhook
from watching.webhooks import WebhookError, add_webhook, drop_webhook

__all__ = ["router"]

router = APIRouter()
PAGE = 50
Word = Annotated[str, Form(max_length=200)]
Password = Annotated[str, Form(max_length=2000)]
Asked = Annotated[str, Query(max_length=255, pattern=r"^[^\x00]*$")]


def _list(request: Request, visit: Visit, problem: str = "", page: int = 1, **kept: str) -> HTMLResponse:  # fmt: skip
    with visit.reading() as session:
        people = accounts_of(visit, session, PAGE, (page - 1) * PAGE)
        total = count_accounts(visit, session)
    return draw(
        request, visit, "people.html", 422 if problem else 200, people=people, total=total, page=page,
        pages=max(1, -(-total // PAGE)), problem=problem, kept=kept,
    )  # fmt: skip


@router.get("/people")
def listed(request: Request, visit: Manages, page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> HTMLResponse:  # fmt: skip
    """All accounts of the administrator's division."""
    return _list(request, visit, page=page)


@router.post("/people")
def add(
    request: Request, visit: Manages, name: Word, role: Word, password: Password, officer: Word = "", region: Word = "",
) -> Response:  # fmt: skip
    """Make an account."""
    try:
        with visit.writing() as session:
            add_account(
                session, name, officer, role, password, grantable(visit, region), by=visit.officer
            )
    except PeopleError as error:
        return _list(request, visit, str(error), name=name, officer=officer, role=role, region=region)  # fmt: skip
    return RedirectResponse("/people", 303)


@router.get("/people/looks")
def looks(
    request: Request,
    visit: Manages,
    officer: Asked = "",
    what: Asked = "",
    target: Asked = "",
    before: Annotated[int, Query(ge=0, le=BIGGEST)] = 0,
) -> HTMLResponse:
    """Who opened or exported what, newest first."""
    with visit.reading() as session:
        found = looks_of(visit, session, officer.strip(), what.strip(), target.strip(), PAGE + 1, before)  # fmt: skip
    return draw(
        request, visit, "people_looks.html", looks=found[:PAGE], officer=officer, what=what, target=target,
        next=found[PAGE - 1].id if len(found) > PAGE else 0, before=before,
    )  # fmt: skip


def _hooks(request: Request, visit: Visit, problem: str = "", fresh: Webhook | None = None) -> HTMLResponse:  # fmt: skip
    with visit.reading() as session:
        rows = session.scalars(select(Webhook).order_by(Webhook.id).limit(200))
        hooks = [one for one in rows if visit.within(one.region)]
        counted = (
            select(Delivery.webhook_id, Delivery.state, func.count())
            .where(Delivery.webhook_id.in_([one.id for one in hooks]))
            .group_by(Delivery.webhook_id, Delivery.state)
        )
        counts: dict[int, dict[str, int]] = {}
        for hook_id, state, count in session.execute(counted):
            counts.setdefault(hook_id, {})[state] = count
    return draw(
        request, visit, "people_webhooks.html", 422 if problem else 200, hooks=hooks, counts=counts,
        problem=problem, fresh=fresh,
    )  # fmt: skip


@router.get("/people/webhooks")
def webhooks(request: Request, visit: Manages) -> HTMLResponse:
    """Addresses that new clues are sent to."""
    return _hooks(request, visit)


@router.post("/people/webhooks")
def add_hook(
    request: Request, visit: Manages,
    url: Annotated[str, Form(max_length=2000)],
    violation: Word = "", goods: Word = "", region: Word = "",
    min_score: Annotated[float, Form(ge=0, le=1)] = 0.0,
) -> HTMLResponse:  # fmt: skip
    """Add an address; its secret is shown this once."""
    office = visit.office
    try:
        known = violation in ("", *office.violations) and goods in ("", *office.goods)
        if not known or (region and not (region.isascii() and region.isdigit() and len(region) <= 6)):  # fmt: skip
            raise WebhookError("违法类型、商品或辖区不存在")
        with visit.writing() as session:
            fresh = add_webhook(
                session, office.settings, url, visit.officer, violation, goods,
                grantable(visit, region or visit.region), min_score,
            )  # fmt: skip
    except (WebhookError, PeopleError) as error:
        return _hooks(request, visit, str(error))
    return _hooks(request, visit, fresh=fresh)


@router.post("/people/webhooks/{hook_id}")
def change_hook(
    visit: Manages, hook_id: Id, act: Annotated[str, Form(pattern="^(stop|go|drop)$")]
) -> Response:
    """Stop an address, go on with it, or take it away."""
    with visit.writing() as session:
        hook = session.get(Webhook, hook_id)
        if hook is None or not visit.within(hook.region):
            raise HTTPException(404, "没有这个推送地址")
        if act == "drop":
            drop_webhook(session, hook)
        else:
            hook.active = act == "go"
    return RedirectResponse("/people/webhooks", 303)


def _one(request: Request, visit: Visit, account_id: int, **said: Any) -> HTMLResponse:
    with visit.reading() as session:
        one = account_of(visit, session, account_id)
    said = {"problem": "", "done": ""} | said
    return draw(request, visit, "people_one.html", 422 if said["problem"] else 200, one=one, **said)  # fmt: skip


@router.get("/people/{account_id}")
def one(request: Request, visit: Manages, account_id: Id) -> HTMLResponse:
    """One account."""
    return _one(request, visit, account_id)


@router.post("/people/{account_id}")
def change(
    request: Request, visit: Manages, account_id: Id, role: Word, region: Word = "", active: Word = ""
) -> Response:  # fmt: skip
    """Another role, division, or whether it may log in."""
    try:
        with visit.writing() as session:
            found = account_of(visit, session, account_id)
            set_account(session, found, role, grantable(visit, region), active == "yes")
    except PeopleError as error:
        return _one(request, visit, account_id, problem=str(error))
    return RedirectResponse("/people", 303)


@router.post("/people/{account_id}/password")
def password(request: Request, visit: Manages, account_id: Id, password: Password) -> Response:
    """Another password, where the old one was forgotten; what the account had open ends."""
    try:
        with visit.writing() as session:
            set_password(session, account_of(visit, session, account_id), password)
    except PeopleError as error:
        return _one(request, visit, account_id, problem=str(error))
    if account_id == visit.account_id:
        return RedirectResponse("/login", 303)
    return _one(request, visit, account_id, done="口令已重设，该账户的登录和令牌已全部结束")
