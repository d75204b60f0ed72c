"""The unified social credit code (统一社会信用代码, USCC): form and check digit.

Source: GB 32100-2015 法人和其他组织统一社会信用代码编码规则, 4 and 5.
"""

from __future__ import annotations

from operator import mul

__all__ = ["is_uscc"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The 31 characters a code is written in: no I, O, S, V, Z."""
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


def is_uscc(code: str) -> bool:
    """Whether `code` has 18 characters of the right alphabet and its check character fits."""
    if len(code) != 18:
        return False
    try:
        values = [_VALUES[character] for character in code]
    except KeyError:
        return False
    total: int = sum(map(mul, values, _WEIGHTS))
    return -total % 31 == values[17]
