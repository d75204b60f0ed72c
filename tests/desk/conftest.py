"""A desk over a store that a test fills, and officers who log in to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

import settings
from desk.app import make_app
from desk.office import Office, open_office
from desk.people import add_account
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
