"""拼多多: pages whose data stand in the script variable `rawData` (never seen by us: unproven).

- search: mobile.yangkeduo.com/search_result.html?search_key=QUERY; the first 20 goods are in
  `rawData.stores.store.data.ssrListData.list`, further ones come by script while scrolling:
  there is no second page to ask for
- item: goods.html?goods_id=…, `rawData.store.initDataObj` with `goods` and `mall`
- numbers in the page are cents (分), texts are yuan
- a visitor without a session is sent to login.html or psnl_verification.html
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

from crawler.extract import ScriptError, at, compact, json_after
from crawler.page import Page, ReadError, SearchPage
from listing import Listing
from spiders.base import Blocked, Reader, Source
from spiders.rows import read_rows

__all__ = ["Pdd", "goods_property"]

_LISTS = ("stores.store.data.ssrListData.list", "store.data.ssrListData.list")
_GOODS = ("store.initDataObj", "initDataObj", "store")


class Pdd(Reader):
    """Reads `rawData` as other people's programs describe it."""

    source = Source(
        name="pdd",
        title="拼多多",
        kind="marketplace",
        home="https://mobile.yangkeduo.com",
        needs_session=True,
        official_api="拼多多开放平台 (with a key); data hand-over by 电子商务法 25",
        limits="wants a login; 20 goods per query; detail texts are pictures; the seller's licence is not on the item page",
        unproven=True,
    )
    domains = ("yangkeduo.com", "pinduoduo.com")

    def search_url(self, query: str, page: int) -> str:
        """There is one page per query; `page` is left out."""
        return f"{self.base}/search_result.html?{urlencode({'search_key': query})}"

    def read_search(self, page: Page) -> SearchPage:
        """The goods that the server put into the page."""
        data = _raw(page)
        rows = next((found for path in _LISTS if (found := at(data, path)) is not None), None)
        if not isinstance(rows, list):
            raise ReadError(page, "rawData has no ssrListData.list")
        listings, problems = read_rows(rows, lambda row: self._offer(page, row))
        return SearchPage(listings=listings, problems=problems)

    def _offer(self, page: Page, row: dict[str, Any]) -> Listing:
        id_ = row.get("goodsID") or row.get("goodsId")
        picture = row.get("imgUrl") or row.get("thumbUrl")
        return Listing.from_dict(
            {
                "id": str(id_ or ""),
                "title": compact(row.get("goodsName")),
                "url": f"{self.base}/goods.html?goods_id={id_}" if id_ else "",
                "price": row.get("priceInfo") or _yuan(row.get("price")),
                "sales": row.get("salesTip") or None,
                "shop_name": row.get("mallName"),
                "images": [page.absolute(picture)] if picture else [],
            }
        )

    def read_item(self, page: Page) -> Listing:
        """Title, group price, parameters, shop, pictures."""
        data = _raw(page)
        root = next((found for path in _GOODS if at(found := at(data, path), "goods")), None)
        if at(root, "goods.goodsName") is None:
            raise ReadError(page, "no item (rawData.store.initDataObj.goods.goodsName)")
        listings, problems = read_rows([root], lambda found: self._item(page, found))
        if problems:
            raise ReadError(page, problems[0])
        return listings[0]

    def _item(self, page: Page, root: dict[str, Any]) -> Listing:
        goods, mall = root["goods"], root.get("mall") or {}
        attributes = goods_property(goods.get("goodsProperty"))
        id_ = goods.get("goodsID") or goods.get("goodsId")
        mall_id = mall.get("mallID") or mall.get("mallId") or goods.get("mallID")
        price = at(goods, "ui.new_price_section.price") or _yuan(goods.get("minGroupPrice"))
        pictures = [
            at(one, "url") for name in ("topGallery", "detailGallery") for one in goods.get(name) or ()
        ]  # fmt: skip
        promised = [at(one, "type") for one in goods.get("service_promise") or ()]
        return Listing.from_dict(
            {
                "id": str(id_ or ""),
                "title": compact(goods["goodsName"]),
                "url": page.url,
                "text": compact(goods.get("goodsDesc")),
                "price": price,
                "original_price": _yuan(goods.get("linePrice") or goods.get("marketPrice")),
                "sales": goods.get("sideSalesTip") or goods.get("salesTip") or None,
                "shop_name": mall.get("mallName"),
                "shop_url": f"{self.base}/mall_page.html?mall_id={mall_id}" if mall_id else "",
                "attributes": attributes,
                "brand": attributes.get("品牌", ""),
                "origin": attributes.get("产地", ""),
                "terms": "\n".join(filter(None, promised)),
                "images": [page.absolute(i) for i in pictures if i],
            }
        )


def goods_property(pairs: Any) -> dict[str, str]:
    """Parameters as 拼多多 writes them: `[{key, values: [..]}]`."""
    return {
        str(pair["key"]): "、".join(map(str, pair.get("values") or ()))
        for pair in pairs or ()
        if isinstance(pair, dict) and pair.get("key")
    }


def _yuan(value: Any) -> Any:
    """A number is cents, a text is yuan."""
    return Decimal(value) / 100 if isinstance(value, int) else value


def _raw(page: Page) -> Any:
    path = urlsplit(page.url).path
    if path.startswith("/login"):
        raise Blocked("login", f"sent to {path}")
    if path.startswith("/psnl_verification"):
        raise Blocked("captcha", f"sent to {path}")
    try:
        return json_after(page.text, "rawData")
    except ScriptError as error:
        raise ReadError(page, f"no data in the page: {error}") from None
