"""京东: search pages with `li.gl-item`, item pages with a parameter list.

- search: search.jd.com/Search?keyword=QUERY&page=2n-1 (odd numbers), 60 offers a page once
  rendered; the server gives the first 30, the others come by script
- item: item.jd.com/SKU.html; its price comes by script
- a visitor without a session is often sent to passport.jd.com
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from parsel import Selector

from crawler.extract import (
    compact,
    first_price,
    licence_numbers,
    parameters,
    seller_block,
    text_of,
)
from crawler.page import Page, ReadError, SearchPage
from listing import Listing, ListingError, MoneyError
from spiders.base import Blocked, Reader, Source

__all__ = ["Jd"]

_COUNT = re.compile(r"([\d.]{1,10}\s?万?)\+?")


class Jd(Reader):
    """Reads 京东's lists and item pages."""

    source = Source(
        name="jd",
        title="京东",
        kind="marketplace",
        home="https://search.jd.com",
        needs_session=True,
        official_api="京东开放平台 (with a key); data hand-over by 电子商务法 25",
        proven="a recorded search (2024), an item page (2018)",
        limits="the live search wants a login; half of its list and item prices come by script",
    )
    domains = ("jd.com", "jd.hk")

    def search_url(self, query: str, page: int) -> str:
        """京东 counts half pages: the n-th page of a visitor is 2n-1."""
        asked = {"keyword": query, "enc": "utf-8", "page": 2 * page - 1}
        return f"{self.base}/Search?{urlencode(asked)}"

    def read_search(self, page: Page) -> SearchPage:
        """Each `li.gl-item`, also those shown a second time as advertisements."""
        _refuse_block(page)
        html = page.selector
        items = html.css("li.gl-item")
        if not items:
            if html.css(".notice-search, .check-error, #J_goodsList"):
                return SearchPage()
            raise ReadError(page, "no list of goods (li.gl-item)")
        listings, problems = [], []
        for number, item in enumerate(items, 1):
            try:
                listings.append(self._offer(page, item))
            except (ListingError, MoneyError) as error:
                problems.append(f"offer {number}: {error}")
        following = html.css(
            "#J_bottomPage .pn-next:not(.disabled), .p-num a.pn-next:not(.disabled)"
        )
        return SearchPage(
            listings=tuple(listings), has_next=bool(following), problems=tuple(problems)
        )

    def _offer(self, page: Page, item: Selector) -> Listing:
        commented = compact(item.css(".p-commit").xpath("string()").get(""))
        count = _COUNT.search(commented)
        link = item.css(".p-name a::attr(href)").get("")
        sku = re.search(r"/(\d{1,20})\.html", link)
        shop = item.css(".p-shop a")
        image = item.css(".p-img img::attr(data-lazy-img), .p-img img::attr(src)").get()
        shop_url = page.absolute(shop[0].attrib["href"]).split("?")[0] if shop else ""
        return Listing.from_dict(
            {
                "id": sku.group(1) if sku else item.attrib.get("data-sku", ""),
                "title": compact(item.css(".p-name em").xpath("string()").get("")),
                "url": page.absolute(link) if link else "",
                "price": item.css(".p-price i::text").get(),
                "shop_name": compact(shop.xpath("string()").get("")),
                "shop_url": shop_url,
                "ship_from": compact(item.css(".p-place").xpath("string()").get("")),
                "sales": count.group(1) if count else None,
                "images": [page.absolute(image)] if image and image != "done" else [],
            }
        )

    def read_item(self, page: Page) -> Listing:
        """Title, parameters, packaging table, detail text, shop."""
        _refuse_block(page)
        html = page.selector
        title = compact(html.css(".sku-name").xpath("string()").get(""))
        if not title:
            raise ReadError(page, "no item title (.sku-name)")
        attributes: dict[str, str] = {}
        for node in html.css(".p-parameter, .Ptable, .parameter2"):
            attributes |= parameters(node)
        shop = html.css(".J-hove-wrap .name a, .popbox-inner .name a, .J-hove-wrap .name").xpath(
            "string()"
        )
        seller_html = html.css("#footer, .shop-info, .seller-info, .contact")
        said = text_of(seller_html)
        licences = licence_numbers(said + " " + " ".join(attributes.values()))
        sku = re.search(r"/(\d{1,20})\.html", page.url)
        return Listing.from_dict(
            {
                "id": sku.group(1) if sku else attributes.get("商品编号", ""),
                "title": title,
                "url": page.url,
                "price": first_price(html.css(".p-price .price::text").getall()),
                "original_price": first_price(html.css("#page_opprice::text, .p-origin::text").getall()),
                "shop_name": compact(shop.get("")) or attributes.get("店铺", ""),
                "attributes": attributes,
                "brand": attributes.get("品牌", ""),
                "origin": attributes.get("产地", "") or attributes.get("商品产地", ""),
                "text": text_of(html.css("#J-detail-content, .detail-content")),
                "terms": text_of(html.css("#J-detail-terms, .serve-agree, #state")),
                "reviews": _reviews(html),
                "images": [page.absolute(i) for i in html.css("#J-detail-content img::attr(src), #spec-list img::attr(src)").getall()],
                "licence_no": " ".join(licences),
            }
            | seller_block(said)
        )  # fmt: skip


def _reviews(html: Selector) -> list[dict[str, Any]]:
    return [
        {
            "text": compact(review.css(".comment-con").xpath("string()").get("")),
            "user": compact(review.css(".user-info").xpath("string()").get("")),
            "date": compact(review.css(".order-info span:last-child").xpath("string()").get("")) or None,
        }
        for review in html.css(".comment-item")
    ]  # fmt: skip


def _refuse_block(page: Page) -> None:
    host = urlsplit(page.url).hostname or ""
    path = urlsplit(page.url).path
    if host.startswith("passport.") or path.startswith(("/new/login", "/uc/login")):
        raise Blocked("login", f"sent to {host}{path}")
    if "京东验证" in page.text[:3000] or "cfe.m.jd.com" in page.url:
        raise Blocked("captcha", "京东验证")
