"""A listing as the detectors look at it: its texts by field, folded once, matched once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from detectors.matcher import Findings, Hit, Matcher
from detectors.normalise import Folded, fold_all
from listing import Listing

__all__ = ["FieldText", "texts_of"]

_SELLERS = re.compile("店家|商家|掌柜|店主|客服|官方|卖家|旗舰店")
"""Who signs what the shop itself puts under its reviews."""


class FieldText:
    """One text of a listing. `name` is how a signal calls it, `scope` how a rule does.

    It is a stretch of the listing's whole text, which is folded and matched at once; `begin` and
    `end` are its bounds there (folded).
    """

    __slots__ = ("_folded", "begin", "end", "findings", "first", "name", "original", "scope")

    def __init__(
        self,
        name: str,
        scope: str,
        original: str,
        first: int,
        bounds: tuple[int, int],
        findings: Findings,
    ) -> None:
        self.name, self.scope, self.original = name, scope, original
        self.first = first
        """Where it begins in the whole text as it was written."""
        self.begin, self.end = bounds
        self.findings = findings
        self._folded: Folded | None = None

    @property
    def folded(self) -> Folded:
        """This text alone, folded."""
        if self._folded is None:
            whole = self.findings.folded
            self._folded = whole.part(self.first, self.first + len(self.original))
        return self._folded

    def hits(self, words: frozenset[str]) -> list[Hit]:
        """Hits of a group's words in this text, in order; one inside a longer one is left out."""
        return [
            Hit(hit.word, hit.start - self.begin, hit.end - self.begin, hit.disguise)
            for hit in self.findings.of(words)
            if self.begin <= hit.start < self.end
        ]

    def places(self, words: frozenset[str]) -> list[tuple[int, int]]:
        """Where a group's words may stand in this text, not looked at closely."""
        return [
            (start - self.begin, end - self.begin)
            for start, end, _ in self.findings.raw(words)
            if self.begin <= start < self.end
        ]


def _named(listing: Listing) -> Iterator[tuple[str, str, str]]:
    for name in ("title", "text", "terms", "brand", "origin", "shop_name", "operator_name"):
        yield name, name, getattr(listing, name)
    for place, text in enumerate(listing.image_text):
        yield f"image_text[{place}]", "image_text", text
    for place, review in enumerate(listing.reviews):
        scope = "reviews_by_seller" if _SELLERS.search(review.user) else "reviews"
        yield f"reviews[{place}].text", scope, review.text
    for key, value in listing.attributes.items():
        yield f"attributes.{key}", "attributes", value


def texts_of(listing: Listing, matcher: Matcher) -> list[FieldText]:
    """Every text of the listing that is not empty."""
    named = [(name, scope, text) for name, scope, text in _named(listing) if text]
    folded, bounds = fold_all([text for _, _, text in named])
    findings = matcher.findings(folded)
    texts, first = [], 0
    for place, (name, scope, text) in enumerate(named):
        within = (bounds[place], bounds[place + 1] - 1)
        texts.append(FieldText(name, scope, text, first, within, findings))
        first += len(text) + 1
    return texts
