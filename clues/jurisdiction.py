"""In whose jurisdiction a listing is: by the operator's address, else where it ships from."""

from __future__ import annotations

from detectors.places import Places
from listing import Listing

__all__ = ["Jurisdiction"]


class Jurisdiction:
    """Made from the divisions the rules know."""

    def __init__(self, places: Places) -> None:
        self.places = places

    def of(self, listing: Listing) -> str:
        """The narrowest division code that is known, or ""."""
        return self.places.locate(listing.address, listing.ship_from)
