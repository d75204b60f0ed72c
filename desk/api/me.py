"""Who calls, and what may be done."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from desk.api.entry import Reads, said
from desk.roles import PERMISSIONS

__all__ = ["router"]

router = APIRouter(tags=["me"])


class Me(BaseModel):
    """The caller."""

    name: str = Field(description="login name")
    officer: str = Field(description="as it is written into logs")
    role: str = Field(description="viewer, analyst, reviewer or administrator")
    region: str = Field(description="division code that bounds what is seen; empty is everything")
    permissions: list[str] = Field(
        description="of read, judge, export, settle, manage: what the role and the token both allow"
    )


@router.get("/me", responses=said())
def me(visit: Reads) -> Me:
    """The account behind the token or session."""
    return Me(
        name=visit.name, officer=visit.officer, role=visit.role, region=visit.region,
        permissions=[one for one in PERMISSIONS if visit.may(one)],
    )  # fmt: skip
