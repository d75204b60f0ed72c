"""Marketplace A: its searches carry their data in the script variable g_page_config.

The hooks are those of a recorded 淘宝 search (2016, 2018) and item page (2020).
"""

from __future__ import annotations

import math
from typing import Any

from practice.data import Offer, offers, sellers
from practice.pages.html import (
    Answer,
    Query,
    Town,
    document,
    e,
    not_found,
    script_json,
    seller_lines,
)
from practice.search import find

__all__ = ["answer"]

PAGE_SIZE = 44
NAME = "淘集(虚构)"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the marketplace."""
    if path == "/":
        return Answer.page(document(NAME, _search_box() + _shop_list(town)))
    if path == "/search":
        return _search(town, query)
    if path == "/item.htm":
        offer = offers().get(query.get("id", ""))
        return _item(town, offer) if offer and offer.seller.site == "taoji" else not_found()
    if path.startswith("/shop/"):
        return _shop(town, path.removeprefix("/shop/").removesuffix(".htm"))
    return not_found()


def _search_box() -> str:
    return '<form action="/search"><input name="q"><button>搜索</button></form>'


def _shop_list(town: Town) -> str:
    shops = [s for s in sellers().values() if s.site == "taoji"]
    links = "".join(f'<li><a href="{town.shop(s)}">{e(s.name)}</a></li>' for s in shops)
    return f'<ul class="shop-list">{links}</ul>'


def _shop(town: Town, key: str) -> Answer:
    seller = sellers().get(key)
    if seller is None or seller.site != "taoji":
        return not_found()
    items = "".join(
        f'<li class="item"><a href="{o.path}">{e(o.listing.title)}</a></li>'
        for o in offers().values()
        if o.seller is seller
    )
    return Answer.page(document(f"{seller.name}-{NAME}", f'<ul class="shop-items">{items}</ul>'))


def _search(town: Town, query: Query) -> Answer:
    words = query.get("q", "")
    start = int(query["s"]) if query.get("s", "").isdigit() else 0
    found = find(words, ["taoji"])
    shown = found[start : start + PAGE_SIZE]
    pager = {
        "pageSize": PAGE_SIZE,
        "totalPage": max(1, math.ceil(len(found) / PAGE_SIZE)),
        "currentPage": start // PAGE_SIZE + 1,
        "totalCount": len(found),
    }
    mods: dict[str, Any] = {
        "itemlist": {
            "status": "show",
            "data": {
                "postFeeText": "运费",
                "trace": "msrp_auction",
                "auctions": [_auction(town, o, n) for n, o in enumerate(shown, start)],
                "recommendAuctions": [],
                "query": words,
            },
        },
        "noresult": {"status": "hide"},
        "pager": {"status": "show", "data": pager},
        "sortbar": {"status": "show", "data": {"pager": pager}},
    }
    if not shown:
        mods["itemlist"] = {"status": "hide"}
        mods["noresult"] = {"status": "show"}
    config = script_json({"pageName": "mainsrp", "mods": mods})
    head = f"<script>\n    g_page_config = {config};\n    g_srp_loadCss();\n    g_srp_init();\n</script>"
    body = f'<div id="main" role="main">{_search_box()}</div>'
    return Answer.page(document(f"{words}_{NAME}搜索", body, head))


def _auction(town: Town, offer: Offer, place: int) -> dict[str, Any]:
    said = offer.listing
    promoted = place % PAGE_SIZE < 2
    path = offer.path
    return {
        "p4p": 1 if promoted else "",
        "nid": offer.id,
        "category": "",
        "title": e(said.title),
        "raw_title": said.title,
        "pic_url": f"//taoji.town.localhost:{town.port}/img/{offer.id}.svg",
        "detail_url": town.of(offer).removeprefix("http:"),
        "view_price": offer.price_text or "面议",
        "view_fee": "0.00",
        "item_loc": said.ship_from,
        "reserve_price": "" if said.original_price is None else str(said.original_price),
        "view_sales": f"{offer.sales_text}人付款",
        "comment_count": str(len(said.reviews)),
        "user_id": str(10_000 + sum(map(ord, offer.seller.key))),
        "nick": offer.seller.name,
        "shopcard": {"isTmall": False, "encryptedUserId": ""},
        "icon": [{"title": "掌柜热卖宝贝", "icon_category": "ad"}] if promoted else [],
        "comment_url": town.base("taoji") + path + "#reviews",
        "shopLink": town.shop(offer.seller).removeprefix("http:"),
    }


def _item(town: Town, offer: Offer) -> Answer:
    said, shop = offer.listing, offer.seller
    old = (
        '<li class="tb-detail-price"><span class="tb-property-type">原价</span><strong id="J_StrOldPrice">'
        f'<del class="tb-old-price">¥{said.original_price}</del></strong></li>'
        if said.original_price is not None
        else ""
    )
    attributes = "".join(
        f'<li title="{e(v)}">{e(k)}: {e(v)}</li>' for k, v in said.attributes.items()
    )
    reviews = "".join(
        f'<li class="kg-rate-ct-review-item tb-r-item"><div class="from-whom">{e(r.user)}</div>'
        f'<div class="J_KgRate_ReviewContent tb-tbcr-content">{e(r.text)}</div>'
        f'<div class="tb-r-act-bar"><span class="tb-r-date">{e(r.date or "")}</span></div></li>'
        for r in said.reviews
    )
    stated = "".join(f"<li>{e(k)}：{e(v)}</li>" for k, v in seller_lines(offer))
    pictures = "".join(f'<img src="/img/{offer.id}-{n}.png">' for n in range(len(said.image_text)))
    paragraphs = "".join(f"<p>{e(line)}</p>" for line in said.text.splitlines())
    shop_link = town.shop(shop).removeprefix("http:")
    body = f"""<div class="tb-detail-bd tb-clear"><div class="tb-summary tb-clear">
