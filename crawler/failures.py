"""Short stable words for what goes wrong on the wire, as summaries and incidents count it."""

from __future__ import annotations

from collections.abc import Container
from typing import Literal

from scrapy.exceptions import IgnoreRequest

from crawler.addresses import host_of
from crawler.blocks import block_of
from crawler.middlewares import HostLeftAlone
from crawler.page import Page
from crawler.robots import RobotsUnreachable

_SIGNS = (
    # What Chromium itself refuses: a redirect to another scheme, a port that is no web server's.
    ("ERR_UNSAFE_REDIRECT", "private_address"),
    ("ERR_UNSAFE_PORT", "private_address"),
    ("ERR_TOO_MANY_REDIRECTS", "redirect_loop"),
    ("max redirections reached", "redirect_loop"),
    ("exceeded DOWNLOAD_MAXSIZE", "too_large"),
    ("ERR_NAME_NOT_RESOLVED", "dns"),
    ("ERR_CONNECTION_REFUSED", "refused"),
    ("ERR_CONTENT_LENGTH_MISMATCH", "truncated"),
    ("ERR_INCOMPLETE_CHUNKED_ENCODING", "truncated"),
    ("ERR_", "broken_connection"),
    ("Failed to download", "download"),
    ("Download is starting", "download"),
    ("Page crashed", "crashed"),
    ("Target crashed", "crashed"),
)
"""Words of Scrapy and of the browser, and what they mean; the first that fits counts."""

__all__ = ["absent", "failure_name", "named"]


def named(
    error: BaseException, page: Page | None, asked: str, refused: Container[str] = ()
) -> tuple[Literal["block", "failure"], str, str]:
    """How a request that failed is put down: kind, what, detail.

    `page` is what came of it, if anything; `asked` its address; `refused` are the hosts whose
    names led to private addresses.
    """
    if isinstance(error, RobotsUnreachable):
        error = error.cause
    if page is not None and (block := block_of(page, asked)):
        return "block", block[0], block[1]
    if isinstance(error, HostLeftAlone):
        return "block", "left_alone", str(error)
    if isinstance(error, IgnoreRequest) and "robots.txt" in str(error):
        return "block", "robots", str(error)
    if page is not None:
        return "failure", f"http_{page.status}", f"status {page.status}"
    if host_of(asked) in refused:
        return "failure", "private_address", "the name leads to an address that is not public"
    return "failure", failure_name(error), str(error)[:500] or type(error).__name__


def absent(error: BaseException) -> bool:
    """Whether what was asked, and need not be there, is simply not there, or not for us."""
    response = getattr(error, "response", None)
    if response is not None:
        return response.status in (401, 403, 404, 405, 410)
    return isinstance(error, IgnoreRequest) and "robots.txt" in str(error)


def failure_name(error: BaseException | None) -> str:
    """A short stable word for what went wrong on the wire."""
    if isinstance(error, IgnoreRequest) and "private address" in str(error):
        return "private_address"
    name = type(error).__name__
    words = {
        "TimeoutError": "timeout",
        "DownloadTimeoutError": "timeout",
        "gaierror": "dns",
        "DNSLookupError": "dns",
        "CannotResolveHostError": "dns",
        "DownloadConnectionRefusedError": "refused",
        "PrivateAddress": "private_address",
        "ConnectionRefusedError": "refused",
        "ResponseDataLossError": "truncated",
        "ResponseFailed": "truncated",
        # Of a compressed body that is damaged: of zlib and brotli, of gzip.
        "error": "truncated",
        "EOFError": "truncated",
        "BadGzipFile": "truncated",
        "DownloadFailedError": "broken_connection",
        "DownloadCancelledError": "too_large",
        "CancelledError": "too_large",
    }
    said = str(error)
    for sign, word in _SIGNS:
        if sign in said:
            return word
    return words.get(name, name)
