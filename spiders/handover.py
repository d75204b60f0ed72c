"""Data that are handed over: files of listings, and open APIs that answer in JSON.

- file: a regulator's or platform's hand-over (电子商务法 25, 28): JSON, JSON Lines or CSV, gzipped or
  not, with the fields of a listing or columns of their own (`spiders.profile`), and the answers of a
  data service (`spiders.envelopes`)
- api: an address with {query} and {page} that answers the same kinds of data; a token is sent as
  `Authorization: Bearer …`, to the API's own host only, and is kept out of the evidence
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from crawler.extract import at
from crawler.page import Page, ReadError, SearchPage
from listing import Listing, ListingError
from spiders.base import Reader, Source
from spiders.envelopes import opened
from spiders.profile import Profile
from spiders.rows import read_rows

__all__ = ["Api", "Handover"]

_LISTS = ("rows", "items", "list", "data", "data.items", "data.list", "data.rows", "result")
"""Where rows usually stand in a JSON answer."""


class Handover(Reader):
    """Reads a handed-over file as a page full of listings."""

    source = Source(
        name="file",
        title="数据报送",
        kind="file",
        home="",
        proven="four answers of a data service (2020), files in the listing format",
        limits="says what its maker put into it; a row stands for a page that nobody here has seen",
    )
    token = ""

    def __init__(self, base: str = "", profile: Profile | None = None) -> None:
        """`profile` says which column means what."""
        super().__init__(base)
        self.profile = profile or Profile()

    def search_url(self, query: str, page: int) -> str:
        """A file is not searched."""
        raise NotImplementedError("a file has no search")

    def read_search(self, page: Page) -> SearchPage:
        """Each row that is a listing; each other is named. Raises `ReadError` for another file."""
        text = self._text(page)
        if not text.strip():
            return SearchPage()
        rows = (
            _json(page, text, self.profile) if text.lstrip()[0] in "[{" else self._csv(page, text)
        )
        listings, problems = read_rows(rows, self._listing)
        if problems and not listings and len(problems) == 1:
            raise ReadError(page, problems[0])
        return SearchPage(listings=listings, problems=problems)

    def read_item(self, page: Page) -> Listing:
        """The only listing of the file; raises `ReadError` for none or several."""
        found = self.read_search(page)
        if len(found.listings) != 1:
            raise ReadError(page, f"holds {len(found.listings)} listings, not one")
        return found.listings[0]

    def _listing(self, row: Any) -> Listing:
        if isinstance(row, Exception):
            raise ListingError(str(row))
        known = opened(row)
        return Listing.from_dict(known) if known is not None else self.profile.listing(row)

    def _text(self, page: Page) -> str:
        if not self.profile.encoding:
            return page.text
        try:
            return page.body.decode(self.profile.encoding).lstrip("\ufeff")
        except (LookupError, UnicodeDecodeError) as error:
            raise ReadError(page, f"not {self.profile.encoding}: {error}") from None

    def _csv(self, page: Page, text: str) -> Iterator[Any]:
        head = text.lstrip("\r\n").splitlines()[0]
        rows = csv.DictReader(
            io.StringIO(text, newline=""), delimiter=max(",\t;", key=lambda mark: head.count(mark))
        )
        try:
            names = [name.strip() for name in rows.fieldnames or ()]
        except csv.Error as error:
            raise ReadError(page, f"not CSV: {error}") from None
        if not self.profile.knows_title(names):
            raise ReadError(page, f"no column for the title among {', '.join(names)[:300]}")
        rows.fieldnames = names
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield error
                continue
            yield ValueError("more cells than columns") if None in row else row


class Api(Handover):
    """An open API; `base` is its address with {query} and {page}."""

    source = Source(
        name="api",
        title="开放接口",
        kind="api",
        home="",
        limits="gives what the platform chooses to give",
    )

    def __init__(self, base: str = "", profile: Profile | None = None, token: str = "") -> None:
        """`token` opens the API, if it needs one."""
        super().__init__(base, profile)
        self.token = token

    def search_url(self, query: str, page: int) -> str:
        """The address for a query."""
        return self.base.replace("{query}", quote(query, safe="")).replace("{page}", str(page))

    def read_search(self, page: Page) -> SearchPage:
        """The rows of the answer; a full page may be followed by another."""
        found = super().read_search(page)
        more = bool(found.listings) and "{page}" in self.base
        return SearchPage(listings=found.listings, has_next=more, problems=found.problems)


def _json(page: Page, text: str, profile: Profile) -> list[Any]:
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or not lines[0].rstrip().endswith("}"):
            raise ReadError(page, f"not JSON: {error}") from None
        return [_line(line) for line in lines]
    if isinstance(data, list):
        return data
    if profile.rows:
        rows = at(data, profile.rows)
        if not isinstance(rows, list):
            raise ReadError(page, f"no list at {profile.rows}")
        return rows
    if opened(data) is None and "title" not in data:
        for path in _LISTS:
            if isinstance(rows := at(data, path), list):
                return rows
    return [data]


def _line(line: str) -> Any:
    try:
        return json.loads(line, strict=False)
    except (ValueError, RecursionError) as error:
        return ValueError(f"not JSON: {error}")
