"""Triage by keyboard, in a real browser: what the script of the list does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from clues.log import events_of
from crawler.browser import launch_options
from desk.app import make_app
from desk.office import Office
from desk.people import add_account
from storage.models import Clue
from tests.clues.casework import a_clue, walk
from tests.desk.conftest import PASSWORD


@pytest.fixture
def page(office: Office) -> Iterator[Page]:
    """A browser with an analyst logged in, over three clues (two new, one being verified)."""
    for number in (1, 2, 3):
        a_clue(office.store, number)
    walk(office.store, 3, "triage", "verify")
    with office.store.writing() as session:
        add_account(session, "anna", "安娜", "analyst", PASSWORD)
    server = uvicorn.Server(uvicorn.Config(make_app(office), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(**launch_options(""))
            page = chromium.new_page(base_url=f"http://127.0.0.1:{port}")
            page.goto("/login?next=/clues?sort=opened")
            page.fill("[name=name]", "anna")
            page.fill("[name=password]", PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_selector("tr[data-clue]")
            yield page
            chromium.close()
    finally:
        server.should_exit = True
        thread.join()


def judged(page: Page, state: str) -> None:
    """Wait until the rows are put in anew, and the script has gone on to the next."""
    page.wait_for_selector(state)
    expect(page.locator("#chosen")).to_have_text("已选 0")


def test_triage_by_keyboard(page: Page, office: Office) -> None:
    keys, done = page.keyboard, page.locator("#done")
    keys.press("j")
    assert page.locator("tr.at").get_attribute("data-clue") == "1"
    keys.press("y")
    judged(page, "#clue-1[data-state=triaged]")
    assert "已办理 1 / 1" in done.inner_text()
    page.wait_for_selector("#clue-2.at")
    # A reason that is begun and left is not the next step's.
    keys.press("n")
    page.fill("#reason textarea", "没有想好")
    keys.press("Escape")
    page.click("#yes")
    judged(page, "#clue-2[data-state=triaged]")
    # A verdict asks for its reason, whether by y or by n.
    page.wait_for_selector("#clue-3.at")
    keys.press("y")
    page.fill("#reason textarea", "已比对")
    page.click("#reason [value=confirm]")
    judged(page, "#clue-3[data-state=confirmed]")
    for _ in range(3):
        keys.press("k")
    keys.press("x")
    keys.press("j")
    keys.press("x")
    assert page.inner_text("#chosen") == "已选 2"
    keys.press("n")
    page.fill("#reason textarea", "误报")
    page.click("#reason [value=reject]")
    judged(page, "#clue-1[data-state=rejected]")
    assert "已办理 2 / 2" in done.inner_text()
    with office.store.session() as session:
        said = [
            [e.why for e in events_of(session, session.get_one(Clue, id_).docket)] for id_ in (2, 3)
        ]
    assert said == [["在线索列表中办理", "误报"], ["例行", "例行", "已比对"]]


def test_the_sheet_the_search_box_and_keys_switched_off(page: Page) -> None:
    keys = page.keyboard
    keys.press("?")
    assert page.is_visible("#keys")
    page.uncheck("#keys-on")
    page.click("#keys [data-closes]")
    keys.press("j")
    assert page.locator("tr.at").count() == 0
    page.click("[data-opens=keys]")
    page.check("#keys-on")
    keys.press("Escape")
    keys.press("/")
    keys.type("jy?")
    assert page.locator("tr.at").count() == 0, "letters of a text are no commands"
    keys.press("Tab")
    expect(page.locator("#count")).to_have_text("共 3 条")
    page.evaluate("document.activeElement.blur()")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url("**/clues/1")
