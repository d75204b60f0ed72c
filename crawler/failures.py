"""Short stable words for what goes wrong on the wire, as summaries and incidents count it."""

from __future__ import annotations

from scrapy.exceptions import IgnoreRequest

__all__ = ["failure_name"]


def failure_name(error: BaseException | None) -> str:
    """A short stable word for what went wrong on the wire."""
    if isinstance(error, IgnoreRequest) and "private address" in str(error):
        return "private_address"
    name = type(error).__name__
    words = {
        "TimeoutError": "timeout",
        "DownloadTimeoutError": "timeout",
        "DNSLookupError": "dns",
        "CannotResolveHostError": "dns",
        "DownloadConnectionRefusedError": "refused",
        "PrivateAddress": "private_address",
        "ConnectionRefusedError": "refused",
        "ResponseDataLossError": "truncated",
        "ResponseFailed": "truncated",
        "DownloadFailedError": "broken_connection",
        "DownloadCancelledError": "too_large",
        "CancelledError": "too_large",
    }
    if "redirect" in str(error).lower():
        return "redirect_loop"
    return words.get(name, name)
