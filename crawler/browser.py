"""The browser: where it is, how it is started, and what a page in it may ask for."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from typing import Any

from playwright.async_api import Request

from crawler.addresses import Guard, PrivateAddress, host_of

__all__ = ["find_browser", "launch_options", "request_filter"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-quic", "--no-first-run", "--disable-gpu", "--disable-webrtc",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)  # fmt: skip


def find_browser(configured: str = "") -> str:
    """The Chromium to use: the configured one, else the system's, else "" for Playwright's own."""
    return configured or next((path for name in _NAMES if (path := shutil.which(name))), "")


def launch_options(configured: str = "") -> dict[str, Any]:
    """How Playwright starts it. Chromium's own sandbox is on wherever it can be (not as root)."""
    options: dict[str, Any] = {
        "headless": True,
        "args": list(_FLAGS),
        "chromium_sandbox": os.geteuid() != 0,
    }
    if path := find_browser(configured):
        options["executable_path"] = path
    return options


def request_filter(guard: Guard, unwanted: frozenset[str]) -> Any:
    """An async function that tells whether a page's request is to be aborted.

    Unwanted resource types are, and all that leads to a private address by its name or by
    what its name resolves to.
    """
    verdicts: dict[str, bool] = {}

    async def refused(host: str, url: str) -> bool:
        try:
            guard.check_url(url)
            if guard.may_be_private(host):
                return False
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            for entry in found:
                guard.check_address(host, str(entry[4][0]))
        except (PrivateAddress, OSError):
            return True
        return False

    async def abort(request: Request) -> bool:
        if request.resource_type in unwanted:
            return True
        if request.url.startswith(("data:", "blob:")):
            return False
        host = host_of(request.url)
        if host not in verdicts:
            verdicts[host] = await refused(host, request.url)
        return verdicts[host]

    return abort
