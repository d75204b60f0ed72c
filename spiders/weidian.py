"""微店: item pages whose data stand in an attribute (never seen by us: unproven).

- item: weidian.com/item.html?itemID=…: `#__rocker-render-inject__` carries the whole page as JSON in
  `data-obj`, with `result.default_model.item_info` and `.shop_info`; answers without a login
- search: weidian.com has none that works without the app; a shop's goods stand on its own page, and
  shops are found by search engines. What a search answers is read where it carries `data-obj`
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urlsplit

from crawler.extract import at, compact
from crawler.page import Page, ReadError, SearchPage
from listing import Listing
from spiders.base import Blocked, Reader, Source
from spiders.rows import read_rows

__all__ = ["Weidian"]


class Weidian(Reader):
    """Reads `data-obj` as other people's programs describe it."""

    source = Source(
        name="weidian",
        title="微店",
        kind="marketplace",
        home="https://weidian.com",
        official_api="微店开放平台 (with a key); data hand-over by 电子商务法 25",
        limits="no search on the web: items and shops are found by search engines; detail text comes by script",
        unproven=True,
    )
    domains = ("weidian.com",)

    def search_url(self, query: str, page: int) -> str:
        """The search page of the mobile site."""
        return f"{self.base}/search.html?{urlencode({'keyword': query, 'page': page})}"

    def read_search(self, page: Page) -> SearchPage:
        """The items of `result.items`."""
        rows = at(_data(page), "result.items")
        if not isinstance(rows, list):
            raise ReadError(page, "no list of items (result.items)")
        listings, problems = read_rows(rows, lambda row: self._offer(page, row))
        return SearchPage(listings=listings, problems=problems)

    def _offer(self, page: Page, row: dict[str, Any]) -> Listing:
        id_ = row.get("itemId") or row.get("item_id")
        return Listing.from_dict(
            {
                "id": str(id_ or ""),
                "title": compact(row.get("itemName") or row.get("item_name")),
                "url": f"{self.base}/item.html?itemID={id_}" if id_ else "",
                "price": row.get("price"),
                "shop_name": row.get("shopName"),
            }
        )

    def read_item(self, page: Page) -> Listing:
        """Title, price, sales, shop."""
        model = at(_data(page), "result.default_model")
        if not at(model, "item_info.item_name"):
            raise ReadError(page, "no item title (item_info.item_name)")
        listings, problems = read_rows([model], lambda found: self._item(page, found))
        if problems:
            raise ReadError(page, problems[0])
        return listings[0]

    def _item(self, page: Page, model: dict[str, Any]) -> Listing:
        item, shop = model["item_info"], model.get("shop_info") or {}
        link = shop.get("shop_url") or ""
        return Listing.from_dict(
            {
                "id": str(item.get("item_id") or ""),
                "title": compact(item["item_name"]),
                "url": page.url,
                "price": item.get("price") or item.get("origin_price"),
                "sales": item.get("soldText") or None,
                "shop_name": shop.get("shopName"),
                "shop_url": page.absolute(link) if link else "",
                "images": [item["item_head"]] if item.get("item_head") else [],
            }
        )


def _data(page: Page) -> Any:
    parts = urlsplit(page.url)
    if (parts.hostname or "").startswith("sso.") or parts.path.startswith("/login"):
        raise Blocked("login", f"sent to {parts.hostname}{parts.path}")
    packed = page.selector.xpath('//*[@id="__rocker-render-inject__"]/@data-obj').get()
    if not packed:
        raise ReadError(page, "no data in the page (#__rocker-render-inject__)")
    try:
        return json.loads(packed)
    except (ValueError, RecursionError) as error:
        raise ReadError(page, f"data-obj is not JSON: {error}") from None
