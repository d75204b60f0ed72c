"""Any independent shop: structured data first, then its software's hooks, then what shop pages
have in common.

- it is walked from its front page and its sitemap by links, its own search is asked for the
  watch list where it shows a form; all within a budget
- JSON-LD, microdata, RDFa and OpenGraph are trusted first; a page without them is an item page
  when its software's hooks find title and price, or when it has one heading, a price that
  stands in no other item's card, and parameters or a way to buy
- a page that is empty until its scripts run is read again through the browser
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from crawler.extract import (
    Product,
    compact,
    first_price,
    licence_numbers,
    marked_by,
    parameters,
    product_of,
    seller_block,
    text_of,
    visible_text,
)
from crawler.extract.text import Element
from crawler.page import Page, ReadError, SearchPage
from listing import Listing, ListingError
from spiders.base import Reader, Source
from spiders.general import (
    MARKS,
    OwnPart,
    crumbs_of,
    description_of,
    own_part,
    reviews_of,
    shop_name_of,
)
from spiders.software import Software, address, software_of
from spiders.ways import Links, links_of, path_of, sorted_addresses

__all__ = ["Links", "Shop"]

# Written so that each alternative begins with a letter: only those places of a text are tried.
_PRICED = ("现价", "售价", "价格", "促销价", "会员价", "本店价", "单价", "一口价", "特价")
_PRICE = re.compile(
    "|".join(
        [rf"{word}[:：\s]{{0,4}}[¥￥]?\s?\d[\d,.]{{0,12}}" for word in _PRICED]
        + [rf"{sign}\s?\d[\d,.]{{0,12}}" for sign in "¥￥"]
        + [rf"{word}[:：\s]{{0,4}}[¥￥]?(?:面议|电议|咨询)" for word in ("价格", "售价")]
    )
)
_OLD_PRICE = re.compile(
    r"(?:原价|市场价|划线价|吊牌价|专柜价|门市价)[:：\s]{0,4}[¥￥]?\s?\d[\d,.]{0,12}"
)
_SOLD = re.compile(
    r"(?:已售|销量|累计销量|月销|成交|累计售出|已有)[:：\s]{0,4}([\d,.]{1,12}\s?[万千]?\+?)"
)
_PAYERS = re.compile(r"([\d,.]{1,12}万?)\+?人付款")
_BUY = re.compile(
    r"加入购物[车篮袋]|放入购物[车篮袋]|添加[到至]购物[车篮袋]|加购物[车篮袋]|"
    r"立即购买|立即下单|我要订购|在线订购|点击购买|马上抢购|现在购买"
)
_BUY_ENGLISH = re.compile(r"add to (?:cart|basket|bag)|buy now")
_ORIGIN = ("产地", "原产地", "原产国", "Origin")


class Shop(Reader):
    """Reads the pages of any independent shop."""

    source = Source(
        name="shop",
        title="独立网店",
        kind="shop",
        home="",
        proven="six kinds of shop pages in the practice town; a real django-oscar 4 (bench/oscar.py); WooCommerce, Shopify, Magento, OpenCart, ECShop and ShopXO by the hooks of their standard templates only",
        limits="what a shop shows only after login, or loads by script after the page (reviews of OpenCart and ShopXO), is not read; pictures only with the extra `images`",
    )

    def search_url(self, query: str, page: int) -> str:
        """The front page: a shop is walked from there, not searched."""
        return self.base + "/"

    def read_search(self, page: Page) -> SearchPage:
        """The items a page names by link and price, without a visit."""
        links = self.links(page)
        return SearchPage(has_next=bool(links.pages), total=len(links.items))

    def needs_browser(self, page: Page) -> bool:
        """Whether there is nothing to read before scripts have run."""
        html = page.selector
        if not html.xpath("//script"):
            return False
        roots = html.css("#app, #root, #__next, #__nuxt, app-root, [data-reactroot]")
        empty_root = any(not visible_text(root) for root in roots)
        said = len(page.visible)
        return (empty_root and said < 400) or (said < 30 and not html.xpath("//a[@href]"))

    def links(self, page: Page) -> Links:
        """Links of the page that stay on its host and may lead to items; each once, in order."""
        return links_of(page, software_of(page))

    def sorted(self, page: Page, urls: Iterable[str]) -> Links:
        """What the addresses of a sitemap may lead to; `page` is any page of the shop."""
        return sorted_addresses(page, urls, software_of(page))

    def read_item(self, page: Page) -> Listing:
        """The listing; raises `ReadError` saying why a page is not one."""
        html = page.selector
        product = product_of(html) or Product()
        software = software_of(page)
        hooked = software.read(page) if software else Product()
        headings = [h for h in html.xpath("//h1").xpath("string()").getall() if compact(h)]
        title = product.name or hooked.name
        title = title or (compact(headings[0]) if len(headings) == 1 else "")
        if not title:
            raise ReadError(page, "no product: no structured data and not one heading")
        attributes = product.attributes | (hooked.attributes or parameters(html))
        part = None
        if not product.name:
            part = self._checked(page, software, hooked, attributes)
        elif not product.description and not hooked.name:
            part = own_part(page)
        try:
            return self._listing(page, product, hooked, title, attributes, part)
        except ListingError as error:
            raise ReadError(page, f"not a listing: {error}") from None

    @staticmethod
    def _checked(
        page: Page, software: Software | None, hooked: Product, attributes: dict[str, str]
    ) -> OwnPart | None:
        """The page's own part, None where it is not needed; raises `ReadError` for a page that
        sells nothing itself."""
        rest = path_of(page.url)
        if software and software.lists.search(rest):
            raise ReadError(page, f"no product: a list of {software.name}")
        if software and hooked.name and (hooked.price or software.item.search(rest)):
            return None
        part = own_part(page) if _sells(page.visible, attributes) else None
        if part is None or not _sells(part.text, attributes):
            raise ReadError(page, "no product: no price, or neither parameters nor a way to buy")
        return part

    def _listing(
        self,
        page: Page,
        product: Product,
        hooked: Product,
        title: str,
        attributes: dict[str, str],
        part: OwnPart | None,
    ) -> Listing:
        html, text = page.selector, page.visible
        marks = marked_by(html, MARKS)
        # Where the hooks found the product, a price elsewhere is another's.
        own = "" if hooked.name else part.text if part and not product.price else text
        seller = seller_block(text)
        detail = hooked.description or text_of(marks["detail"]) or product.description
        reviews = product.reviews or hooked.reviews or reviews_of(marks["review"])
        images = _images(marks["detail"], product, hooked)
        if part is not None:
            detail = detail or description_of(page, part, title, attributes, reviews)
            images = images or part.pictures(title)
        origin = next((attributes[name] for name in _ORIGIN if name in attributes), "")
        said: dict[str, Any] = {
            "title": title,
            "url": page.url,
            "text": detail,
            "brand": product.brand or attributes.get("品牌", ""),
            "origin": origin,
            "ship_from": attributes.get("发货地", ""),
            "shop_name": product.seller or shop_name_of(html, marks["shop_name"]),
            "price": first_price([product.price, hooked.price, *_PRICE.findall(own)]),
            "original_price": first_price(
                [product.list_price, hooked.list_price, *_OLD_PRICE.findall(own)]
            ),
            "currency": product.currency or "CNY",
            "sales": hooked.sales or _sold(text),
            "attributes": {k: v for k, v in attributes.items() if k not in seller.values()}
            | _further(marks["crumbs"], product, hooked, title, attributes),
            "images": [page.absolute(i) for i in images],
            "terms": text_of(marks["terms"]),
            "reviews": reviews,
            "licence_no": " ".join(licence_numbers(text)),
        }
        return Listing.from_dict(said | seller)


def _sells(text: str, attributes: dict[str, str]) -> bool:
    """Whether a text has a price, and a way to buy or parameters beside it."""
    if not _PRICE.search(text):
        return False
    return bool(len(attributes) >= 3 or _BUY.search(text) or _BUY_ENGLISH.search(text.lower()))


def _sold(text: str) -> str | None:
    """The first figure of sales that a text states."""
    found = [_SOLD.search(text), _PAYERS.search(text) if "人付款" in text else None]
    stated = [one for one in found if one]
    return min(stated, key=re.Match.start).group(1) if stated else None


def _further(
    crumbs: list[Element], product: Product, hooked: Product, title: str, known: dict[str, str]
) -> dict[str, str]:
    """What has no field of its own: the way to the product, stock, a range of prices, ratings."""
    said = {
        "分类": product.category or crumbs_of(crumbs, title),
        "库存状态": product.availability or hooked.availability[:40],
        "价格区间": f"{product.price}-{product.high_price}" if product.high_price else "",
        "评分": product.rating,
        "评价数": product.rating_count,
    }
    return {name: value for name, value in said.items() if value and name not in known}


def _images(details: list[Element], product: Product, hooked: Product) -> list[str]:
    """Those of the description first: words stand there more often than in the main picture."""
    shown = [address(i) for element in details for i in element.iter("img")]
    found = dict.fromkeys([*shown, *product.images, *hooked.images])
    return [i for i in found if i and not i.startswith("data:")][:20]
