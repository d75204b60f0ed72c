"""Scrapy's settings for a sweep, from ours: polite and safe unless an officer says otherwise."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawler.addresses import Guard
from crawler.browser import launch_options, request_filter
from crawler.turns import Turns
from settings import Settings

__all__ = ["scrapy_settings"]

# What a page shows, not what it says: fetched for screenshots only.
_UNWANTED = frozenset({"image", "media", "font", "stylesheet", "websocket", "manifest"})


@dataclass(frozen=True)
class Held:
    """Our settings on their way through Scrapy's, which would take a mapping apart."""

    settings: Settings
    turns: Turns | None = None

    def __deepcopy__(self, memo: object) -> Held:
        """Itself: Scrapy copies its settings, but a connection can't be copied."""
        return self


def scrapy_settings(
    settings: Settings, asked: Mapping[str, int] | None = None, turns: Turns | None = None
) -> dict[str, Any]:
    """All that Scrapy and scrapy-playwright are told; `asked` are the pages that earlier runs
    of the sweep have asked, by source; `turns` are those at hosts which other workers ask too."""
    playwright = "crawler.wire.WireHandler"
    return {
        "YUNJIAN_ALLOW_PRIVATE": list(settings.allow_private),
        "YUNJIAN_BLOCK_BACKOFF": settings.block_backoff,
        "USER_AGENT": settings.user_agent,
        "YUNJIAN_RETRY_AFTER_MAX": settings.retry_after_max,
        "YUNJIAN_SETTINGS": Held(settings),
        "YUNJIAN_TURNS": Held(settings, turns),
        "YUNJIAN_ASKED": dict(asked or {}),
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": "Yunjian",
        "DOWNLOAD_DELAY": settings.download_delay,
        # A delay of 0 is for loopback: there is nobody to be spared.
        "AUTOTHROTTLE_ENABLED": settings.download_delay > 0,
        "AUTOTHROTTLE_START_DELAY": settings.download_delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": settings.host_concurrency,
        "EXTENSIONS": {"scrapy.extensions.throttle.AutoThrottle": None, "crawler.pace.Pace": 0},
        # A callback yields requests only, which are taken at once: the hundred workers per page
        # that Scrapy starts by itself have nothing to do.
        "CONCURRENT_ITEMS": 1,
        # Scrapy would read the source of each callback, and each of ours is a new one.
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
        "CONCURRENT_REQUESTS": settings.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": settings.host_concurrency,
        "DOWNLOAD_TIMEOUT": settings.download_timeout,
        "DOWNLOAD_MAXSIZE": settings.max_body,
        "DOWNLOAD_WARNSIZE": 0,
        # Pictures wait here for their turn to be read; pages must not wait for them.
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 64 * 2**20,
        "REDIRECT_MAX_TIMES": settings.max_redirects,
        "RETRY_TIMES": settings.retries,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.3",
        },
        "COOKIES_ENABLED": False,
        # A proxy would resolve names itself, past the guard.
        "HTTPPROXY_ENABLED": False,
        # A page that shows something before it refreshes is a page.
        "METAREFRESH_MAXDELAY": 1,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "LOG_LEVEL": "WARNING",
        "LOG_INSTALL_ROOT_HANDLER": False,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "TWISTED_DNS_RESOLVER": "crawler.middlewares.GuardResolver",
        "DOWNLOAD_HANDLERS": {"http": playwright, "https": playwright},
        "DOWNLOADER_MIDDLEWARES": {
            "crawler.middlewares.GuardMiddleware": 60,
            "crawler.limits.Limits": 65,
            "crawler.middlewares.BackOff": 70,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "crawler.robots.Robots": 100,
            "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
            "crawler.whole.Refreshes": 580,
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
            "crawler.whole.Unpacked": 590,
            # Below the retries: a busy host's answer passes here before it is asked again.
            "crawler.waiting.Waiting": 555,
            "crawler.sitemaps.NotedSitemaps": 500,
            # Below decompression and redirects: sees the bytes of every hop.
            "crawler.middlewares.EvidenceMiddleware": 860,
            # Below the evidence: what is kept already is asked of nobody.
            "crawler.turns.HostTurns": 870,
            # Below the evidence, which must not hold a key.
            "crawler.keys.KeyMiddleware": 880,
        },
        "PLAYWRIGHT_LAUNCH_OPTIONS": launch_options(settings.browser),
        "PLAYWRIGHT_ABORT_REQUEST": request_filter(Guard(settings.allow_private), _UNWANTED),
        "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 4,
        "PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT": settings.download_timeout * 1000,
        "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": "scrapy_playwright.headers.use_scrapy_headers",
    }


for noisy in ("scrapy-playwright", "py.warnings", "twisted", "asyncio"):
    logging.getLogger(noisy).setLevel(logging.ERROR)
