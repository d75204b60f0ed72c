"""What the town's search boxes find: by goods group and by shared words, best first."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from practice.data import Offer, goods, offers

__all__ = ["find", "groups_of"]


def _pairs(text: str) -> set[str]:
    letters = [character for character in text.lower() if character.isalnum()]
    return {a + b for a, b in pairwise(letters)}


def groups_of(query: str) -> list[str]:
    """The goods groups a query asks for: one of their search terms or words stands in it."""
    asked = query.replace(" ", "")
    return [
        group["id"]
        for group in goods().values()
        if group["title"] == asked
        or any(term in asked or (asked and asked in term) for term in group["search"])
        or any(word in asked for word in group["words"] if len(word) > 1)
    ]


@lru_cache(maxsize=4096)
def _ranked(query: str) -> tuple[str, ...]:
    asked, groups = _pairs(query), set(groups_of(query))
    scored = []
    for place, offer in enumerate(offers().values()):
        shared = len(asked & _pairs(offer.listing.title)) / max(1, len(asked))
        score = 2 * shared + (offer.listing.goods in groups)
        if score >= 1:
            scored.append((-score, place, offer.id))
    return tuple(identity for _, _, identity in sorted(scored))


def find(query: str, sites: Iterable[str] = ("taoji", "jingdian", "shop")) -> list[Offer]:
    """The offers for `query` on `sites`, best first."""
    wanted = set(sites)
    every = offers()
    return [every[i] for i in _ranked(query) if every[i].seller.site in wanted]
