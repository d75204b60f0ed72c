"""The product that a page's structured data describes: schema.org in any syntax, OpenGraph.

Prices: of several offers the lowest counts, as a shop shows it («起»), and the highest is kept
beside it. `availability` is in the words shops use, of schema.org's `ItemAvailability`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from parsel import Selector

from crawler.extract.dates import day_of
from crawler.extract.schema import Thing, things, types_of, walk
from crawler.extract.text import compact, first_price
from listing import MoneyError, parse_price

__all__ = ["Product", "product_of"]

_PRODUCT = {"Product", "ProductGroup", "IndividualProduct", "ProductModel", "SomeProducts", "Book", "Vehicle"}  # fmt: skip
_AROUND = frozenset({"mainEntity", "mainEntityOfPage", "itemOffered", "about", "@graph"})
"""Where the page's own product may stand inside another thing; never in lists of others."""
_AVAILABILITY = {
    "InStock": "有货", "LimitedAvailability": "有货", "OnlineOnly": "有货", "InStoreOnly": "仅门店",
    "OutOfStock": "缺货", "SoldOut": "售罄", "Discontinued": "停售", "PreOrder": "预售", "PreSale": "预售",
    "BackOrder": "可订",
}  # fmt: skip
_OG_AVAILABILITY = {"instock": "有货", "in stock": "有货", "oos": "缺货", "out of stock": "缺货", "pending": "预售", "preorder": "预售"}  # fmt: skip
_LISTED = ("ListPrice", "MSRP", "SRP", "StrikethroughPrice")


@dataclass(slots=True)
class Product:
    """What a page's structured data says of the product it offers; "" where it says nothing."""

    name: str = ""
    description: str = ""
    brand: str = ""
    price: str = ""
    high_price: str = ""
    """Of several offers the dearest, "" where all cost the same."""
    list_price: str = ""
    currency: str = ""
    availability: str = ""
    sales: str = ""
    seller: str = ""
    category: str = ""
    rating: str = ""
    """The mean of all ratings."""
    rating_count: str = ""
    images: list[str] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    reviews: list[dict[str, Any]] = field(default_factory=list)


def product_of(page: Selector) -> Product | None:
    """The page's product, or None where its structured data names none, or several of which
    none is told to be the page's own. What one syntax leaves out another may say."""
    graph = _open_graph(page)
    roots = things(page)
    found = [t for t in walk(roots, _AROUND) if types_of(t) & _PRODUCT and _text(t, "name")]
    chosen = _chosen(page, found, graph)
    if chosen is None:
        return graph if (graph and graph.price) or (graph and not found) else None
    product = _product(chosen)
    for other in (*(_product(t) for t in found if t is not chosen), graph):
        if other and _same(product.name, other.name):
            _complete(product, other)
    product.category = product.category or _crumbs(roots, product.name)
    return product


def _chosen(page: Selector, found: list[Thing], graph: Product | None) -> Thing | None:
    names = {_text(thing, "name") for thing in found}
    if len(names) == 1:
        return max(found, key=len)
    headings = [compact(one) for one in page.xpath("//h1").xpath("string()").getall()]
    told = [*headings, graph.name if graph else ""]
    own = [thing for thing in found if _text(thing, "name") in told and thing.get("offers")]
    return own[0] if len({_text(thing, "name") for thing in own}) == 1 else None


def _same(one: str, other: str) -> bool:
    return bool(one and other) and (one in other or other in one)


def _complete(product: Product, other: Product) -> None:
    """Fill what `product` does not say; prices belong together and come from one place."""
    priced = bool(product.price)
    for one in fields(product):
        if priced and one.name in ("high_price", "list_price", "currency"):
            continue
        if not getattr(product, one.name):
            setattr(product, one.name, getattr(other, one.name))


# What a thing says ------------------------------------------------------------------------


def _name(value: Any) -> str:
    """The name of a thing that may be given as a text or as an object."""
    if isinstance(value, dict):
        return next((n for key in ("name", "url", "contentUrl", "@id") if (n := _text(value, key))), "")  # fmt: skip
    return compact(str(value))


def _text(thing: Thing, *names: str) -> str:
    """The first text that one of these properties has."""
    return next((said for name in names for v in thing.get(name, ()) if (said := _name(v))), "")


def _inner(thing: Thing, *names: str) -> list[Thing]:
    return [v for name in names for v in thing.get(name, ()) if isinstance(v, dict)]


def _product(thing: Thing) -> Product:
    rating = next(iter(_inner(thing, "aggregateRating")), {})
    variants = _inner(thing, "hasVariant")
    long = thing.get("description", [""])
    product = Product(
        name=_text(thing, "name"),
        description="\n".join(one for one in long if isinstance(one, str))[:100_000],
        brand=_text(thing, "brand", "manufacturer"),
        seller=_text(thing, "seller"),
        category=_category(thing),
        rating=_text(rating, "ratingValue"),
        rating_count=_text(rating, "reviewCount", "ratingCount"),
        images=list(dict.fromkeys(url for v in thing.get("image", ()) for url in _images(v))),
        attributes={
            name: said
            for p in _inner(thing, "additionalProperty")
            if (name := _text(p, "name"))
            and (said := f"{_text(p, 'value')}{_text(p, 'unitText', 'unitCode')}")
        },
        reviews=[_review(one) for one in _inner(thing, "review", "reviews")],
    )
    offers = [o for one in (thing, *variants) for o in _inner(one, "offers")]
    offers += [o for one in offers for o in _inner(one, "offers")]
    _priced(product, offers)
    return product


