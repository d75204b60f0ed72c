"""Consumers' personal data is masked before it is stored; the archived page keeps the evidence.

How: see `listing.masks`.
"""

from __future__ import annotations

from listing import Listing, Review
from listing.masks import mask_name, mask_numbers

__all__ = ["masked"]


def _review(review: Review) -> Review:
    return review.model_copy(
        update={"user": mask_name(review.user), "text": mask_numbers(review.text)}
    )


def masked(listing: Listing) -> Listing:
    """The listing with reviewers' names, and numbers of phones, cards and orders in reviews,
    made unreadable."""
    if not listing.reviews:
        return listing
    return listing.model_copy(update={"reviews": [_review(review) for review in listing.reviews]})
