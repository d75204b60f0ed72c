"""Addresses that new clues are sent to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.api.clues import seen_region
from desk.api.entry import Call, Manages, said
from desk.api.values import Body, Id, Limit, Name
from desk.visit import Forbidden
from storage.webhooks import Delivery, Webhook
from watching.webhooks import add_webhook, drop_webhook

__all__ = ["router"]

router = APIRouter(tags=["webhooks"])


class Hook(BaseModel):
    """An address."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    url: str
    violation: str
    goods: str
    region: str
    min_score: float
    active: bool
    created_by: str
    created_at: datetime


class NewHook(Body):
    """An address that is to be told."""

    url: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")] = Field(
        description="http or https; private addresses only where the setting allow_private names them"
    )
    violation: Name = Field("", description="of this violation alone")
    goods: Name = Field("", description="of this goods group alone")
    region: Annotated[str, Field(pattern="^[0-9]{0,6}$", max_length=6)] = Field(
        "", description="division code, those below count too; a county's account: its own"
    )
    min_score: float = Field(0.0, ge=0, le=1)


class MadeHook(Hook):
    """A new address, and the secret that signs what is sent to it."""

    secret: str = Field(description="shown this once")


class Change(Body):
    """What to change of an address."""

    active: bool


class Sent(BaseModel):
    """One clue for one address."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    clue_id: int
    state: str = Field(description="pending, sent, given_up, or gone (no such clue any more)")
    made_at: datetime
    next_at: datetime
    sent_at: datetime | None
    tries: int
    error: str = Field(description="of the last try")


def hook_of(visit: Call, session: Session, hook_id: int) -> Webhook:
    """The address; 404 where there is none, or it is another county's."""
    hook = session.get(Webhook, hook_id)
    if hook is None or not visit.within(hook.region):
        raise HTTPException(404, "没有这个推送地址")
    return hook


@router.get("/webhooks", responses=said())
def listed(visit: Manages) -> list[Hook]:
    """All addresses of the caller's county."""
    with visit.reading() as session:
        rows = session.scalars(select(Webhook).order_by(Webhook.id).limit(200))
        return [Hook.model_validate(one) for one in rows if visit.within(one.region)]


@router.post("/webhooks", status_code=201, responses=said(400, 409, 422))
def add(visit: Manages, asked: NewHook) -> MadeHook:
    """Add an address; clues that are there already are not told."""
    region = seen_region(visit, asked.region)
    if region is None:
        raise Forbidden("不在您的辖区")
    with visit.writing() as session:
        made = add_webhook(
            session, visit.office.settings, asked.url, visit.officer, asked.violation, asked.goods,
            region, asked.min_score,
        )  # fmt: skip
        return MadeHook.model_validate(made)


@router.patch("/webhooks/{hook_id}", responses=said(400, 404, 422))
def change(visit: Manages, hook_id: Id, asked: Change) -> Hook:
    """Stop an address, or go on with it; what waits for it waits."""
    with visit.writing() as session:
        hook = hook_of(visit, session, hook_id)
        hook.active = asked.active
        session.flush()
        return Hook.model_validate(hook)


@router.delete("/webhooks/{hook_id}", status_code=204, responses=said(404, 422))
def drop(visit: Manages, hook_id: Id) -> None:
    """Take an address away, with what waits for it."""
    with visit.writing() as session:
        drop_webhook(session, hook_of(visit, session, hook_id))


@router.get("/webhooks/{hook_id}/deliveries", responses=said(404, 422))
def deliveries(visit: Manages, hook_id: Id, limit: Limit = 50) -> list[Sent]:
    """What was sent or is to be, the newest first."""
    with visit.reading() as session:
        hook_of(visit, session, hook_id)
        query = select(Delivery).where(Delivery.webhook_id == hook_id)
        rows = session.scalars(query.order_by(Delivery.id.desc()).limit(limit))
        return [Sent.model_validate(one) for one in rows]
