"""The datum that walks through the house: what one page offers, at one moment.

A `Listing` is made by a spider (or read from a file), looked at by the detectors,
stored as an observation. Every package may import this one; it imports none of them.
"""

from listing.files import FileProblem, read_listings
from listing.model import Listing, ListingError, PricePoint, Review, SearchResult
from listing.money import MoneyError, parse_price, parse_sales
from listing.uscc import is_uscc

__all__ = [
    "FileProblem",
    "Listing",
    "ListingError",
    "MoneyError",
    "PricePoint",
    "Review",
    "SearchResult",
    "is_uscc",
    "parse_price",
    "parse_sales",
    "read_listings",
]
