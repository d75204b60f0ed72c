"""What every source states and promises; one subclass of `Reader` per file beside this one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from crawler.page import Page, SearchPage
from listing import Listing

__all__ = ["Blocked", "Reader", "Source"]

SourceKind = Literal["search_engine", "marketplace", "shop", "api", "file"]


@dataclass(frozen=True)
class Source:
    """The facts about a site that a person wants to know before sweeping it."""

    name: str
    title: str
    """Its Chinese name, as the desk shows it."""
    kind: SourceKind
    home: str
    """Base address; `Settings.source_urls` may replace it."""
    needs_session: bool = False
    """Whether it shows its results to a logged-in browser only."""
    official_api: str = ""
    proven: str = ""
    """Against what the reader was proven: a recorded page and its year, or the town."""
    limits: str = ""
    """What the public page does not give."""
    unproven: bool = False
    """Nobody here has seen its real page: it reads a documented or recorded shape."""


class Blocked(Exception):
    """The site answered with a captcha, a login wall or a block page: recorded, never evaded.

    `kind` is one of ``captcha``, ``login``, ``blocked``; `sign` is what gave it away.
    """

    def __init__(self, kind: Literal["captcha", "login", "blocked"], sign: str) -> None:
        super().__init__(f"{kind}: {sign}")
        self.kind = kind
        self.sign = sign


class Reader(ABC):
    """How one source is asked and read. Pure: addresses and pages in, listings out."""

    source: ClassVar[Source]
    domains: ClassVar[tuple[str, ...]] = ()
    """Domains of the site: on hosts below them a session that was opened for it may be used."""

    def __init__(self, base: str = "") -> None:
        """`base` stands in for the source's own home address (the practice town's)."""
        self.base = (base or self.source.home).rstrip("/")

    @abstractmethod
    def search_url(self, query: str, page: int) -> str:
        """The address of result page `page` (from 1) for `query`."""

    @abstractmethod
    def read_search(self, page: Page) -> SearchPage:
        """What a result page says. An empty result is an empty `SearchPage`.

        Raises `Blocked`, or `ReadError` where the page is neither results nor a block.
        """

    @abstractmethod
    def read_item(self, page: Page) -> Listing:
        """The listing on an item page. Raises `Blocked`, or `ReadError` if it has none."""
