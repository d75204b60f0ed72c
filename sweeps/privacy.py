"""Consumers' personal data is masked before it is stored; the archived page keeps the evidence.

个人信息保护法 第六条 asks to collect no more than the purpose needs. Masks keep the length, so
that spans in a review stay right.
"""

from __future__ import annotations

import re

from listing import Listing, Review

__all__ = ["masked"]

_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")


def _name(user: str) -> str:
    if len(user) <= 1:
        return "*" * len(user)
    return user[0] + "*" * (len(user) - 2) + (user[-1] if len(user) > 2 else "*")


def _review(review: Review) -> Review:
    text = _IDENTITY.sub(r"\1********\2", _MOBILE.sub(r"\1****\2", review.text))
    return review.model_copy(update={"user": _name(review.user), "text": text})


def masked(listing: Listing) -> Listing:
    """The listing with reviewers' names, and numbers of phones and identity cards in reviews,
    made unreadable."""
    if not listing.reviews:
        return listing
    return listing.model_copy(update={"reviews": [_review(review) for review in listing.reviews]})