def _images(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        said = _text(value, "contentUrl", "url", "@id")
        return [said] if said else []
    return [compact(str(value))] if value else []


def _category(thing: Thing) -> str:
    said = [_name(value) for value in thing.get("category", ())]
    return ">".join(one for one in said if one and "://" not in one)[:200]


def _priced(product: Product, offers: list[Thing]) -> None:
    prices: list[tuple[Decimal, str]] = []
    highest = ""
    for offer in offers:
        for said in _prices(offer):
            try:
                price = parse_price(said)
            except MoneyError:
                continue
            if price is not None:
                prices.append((price, said))
        highest = highest or _text(offer, "highPrice")
        product.list_price = product.list_price or _list_price(offer)
        product.currency = product.currency or _currency(offer)
        product.seller = product.seller or _text(offer, "seller", "offeredBy")
        stock = _text(offer, "availability").rstrip("/").rsplit("/", 1)[-1]
        # One that can be had makes the product one that can be had.
        if _AVAILABILITY.get(stock) == "有货" or not product.availability:
            product.availability = _AVAILABILITY.get(stock, "")
    if prices:
        lowest, product.price = min(prices)
        dearest, said = max(prices)
        stated = first_price([highest]) if highest else None
        if stated is not None and stated > dearest:
            dearest, said = stated, highest
        product.high_price = said if dearest > lowest else ""
    elif offers:
        product.price = _text(offers[0], "price")


def _prices(offer: Thing) -> list[str]:
    said = [_text(offer, "price"), _text(offer, "lowPrice")]
    plain = [one for one in _inner(offer, "priceSpecification") if not _is_listed(one)]
    return [one for one in said if one] or [p for one in plain if (p := _text(one, "price"))]


def _is_listed(specification: Thing) -> bool:
    kind = _text(specification, "priceType")
    return any(kind.endswith(one) for one in _LISTED)


def _list_price(offer: Thing) -> str:
    for one in _inner(offer, "priceSpecification"):
        if _is_listed(one):
            return _text(one, "price")
    return ""


def _currency(offer: Thing) -> str:
    said = _text(offer, "priceCurrency")
    return said or next(
        (c for one in _inner(offer, "priceSpecification") if (c := _text(one, "priceCurrency"))), ""
    )


def _review(thing: Thing) -> dict[str, Any]:
    rating = next(iter(_inner(thing, "reviewRating")), thing)
    return {
        "text": _text(thing, "reviewBody", "description", "text"),
        "date": day_of(_text(thing, "datePublished", "dateCreated")) or None,
        "user": _text(thing, "author", "creator"),
        "rating": _number(_text(rating, "ratingValue")),
    }


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _crumbs(roots: list[Thing], name: str) -> str:
    """The way to the product as a `BreadcrumbList` gives it, without home and itself."""
    for thing in walk(roots):
        if "BreadcrumbList" in types_of(thing):
            steps = _inner(thing, "itemListElement")
            steps.sort(key=lambda step: _number(_text(step, "position")) or 0)
            said = [_text(step, "name") or _step(step) for step in steps]
            return ">".join(one for one in said[1:] if one and one != name)[:200]
    return ""


def _step(step: Thing) -> str:
    return next((_text(one, "name") for one in _inner(step, "item")), "")


def _open_graph(page: Selector) -> Product | None:
    said: dict[str, list[str]] = {}
    for meta in page.xpath("//meta[@property or @name]"):
        name = meta.attrib.get("property") or meta.attrib["name"]
        if name.startswith(("og:", "product:")):
            said.setdefault(name, []).append(compact(meta.attrib.get("content")))

    def first(*names: str) -> str:
        return next((v for name in names for v in said.get(name, ()) if v), "")

    if "product" not in first("og:type") or not first("og:title"):
        return None
    price, sale = first("product:price:amount", "og:price:amount"), first("product:sale_price:amount")  # fmt: skip
    stock = first("product:availability", "og:availability").lower()
    return Product(
        name=first("og:title"),
        description=first("og:description"),
        brand=first("product:brand", "og:brand"),
        price=sale or price,
        list_price=first("product:original_price:amount", "og:price:standard_amount")
        or (price if sale else ""),
        currency=first("product:price:currency", "og:price:currency"),
        availability=_OG_AVAILABILITY.get(stock, ""),
        category=first("product:category"),
        images=list(dict.fromkeys(v for v in (*said.get("og:image", ()), *said.get("og:image:url", ())) if v)),
    )  # fmt: skip
