"""Accounts, and who opened what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from desk.accounts import account_of, accounts_of, count_accounts, grantable, looks_of
from desk.api.entry import Manages, said
from desk.api.values import BIGGEST, Body, Id, Limit, Offset, Said
from desk.people import add_account, set_account, set_password

__all__ = ["router"]

router = APIRouter(tags=["people"])
Role = Literal["viewer", "analyst", "reviewer", "administrator"]
Region = Annotated[str, Field(pattern="^([0-9]{2}|[0-9]{4}|[0-9]{6})?$", max_length=6)]
Password = Annotated[str, Field(min_length=12, max_length=1000)]


class Person(BaseModel):
    """An account."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str = Field(description="by which one logs in")
    officer: str = Field(description="as it stands in logs")
    role: str
    region: str = Field(description="division code of what is seen; empty is everything")
    active: bool
    created_by: str
    created_at: datetime
    locked_until: datetime | None


class People(BaseModel):
    """A page of accounts."""

    total: int
    items: list[Person]


class NewPerson(Body):
    """An account to make."""

    name: Annotated[str, Field(min_length=1, max_length=64)] = Field(
        description="letters, digits, dot, hyphen, underscore"
    )
    officer: Annotated[str, Field(max_length=100)] = ""
    role: Role
    region: Region = ""
    password: Password


class Change(Body):
    """What to change; what is left out stays."""

    role: Role | None = None
    region: Region | None = None
    active: bool | None = None
    password: Password | None = None


class Look(BaseModel):
    """Somebody opened or exported something."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    officer: str
    what: str
    target: str
    via: str
    at: datetime


@router.get("/people", responses=said(422))
def listed(visit: Manages, limit: Limit = 50, offset: Offset = 0) -> People:
    """Accounts of the caller's division, by name."""
    with visit.reading() as session:
        items = [Person.model_validate(one) for one in accounts_of(visit, session, limit, offset)]
        return People(total=count_accounts(visit, session), items=items)


@router.post("/people", status_code=201, responses=said(400, 409, 422))
def add(visit: Manages, asked: NewPerson) -> Person:
    """Make an account."""
    with visit.writing() as session:
        made = add_account(
            session, asked.name, asked.officer, asked.role, asked.password, grantable(visit, asked.region),
            by=visit.officer,
        )  # fmt: skip
        return Person.model_validate(made)


@router.patch("/people/{account_id}", responses=said(400, 404, 409, 422))
def change(visit: Manages, account_id: Id, asked: Change) -> Person:
    """Change what an account may, or its password; what it had open ends."""
    with visit.writing() as session:
        one = account_of(visit, session, account_id)
        if (asked.role, asked.region, asked.active) != (None, None, None):
            region = one.region if asked.region is None else grantable(visit, asked.region)
            active = one.active if asked.active is None else asked.active
            set_account(session, one, asked.role or one.role, region, active)
        if asked.password is not None:
            set_password(session, one, asked.password)
        session.flush()
        return Person.model_validate(one)


@router.get("/looks", responses=said(422))
def looks(
    visit: Manages,
    officer: Annotated[Said, Query(max_length=255)] = "",
    what: Annotated[Said, Query(max_length=16, description="clue, listing, export, …")] = "",
    target: Annotated[Said, Query(max_length=255, description="its id")] = "",
    before: Annotated[int, Query(ge=0, le=BIGGEST, description="below this id; 0 is all")] = 0,
    limit: Limit = 50,
) -> list[Look]:
    """Who opened or exported what, the newest first."""
    with visit.reading() as session:
        found = looks_of(visit, session, officer, what, target, limit, before)
    return [Look.model_validate(one) for one in found]
