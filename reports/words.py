"""Words of pages made fit for a document: no control or direction marks, no consumers' or
operators' names and numbers, not too long."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from listing.masks import mask_address, mask_name, mask_number, mask_text

__all__ = ["clean", "masked", "masked_code", "masked_name", "masked_place"]

_ENOUGH = 2000
"""Characters that are masked at most; no document shows so many."""


def clean(text: str, longest: int = 0) -> str:
    """Text without characters that steer (control, direction, unpaired surrogates), in one line;
    with an … where it was cut."""
    # Long before the rest: a page's word may have 100,000 characters.
    cut = text[: longest * 4] if longest else text
    plain = "".join(
        " " if one in "\n\r\t\u2028\u2029" else one
        for one in cut
        if one in "\n\r\t" or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")
    )
    plain = " ".join(plain.split())
    if longest and (len(plain) > longest or len(cut) < len(text)):
        return plain[:longest] + "…"
    return plain


def masked(text: str, names: Sequence[str] = (), longest: int = 300) -> str:
    """`clean` text in which names of operators and shops, and numbers of people, are masked."""
    plain = clean(text, _ENOUGH)
    return clean(mask_text(plain, [clean(name, _ENOUGH) for name in names]), longest)


def masked_name(name: str) -> str:
    """First and last character of a name (`listing.masks.mask_name`), the rest as three stars: how
    long it is must not tell it."""
    plain = mask_name(clean(name, 200))
    return plain if len(plain) < 5 else f"{plain[0]}***{plain[-1]}"


def masked_code(code: str) -> str:
    """Registry and division of a USCC, and its last four characters."""
    return mask_number(clean(code, 40), 8)


def masked_place(address: str) -> str:
    """An address down to its county."""
    return mask_address(clean(address, 200)).rstrip("*")
