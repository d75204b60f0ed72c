"""Every page in real Chromium: usable by everybody, at three sizes, in the dark, in English; and
whatever shops write stays text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from desk.office import Office
from storage.models import Clue
from tests.desk.test_browser import SIZES, chromium, desk, filled, opened, town

__all__ = ["chromium", "desk", "filled", "opened", "town"]

PAGES = (
    "/", "/clues", "/clues/{clue}", "/clues?text=三七&region=5326", "/operators", "/operators/{operator}", "/shops",
    "/shops/{shop}", "/listings/{listing}", "/sources", "/sources/taobao", "/rules", "/rules/lookalike-name",
    "/rules/lookalike-name/check", "/reports", "/people", "/me", "/me/tokens",
)  # fmt: skip


@pytest.fixture
def paths(filled: Office) -> list[str]:
    """All pages, of records that are there."""
    from sqlalchemy import select

    from storage.search import ClueListing

    with filled.store.session() as session:
        clue = session.scalars(select(Clue).where(Clue.operator_id.is_not(None))).first()
        assert clue
        listing = session.scalars(select(ClueListing.listing_id).where(ClueListing.clue_id == clue.id)).first()  # fmt: skip
        found = {"clue": clue.id, "operator": clue.operator_id, "shop": clue.shop_id, "listing": listing}  # fmt: skip
    return [path.format(**found) for path in PAGES]


def settled(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None and answer.status == 200, path
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize(("size", "dark"), [("desk", False), ("phone", False), ("desk", True)])
def test_nothing_serious_stands_in_anybodys_way(
    opened: Callable[..., Page], paths: list[str], size: str, dark: bool
) -> None:
    page = opened("chief", size, dark)
    found = []
    for path in paths:
        settled(page, path)
        for one in Axe().run(page).response["violations"]:
            if one["impact"] in ("serious", "critical"):
                found.append((path, one["id"], [node["html"][:160] for node in one["nodes"][:3]]))
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found.append((path, "wider than the screen", [f"{wide} px at {SIZES[size]}"]))
    assert found == []
