"""The API as an application of its own, which the desk mounts at `/api/v1`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as HttpError

from clues.exports import ExportError
from clues.log import CaseError
from clues.merging import OperatorError
from desk.api.entry import Reads
from desk.office import Office
from desk.papers import Busy
from desk.people import PeopleError
from desk.searches import SearchError
from desk.visit import Forbidden, LoginWanted
from evidence.errors import EvidenceError
from reports.model import ReportError
from watching.webhooks import WebhookError

__all__ = ["NOUNS", "make_api"]

NOUNS = ("me", "clues", "searches", "casework", "cases", "credit", "files", "listings", "shops", "operators", "sources", "rules", "reports", "webhooks", "people")  # fmt: skip
"""Files of this package with a `router`, in the order of the document."""
_AS_THINGS_STAND = (CaseError, OperatorError, EvidenceError, ReportError, ExportError, PeopleError, WebhookError, SearchError, Busy)  # fmt: skip
ABOUT = """Clues from online shops, and what officers do with them.

Times are UTC in ISO 8601, amounts of money are fen. Show a token as `Authorization: Bearer yj_…`.
An account that is bound to a county gets that county's records alone, through every route."""


def make_api(office: Office) -> FastAPI:
    """The API of an office."""
    api = FastAPI(
        title="云鉴 Yunjian", version="1", description=ABOUT, docs_url=None, redoc_url=None,
        openapi_url=None, servers=[{"url": "/api/v1"}], root_path_in_servers=False,
        redirect_slashes=False,
    )  # fmt: skip
    api.state.office = office
    for noun in NOUNS:
        router: APIRouter = import_module(f"desk.api.{noun}").router
        api.include_router(router)
    api.add_api_route("/openapi.json", _document, include_in_schema=False)
    for kind in (LoginWanted, Forbidden, HttpError, RequestValidationError, *_AS_THINGS_STAND):
        api.add_exception_handler(kind, _told)
    return api


def _document(request: Request, visit: Reads) -> JSONResponse:
    """The description of all this, OpenAPI 3.1."""
    document: dict[str, Any] = request.app.openapi()
    return JSONResponse(document)


def _told(request: Request, error: Exception) -> Response:
    headers = dict(getattr(error, "headers", None) or {})
    if isinstance(error, LoginWanted):
        return _say(401, "请出示令牌（Authorization: Bearer …）或先登录", {"www-authenticate": "Bearer"})  # fmt: skip
    if isinstance(error, Forbidden):
        return _say(403, str(error))
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HttpError):
        return _say(error.status_code, str(error.detail), headers)
    return _say(503 if isinstance(error, Busy) else 409, str(error))


def _invalid(error: RequestValidationError) -> Response:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return _say(400, "请求体不是 JSON")
    text = "；".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
    return _say(422, text[:500])


def _say(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"detail": text}, status, headers)
