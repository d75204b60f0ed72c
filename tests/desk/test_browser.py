"""The desk in real Chromium: a whole morning, its looks, and whether everybody can use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from bench.live import PASSWORD, served, swept_office
from crawler.browser import launch_options
from desk.office import Office
from detectors import Detector
from practice import Town

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
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


def wrong(said: ConsoleMessage) -> bool:
    """Whether the console tells of an error; that an archived page is held down is none."""
    return said.type == "error" and said.location["url"] != "about:srcdoc"


@pytest.fixture
def opened(chromium: Browser, desk: str) -> Iterator[Callable[..., Page]]:
    """Log in as one of the people: ``opened("fang", size="phone", dark=True)``; whatever a page
    asks of other hosts, or its script or policy complains of, fails the test."""
    contexts = []
    complaints: list[str] = []

    def console(said: ConsoleMessage) -> None:
        if wrong(said):
            complaints.append(said.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((desk, "data:", "about:", "blob:")):
            complaints.append(request.url)

    def log_in(name: str, size: str = "desk", dark: bool = False) -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            base_url=desk, viewport={"width": width, "height": height}, locale="zh-CN",
            color_scheme="dark" if dark else "light", accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", console)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", asked)
        page.goto("/")
        page.get_by_label("登录名").fill(name)
        page.get_by_label("口令").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("晨报")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_whole_morning(opened: Callable[..., Page], tmp_path: Path) -> None:
    page = opened("fang")

    # The list, narrowed to one violation and a word.
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="线索").click()
    rows = page.locator("tr[data-clue]")
    expect(page.locator("#count")).to_contain_text("19")
    assert rows.count() == 19
    page.get_by_text("违法类型与状态").click()
    page.get_by_label("非药品涉及疾病治疗功能、医疗用语").check()
    page.locator("main").get_by_label("检索词").fill("跌打")
    page.get_by_role("button", name="查询").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("专治跌打")
    page.get_by_role("link", name="清空").click()
    expect(rows).to_have_count(19)

    # Triage by keyboard: the help, down, yes; down, no with a reason.
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("下一条、上一条")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    first = rows.first.get_attribute("data-clue")
    page.keyboard.press("y")
    expect(page.locator(f"#clue-{first}")).to_have_attribute("data-state", "triaged")
    expect(page.locator("tr.at")).not_to_have_attribute("data-clue", first or "")
    second = page.locator("tr.at").get_attribute("data-clue")
    page.keyboard.press("n")
    page.get_by_label("说明").fill("词语是引用他人的话")
    page.get_by_role("button", name="认定不属实").click()
    expect(page.locator(f"#clue-{second}")).to_have_attribute("data-state", "rejected")

    # Open it: words, law, evidence.
    page.locator(f"#clue-{first} a.open").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("线索")
    assert page.locator("p.said mark").count() >= 1
    shot = page.locator("figure img.shot").first
    shot.scroll_into_view_if_needed()
    expect(shot).to_have_js_property("complete", True)
    assert shot.evaluate("picture => picture.naturalWidth") > 300
    # A frame within the frame: nothing of the page can reach what surrounds it.
    archived = page.frame_locator("iframe.archived").frame_locator("iframe")
    expect(archived.locator("body")).to_contain_text("三七")

    # Verified, confirmed, handed over, with the log on the page.
    def step(name: str, why: str, **chosen: str) -> None:
        form = page.locator(f"#step-{name}")
        form.locator("summary").click()
        for label, value in chosen.items():
            form.locator(f"select[name={label}]").select_option(value)
        form.locator("textarea").fill(why)
        form.get_by_role("button").click()
        expect(page.locator("#h-log")).to_be_visible()

    step("verify", "到店核查")
    step("confirm", "宣称治疗功能，页面已存档")
    step("transfer", "请依法处理")
    expect(page.locator("ol.log")).to_contain_text("请依法处理")
    expect(page.locator("ol.log li")).to_have_count(4)
    with page.expect_download() as pack:
        page.get_by_role("button", name="下载封存证据包").click()
    assert pack.value.path().stat().st_size > 10_000

    # Exported as shown, and the end of the morning.
    page.goto("/clues?state=new&sort=newest")
    with page.expect_download() as taken:
        page.get_by_role("link", name="导出 XLSX").click()
    taken.value.save_as(tmp_path / "clues.xlsx")
    sheet = load_workbook(tmp_path / "clues.xlsx").active
    assert sheet is not None and sheet.max_row == 1 + 17
    page.locator("details.who summary").click()
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    page.goto("/clues")
    expect(page.get_by_role("button", name="登录")).to_be_visible()
