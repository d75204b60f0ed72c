"""Aids for reading pages: visible text, JSON in scripts, structured data, the seller's block.

Small named functions; the readers in `spiders/` compose them. Nothing here invents a value.
"""

from crawler.extract.scripts import ScriptError, at, json_after, whole_objects
from crawler.extract.seller import licence_numbers, seller_block
from crawler.extract.structured import Product, product_of
from crawler.extract.text import compact, first_price, marked, parameters, text_of, visible_text

__all__ = [
    "Product",
    "ScriptError",
    "at",
    "compact",
    "first_price",
    "json_after",
    "licence_numbers",
    "marked",
    "parameters",
    "product_of",
    "seller_block",
    "text_of",
    "visible_text",
    "whole_objects",
]
