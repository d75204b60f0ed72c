"""What every source states and promises; one subclass of `Reader` per file beside this one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from crawler.page import Page, SearchPage
from listing import Listing

__all__ = ["Ask", "Blocked", "Reader", "Source"]

SourceKind = Literal["search_engine", "marketplace", "shop", "api", "file"]
Access = Literal["page", "api"]


@dataclass(frozen=True)
class Source:
    """The facts about a site that a person wants to know before sweeping it."""

    name: str
    title: str
    """Its Chinese name, as the desk shows it."""
    kind: SourceKind
    home: str
    """Base address; `Settings.source_urls` may replace it."""
    access: Access = "page"
    """Through its public pages, or an API that the officer has a key for."""
    key: str = ""
    """Of a built-in API: the setting that holds its key. Without one it is not asked."""
    needs_session: bool = False
    """Whether it shows its results to a logged-in browser only."""
    official_api: str = ""
    proven: str = ""
    """Against what the reader was proven: a recorded page and its year, or the town."""
    unproven: bool = False
    """No real page of it was ever read: the reader follows what others document of it."""
    limits: str = ""
    """What the public page does not give."""


@dataclass(frozen=True)
class Ask:
    """How a result page is asked for: by GET, or by POST where there is a body.

    The key of an API is not in it: it is put on at the wire (`crawler.keys`).
    """

    url: str
    body: bytes = b""
    content_type: str = ""


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

    def ask(self, query: str, page: int) -> Ask:
        """How result page `page` (from 1) is asked for; most sites need the address only."""
        return Ask(self.search_url(query, page))

    def redirects(self, url: str) -> bool:
        """Whether `url` is the source's own way to another site (a search engine's link)."""
        return False

    def block_at(self, url: str) -> str:
        """The sign by which an address of the source is that of a captcha, "" if it is none."""
        return ""

    @abstractmethod
    def read_search(self, page: Page) -> SearchPage:
        """What a result page says. An empty result is an empty `SearchPage`.

        Raises `Blocked`, or `ReadError` where the page is neither results nor a block.
        """

    @abstractmethod
    def read_item(self, page: Page) -> Listing:
        """The listing on an item page. Raises `Blocked`, or `ReadError` if it has none."""
