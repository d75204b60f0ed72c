"""A listing whose pictures are being looked at, one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from crawler.tasks import PictureText
from listing import Listing

__all__ = ["Looking", "look"]

_NO_WORDS = re.compile(r"\.(?:svg|gif|ico)$", re.IGNORECASE)
"""Drawings, animations and icons are not read."""


@dataclass(frozen=True, slots=True)
class Looking:
    """What is known so far of a listing, and which pictures are still wanted."""

    listing: Listing
    record: str
    wanted: tuple[int, ...]
    """Which of its `images`."""
    pictures: tuple[tuple[int, str], ...] = ()
    """Those that were had, with their records."""

    @property
    def url(self) -> str:
        """The address of the picture that is wanted next."""
        return self.listing.images[self.wanted[0]]

    def passed(self) -> Looking:
        """Without the next picture: it could not be had."""
        return replace(self, wanted=self.wanted[1:])

    def seen(self, picture: PictureText, record: str) -> Looking:
        """With what was read in the next picture."""
        place, listing = self.wanted[0], self.listing
        hashes = [*listing.image_hashes, *[""] * (place + 1 - len(listing.image_hashes))]
        hashes[place] = picture.phash
        listing = listing.model_copy(
            update={
                "image_text": [*listing.image_text, *(line.text for line in picture.lines)],
                "image_boxes": [
                    *listing.image_boxes,
                    *([place, *line.box] for line in picture.lines),
                ],
                "image_hashes": hashes if any(hashes) else [],
            }
        )
        return replace(
            self,
            listing=listing,
            wanted=self.wanted[1:],
            pictures=(*self.pictures, (place, record)),
        )


def look(listing: Listing, record: str, limit: int) -> Looking:
    """The listing with the first `limit` of its pictures wanted, each address once."""
    first: dict[str, int] = {}
    for place, url in enumerate(listing.images):
        if not _NO_WORDS.search(urlsplit(url).path):
            first.setdefault(url, place)
    return Looking(listing, record, tuple(first.values())[:limit])
