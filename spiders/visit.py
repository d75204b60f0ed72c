"""One visit to an independent shop: what its own pages say, joined to its listings.

Listings wait until the front page and the shop's own pages linked from it have come (or could
not be had), and pages are joined in the order of their addresses: which one was faster makes no
difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crawler.extract.shop_facts import ShopFacts, facts_of
from crawler.page import Page
from crawler.tasks import Fetched

__all__ = ["LICENCE_PICTURES", "OWN_PAGES", "Visit"]

OWN_PAGES = 12
"""Pages about itself that are read of a shop."""
LICENCE_PICTURES = 3
"""Pictures of licences that are read of a shop."""
_FIELDS = ("operator_name", "uscc", "licence_no", "phone", "address")


@dataclass(slots=True)
class Visit:
    """The books of one shop in one sweep."""

    pending: int = 0
    """Of the pages that listings wait for, those under way."""
    frame: frozenset[str] = frozenset()
    """Lines of the front page: what another page has of them is no text of its own."""
    facts: dict[tuple[int, str], tuple[ShopFacts, str]] = field(default_factory=dict)
    """By place (front page, own page, picture) and address: what it says, and its record."""
    waiting: list[Fetched] = field(default_factory=list)
    own: set[str] = field(default_factory=set)
    """Addresses of its own pages and licence pictures that were asked for."""
    pictures: int = 0

    def read(self, page: Page, record: str) -> ShopFacts:
        """Take in a page of the shop itself; the first one is its front page."""
        facts = facts_of(page, self.frame)
        self.facts[(1 if self.frame else 0, page.url)] = (facts, record)
        self.frame = self.frame or frozenset(page.visible.split("\n")) | {""}
        return facts

    def saw(self, url: str, said: Mapping[str, str], record: str) -> None:
        """Take in what the words in a licence's picture say."""
        self.facts[(2, url)] = (ShopFacts(said=dict(said)), record)

    def joined(self, fetched: Fetched) -> Fetched:
        """The listing with what its own page leaves out, and on which records that rests."""
        listing, pages = fetched.listing, dict(fetched.pages)
        fields: dict[str, str] = {}
        attributes, terms = dict(listing.attributes), listing.terms
        for _, (facts, record) in sorted(self.facts.items(), key=lambda one: one[0]):
            for name in _FIELDS:
                if name not in fields and not getattr(listing, name) and facts.said.get(name):
                    fields[name], pages[name] = facts.said[name], record
            for kind, number in facts.records.items():
                attributes.setdefault(kind, number)
            if facts.terms and facts.terms not in terms:
                terms = f"{terms}\n{facts.terms}".strip()
                pages.setdefault("terms", record)
        update = fields | {"attributes": attributes, "terms": terms}
        return replace(
            fetched, listing=listing.model_copy(update=update), pages=tuple(pages.items())
        )
