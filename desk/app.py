"""The desk as a web application: pages, static files, errors that say what to do."""

from __future__ import annotations

from html import escape
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as HttpError

from clues.log import CaseError
from clues.merging import OperatorError
from desk import pages
from desk.guard import Guard
from desk.office import Office
from desk.people import PeopleError
from desk.screen import draw_bare
from desk.visit import Forbidden, LoginWanted

__all__ = ["make_app"]

def make_app(office: Office) -> FastAPI:
    """The desk of an office: every file of `desk.pages` has a `router`."""
    app = FastAPI(title="云鉴 Yunjian", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.office = office
    app.mount("/static", StaticFiles(directory=Path(__file__).resolve().parent / "static"))
    for page in iter_modules(pages.__path__):
        app.include_router(import_module(f"desk.pages.{page.name}").router)
    app.add_middleware(Guard)
    app.add_exception_handler(LoginWanted, _login_wanted)
    for kind in (
        Forbidden,
        HttpError,
        RequestValidationError,
        CaseError,
        OperatorError,
        PeopleError,
    ):
        app.add_exception_handler(kind, _told)
    return app


def _login_wanted(request: Request, _error: Exception) -> Response:
    if request.headers.get("hx-request") == "true":
        # htmx would put the login into the middle of the page.
        return Response(status_code=401, headers={"hx-redirect": "/login"})
    if request.method != "GET":
        return RedirectResponse("/login", 303)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(asked)}", 303)


def _told(request: Request, error: Exception) -> Response:
    """An error in the officer's words, as a page, or as a line where htmx asks."""
    status, text = _status(error), _words(error)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"detail": text}, status)
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(escape(text), status, headers={"hx-retarget": "#toast", "hx-reswap": "innerHTML"})  # fmt: skip
    return draw_bare(request, "error.html", status, status=status, text=text)


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException | HttpError):
        return error.status_code
    if isinstance(error, Forbidden):
        return 403
    # Another officer was first, or the step can't be taken from here.
    return 409 if isinstance(error, CaseError | OperatorError) else 422


def _words(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        return "；".join(
            f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()
        )[:500]
    if isinstance(error, HTTPException | HttpError):
        return str(error.detail) if error.status_code != 404 else "没有这个页面或记录"
    return str(error)
