"""Prices and sales figures as shops write them.

Prices are CNY as `Decimal`; sales are whole numbers of orders or payers.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

__all__ = ["MoneyError", "parse_price", "parse_sales"]

NEGOTIABLE = ("面议", "电议", "议价", "询价", "咨询", "暂无报价", "暂无价格", "待定", "登录后可见")
"""Words that stand where a price would be when the shop states none."""

_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3}){1,4}|\d{1,12})(?:\.(\d{1,4}))?")
_WAN = re.compile(r"[ ]{0,3}([万千亿wWkK])")
_SCALE = {
    "万": Decimal(10_000), "w": Decimal(10_000), "W": Decimal(10_000),
    "千": Decimal(1_000), "k": Decimal(1_000), "K": Decimal(1_000),
    "亿": Decimal(100_000_000),
}  # fmt: skip


class MoneyError(ValueError):
    """A text that should state a price or a figure does not; `text` is that text."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"{why}: {text[:60]!r}")
        self.text = text


def _first_number(text: str) -> Decimal | None:
    found = _NUMBER.search(text)
    if found is None:
        return None
    whole, cents = found.group(1).replace(",", ""), found.group(2)
    value = Decimal(f"{whole}.{cents}" if cents else whole)
    scale = _WAN.match(text, found.end())
    return value * _SCALE[scale.group(1)] if scale else value


def parse_price(value: object) -> Decimal | None:
    """The price in CNY that `value` states, or None where the seller states none.

    Takes a number, or a text in any width and with any sign (``￥１２８．００``,
    ``1,299元``). Of two prices (``128.00-256.00``) the lower one counts: it is what
    the listing offers at. ``面议`` and the like, and empty text, are None.
    Raises `MoneyError` for anything else, and for a negative price.
    """
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise MoneyError(str(value), "not a price")
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        if not number.is_finite() or number < 0:
            raise MoneyError(str(value), "not a price")
        return number
    if not isinstance(value, str):
        raise MoneyError(str(value), "not a price")
    text = unicodedata.normalize("NFKC", value[:200]).strip()
    if not text or any(word in text for word in NEGOTIABLE):
        return None
    if re.match(r"[¥￥元\s]*-\s*[¥\s]*\d", text):
        raise MoneyError(value, "a negative price")
    prices = [_first_number(part) for part in re.split(r"[-~—–至]", text)]
    stated = [price for price in prices if price is not None]
    if not stated:
        raise MoneyError(value, "no price in")
    return min(stated)


def parse_sales(value: object) -> int | None:
    """How many were sold, as the page counts them: ``1.2万+人付款`` is 12000.

    None where nothing is stated; raises `MoneyError` for text without a figure.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = unicodedata.normalize("NFKC", str(value)[:200]).strip()
    if not text:
        return None
    number = _first_number(text)
    if number is None:
        raise MoneyError(str(value), "no sales figure in")
    return int(number)
