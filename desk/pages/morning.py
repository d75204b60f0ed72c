"""The morning page: what the night brought, what is due."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from desk.screen import draw
from desk.visit import Reads

__all__ = ["router"]

router = APIRouter()


@router.get("/")
def morning(request: Request, visit: Reads) -> HTMLResponse:
    """The first page of the day."""
    return draw(request, visit, "morning.html")
