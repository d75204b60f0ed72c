"""How a request gets in: plainly, by a browser, with an officer's session.

The key of an API is put on further down, at the wire (`crawler.keys`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawler.sessions import Session
from spiders.base import Blocked, Reader

__all__ = ["Doors", "by_browser"]


def by_browser() -> dict[str, Any]:
    """The meta of a request that a browser makes, its scripts run."""
    return {"playwright": True}


class Doors:
    """What the settings open, for the hosts it is meant for and no others."""

    def __init__(
        self, readers: Mapping[str, Reader], sessions: Mapping[str, Session] | None = None
    ) -> None:
        self.readers = readers
        self.sessions = sessions or {}

    def meta(self, name: str, url: str) -> dict[str, Any]:
        """The meta with which a source's session is used, {} where it has none for this host."""
        session = self.sessions.get(name)
        return by_browser() | session.meta() if session and session.serves(url) else {}

    def sign(self, block: Blocked, name: str, meta: Mapping[str, Any]) -> str:
        """What gave a block away, and that a session no longer serves where one was used."""
        if block.kind != "login" or "playwright_context" not in meta:
            return block.sign
        return f"{block.sign}; {self.sessions[name].stale}"
