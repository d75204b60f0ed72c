"""A desk over a store that a test fills, and officers who log in to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import settings
from desk.app import make_app
from desk.office import Office, open_office
from desk.people import add_account
from desk.roles import PERMISSIONS, may
from desk.tokens import make_token
from detectors import Detector
from storage import Store

PASSWORD = "a long enough password"


class Officer(TestClient):
    """A browser of one officer that keeps cookies and sends the token with each form."""

    csrf = ""

    def enter(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Log in by the form, as a browser does."""
        page = self.get("/login")
        token = page.text.split('name="token" value="', 1)[1].split('"', 1)[0]
        said = {"name": name, "password": password, "token": token}
        answer: httpx.Response = self.post("/login", data=said, follow_redirects=False)
        home = self.get("/")
        if 'data-csrf="' in home.text:
            self.csrf = home.text.split('data-csrf="', 1)[1].split('"', 1)[0]
        return answer

    def act(self, path: str, **fields: object) -> httpx.Response:
        """Send a form of the desk."""
        said = {"csrf": self.csrf, **fields}
        answer: httpx.Response = self.post(path, data=said, follow_redirects=False)
        return answer


@pytest.fixture
def office(store: Store, detector: Detector, tmp_path: Path) -> Office:
    """An office over an empty store, on SQLite and on PostgreSQL."""
    return open_office(settings.load(data_dir=tmp_path / "data"), store, detector.ruleset)


@pytest.fixture
def officer(office: Office) -> Iterator[Callable[..., Officer]]:
    """Make an account and log it in: ``officer("reviewer", region="5328")``."""
    app = make_app(office)
    made: list[Officer] = []

    def log_in(role: str = "analyst", region: str = "", name: str = "") -> Officer:
        name = name or f"{role}{len(made)}"
        with office.store.writing() as session:
            add_account(session, name, f"{name}同志", role, PASSWORD, region)
        browser = Officer(app)
        made.append(browser)
        assert browser.enter(name).status_code == 303
        return browser

    yield log_in
    for browser in made:
        browser.close()


@pytest.fixture
def stranger(office: Office) -> Iterator[Officer]:
    """A browser of nobody."""
    with Officer(make_app(office)) as browser:
        yield browser


class Program(TestClient):
    """A program that shows a token, and speaks of paths below /api/v1."""

    def ask(self, path: str, **query: Any) -> Any:
        """The JSON of an answer that must be fine."""
        answer = self.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tell(self, path: str, method: str = "POST", **body: Any) -> httpx.Response:
        """Send a body."""
        answer: httpx.Response = self.request(method, f"/api/v1{path}", json=body)
        return answer


Programs = Callable[..., Program]


@pytest.fixture
def app(office: Office, detector: Detector) -> FastAPI:
    office.detector = detector
    return make_app(office)


@pytest.fixture
def program(office: Office, app: FastAPI) -> Iterator[Programs]:
    """A program of a new account: ``program("reviewer", region="5328", scopes=["read"])``."""
    made: list[Program] = []

    def start(role: str = "analyst", region: str = "", scopes: list[str] | None = None) -> Program:
        name = f"{role}.p{len(made)}"
        with office.store.writing() as session:
            account = add_account(session, name, "王芳", role, PASSWORD, region)
            has = [one for one in PERMISSIONS if may(role, one)] if scopes is None else scopes
            _, secret = make_token(session, account, "test", has, 1)
        one = Program(app, headers={"Authorization": f"Bearer {secret}"})
        made.append(one)
        return one

    yield start
    for one in made:
        one.close()
