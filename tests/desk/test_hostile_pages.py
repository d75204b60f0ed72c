"""What a shop writes is text on every page, whatever it writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import select

from bench.live import served
from crawler.browser import launch_options
from desk.office import Office
from desk.people import add_account
from storage import models as m
from tests.clues.test_growth import accuse, seen
from tests.desk.conftest import PASSWORD, Officer

SCRIPT = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
TEMPLATE = "{{7*191}}${7*191}{%raw%}<%=7*191%>#{7*191}"
MARKS = "\u202egnp.exe\u2066\u200f\x00\x1b[31m\x07"
LONG = "茶" * 50_000 + "a" * 50_000
HOSTILE = f"{SCRIPT}{TEMPLATE}{MARKS}"


@pytest.fixture
def pages(office: Office) -> list[str]:
    """All pages that show a listing, a shop, an operator and a clue with hostile names and texts."""
    found = []
    for number, text in enumerate((f"{HOSTILE}高仿", LONG, "=cmd|'/C calc'!A0 高仿"), 1):
        row = seen(
            office.store, text, number, shop_name=f"{text[:200]}{number}", text=f"{text}</pre></textarea>{HOSTILE}",
            operator_name=f"{SCRIPT}{TEMPLATE[:60]}{number}", licence_no=HOSTILE[:50],
        )  # fmt: skip
        accuse(office.store, row, text[:190].replace("\0", "\ufffd"), 0.9, "counterfeit", "530102")
        with office.store.session() as session:
            clue = session.scalars(select(m.Clue.id).order_by(m.Clue.id.desc())).first()
            shop = session.get_one(m.Shop, row.shop_id)
            found += [f"/clues/{clue}", f"/clues/{clue}/similar", f"/shops/{shop.id}", f"/listings/{row.listing_id}"]  # fmt: skip
            found += [f"/operators/{shop.operator_id}"] if shop.operator_id else []
    return ["/", "/clues", "/clues?text=高仿", "/shops", "/operators", "/sources", *found]


def test_no_markup_of_a_shop_gets_into_a_page(
    pages: list[str], officer: Callable[..., Officer]
) -> None:
    browser = officer("administrator")
    shown = 0
    for path in pages:
        answer = browser.get(path)
        assert answer.status_code == 200, path
        page = answer.text
        assert "<script>document" not in page and "<img src=x" not in page, path
        assert "1337" not in page, path
        assert "\x00" not in page and "\x1b" not in page, path
        assert len(page) < 400_000, path
        shown += "&lt;script&gt;document" in page
    assert shown >= 4


def test_nor_anything_of_an_address_or_a_form(officer: Callable[..., Officer]) -> None:
    browser = officer("administrator")
    for path in ("/clues", "/shops", "/operators", "/rules", "/reports", "/sources/x", "/people/looks", "/login"):  # fmt: skip
        for name in ("text", "q", "region", "sort", "source", "next", "page", "since", "kind", "from"):  # fmt: skip
            answer = browser.get(path, params={name: HOSTILE})
            assert answer.status_code < 500, (path, name)
            assert "<script>document" not in answer.text and "1337" not in answer.text, (path, name)


def test_real_chromium_runs_nothing_of_it(office: Office, pages: list[str]) -> None:
    with office.store.writing() as session:
        add_account(session, "chief", "管理员", "administrator", PASSWORD)
    with served(office) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        page = browser.new_page(base_url=address, viewport={"width": 1366, "height": 768})
        page.goto("/login")
        page.get_by_label("登录名").fill("chief")
        page.get_by_label("口令").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_load_state("networkidle")
        for path in pages:
            page.goto(path)
            page.wait_for_load_state("networkidle")
            assert page.title() != "taken", path
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"
        browser.close()
