"""抖音电商: goods as JSON (never seen by us: unproven).

- search exists in the app, and for partners by the API of 精选联盟 (`data.products`, prices in cents);
  the web page www.douyin.com/search/QUERY?type=commodity wants a login and fills itself by script
- item: haohuo.jinritemai.com/ecommerce/trade/detail/index.html?id=…; its data come as JSON (`data`
  with `name`, `discount_price` in cents, `shop_name`, `shop_tel`)
- livestreams are not read
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

from crawler.extract import ScriptError, at, compact, json_after
from crawler.page import Page, ReadError, SearchPage
from listing import Listing
from spiders.base import Blocked, Reader, Source
from spiders.rows import read_rows

__all__ = ["Douyin"]

_ITEM = "https://haohuo.jinritemai.com/ecommerce/trade/detail/index.html?id="


class Douyin(Reader):
    """Reads the JSON that is described; a page that holds none is named, not guessed at."""

    source = Source(
        name="douyin",
        title="抖音电商",
        kind="marketplace",
        home="https://www.douyin.com",
        needs_session=True,
        official_api="抖店开放平台, 精选联盟 (with a key); data hand-over by 电子商务法 25",
        limits="goods are shown in the app; the web wants a login; livestreams are not read",
        unproven=True,
    )
    domains = ("douyin.com", "jinritemai.com", "snssdk.com")

    def search_url(self, query: str, page: int) -> str:
        """There is one page per query; further goods come while scrolling."""
        return f"{self.base}/search/{quote(query, safe='')}?type=commodity"

    def read_search(self, page: Page) -> SearchPage:
        """The goods of `data.products`."""
        data = _data(page)
        rows = at(data, "data.products")
        if not isinstance(rows, list):
            raise ReadError(page, "no list of goods (data.products)")
        listings, problems = read_rows(rows, lambda row: self._offer(page, row))
        return SearchPage(listings=listings, total=at(data, "data.total"), problems=problems)

    def _offer(self, page: Page, row: dict[str, Any]) -> Listing:
        id_ = row.get("product_id")
        return Listing.from_dict(
            {
                "id": str(id_ or ""),
                "title": compact(row.get("title")),
                "url": row.get("detail_url") or (f"{_ITEM}{id_}" if id_ else ""),
                "price": _yuan(row.get("coupon_price") or row.get("price")),
                "sales": row.get("sales"),
                "shop_name": row.get("shop_name"),
                "images": [row["cover"]] if row.get("cover") else [],
            }
        )

    def read_item(self, page: Page) -> Listing:
        """Title, price, shop with its telephone, parameters."""
        data = at(_data(page), "data")
        if not at(data, "name"):
            raise ReadError(page, "no item title (data.name)")
        listings, problems = read_rows([data], lambda found: self._item(page, found))
        if problems:
            raise ReadError(page, problems[0])
        return listings[0]

    def _item(self, page: Page, data: dict[str, Any]) -> Listing:
        attributes = {
            str(name): str(value) for name, value in (data.get("product_format") or {}).items()
        }
        id_ = data.get("product_id")
        return Listing.from_dict(
            {
                "id": str(id_ or ""),
                "title": compact(data["name"]),
                "url": f"{_ITEM}{id_}" if id_ else page.url,
                "price": _yuan(data.get("discount_price")),
                "original_price": _yuan(data.get("market_price")),
                "sales": data.get("sell_num"),
                "shop_name": data.get("shop_name"),
                "phone": data.get("shop_tel"),
                "attributes": attributes,
                "brand": attributes.get("品牌", ""),
                "origin": attributes.get("产地", ""),
                "images": [data["img"]] if data.get("img") else [],
            }
        )


def _yuan(cents: Any) -> Any:
    return Decimal(cents) / 100 if isinstance(cents, int) else cents


def _data(page: Page) -> Any:
    parts = urlsplit(page.url)
    if (parts.hostname or "").startswith(("sso.", "passport.")) or "/login" in parts.path:
        raise Blocked("login", f"sent to {parts.hostname}{parts.path}")
    if "验证码中间页" in page.text[:3000]:
        raise Blocked("captcha", "验证码中间页")
    try:
        return json.loads(page.text)
    except (ValueError, RecursionError):
        pass
    try:
        return json_after(page.text, "_ROUTER_DATA")
    except ScriptError:
        raise ReadError(page, "no data in the page (its goods come by script)") from None
