"""淘宝 (and, in `tmall.py`, 天猫): search pages with `g_page_config`, item pages as HTML.

- search: s.taobao.com/search?q=QUERY&s=44×(page-1); offers in the script variable g_page_config
- item: item.taobao.com/item.htm?id=…, detail.tmall.com/item.htm?id=… (GBK)
- today's live search answers a logged-in browser only (mtop calls): a saved session is needed
- a visitor without one is sent to login.taobao.com or shown a slider («punish»)
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from parsel import Selector

from crawler.extract import (
    ScriptError,
    at,
    compact,
    first_price,
    json_after,
    licence_numbers,
    parameters,
    seller_block,
    text_of,
    whole_objects,
)
from crawler.page import Page, ReadError, SearchPage
from listing import Listing
from spiders.base import Blocked, Reader, Source
from spiders.rows import read_rows

__all__ = ["Taobao", "refuse_block"]

PAGE_SIZE = 44
_TAGS = re.compile(r"<[^<>]{0,200}>")
_SELLER_NICK = re.compile(r"sellerNick\s{0,10}:\s{0,3}'([^']{1,60})'")


class Taobao(Reader):
    """Reads `g_page_config` searches and item pages of 淘宝 and 天猫."""

    source = Source(
        name="taobao",
        title="淘宝",
        kind="marketplace",
        home="https://s.taobao.com",
        needs_session=True,
        official_api="淘宝开放平台 (with a key); data hand-over by 电子商务法 25",
        proven="two recorded searches (2016, 2018), an item page (2020)",
        limits="the live search wants a login; item prices often come by script",
    )
    domains = ("taobao.com", "tmall.com")

    def search_url(self, query: str, page: int) -> str:
        """44 offers a page; `s` counts offers, from 0."""
        return f"{self.base}/search?{urlencode({'q': query, 's': (page - 1) * PAGE_SIZE})}"

    def read_search(self, page: Page) -> SearchPage:
        """All offers of `g_page_config`; of a page cut off in the middle those that are whole."""
        refuse_block(page)
        try:
            config = json_after(page.text, "g_page_config")
        except ScriptError as error:
            return self._cut_off(page, error)
        mods = config.get("mods", {}) if isinstance(config, dict) else {}
        data = (mods.get("itemlist") or {}).get("data") or {}
        offers = data.get("auctions")
        if offers is None:
            if (mods.get("noresult") or {}).get("status") == "show" or not data:
                return SearchPage()
            raise ReadError(page, "g_page_config has no mods.itemlist.data.auctions")
        listings, problems = self._offers(page, offers)
        pager = (mods.get("pager") or {}).get("data") or {}
        return SearchPage(
            listings=listings,
            has_next=int(pager.get("currentPage") or 1) < int(pager.get("totalPage") or 1),
            total=pager.get("totalCount"),
            problems=problems,
        )

    def _cut_off(self, page: Page, error: ScriptError) -> SearchPage:
        """Offer by offer, as far as the page goes."""
        try:
            offers = whole_objects(error.partial, "auctions")
        except ScriptError:
            raise ReadError(page, str(error)) from None
        listings, problems = self._offers(page, offers)
        cut = f"the page is cut off after offer {len(offers)}"
        return SearchPage(listings=listings, problems=(*problems, cut))

    def _offers(self, page: Page, offers: list[Any]) -> tuple[tuple[Listing, ...], tuple[str, ...]]:
        return read_rows(offers, lambda offer: self._offer(page, offer))

    def _offer(self, page: Page, offer: dict[str, Any]) -> Listing:
        title = offer.get("raw_title") or _TAGS.sub("", offer.get("title") or "")
        picture = offer.get("pic_url")
        # An advertisement links through a click counter; the item itself is known by its id.
        link = offer.get("detail_url") or ""
        if offer.get("nid") and ("click." in link or not link):
            tmall = at(offer, "shopcard.isTmall") is True
            host = "detail.tmall.com" if tmall else "item.taobao.com"
            link = f"//{host}/item.htm?id={offer['nid']}"
        return Listing.from_dict(
            {
                "id": str(offer.get("nid") or ""),
                "title": compact(title),
                "url": page.absolute(link) if link else "",
                "price": offer.get("view_price"),
                "ship_from": compact(offer.get("item_loc")),
                "shop_name": compact(offer.get("nick")),
                "sales": offer.get("view_sales") or None,
                "images": [page.absolute(picture)] if picture else [],
            }
        )

    def read_item(self, page: Page) -> Listing:
        """Title, price, parameters, detail text, shop: as far as the page itself says them."""
        refuse_block(page)
        html = page.selector
        title = html.css("h3.tb-main-title::attr(data-title)").get() or html.css(
            ".tb-main-title, .tb-detail-hd h1"
        ).xpath("string()").get("")
        if not compact(title):
            raise ReadError(page, "no item title (.tb-main-title, .tb-detail-hd h1)")
        url = page.url
        if not _item_id(url):
            # A recorded page that lost its address still states it.
            url = html.css("link[rel=canonical]::attr(href)").get("")
            url = page.absolute(url) if url else page.url
        nick = _SELLER_NICK.search(page.text)
        shop = html.css(".tb-shop-name, .slogo-shopname, .shop-name-link").xpath("string()").get()
        seller_html = html.css(".tb-shop-info, #J_ShopInfo, .shop-intro, #footer, .footer")
        said = text_of(seller_html)
        attributes: dict[str, str] = {}
        for node in html.css(".attributes-list, #J_AttrUL"):
            attributes |= parameters(node)
        return Listing.from_dict(
            {
                "title": compact(title),
                "url": url,
                "id": _item_id(url),
                "price": first_price(
                    html.css("#J_StrPrice, .tb-rmb-num, .tm-price").xpath("string()").getall()
                ),
                "original_price": first_price(
                    html.css("#J_StrOldPrice, .tb-old-price, .tm-old-price")
                    .xpath("string()")
                    .getall()
                ),
                "shop_name": compact(shop) or (nick.group(1) if nick else ""),
                "shop_url": _shop_url(page, html),
                "attributes": attributes,
                "brand": attributes.get("品牌", ""),
                "origin": attributes.get("产地", ""),
                "text": text_of(html.css("#J_DivItemDesc") or html.css("#description .content")),
                "terms": text_of(html.css("#J_Service, .tb-service")),
                "reviews": _reviews(html),
                "images": [page.absolute(i) for i in _images(html)],
                "licence_no": " ".join(licence_numbers(said + str(attributes))),
            }
            | seller_block(said)
        )


def _images(html: Selector) -> list[str]:
    detail = [
        # A picture further down the page is loaded late: its `src` is a placeholder.
        image.attrib.get("data-ks-lazyload") or image.attrib.get("src", "")
        for image in html.css("#J_DivItemDesc img, #description .content img")
    ]
    shown = html.css("#J_UlThumb img::attr(src), #J_ImgBooth::attr(src)").getall()
    return [image for image in [*detail, *shown] if image]


def _shop_url(page: Page, html: Selector) -> str:
    link = html.css(".tb-shop-name a::attr(href), .slogo-shopname::attr(href)").get()
    return page.absolute(link) if link else ""


def _reviews(html: Selector) -> list[dict[str, Any]]:
    return [
        {
            "text": compact(review.css(".J_KgRate_ReviewContent, .tb-tbcr-content").xpath("string()").get("")),
            "user": compact(review.css(".from-whom, .rate-user").xpath("string()").get("")),
            "date": compact(review.css(".tb-r-date").xpath("string()").get("")) or None,
        }
        for review in html.css("#reviews .kg-rate-ct-review-item, #reviews .tb-r-item")
    ]  # fmt: skip


def _item_id(url: str) -> str:
    found = re.search(r"[?&]id=(\d{1,20})", url)
    return found.group(1) if found else ""


def refuse_block(page: Page) -> None:
    """Raises `Blocked` for what the sites of Alibaba show to a visitor they don't like."""
    host, path = urlsplit(page.url).hostname or "", urlsplit(page.url).path
    if host.startswith("login.") or path.startswith("/member/login"):
        raise Blocked("login", f"sent to {host}{path}")
    head = page.text[:4000]
    if "_____tmd_____" in page.url or "punish" in path or "nc_1_n1z" in head:
        raise Blocked("captcha", "slider (punish)")
