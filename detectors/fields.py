"""A listing as the detectors look at it: its texts by field, folded once, matched once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from detectors.matcher import Findings, Hit, Matcher
from detectors.normalise import Folded, fold_all
from listing import Listing

__all__ = ["FieldText", "texts_of"]

_SELLERS = re.compile("店家|商家|掌柜|店主|客服|官方|卖家|旗舰店")
"""Who signs what the shop itself puts under its reviews."""


@dataclass(frozen=True, slots=True)
class FieldText:
    """One text of a listing. `name` is how a signal calls it, `scope` how a rule does."""

    name: str
    scope: str
    folded: Folded
    findings: Findings

    def hits(self, words: frozenset[str]) -> list[Hit]:
        """Hits of a group's words, in order; one inside a longer one is left out."""
        return self.findings.of(words)


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
    folded = fold_all([text for _, _, text in named])
    found = matcher.find_all(folded)
    return [
        FieldText(name, scope, one, findings)
        for (name, scope, _), one, findings in zip(named, folded, found, strict=True)
    ]
