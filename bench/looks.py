"""Pictures of every page of the desk, in real Chromium over a swept practice town.

`python -m bench.looks` writes them to docs/desk: each page at three sizes, the morning and a clue
in the dark too. `--language en` draws them in English, `--whole` down to the end of each page,
`--to FOLDER` elsewhere: to look at, before they are given away.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.live import PASSWORD, served, swept_office
from crawler.browser import launch_options
from detectors.ruleset import load_rules
from practice import Town
from storage.models import Clue, Shop
from storage.search import ClueListing

__all__ = ["SIZES", "main", "pages_of", "reduced"]

HOUSE = Path(__file__).resolve().parents[1]
SIZES = {"desk": (1366, 768), "wide": (1920, 1080), "phone": (390, 844)}
PHONE = 1600
"""Rows of pixels that a phone's picture shows at most."""
MOST = 120_000
"""Bytes that a picture has at most, where fewer colours can bring it there."""
COLOURS = (128, 64, 32)
DARK = ("morning", "clue")
SWEPT = ("--goods", "sanqi", "--goods", "tea", "--source", "taobao", "--source", "jd", "--source", "baidu")  # fmt: skip
PASTED = "三七粉能根治高血压，三天见效，无效退款。全国销量第一。"
Step = Callable[[Page], object]


def pages_of(session: Session, today: date) -> dict[str, str]:
    """Name of each page and its path, of records that tell the most."""
    heads = select(Clue).where(Clue.operator_id.is_not(None)).order_by(Clue.score.desc(), Clue.id)
    clue = session.scalars(heads.limit(1)).one()
    shops = func.count(Shop.id)
    operator = session.scalars(
        select(Shop.operator_id).where(Shop.operator_id.is_not(None)).group_by(Shop.operator_id).order_by(shops.desc(), Shop.operator_id).limit(1)
    ).one()  # fmt: skip
    listing = session.scalars(select(ClueListing.listing_id).where(ClueListing.clue_id == clue.id).limit(1)).one()  # fmt: skip
    month = f"from={today.replace(day=1)}&to={today}"
    return {
        "morning": "/",
        "clues": "/clues",
        "clue": f"/clues/{clue.id}",
        "operator": f"/operators/{operator}",
        "shop": f"/shops/{clue.shop_id}",
        "listing": f"/listings/{listing}",
        "sources": "/sources",
        "rules": "/rules",
        "rule": "/rules/treats-disease",
        "try": "/rules/treats-disease/try",
        "reports": f"/reports?{month}",
        "people": "/people",
        "tokens": "/me/tokens",
    }


def reduced(shot: bytes, rows: int) -> bytes:
    """A PNG of its first `rows` rows in few colours: as many as keep it below `MOST` bytes."""
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, rows)))
    made = b""
    for colours in COLOURS:
        kept = io.BytesIO()
        few = image.quantize(colours, dither=Image.Dither.NONE)
        few.save(kept, "PNG", optimize=True)
        made = kept.getvalue()
        if len(made) <= MOST:
            break
    return made


def _tried(page: Page) -> None:
    page.locator("textarea[name=text]").fill(PASTED)
    page.locator("main form button.primary").click()


BEFORE: dict[str, Step] = {"try": _tried}
"""What is done on a page before its picture is taken."""


def _shots(
    browser: Browser, address: str, pages: dict[str, str], size: str, dark: bool, language: str, whole: bool
) -> Iterator[tuple[str, bytes]]:  # fmt: skip
    width, height = SIZES[size]
    rows = 10_000 if whole else PHONE if size == "phone" else height
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, locale="zh-CN",
        color_scheme="dark" if dark else "light",
    )  # fmt: skip
    context.add_cookies([{"name": "lang", "value": language, "url": address}])
    page = context.new_page()

    def shot() -> bytes:
        page.wait_for_load_state("networkidle")
        return reduced(page.screenshot(full_page=rows > height), rows)

    page.goto("/login")
    if not dark:
        yield "login", shot()
    page.locator("input[name=name]").fill("chief")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button.primary").click()
    page.wait_for_url(f"{address}/")
    for name, path in pages.items():
        if dark and name not in DARK:
            continue
        answer = page.goto(path)
        if answer is None or answer.status != 200:
            raise SystemExit(f"{path} answered {answer and answer.status}")
        if name in BEFORE:
            BEFORE[name](page)
        yield name, shot()
    context.close()


def main(to: Path, language: str = "zh", whole: bool = False) -> None:
    """Write the pictures as ``PAGE-SIZE.png`` and tell how large each is, in kB."""
    to.mkdir(parents=True, exist_ok=True)
    with Town() as town, tempfile.TemporaryDirectory() as data:
        office = swept_office(town, Path(data), load_rules(HOUSE / "rules"), SWEPT)
        with office.store.session() as session:
            pages = pages_of(session, date.today())
        with served(office) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(**launch_options())
            for size, dark in [*((size, False) for size in SIZES), ("desk", True)]:
                for name, made in _shots(browser, address, pages, size, dark, language, whole):
                    path = to / f"{name}-{'dark' if dark else size}.png"
                    path.write_bytes(made)
                    print(f"{path.name:24} {len(made) // 1000:4} kB", flush=True)
            browser.close()
        office.store.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--to", type=Path, default=HOUSE / "docs" / "desk")
    options.add_argument("--language", choices=("zh", "en"), default="zh")
    options.add_argument("--whole", action="store_true")
    asked = options.parse_args()
    main(asked.to, asked.language, asked.whole)
