"""Structured data of a page: schema.org `Product` in JSON-LD or microdata, OpenGraph."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from parsel import Selector

from crawler.extract.text import compact, visible_text

__all__ = ["Product", "product_of"]


@dataclass(slots=True)
class Product:
    """What a page's structured data says of the product it offers; "" where it says nothing."""

    name: str = ""
    description: str = ""
    brand: str = ""
    price: str = ""
    list_price: str = ""
    seller: str = ""
    images: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)


def product_of(page: Selector) -> Product | None:
    """The page's product, or None where its structured data names none (or several)."""
    return _json_ld(page) or _microdata(page) or _open_graph(page)


def _many(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _name(value: Any) -> str:
    """The name of a thing that may be given as a text or as an object."""
    if isinstance(value, dict):
        value = value.get("name") or value.get("url") or ""
    return compact(str(value)) if isinstance(value, str | int | float) else ""


def _things(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    pending = _many(value)
    while pending:
        thing = pending.pop(0)
        if isinstance(thing, dict):
            found.append(thing)
            pending.extend(_many(thing.get("@graph")))
    return found


def _json_ld(page: Selector) -> Product | None:
    products = []
    for script in page.xpath('//script[@type="application/ld+json"]/text()').getall():
        try:
            data = json.loads(script, strict=False)
        except (ValueError, RecursionError):
            continue
        products += [t for t in _things(data) if "Product" in _many(t.get("@type"))]
    if len(products) != 1:
        return None
    thing = products[0]
    offer = next(iter(o for o in _many(thing.get("offers")) if isinstance(o, dict)), {})
    listed = ""
    for specification in _many(offer.get("priceSpecification")):
        if isinstance(specification, dict) and "ListPrice" in str(specification.get("priceType")):
            listed = str(specification.get("price", ""))
    return Product(
        name=_name(thing.get("name")),
        description=compact(str(thing.get("description") or "")),
        brand=_name(thing.get("brand")),
        price=str(offer.get("price") or offer.get("lowPrice") or ""),
        list_price=listed,
        seller=_name(offer.get("seller")),
        images=[name for image in _many(thing.get("image")) if (name := _name(image))],
        attributes={
            _name(p.get("name")): _name(p.get("value"))
            for p in _many(thing.get("additionalProperty"))
            if isinstance(p, dict) and _name(p.get("name"))
        },
        reviews=[_review(r) for r in _many(thing.get("review")) if isinstance(r, dict)],
    )


def _review(thing: dict[str, Any]) -> dict[str, Any]:
    rating = thing.get("reviewRating")
    value = rating.get("ratingValue") if isinstance(rating, dict) else None
    return {
        "text": compact(str(thing.get("reviewBody") or "")),
        "date": str(thing.get("datePublished") or "") or None,
        "user": _name(thing.get("author")),
        "rating": value,
    }


def _microdata(page: Selector) -> Product | None:
    things = page.xpath('//*[contains(@itemtype, "schema.org/Product")]')
    if len(things) != 1:
        return None
    thing = things[0]

    def value(of: Selector, name: str) -> str:
        found = of.xpath(f'.//*[@itemprop="{name}"]')
        if not found:
            return ""
        return compact(found[0].attrib.get("content") or found[0].xpath("string()").get(""))

    description = thing.xpath('.//*[@itemprop="description"]')
    return Product(
        name=value(thing, "name"),
        description=visible_text(description[0]) if description else "",
        brand=value(thing, "brand"),
        price=value(thing, "price") or value(thing, "lowPrice"),
        seller=value(thing, "seller"),
        images=thing.xpath('.//*[@itemprop="image"]/@src|.//*[@itemprop="image"]/@href').getall(),
        reviews=[
            {
                "text": value(review, "reviewBody"),
                "date": value(review, "datePublished") or None,
                "user": value(review, "author"),
                "rating": value(review, "ratingValue") or None,
            }
            for review in thing.xpath('.//*[@itemprop="review"]')
        ],
    )


def _open_graph(page: Selector) -> Product | None:
    said: dict[str, str] = {}
    for meta in page.xpath("//meta[@property]"):
        said.setdefault(meta.attrib["property"], compact(meta.attrib.get("content")))
    if "product" not in said.get("og:type", "") or not said.get("og:title"):
        return None
    return Product(
        name=said["og:title"],
        description=said.get("og:description", ""),
        brand=said.get("product:brand", ""),
        price=said.get("product:price:amount") or said.get("og:price:amount", ""),
        images=[said["og:image"]] if said.get("og:image") else [],
    )
