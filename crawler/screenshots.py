"""Pictures of pages as they were fetched.

The browser is given the very bytes that the vault keeps, so that picture and record agree;
only what the page embeds (styles, images, its own data) is asked from the site, and the guard
watches that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.async_api import Browser, Route, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawler.addresses import Guard
from crawler.browser import launch_options, request_filter
from crawler.proxy import GuardedProxy
from settings import Settings

__all__ = ["Picture", "Pictured", "take_pictures"]

_AT_ONCE = 3
_MAX_HEIGHT = 12_000
"""Pixels; a longer page is pictured to here, so that no page can fill the disk."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page to picture: the record that proves it, its address and decoded HTML."""

    record: str
    url: str
    html: str
    rendered: bool


@dataclass(frozen=True, slots=True)
class Pictured:
    """What came of it: PNG bytes, or "" and why not."""

    wanted: Picture
    png: bytes
    taken_at: datetime
    error: str = ""


async def take_pictures(settings: Settings, wanted: Sequence[Picture]) -> AsyncIterator[Pictured]:
    """Each picture as it is done, in any order. A page that fails fails alone."""
    if not wanted:
        return
    proxy = GuardedProxy(Guard(settings.allow_private), most=4 * settings.max_body)
    async with async_playwright() as playwright:
        way_out = {"proxy": {"server": await proxy.start()}}
        browser = await playwright.chromium.launch(**launch_options(settings.browser) | way_out)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(picture: Picture) -> Pictured:
            async with gate:
                try:
                    taking = _take(browser, settings, picture)
                    # A script that never returns answers nothing.
                    png = await asyncio.wait_for(taking, 3 * settings.download_timeout)
                except TimeoutError:
                    return Pictured(picture, b"", datetime.now(UTC), "the page's time is over")
                except PlaywrightError as error:
                    return Pictured(picture, b"", datetime.now(UTC), error.message[:300])
                return Pictured(picture, png, datetime.now(UTC))

        try:
            for done in asyncio.as_completed([one(picture) for picture in wanted]):
                yield await done
        finally:
            await browser.close()
            await proxy.close()


async def _take(browser: Browser, settings: Settings, picture: Picture) -> bytes:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        user_agent=settings.user_agent,
        service_workers="block",
        accept_downloads=False,
        # What was rendered is a finished document: its scripts must not run a second time.
        java_script_enabled=not picture.rendered,
    )
    try:
        refused = request_filter(Guard(settings.allow_private), frozenset({"media", "websocket"}))

        async def serve(route: Route) -> None:
            request = route.request
            if request.is_navigation_request():
                if request.url == picture.url:
                    await route.fulfill(
                        status=200, content_type="text/html; charset=utf-8", body=picture.html
                    )
                else:
                    await route.abort()
            elif await refused(request):
                await route.abort()
            else:
                await route.continue_()

        await context.route("**/*", serve)
        page = await context.new_page()
        timeout = settings.download_timeout * 1000
        await page.goto(picture.url, wait_until="load", timeout=timeout)
        height = await page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": 1280, "height": min(max(int(height), 1), _MAX_HEIGHT)}
        return await page.screenshot(full_page=True, clip=clip, timeout=timeout)  # type: ignore[arg-type]
    finally:
        await context.close()