<div id="J_Title" class="tb-title"><h3 class="tb-main-title" data-title="{e(said.title)}">{e(said.title)}</h3>
<p class="tb-subtitle">{e(offer.shown.get("subtitle", ""))}</p></div>
<div class="tb-pic tb-main-pic"><img id="J_ImgBooth" src="/img/{offer.id}.svg"></div>
<ul class="tb-meta"><li id="J_StrPriceModBox" class="tb-detail-price tb-clear J_PriceItem">
<span class="tb-property-type">价格</span><div class="tb-property-cont"><strong id="J_StrPrice"><em class="tb-rmb">¥</em><em class="tb-rmb-num">{e(offer.price_text or "面议")}</em></strong></div></li>{old}
<li id="J_Counter" class="tb-counter"><strong id="J_SellCounter">{e(offer.sales_text)}</strong><span>交易成功</span></li></ul>
<div class="tb-logistic">发货地：<span id="J-From">{e(said.ship_from)}</span></div></div>
<div id="J_ShopInfo" class="tb-shop-info"><div class="tb-shop-info-hd"><div class="tb-shop-name"><dl><dd><strong>
<a href="{shop_link}" title="{e(shop.name)}" target="_blank">{e(shop.name)}</a></strong></dd></dl></div>
<div class="tb-shop-seller"><a class="tb-seller-name" href="{shop_link}" title="掌柜:{e(shop.name)}">{e(shop.name)}</a></div></div>
<ul class="tb-shop-licence">{stated}</ul></div></div>
<div id="attributes" class="attributes"><ul class="attributes-list">{attributes}</ul></div>
<div id="description" class="J_DetailSection tshop-psm ke-post"><div id="J_DivItemDesc" class="content">{paragraphs}{pictures}</div></div>
<div id="J_Service" class="tb-service">{e(said.terms)}</div>
<div id="reviews" class="J_DetailSection"><h4>累计评论 {len(said.reviews)}</h4><ul class="kg-rate-ct-review-list">{reviews}</ul></div>"""
    head = f"""<script>var g_config = {{
        itemId           : '{offer.id}',
        shopName         : {script_json(shop.name)},
        sellerNick       : '{e(shop.name)}',
        idata            : {{ item: {{ id : '{offer.id}' }} }}
}};</script>"""
    return Answer.page(document(f"{said.title}-{NAME}网", body, head, charset="utf-8"))
