"""苏宁易购: result pages with `li.item-wrap`, item pages as HTML (never seen by us: unproven).

- search: search.suning.com/QUERY/&cp=PAGE (from 0): the server gives 30 of 60 goods, the others come
  while scrolling; prices are filled in by script
- item: product.suning.com/SHOP/ITEM.html: `#itemDisplayName`, `.mainprice`, `#itemParameter`
- answers without a login; a suspicious visitor is shown a slider
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from parsel import Selector

from crawler.extract import compact, first_price, licence_numbers, parameters, seller_block, text_of
from crawler.page import Page, ReadError, SearchPage
from listing import Listing
from spiders.base import Reader, Source
from spiders.rows import read_rows

__all__ = ["Suning"]

_IDS = re.compile(r"suning\.com(?::\d+)?/(\d{1,12})/(\d{1,20})\.html|/(\d{1,12})/(\d{1,20})\.html")


class Suning(Reader):
    """Reads 苏宁's pages as other people's programs describe them."""

    source = Source(
        name="suning",
        title="苏宁易购",
        kind="marketplace",
        home="https://search.suning.com",
        official_api="苏宁开放平台 (with a key); data hand-over by 电子商务法 25",
        limits="half of a result page and all prices come by script",
        unproven=True,
    )
    domains = ("suning.com",)

    def search_url(self, query: str, page: int) -> str:
        """The query is part of the path; pages count from 0."""
        return f"{self.base}/{quote(query, safe='')}/&cp={page - 1}"

    def read_search(self, page: Page) -> SearchPage:
        """Each `li.item-wrap`; a price that a script has yet to bring is none."""
        items = page.selector.css("li.item-wrap, #product-list li[doctype]")
        if not items:
            if page.selector.css(".no-result, #product-list"):
                return SearchPage()
            raise ReadError(page, "no list of goods (li.item-wrap)")
        listings, problems = read_rows(items, lambda item: self._offer(page, item))
        more = page.selector.css("#nextPage:not(.disabled)")
        return SearchPage(listings=listings, has_next=bool(more), problems=problems)

    def _offer(self, page: Page, item: Selector) -> Listing:
        link = item.css(".title-selling-point a::attr(href), a.sellPoint::attr(href)").get("")
        shop = item.css(".store-stock a")
        said = compact(item.css(".info-evaluate a i").xpath("string()").get(""))
        images = item.css(".img-block img::attr(src)").getall()
        titled = item.css(".title-selling-point a").xpath("text()|.//*[not(self::em)]/text()")
        return Listing.from_dict(
            {
                "id": _id(link),
                "title": compact(" ".join(titled.getall())),
                "url": page.absolute(link) if link else "",
                "price": first_price(item.css(".def-price, .price-box").xpath("string()").getall()),
                "shop_name": compact(shop.xpath("string()").get("")),
                "shop_url": page.absolute(shop[0].attrib.get("href", "")) if shop else "",
                # What is counted are reviews; 苏宁 shows no sales.
                "attributes": {"评价数": said} if said else {},
                "images": [page.absolute(i) for i in images],
            }
        )

    def read_item(self, page: Page) -> Listing:
        """Title, price, parameters, detail text, shop."""
        html = page.selector
        title = compact(html.css("#itemDisplayName").xpath("string()").get(""))
        if not title:
            raise ReadError(page, "no item title (#itemDisplayName)")
        attributes: dict[str, str] = {}
        for node in html.css("#itemParameter, #bzqd_tag, .pro-para-tbl"):
            attributes |= parameters(node)
        said = text_of(html.css(".si-intro-list, .shop-info, #footer, .ng-footer"))
        shop = html.css("#shopName a, #shopName, .header-shop-inline .shop-name a")
        detail = html.css("#productDetail, .pro-detail-pics")
        known: dict[str, Any] = {
            "id": _id(page.url),
            "title": title,
            "url": page.url,
            "price": first_price(
                html.css(".mainprice, #promotionPrice").xpath("string()").getall()
            ),
            "original_price": first_price(html.css("del.small-price").xpath("string()").getall()),
            "shop_name": compact(shop.xpath("string()").get("")),
            "attributes": attributes,
            "brand": attributes.get("品牌", ""),
            "origin": attributes.get("产地", "") or attributes.get("商品产地", ""),
            "text": text_of(detail),
            "images": [page.absolute(i) for i in detail.css("img::attr(src)").getall()],
            "licence_no": " ".join(licence_numbers(said + " ".join(attributes.values()))),
        }
        return Listing.from_dict(known | seller_block(said))


def _id(link: str) -> str:
    found = _IDS.search(link)
    return next((g for g in found.groups()[1::2] if g), "") if found else ""
