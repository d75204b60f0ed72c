"""`Page`: a fetched or recorded page as the readers see it.

Pure: no network and no Scrapy, so that the same reader serves a live crawl, a recorded
file and a test. Decoding survives a wrong or missing charset declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TypeVar
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

from bs4.dammit import EncodingDetector
from lxml import etree
from parsel import Selector
from parsel.selector import create_root_node

__all__ = ["Page", "ReadError", "SearchPage", "once"]

from crawler.extract.text import Flat
from listing import Listing, SearchResult

Found = TypeVar("Found")


class ReadError(ValueError):
    """A page that can't be read as what it should be: says which page, what, and where."""

    def __init__(self, page: Page, what: str) -> None:
        super().__init__(f"{page.url or 'page'}: {what}")
        self.page = page
        self.what = what


@dataclass(frozen=True, eq=False)
class Page:
    """One page: where it stood, its bytes, and how it came. Equal to itself only, so that what
    is found on it can be remembered by it.

    `charset` is what the response header declared ("" where it declared none);
    `rendered` tells that a browser ran its scripts first.
    """

    url: str
    body: bytes
    charset: str = ""
    status: int = 200
    rendered: bool = False
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """The page as text, decoded by what fits: BOM, header, <meta>, UTF-8, GB18030.

        A declared charset whose decoding fails is passed over for the next one.
        """
        declared = EncodingDetector.find_declared_encoding(self.body[:4096], is_html=True)
        known = EncodingDetector(
            self.body, known_definite_encodings=[], override_encodings=[]
        ).sniffed_encoding
        for name in (known, self.charset, declared, "utf-8", "gb18030"):
            if not name:
                continue
            # GB18030 holds all of GBK and GB2312, which pages declare but exceed.
            codec = "gb18030" if name.lower() in ("gbk", "gb2312", "gb_2312-80") else name
            try:
                return self.body.decode(codec).lstrip("\ufeff")
            except (UnicodeDecodeError, LookupError):
                continue
        best = min(
            ("utf-8", "gb18030"), key=lambda c: self.body.decode(c, "replace").count("\ufffd")
        )
        return self.body.decode(best, "replace")

    @cached_property
    def selector(self) -> Selector:
        """The page for CSS and XPath (fast; for regular parts)."""
        root = create_root_node(self.text or " ", etree.HTMLParser)
        return Selector(root=root, type="html")

    @cached_property
    def flat(self) -> Flat | None:
        """The text of the page's body; None where it has none."""
        bodies = self.selector.root.xpath("//body")
        return Flat(bodies[0]) if bodies else None

    @cached_property
    def visible(self) -> str:
        """What a visitor reads on the page; "" where it has no body."""
        return self.flat.visible if self.flat else ""

    def absolute(self, link: str) -> str:
        """`link` as an absolute address."""
        return urljoin(self.url, link.strip())


def once(find: Callable[[Page], Found]) -> Callable[[Page], Found]:
    """`find` with what it found on a page remembered as long as the page lives."""
    known: WeakKeyDictionary[Page, Found] = WeakKeyDictionary()

    @wraps(find)
    def remembered(page: Page) -> Found:
        if page not in known:
            known[page] = find(page)
        return known[page]

    return remembered


@dataclass(frozen=True)
class SearchPage:
    """What one page of search results says.

    A marketplace gives `listings`, a search engine `results`; `problems` names each entry
    that could not be read and why; `has_next` tells whether the site offers a further page.
    """

    listings: tuple[Listing, ...] = ()
    results: tuple[SearchResult, ...] = ()
    has_next: bool = False
    total: int | None = None
    problems: tuple[str, ...] = ()
