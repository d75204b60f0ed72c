"""1688: result pages whose offers stand in the script variable `pageConfig`, and as `.offer_item`.

- search: p4psearch.1688.com/page.html?keywords=QUERY&beginpage=PAGE: 20 of the 60 offers of a page
  are in it, promoted ones first; the others come by a signed script call
- an offer links through a click counter (dj.1688.com) or to detail.1688.com/offer/ID.html
- item: the script variable `__INIT_DATA` (`globalData.tempModel` …), a documented shape
- «成交2.4万+元» is a turnover, no sales figure; the script states the pieces of the last month
- the main search (s.1688.com) and item pages want a login and show a slider («punish»)
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from parsel import Selector

from crawler.extract import ScriptError, at, compact, json_after, whole_objects
from crawler.page import Page, ReadError, SearchPage
from listing import Listing
from spiders.base import Reader, Source
from spiders.rows import read_rows
from spiders.taobao import refuse_block

__all__ = ["Ali1688"]

_TAGS = re.compile(r"<[^<>]{0,200}>")
_ID = re.compile(r"/offer/(\d{1,20})\.html")
_PIECES = re.compile(r"销.{1,15}[件条个包]")


class Ali1688(Reader):
    """Reads `pageConfig` searches (the rendered list where that is missing) and `__INIT_DATA` items."""

    source = Source(
        name="1688",
        title="1688",
        kind="marketplace",
        home="https://p4psearch.1688.com",
        needs_session=True,
        official_api="1688开放平台 (with a key); data hand-over by 电子商务法 25",
        proven="a recorded search page (2024); no item page",
        limits="20 of 60 offers a page, promoted ones first; item pages want a login, their shape is documented only",
    )
    domains = ("1688.com",)

    def search_url(self, query: str, page: int) -> str:
        """Pages count from 1."""
        return f"{self.base}/page.html?{urlencode({'keywords': query, 'beginpage': page})}"

    def read_search(self, page: Page) -> SearchPage:
        """The offers of `pageConfig`; without it those of the rendered list."""
        refuse_block(page)
        cut: tuple[str, ...] = ()
        try:
            offers = at(json_after(page.text, "pageConfig"), "listOffer")
        except ScriptError as error:
            try:
                offers = whole_objects(error.partial, "listOffer")
                cut = (f"the page is cut off after offer {len(offers)}",)
            except ScriptError:
                offers = None
        if isinstance(offers, list):
            listings, problems = read_rows(offers, lambda offer: self._offer(page, offer))
        elif rendered := page.selector.css(".offer_item"):
            listings, problems = read_rows(rendered, lambda offer: self._rendered(page, offer))
        elif page.selector.css("#offerList, .offer_list"):
            return SearchPage()
        else:
            raise ReadError(page, "no list of offers (pageConfig.listOffer, .offer_item)")
        more = page.selector.css(".next-pagination-item.next:not([disabled])")
        return SearchPage(listings=listings, has_next=bool(more), problems=problems + cut)

    def _offer(self, page: Page, offer: dict[str, Any]) -> Listing:
        company = at(offer, "attr.company.name")
        sent = f"{at(offer, 'attr.information.sendProvince') or ''} {at(offer, 'attr.information.sendCity') or ''}"
        stands = f"{at(offer, 'attr.company.province') or ''}{at(offer, 'attr.company.city') or ''}"
        price = at(offer, "discountPrice.price")
        return Listing.from_dict(
            {
                "id": str(offer.get("offerid") or ""),
                "title": compact(_TAGS.sub("", offer.get("title") or "")),
                "url": self._item_url(page, offer.get("offerid")),
                "price": offer.get("strPriceMoney") if price is None else price,
                "sales": at(offer, "attr.tradeQuantity.quantitySumMonthDisplay"),
                "ship_from": compact(sent),
                "shop_name": company or offer.get("loginId"),
                "shop_url": _shop_url(at(offer, "attr.tradeService.tpCreditUrl")),
                "operator_name": company,
                "address": stands,
                "attributes": {
                    pair["p"]: pair["v"] for pair in offer.get("cpv") or () if pair.get("p")
                },
                "images": [page.absolute(offer["imgUrl"])] if offer.get("imgUrl") else [],
            }
        )

    def _rendered(self, page: Page, offer: Selector) -> Listing:
        link = offer.css("a::attr(href)").get("")
        id_ = _ID.search(link)
        seller = unquote(offer.css("[data-nick]::attr(data-nick)").get(""))
        sold = _PIECES.search(offer.css(".location").xpath("string()").get(""))
        return Listing.from_dict(
            {
                "id": id_.group(1) if id_ else "",
                "title": compact(offer.css(".subject").xpath("string()").get("")),
                "url": page.absolute(link) if id_ else "",
                "price": compact(offer.css(".price_num").xpath("string()").get("")),
                "sales": sold.group() if sold else None,
                "shop_name": seller,
                "images": [page.absolute(i) for i in offer.css(".mainPic img::attr(src)").getall()],
            }
        )

    def _item_url(self, page: Page, id_: object) -> str:
        if not id_:
            return ""
        if self.base != self.source.home.rstrip("/"):
            return f"{self.base}/offer/{id_}.html"
        return f"https://detail.1688.com/offer/{id_}.html"

    def read_item(self, page: Page) -> Listing:
        """Title, price of the smallest quantity, parameters, seller: of `__INIT_DATA`."""
        refuse_block(page)
        try:
            data = json_after(page.text, "__INIT_DATA")
        except ScriptError as error:
            raise ReadError(page, f"no item: {error}") from None
        model = at(data, "globalData.tempModel")
        if not isinstance(model, dict) or not model.get("offerTitle"):
            raise ReadError(page, "no item title (globalData.tempModel.offerTitle)")
        listings, problems = read_rows([model], lambda m: self._item(page, data, m))
        if problems:
            raise ReadError(page, problems[0])
        return listings[0]

    def _item(self, page: Page, data: Any, model: dict[str, Any]) -> Listing:
        prices = at(data, "globalData.orderParamModel.orderParam.skuParam.skuRangePrices") or []
        parameters: dict[str, str] = {}
        for block in (at(data, "data") or {}).values():
            for pair in at(block, "data.propsList") or ():
                parameters[pair["name"]] = str(pair.get("value") or "")
        images = [at(i, "fullPathImageURI") for i in at(data, "globalData.images") or ()]
        base = at(data, "globalData.offerBaseInfo")
        return Listing.from_dict(
            {
                "id": str(model.get("offerId") or ""),
                "title": compact(model["offerTitle"]),
                "url": page.url,
                "price": at(prices, "0.price"),
                "shop_name": model.get("companyName") or model.get("sellerLoginId"),
                "shop_url": _shop_url(at(base, "sellerWinportUrl")),
                "operator_name": model.get("companyName"),
                "sales": model.get("saledCount"),
                "attributes": parameters,
                "brand": parameters.get("品牌", ""),
                "origin": parameters.get("产地", ""),
                "images": [page.absolute(i) for i in images if i],
            }
        )


def _shop_url(credit_page: Any) -> str:
    parts = urlsplit(str(credit_page or ""))
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
