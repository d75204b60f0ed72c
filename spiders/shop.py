"""Any independent shop: structured data first, then what shop pages have in common.

- no search of its own is used: it is walked from its front page by links, within a budget
- JSON-LD, microdata and OpenGraph are trusted first; a page without them is an item page
  when it has one heading, a price, and parameters or a way to buy
- a page that is empty until its scripts run is read again through the browser
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from parsel import Selector

from crawler.addresses import host_of
from crawler.extract import (
    Product,
    compact,
    first_price,
    licence_numbers,
    marked,
    parameters,
    product_of,
    seller_block,
    text_of,
    visible_text,
)
from crawler.page import Page, ReadError, SearchPage
from listing import Listing, ListingError
from spiders.base import Reader, Source

__all__ = ["Links", "Shop"]

_ITEM_PATH = re.compile(
    r"/(?:product|products|item|items|goods|detail|p|shangpin|show)[/_-]?[\w-]{0,80}|"
    r"[?&](?:goods_id|product_id|item|id|gid|pid)=\w{1,40}",
    re.IGNORECASE,
)
_LIST_PATH = re.compile(
    r"/(?:category|categories|cat|list|shop|store|c|class|fenlei|search|tag|brand|collections?)\b|"
    r"[?&](?:page|p|cat|cat_id|category|cid|pn)=|/page/\d",
    re.IGNORECASE,
)
_SKIP = re.compile(
    r"/(?:cart|login|logout|register|signup|account|user|member|checkout|order|wishlist|favorite|compare|"
    r"feed|rss|wp-admin|wp-login|admin|print|share|calendar|archive|rili)\b|add-to-cart|"
    r"[?&](?:date|month|year|day|sort|order|filter|view|lang|currency)=|"
    r"/(?:19|20)\d\d[-/](?:0?[1-9]|1[0-2])(?:[-/]|$)|"
    r"\.(?:jpe?g|png|gif|webp|svg|css|js|json|xml|pdf|zip|rar|mp4|mp3|apk|ico|woff2?)(?:$|\?)",
    re.IGNORECASE,
)
_NEXT_WORDS = re.compile(r"下一页|下页|后页|next|›|»", re.IGNORECASE)
_PRICE = re.compile(
    r"(?:现价|售价|价格|促销价|会员价|本店价|单价|一口价|特价)[:：\s]{0,4}[¥￥]?\s?\d[\d,.]{0,12}|[¥￥]\s?\d[\d,.]{0,12}|"
    r"(?:价格|售价)[:：\s]{0,4}[¥￥]?(?:面议|电议|咨询)"
)
_OLD_PRICE = re.compile(
    r"(?:原价|市场价|划线价|吊牌价|专柜价|门市价)[:：\s]{0,4}[¥￥]?\s?\d[\d,.]{0,12}"
)
_SOLD = re.compile(
    r"(?:已售|销量|累计销量|月销|成交|累计售出|已有)[:：\s]{0,4}([\d,.]{1,12}\s?[万千]?\+?)|([\d,.]{1,12}万?)\+?人付款"
)
_BUY = re.compile(r"加入购物车|立即购买|立即下单|我要订购|在线订购|加购物车|点击购买|马上抢购")
_TERMS = frozenset(
    {"terms", "return-policy", "policy", "after-sale", "aftersale", "service-terms", "shouhou"}
)
_DETAIL = frozenset(
    {
        "description", "product-description", "detail", "details", "goods-detail", "goods_desc",
        "content-detail", "woocommerce-Tabs-panel", "product-detail", "intro",
    }
)  # fmt: skip
_REVIEW = frozenset({"review", "comment-item", "comment", "pinglun", "pl"})
_SHOP_NAME = frozenset({"shop-name", "site-title", "logo"})


@dataclass(frozen=True, slots=True)
class Links:
    """Where a page leads on its own host: to items, and to pages that list items."""

    items: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


class Shop(Reader):
    """Reads the pages of any independent shop."""

    source = Source(
        name="shop",
        title="独立网店",
        kind="shop",
        home="",
        proven="six kinds of shop pages in the practice town",
        limits="what a shop shows only after login, or in pictures, is not read",
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
        host, here = host_of(page.url), urlsplit(page.url)
        items: dict[str, None] = {}
        pages: dict[str, None] = {}
        for anchor in page.selector.root.iter("a"):
            link = (anchor.get("href") or "").strip()
            if not link or link.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
                continue
            try:
                url = page.absolute(link).split("#")[0]
                parts = urlsplit(url)
            except ValueError:
                continue
            if parts.scheme not in ("http", "https") or host_of(url) != host or _SKIP.search(url):
                continue
            if (parts.path, parts.query) == (here.path, here.query):
                continue
            rest = parts.path + ("?" + parts.query if parts.query else "")
            if _LIST_PATH.search(rest) or _NEXT_WORDS.search(anchor.text or ""):
                pages[url] = None
            elif _ITEM_PATH.search(rest):
                items[url] = None
            elif parts.path.count("/") <= 2 and len(pages) < 60:
                pages[url] = None
        return Links(tuple(items), tuple(pages))

    def read_item(self, page: Page) -> Listing:
        """The listing; raises `ReadError` saying why a page is not one."""
        html = page.selector
        product = product_of(html) or Product()
        text = page.visible
        headings = [h for h in html.xpath("//h1").xpath("string()").getall() if compact(h)]
        title = product.name or (compact(headings[0]) if len(headings) == 1 else "")
        if not title:
            raise ReadError(page, "no product: no structured data and not one heading")
        said = _PRICE.search(text)
        attributes = product.attributes | parameters(html)
        if not product.name and not (said and (_BUY.search(text) or len(attributes) >= 3)):
            raise ReadError(page, "no product: no price, or neither parameters nor a way to buy")
        try:
            return self._listing(page, html, product, title, text, attributes)
        except ListingError as error:
            raise ReadError(page, f"not a listing: {error}") from None

    def _listing(
        self,
        page: Page,
        html: Selector,
        product: Product,
        title: str,
        text: str,
        attributes: dict[str, str],
    ) -> Listing:
        seller = seller_block(text)
        sold = _SOLD.search(text)
        detail = text_of(marked(html, _DETAIL))
        said: dict[str, Any] = {
            "title": title,
            "url": page.url,
            "text": detail or product.description,
            "brand": product.brand or attributes.get("品牌", ""),
            "origin": attributes.get("产地", ""),
            "ship_from": attributes.get("发货地", ""),
            "shop_name": product.seller or _shop_name(html),
            "price": first_price([product.price, *_PRICE.findall(text)]),
            "original_price": first_price([product.list_price, *_OLD_PRICE.findall(text)]),
            "sales": (sold.group(1) or sold.group(2)) if sold else None,
            "attributes": {k: v for k, v in attributes.items() if k not in seller.values()},
            "images": [page.absolute(image) for image in _images(html, product)],
            "terms": text_of(marked(html, _TERMS)),
            "reviews": product.reviews or _reviews(html),
            "licence_no": " ".join(licence_numbers(text)),
        }
        return Listing.from_dict(said | seller)


def _images(html: Selector, product: Product) -> list[str]:
    """Those of the description first: words stand there more often than in the main picture."""
    shown = [i.get("src") or "" for element in marked(html, _DETAIL) for i in element.iter("img")]
    return [i for i in dict.fromkeys([*shown, *product.images]) if i and not i.startswith("data:")][
        :20
    ]


def _shop_name(html: Selector) -> str:
    said = html.xpath("//head/meta[@property='og:site_name']/@content").get()
    if not said:
        shown = marked(html, _SHOP_NAME)
        said = shown[0].text if shown else None
    if said and compact(said):
        return compact(said)
    title = compact(html.xpath("//title/text()").get(""))
    parts = re.split(r"\s?[-_|–—]\s?", title)
    return parts[-1] if len(parts) > 1 else ""


def _review_elements(html: Selector) -> list[Any]:
    """Those that are marked as reviews; of a marked list its marked entries."""
    found: list[Any] = []
    for outer in marked(html, _REVIEW):
        below = [e for child in outer for e in marked(Selector(root=child, type="html"), _REVIEW)]
        found += below or [outer]
    return found


def _reviews(html: Selector) -> list[dict[str, Any]]:
    found = []
    for element in _review_elements(html)[:500]:
        node = Selector(root=element, type="html")
        text = (
            node.css(".text, .comment-text, .review-text, .body, p, .nr").xpath("string()").get("")
        )
        if compact(text):
            date = node.css(".date, .time, time, .rq").xpath("string()").get("")
            user = node.css(".user, .author, .name, .yh").xpath("string()").get("")
            found.append(
                {"text": compact(text), "date": compact(date) or None, "user": compact(user)}
            )
    return found
