"""The town's one data file, its sellers and its truth, loaded and checked.

`listings.jsonl`: one offer a line, with the fields of `listing.Listing` and three of the town's:
`site` (``taoji``, ``jingdian`` or ``shop``), `shop` (a key of `shops.yaml`), and `shown`
(the words in which the page writes a price or a sales figure, where they are peculiar).
`truth.jsonl`: `{"id", "labels": [violation ids], "note", "where": field}` of each listing.
All of it is written by `python -m practice.compose`; nobody in it exists.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from listing import Listing

__all__ = ["HERE", "Offer", "Seller", "Truth", "goods", "listings", "offers", "sellers", "truth"]

HERE = Path(__file__).resolve().parent
ITEM_PATHS = {"taoji": "/item.htm?id={id}", "jingdian": "/{id}.html", "shop": "/item/{id}.html"}
"""Where each kind of site keeps its item pages."""
DOMAIN = "town.localhost"


@dataclass(frozen=True, slots=True)
class Seller:
    """A shop and who runs it, as its pages state it ("" where they state nothing)."""

    key: str
    name: str
    site: str
    template: str
    """Which page shape an independent shop has; "" on a marketplace."""
    operator_name: str
    uscc: str
    licence_no: str
    phone: str
    address: str
    icp: str
    about: str
    behind: str = ""
    """Truth, shown nowhere: who runs it, where that is somebody who runs others too."""

    @property
    def hand(self) -> str:
        """Whose it is: equal for the shops of one operator, whatever their pages say."""
        return self.behind or self.key

    @property
    def host(self) -> str:
        """The host its item pages stand on."""
        return f"{self.key if self.site == 'shop' else self.site}.{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing and the shop that shows it."""

    listing: Listing
    seller: Seller
    shown: dict[str, str]

    @property
    def id(self) -> str:
        """The listing's id, unique in the town."""
        return self.listing.id

    @property
    def path(self) -> str:
        """Path and query of its item page."""
        return ITEM_PATHS[self.seller.site].format(id=self.id)

    @property
    def price_text(self) -> str:
        """The price as the page writes it, without a sign."""
        if "price" in self.shown:
            return self.shown["price"]
        return "" if self.listing.price is None else f"{self.listing.price:.2f}"

    @property
    def sales_text(self) -> str:
        """How many paid, as shops write it: ``1.2万+`` from 10,000 on."""
        if "sales" in self.shown:
            return self.shown["sales"]
        sales = self.listing.sales or 0
        return f"{sales / 10_000:.1f}".removesuffix(".0") + "万+" if sales >= 10_000 else str(sales)


@dataclass(frozen=True, slots=True)
class Truth:
    """What an officer would find in one listing: no labels means lawful."""

    id: str
    labels: tuple[str, ...]
    note: str
    where: str


def _lines(name: str) -> Iterator[dict[str, Any]]:
    with (HERE / name).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


@cache
def sellers() -> dict[str, Seller]:
    """Every shop of the town by its key."""
    raw = YAML(typ="safe").load((HERE / "shops.yaml").read_text(encoding="utf-8"))
    return {shop["key"]: Seller(**shop) for shop in raw["shops"]}


@cache
def offers() -> dict[str, Offer]:
    """Every offer by its id, in the order of the file."""
    found: dict[str, Offer] = {}
    for row in _lines("listings.jsonl"):
        found[row["id"]] = Offer(
            Listing.from_dict(row), sellers()[row["shop"]], row.get("shown") or {}
        )
    return found


def listings() -> list[Listing]:
    """Every listing of the town, in the order of the file; addresses stand without a port."""
    return [offer.listing for offer in offers().values()]


@cache
def truth() -> dict[str, Truth]:
    """What is unlawful about each listing, by its id."""
    return {
        row["id"]: Truth(row["id"], tuple(row["labels"]), row["note"], row["where"])
        for row in _lines("truth.jsonl")
    }


@cache
def goods() -> dict[str, dict[str, Any]]:
    """The watch list (`rules/goods.yaml`) by id: title, search terms, words."""
    raw = YAML(typ="safe").load((HERE.parent / "rules/goods.yaml").read_text(encoding="utf-8"))
    return {group["id"]: group for group in raw["goods"]}
