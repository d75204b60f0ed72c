"""Every route of the desk asks who one is, and refuses whom it is not for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from desk.app import make_app
from desk.office import Office
from desk.roles import ROLES, may
from tests.desk.conftest import Officer

OPEN = {"GET /login", "POST /login"}
"""What one needs no account for."""


def routes(office: Office) -> Iterator[tuple[str, str, str]]:
    """Method, path with something filled in, and the permission that it asks for ("" for none)."""
    stack: list[Any] = list(make_app(office).routes)
    while stack:
        route = stack.pop()
        stack += getattr(getattr(route, "original_router", None), "routes", [])
        if isinstance(route, APIRoute):
            path = re.sub(r"\{\w+(:\w+)?\}", "1", route.path)
            for method in sorted(route.methods or ()):
                yield method, path, permission(route.dependant)


def permission(dependant: Dependant) -> str:
    """The strongest that a route or anything below it asks for."""
    asked = getattr(dependant.call, "permission", "")
    return asked or next(filter(None, map(permission, dependant.dependencies)), "")


def test_a_route_without_a_permission_is_the_login(office: Office) -> None:
    listed = {(f"{method} {path}", asked) for method, path, asked in routes(office)}
    assert len(listed) > 10
    assert {name for name, asked in listed if not asked} == OPEN


def test_a_stranger_is_led_to_the_login(office: Office, stranger: Officer) -> None:
    for method, path, asked in routes(office):
        if asked:
            answer = stranger.request(method, path, follow_redirects=False)
            led = answer.status_code == 303 and answer.headers["location"].startswith("/login")
            assert led or answer.status_code == 401, f"{method} {path}: {answer.status_code}"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_wherever_it_may_not(
    office: Office, officer: Callable[..., Officer], role: str
) -> None:
    browser = officer(role)
    refused = 0
    for method, path, asked in routes(office):
        if not asked or (method == "GET" and path.endswith("/stream")):
            continue
        if may(role, asked):  # type: ignore[arg-type]
            continue
        answer = browser.request(
            method, path, data={"csrf": browser.csrf}, headers={"x-csrf": browser.csrf}
        )
        assert answer.status_code == 403, f"{role} {method} {path}: {answer.status_code}"
        refused += 1
    print(f"{role}: refused {refused} times")
    assert refused or role == "administrator"


def test_a_form_without_its_token_is_refused(
    office: Office, officer: Callable[..., Officer]
) -> None:
    browser = officer("administrator")
    for method, path, asked in routes(office):
        if asked and method not in ("GET", "HEAD"):
            answer = browser.request(method, path, data={"csrf": "guessed"}, follow_redirects=False)
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
