"""Well-formed fictional numbers: unified codes, licences, telephones.

Forms: GB 32100-2015 (USCC) with the organisation code of GB 11714-1997 inside; «JY»/«SC» and 14
digits (食品经营许可和备案管理办法, 食品生产许可管理办法). Telephones use the
exchange 000, which no one has.
"""

from __future__ import annotations

from random import Random

__all__ = ["food_licence", "phone", "spoiled", "uscc"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def uscc(area: int, form: int, chance: Random) -> str:
    """A code with right check characters: registered by market regulation (9) in `area`.

    `form` is the second character: 1 enterprise, 2 self-employed trader.
    """
    body = "MA" + "".join(chance.choice(_ALPHABET) for _ in range(6))
    values = ["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(c) for c in body]
    rest = 11 - sum(v * w for v, w in zip(values, _ORGANISATION_WEIGHTS, strict=True)) % 11
    code = f"9{form}{area}{body}{'0X'[rest == 10] if rest > 9 else rest}"
    total = sum(_ALPHABET.index(c) * pow(3, n, 31) for n, c in enumerate(code))
    return code + _ALPHABET[(31 - total % 31) % 31]


def spoiled(code: str) -> str:
    """`code` with a check character that does not fit."""
    return code[:-1] + _ALPHABET[(_ALPHABET.index(code[-1]) + 7) % 31]


def food_licence(prefix: str, area: int, chance: Random) -> str:
    """``JY1`` (a food seller) or ``SC114`` (a maker of a food category) with area, number, check."""
    sequence = f"{chance.randrange(10**12):012d}"
    body = f"{prefix[2:]}{area}{sequence}"[:13]
    rest = 10
    for digit in body:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return f"{prefix[:2]}{body}{(11 - rest) % 10}"


def phone(area: int, chance: Random) -> str:
    """A number of the exchange 000 in the area's province."""
    codes = {
        53: "0871",
        44: "020",
        33: "0571",
        35: "0595",
        31: "021",
        37: "0532",
        42: "0719",
        51: "028",
    }
    return f"{codes.get(area // 10_000, '0871')}-000{chance.randrange(100_000):05d}"
