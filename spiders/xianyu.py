"""闲鱼: results as JSON or as rendered cards, items as JSON (never seen by us: unproven).

- search: www.goofish.com/search?q=QUERY&page=PAGE, filled by the signed call
  `mtop.taobao.idlemtopsearch.pc.search`: the answer (`data.resultList`) or, in a browser, cards
  `a[class*=feeds-item-wrap]` whose class names end in changing letters
- item: www.goofish.com/item?id=…, filled by `mtop.taobao.idle.pc.detail` (`data.itemDO`, `data.sellerDO`)
- the title of an item is its whole text; «想要» counts wishes, no sales; 99999999 stands for «by chat»
- sellers are mostly private persons (闲置); one login with 淘宝 serves here too
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from parsel import Selector

from crawler.extract import at, compact
from crawler.extract.scripts import object_text
from crawler.page import Page, ReadError, SearchPage
from listing import Listing
from spiders.base import Blocked, Reader, Source
from spiders.rows import read_rows
from spiders.taobao import refuse_block

__all__ = ["Xianyu"]

BY_CHAT = "99999999"
_ID = re.compile(r"[?&]id=(\d{1,20})")


class Xianyu(Reader):
    """Reads what was recorded by others of its search call, and cards as described."""

    source = Source(
        name="xianyu",
        title="闲鱼",
        kind="marketplace",
        home="https://www.goofish.com",
        needs_session=True,
        official_api="闲鱼开放平台 (with a key, own goods only); data hand-over by 电子商务法 25",
        limits="a browser with a session is needed; wishes instead of sales; sellers are shown by nickname only",
        unproven=True,
    )
    domains = ("goofish.com",)

    def search_url(self, query: str, page: int) -> str:
        """Pages count from 1."""
        return f"{self.base}/search?{urlencode({'q': query, 'page': page})}"

    def read_search(self, page: Page) -> SearchPage:
        """The rows of the call's answer, else the cards of the rendered page."""
        refuse_block(page)
        if (data := _data(page)) is not None:
            rows = at(data, "data.resultList")
            if not isinstance(rows, list):
                raise ReadError(page, "no list of items (data.resultList)")
            listings, problems = read_rows(rows, lambda row: self._offer(page, row))
            more = at(data, "data.resultInfo.hasNextPage") is True
            return SearchPage(listings=listings, has_next=more, problems=problems)
        if page.selector.css('[class*="empty-text-notfound"]'):
            # What stands below are guesses at what else may please.
            return SearchPage()
        cards = page.selector.css('a[class*="feeds-item-wrap"]')
        if not cards:
            raise ReadError(page, "no list of items (feeds-item-wrap)")
        listings, problems = read_rows(cards, lambda card: self._card(page, card))
        return SearchPage(listings=listings, problems=problems)

    def _offer(self, page: Page, row: dict[str, Any]) -> Listing:
        said = at(row, "data.item.main.exContent") or {}
        detail = said.get("detailParams") or {}
        id_ = said.get("itemId") or detail.get("itemId")
        price = detail.get("soldPrice") or "".join(
            str(at(part, "text") or "") for part in said.get("price") or ()
        )
        text = detail.get("title") or said.get("title") or ""
        return Listing.from_dict(
            {
                "id": str(id_ or ""),
                "title": compact(said.get("title") or text)[:200],
                "text": text,
                "url": f"{self.base}/item?id={id_}" if id_ else "",
                "price": _stated(price),
                "original_price": said.get("oriPrice") or None,
                "ship_from": said.get("area"),
                "shop_name": said.get("userNickName") or detail.get("userNick"),
                "images": [page.absolute(said["picUrl"])] if said.get("picUrl") else [],
            }
        )

    def _card(self, page: Page, card: Selector) -> Listing:
        def text(name: str) -> str:
            return compact(card.css(f'[class*="{name}"]').xpath("string()").get(""))

        link = card.attrib.get("href", "")
        id_ = _ID.search(link)
        return Listing.from_dict(
            {
                "id": id_.group(1) if id_ else "",
                "title": text("main-title--") or text("row1-wrap-title"),
                "url": page.absolute(link) if link else "",
                "price": _stated(text("number--") + text("decimal--")),
                "ship_from": text("seller-text--"),
                "images": [page.absolute(i) for i in card.css("img::attr(src)").getall()[:1]],
            }
        )

    def read_item(self, page: Page) -> Listing:
        """Text, price, place, seller's nickname, pictures."""
        refuse_block(page)
        data = at(_data(page), "data")
        if not at(data, "itemDO.title"):
            raise ReadError(page, "no item (data.itemDO.title)")
        listings, problems = read_rows([data], lambda found: self._item(page, found))
        if problems:
            raise ReadError(page, problems[0])
        return listings[0]

    def _item(self, page: Page, data: dict[str, Any]) -> Listing:
        item, seller = data["itemDO"], data.get("sellerDO") or {}
        labels = {
            str(one["propertyText"]): str(one.get("text") or "")
            for one in item.get("itemLabelExtList") or ()
            if one.get("propertyText")
        }
        id_ = item.get("itemId")
        return Listing.from_dict(
            {
                "id": str(id_ or ""),
                "title": compact(item["title"])[:200],
                "text": item.get("desc"),
                "url": f"{self.base}/item?id={id_}" if id_ else page.url,
                "price": _stated(item.get("soldPrice")),
                "original_price": item.get("originalPrice") or None,
                "ship_from": seller.get("publishCity") or seller.get("city"),
                "shop_name": seller.get("nick"),
                "attributes": labels,
                "brand": labels.get("品牌", ""),
                "images": [
                    page.absolute(i["url"]) for i in item.get("imageInfos") or () if i.get("url")
                ],
            }
        )


def _stated(price: Any) -> Any:
    return None if not price or str(price).startswith(BY_CHAT) else price


def _data(page: Page) -> Any:
    """The JSON of a call's answer, bare or wrapped in a script; None for an HTML page."""
    text = page.text.lstrip()
    start = text.find("{")
    if text.startswith("<") or start < 0:
        return None
    try:
        data = json.loads(object_text(text, start))
    except (ValueError, RecursionError):
        return None
    ret = " ".join(map(str, at(data, "ret") or ()))
    if "SESSION_EXPIRED" in ret or "FAIL_SYS_TOKEN" in ret:
        raise Blocked("login", ret[:100])
    if "RGV587" in ret or "FAIL_SYS_USER_VALIDATE" in ret:
        raise Blocked("captcha", ret[:100])
    return data
