"""Aids for reading pages: visible text, JSON in scripts, structured data, the seller's block.

Small named functions; the readers in `spiders/` compose them. Nothing here invents a value.
"""

from crawler.extract.dates import day_of
from crawler.extract.scripts import ScriptError, json_after
from crawler.extract.seller import licence_numbers, seller_block
from crawler.extract.structured import Product, product_of
from crawler.extract.text import (
    compact,
    first_price,
    marked,
    marked_by,
    parameters,
    parameters_of,
    text_of,
    visible_text,
)

__all__ = [
    "Product",
    "ScriptError",
    "compact",
    "day_of",
    "first_price",
    "json_after",
    "licence_numbers",
    "marked",
    "marked_by",
    "parameters",
    "parameters_of",
    "product_of",
    "seller_block",
    "text_of",
    "visible_text",
]
