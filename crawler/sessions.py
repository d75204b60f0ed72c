"""Browser sessions that an officer has opened and saved (Playwright storage state).

A session is used for the hosts of its own source only: its cookies and stored values for other
domains are left out, and a request to another host goes without it. It stays where the officer put
it; nothing here writes it anywhere.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.addresses import host_of
from settings import HOUSE

__all__ = ["Session", "SessionError", "load_session"]


class SessionError(ValueError):
    """A session that can't be used: names the source, the file and what to do."""


@dataclass(frozen=True, slots=True)
class Session:
    """One source's session, cut down to its own domains."""

    source: str
    path: Path
    domains: tuple[str, ...]
    state: dict[str, Any]

    def serves(self, url: str) -> bool:
        """Whether a request to `url` may carry it."""
        return _below(host_of(url), self.domains)

    def meta(self) -> dict[str, Any]:
        """What tells scrapy-playwright to ask with it."""
        return {
            "playwright_context": f"session-{self.source}",
            "playwright_context_kwargs": {"storage_state": self.state},
        }

    @property
    def stale(self) -> str:
        """What to say when the site asks for a login all the same."""
        return f"the session in {self.path} is no longer accepted: open and save it again"


def _below(host: str, domains: Iterable[str]) -> bool:
    host = host.lstrip(".").lower()
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def load_session(source: str, path: Path, domains: Iterable[str]) -> Session:
    """The saved session of a source whose site has these domains.

    Raises `SessionError` where the file is missing, unreadable, inside this checkout, of another
    site, or has expired.
    """
    wanted = tuple(domain.lower() for domain in domains)
    where = f"session of {source}: {path}"
    if path.resolve().is_relative_to(HOUSE):
        raise SessionError(f"{where}: keep it outside of the program's own folder")
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SessionError(f"{where}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise SessionError(f"{where}: not a Playwright storage state: {error}") from None
    cookies = saved.get("cookies") if isinstance(saved, Mapping) else None
    if not isinstance(cookies, list) or not all(isinstance(c, Mapping) for c in cookies):
        raise SessionError(f"{where}: not a Playwright storage state (no list of cookies)")
    own = [cookie for cookie in cookies if _below(str(cookie.get("domain", "")), wanted)]
    if not own:
        raise SessionError(f"{where}: has no cookie for {', '.join(wanted)}")
    # -1 is a cookie of the browser session, which a saved state keeps alive.
    alive = [cookie for cookie in own if _expiry(cookie) < 0 or _expiry(cookie) > time.time()]
    if not alive:
        last = datetime.fromtimestamp(max(map(_expiry, own)), UTC)
        raise SessionError(f"{where}: expired on {last:%Y-%m-%d %H:%M} UTC: open and save it again")
    origins = [
        origin
        for origin in saved.get("origins") or ()
        if isinstance(origin, Mapping) and _below(host_of(str(origin.get("origin", ""))), wanted)
    ]
    return Session(source, path, wanted, {"cookies": alive, "origins": origins})


def _expiry(cookie: Mapping[str, Any]) -> float:
    expires = cookie.get("expires", -1)
    return float(expires) if isinstance(expires, int | float) else -1.0
