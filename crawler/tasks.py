"""What the crawl is asked to do, what it hands over, and to whom.

The crawl knows nothing of rules, stores or clues: it gives everything to a `Sink`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from listing import Listing

__all__ = [
    "Capture",
    "Fetched",
    "Incident",
    "Kept",
    "Known",
    "PictureLine",
    "PictureText",
    "Pictures",
    "Sink",
    "Task",
    "Yield",
]


@dataclass(frozen=True, slots=True)
class Task:
    """One source, one query (or, of an independent shop, its start address), some pages."""

    id: int
    source: str
    reader: str
    """Which file of `spiders/` reads it."""
    goods: str = ""
    query: str = ""
    start_url: str = ""
    pages: int = 1
    priority: int = 0
    """What is higher is asked first."""
    done: bool = False
    """Whether an earlier run of the sweep finished it; a search may lead to it once more."""
    item: bool = False
    """Whether `start_url` is one item page, and nothing else is asked."""


@dataclass(frozen=True, slots=True)
class Known:
    """A page as an earlier sweep kept it: where it stands, and how to ask whether it changed."""

    evidence_id: int
    warc_file: str
    warc_offset: int
    record_id: str
    fetched_at: datetime
    content_type: str
    sha256: str
    size: int
    etag: str = ""
    last_modified: str = ""


@dataclass(slots=True)
class Yield:
    """What a task gave: by this a source that answers and says nothing is found out."""

    answers: int = 0
    """Pages that came and were no block."""
    items: int = 0
    """Listings or results that they named."""
    whole: bool = True
    """Whether it went to its end, not to that of a budget."""
    poorest: tuple[int, str, str] | None = None
    """Of its pages the one with the fewest items: how many, its record, its address."""

    def add(self, items: int, record: str, url: str) -> None:
        """Another page and the items it named."""
        self.items += items
        if self.poorest is None or items < self.poorest[0]:
            self.poorest = (items, record, url)


@dataclass(frozen=True, slots=True)
class Capture:
    """A response as it came over the wire."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime
    fingerprint: str
    kind: Literal["page", "redirect", "robots", "picture", "wire"]
    """`wire` is what the server sent to the browser, where the page is what scripts made of it."""
    source: str = ""
    """The source whose task asked; "" for robots.txt."""
    request_headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    request_body: bytes = b""
    rendered: bool = False
    known: Known | None = None
    """How the same page stood before, if it is known."""
    notes: tuple[tuple[str, str], ...] = ()
    """Further headers of its record."""
    certificates: tuple[bytes, ...] = ()
    """Of https: the chain that the server showed, its own first, in DER."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A response that an earlier, interrupted run of this sweep already has."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    rendered: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A listing with the record that proves it."""

    task: Task
    listing: Listing
    record: str
    pictures: tuple[tuple[int, str], ...] = ()
    """Of its pictures that were had: which of `images`, and the record."""
    pages: tuple[tuple[str, str], ...] = ()
    """Of its fields that another page of the shop states: the field, and the record."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something the sweep could not see, and why.

    `kind`: ``block`` (captcha, login, blocked, robots), ``failure`` (the network, a status),
    ``unread`` (a page came and could not be read), ``empty`` (it came and offers nothing),
    ``wait`` (the site or its window of hours made us wait), ``exception`` (an officer's order
    was used).
    """

    task: Task
    kind: Literal["block", "failure", "unread", "empty", "wait", "exception"]
    what: str
    detail: str
    url: str
    record: str = ""


class PictureLine(Protocol):
    """A line of text in a picture, and where it stands."""

    @property
    def text(self) -> str:
        """The words."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in pixels."""


class PictureText(Protocol):
    """What stands in a picture."""

    @property
    def phash(self) -> str:
        """Perceptual hash, "" for what is no picture."""

    @property
    def problem(self) -> str:
        """Why it could not be read, "" if it was."""

    @property
    def lines(self) -> Sequence[PictureLine]:
        """Its lines from the top down."""


class Pictures(Protocol):
    """Reads pictures; the crawl fetches them, how they are read is not its matter."""

    per_listing: int

    def read(self, data: bytes) -> PictureText:
        """What stands in the picture; never raises. Takes seconds: not for the crawl's thread."""


class Sink(Protocol):
    """Takes what the crawl finds. Calls come from one thread and return at once."""

    def captured(self, capture: Capture) -> str:
        """Keep a response as evidence; returns the id of its record."""

    def kept(self, fingerprint: str) -> tuple[Kept, str] | None:
        """The response to this request and its record, if an interrupted run kept it."""

    def known(self, fingerprint: str) -> Known | None:
        """How the page stood when an earlier sweep kept it."""

    def unchanged(self, capture: Capture) -> tuple[Kept, str] | None:
        """The page whose site says (304) that it is as `capture.known`, and the record of its
        saying so; None where the kept page is lost."""

    def seen(self, task: Task) -> set[str]:
        """The canonical addresses that earlier runs of this sweep asked for a finished shop."""

    def listing(self, fetched: Fetched) -> None:
        """A listing was read."""

    def result(self, task: Task, kind: str, ad: bool) -> None:
        """A search engine's result led to a ``shop``, ``marketplace``, ``news`` or ``other``."""

    def shop_found(self, task: Task, url: str, title: str, place: str) -> Task | None:
        """A search result led to a shop: the task that sweeps it, the same one each time; None
        where another worker sweeps it, and the page at `url` with it.

        `place` says how the result was shown (``result 3``, ``advertisement 1``).
        """

    def incident(self, incident: Incident) -> None:
        """Something could not be seen."""

    def unreadable(self, task: Task, url: str, problem: str, what: str = "entry") -> None:
        """A part of a page (an entry, a picture) could not be read; the others were."""

    def yielded(self, task: Task, gave: Yield) -> None:
        """What a task gave; called before it ends."""

    def task_ended(self, task: Task, ok: bool, note: str) -> None:
        """All requests of a task have come to an end."""
