"""Common shop software, as data (`software.yaml`): known by its signs, read by its hooks.

The hooks are those of the standard templates of django-oscar 4, WooCommerce, Shopify (Dawn and
Debut), Magento 2, OpenCart 3 and 4, ECShop 2.7 and ShopXO. A shop with a theme of its own keeps
some of them; what they do not find the general reader looks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from cssselect import HTMLTranslator
from lxml import etree

from crawler.extract import Product, compact, day_of, parameters_of, text_of
from crawler.extract.text import Element
from crawler.page import Page, once

__all__ = ["Software", "software_of", "softwares"]

_LOOK_AT = 400_000
"""Characters of a page in which signs are looked for."""
Hook = Callable[[Element], list[Element]]
"""Finds elements below another."""
_STARS = re.compile(r"\d(?:\.\d)?")


@dataclass(frozen=True, slots=True)
class Software:
    """One kind of shop software: its signs, its addresses, its hooks."""

    name: str
    signs: tuple[str, ...]
    item: re.Pattern[str]
    lists: re.Pattern[str]
    skip: re.Pattern[str] | None = None
    hooks: dict[str, tuple[Hook, ...]] = field(default_factory=dict)
    review: dict[str, Hook] = field(default_factory=dict)

    def read(self, page: Page) -> Product:
        """What the hooks find in an item page; "" for what they do not find."""
        root: Element = page.selector.root
        attributes: dict[str, str] = {}
        for scope in self._first(root, "attributes"):
            attributes |= parameters_of(scope)
        return Product(
            name=self._text(root, "title"),
            description=text_of(self._first(root, "text")[:200]),
            price=self._text(root, "price"),
            list_price=self._text(root, "old_price"),
            availability=self._text(root, "stock"),
            sales=self._text(root, "sales"),
            images=list(dict.fromkeys(filter(None, map(address, self._first(root, "images"))))),
            attributes=attributes,
            reviews=list(self._reviews(root)),
        )

    def _first(self, root: Element, name: str) -> list[Element]:
        return next((found for hook in self.hooks.get(name, ()) if (found := hook(root))), [])

    def _text(self, root: Element, name: str) -> str:
        return next((said for e in self._first(root, name) if (said := text_in(e))), "")

    def _reviews(self, root: Element) -> Iterable[dict[str, Any]]:
        if not self.review:
            return
        for each in self.review["each"](root)[:500]:

            def said(name: str, of: Element = each) -> str:
                found = self.review[name](of) if name in self.review else []
                return text_in(found[0]) if found else ""

            if text := said("text"):
                rating = _STARS.search(said("rating"))
                yield {
                    "text": text,
                    "date": day_of(said("date")) or None,
                    "user": said("user"),
                    "rating": float(rating.group()) if rating else None,
                }


def text_in(element: Element) -> str:
    """What stands in an element, on one line; of a `<time>` the day it is marked with."""
    if element.tag == "time" and (marked := element.get("datetime")):
        return str(marked)
    return compact("".join(element.itertext("*"))[:2_000]) if len(element) else compact(element.text)  # fmt: skip


def address(element: Element) -> str:
    """Where the picture of an `<img>` or of a link to one is; lazy pictures keep it aside."""
    names = ("data-zoom-image", "data-original", "data-src", "data-lazy-src", "data-large_image", "href", "src")  # fmt: skip
    return next(
        (s for name in names if (s := (element.get(name) or "").strip()) and s[:5] != "data:"), ""
    )


@cache
def softwares() -> tuple[Software, ...]:
    """All of `software.yaml`, in its order."""
    raw = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return tuple(_software(dict(one)) for one in raw)


def _software(raw: dict[str, Any]) -> Software:
    hooks = {n: tuple(map(_hook, v)) for n, v in raw.items() if isinstance(v, list) and n != "signs"}  # fmt: skip
    return Software(
        name=raw["name"],
        signs=tuple(raw["signs"]),
        item=re.compile(raw["item"]),
        lists=re.compile(raw["list"]),
        skip=re.compile(raw["skip"]) if raw.get("skip") else None,
        hooks=hooks,
        review={name: _hook(css) for name, css in raw.get("reviews", {}).items()},
    )


def _hook(said: str) -> Hook:
    if said.startswith("xpath:"):
        path = said.removeprefix("xpath:")
    else:
        path = HTMLTranslator().css_to_xpath(said)
    return cast(Hook, etree.XPath(path))


@once
def software_of(page: Page) -> Software | None:
    """The software that made the page, by its signs; None for what is not known."""
    text = page.text[:_LOOK_AT]
    return next((one for one in softwares() if any(sign in text for sign in one.signs)), None)
