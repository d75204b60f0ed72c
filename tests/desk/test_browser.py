"""The desk in real Chromium: a whole morning, its looks, and whether everybody can use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect, sync_playwright

from desk.office import Office
from detectors import Detector
from practice import Town
from tests.desk.conftest import PASSWORD
from tests.desk.live import served, swept_office

SIZES = {"desk": (1366, 768), "wide": (1920, 1080), "phone": (390, 844)}


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with Town() as raised:
        yield raised


@pytest.fixture(scope="module")
def filled(town: Town, detector: Detector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:  # fmt: skip
    made = swept_office(town, tmp_path_factory.mktemp("morning"), detector.ruleset)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def desk(filled: Office) -> Iterator[str]:
    with served(filled) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch()
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, desk: str) -> Iterator[Callable[..., Page]]:
    """Log in as one of the people: ``opened("fang", size="phone", dark=True)``; whatever a page
    asks of other hosts, or its script or policy complains of, fails the test."""
    contexts = []
    complaints: list[str] = []

    def log_in(name: str, size: str = "desk", dark: bool = False) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            base_url=desk, viewport={"width": width, "height": height}, locale="zh-CN",
            color_scheme="dark" if dark else "light", accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith((desk, "data:", "about:", "blob:")) or complaints.append(asked.url))  # fmt: skip
        page.goto("/")
        page.get_by_label("登录名").fill(name)
        page.get_by_label("口令").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("晨报")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert complaints == []
