"""Marketplace B: its lists are `li.gl-item`, thirty a page, pages counted in odd numbers.

The hooks are those of a recorded 京东 search (2024) and item page (2018).
"""

from __future__ import annotations

import math

from practice.data import Offer, offers, sellers
from practice.pages.html import Answer, Query, Town, document, e, not_found, seller_lines
from practice.search import find

__all__ = ["answer"]

PAGE_SIZE = 30
NAME = "京店(虚构)"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the marketplace."""
    if path == "/":
        return Answer.page(document(NAME, _front(town)))
    if path == "/Search":
        return _search(town, query)
    if path.startswith("/shop/"):
        return _shop(path.removeprefix("/shop/").removesuffix(".htm"))
    offer = offers().get(path.removeprefix("/").removesuffix(".html"))
    return _item(town, offer) if offer and offer.seller.site == "jingdian" else not_found()


def _front(town: Town) -> str:
    shops = [s for s in sellers().values() if s.site == "jingdian"]
    links = "".join(f'<li><a href="{town.shop(s)}">{e(s.name)}</a></li>' for s in shops)
    return (
        f'<form action="/Search"><input name="keyword"><button>搜索</button></form><ul>{links}</ul>'
    )


def _shop(key: str) -> Answer:
    seller = sellers().get(key)
    if seller is None or seller.site != "jingdian":
        return not_found()
    items = "".join(
        f'<li><a href="{o.path}">{e(o.listing.title)}</a></li>'
        for o in offers().values()
        if o.seller is seller
    )
    return Answer.page(document(f"{seller.name} - {NAME}", f"<ul>{items}</ul>"))


def _search(town: Town, query: Query) -> Answer:
    words = query.get("keyword", "")
    asked = int(query["page"]) if query.get("page", "").isdigit() else 1
    page = (asked + 1) // 2
    found = find(words, ["jingdian"])
    last = max(1, math.ceil(len(found) / PAGE_SIZE))
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    items = "".join(_offer(town, o, page == 1 and n == 2) for n, o in enumerate(shown))
    if not shown:
        items = '<div class="notice-search">抱歉，没有找到与搜索词相关的商品</div>'
    numbers = "".join(
        f'<a href="javascript:;" class="curr">{n}</a>'
        if n == page
        else f'<a onclick="SEARCH.page({2 * n - 1}, true)" href="javascript:;">{n}</a>'
        for n in range(1, last + 1)
    )
    following = (
        f'<a class="pn-next" onclick="SEARCH.page({2 * page + 1}, true)" href="javascript:;"><em>下一页</em><i>&gt;</i></a>'
        if page < last
        else '<a class="pn-next disabled"><em>下一页</em><i>&gt;</i></a>'
    )
    body = f"""<div class="f-result-sum">共<span id="J_resCount" class="num">{len(found)}</span>件商品</div>
<div id="J_goodsList" class="goods-list-v2 gl-type-3 J-goods-list"><ul class="gl-warp clearfix" data-tpl="3">{items}</ul></div>
<div id="J_bottomPage" class="p-wrap"><span class="p-num">{numbers}{following}</span>
<span class="p-skip"><em>共<b>{last}</b>页 到第</em></span></div>
<script>LogParm = {{ result_count:'{len(found)}', page:'{asked}' }};</script>"""
    return Answer.page(document(f"{words} - 商品搜索 - {NAME}", body))


def _offer(town: Town, offer: Offer, promoted: bool) -> str:
    said, shop = offer.listing, offer.seller
    url = town.of(offer).removeprefix("http:")
    mark = '<span class="p-promo-flag">广告</span>' if promoted else ""
    return f"""<li data-sku="{offer.id}" data-spu="{offer.id}" ware-type="10" class="gl-item"><div class="gl-i-wrap">
<div class="p-img"><a target="_blank" href="{url}"><img width="220" height="220" data-lazy-img="//jingdian.town.localhost:{town.port}/img/{offer.id}.svg"></a></div>
<div class="p-price"><strong class="J_{offer.id}"><em>￥</em><i>{e(offer.price_text or "待定")}</i></strong></div>
<div class="p-name p-name-type-2"><a target="_blank" title="{e(offer.shown.get("subtitle", ""))}" href="{url}"><em>{e(said.title)}</em><i class="promo-words" id="J_AD_{offer.id}">{e(offer.shown.get("subtitle", ""))}</i></a></div>
<div class="p-commit"><strong><a id="J_comment_{offer.id}" href="{url}#comment">{e(offer.sales_text)}</a>条评价</strong></div>
<div class="p-shop" data-selfware="0"><span class="J_im_icon"><a target="_blank" class="curr-shop hd-shopname" href="{town.shop(shop).removeprefix("http:")}" title="{e(shop.name)}">{e(shop.name)}</a></span></div>
<div class="p-icons" id="J_pro_{offer.id}"></div><div class="p-stock hide" data-province="{e(said.ship_from[:2])}"></div>{mark}</div></li>"""


def _item(town: Town, offer: Offer) -> Answer:
    said, shop = offer.listing, offer.seller
    shop_link = town.shop(shop).removeprefix("http:")
    listed = {"商品名称": said.title, "商品编号": offer.id, "店铺": shop.name}
    listed |= {k: v for k, v in said.attributes.items() if k != "品牌"}
    parameters = "".join(f'<li title="{e(v)}">{e(k)}：{e(v)}</li>' for k, v in listed.items())
    brand = said.attributes.get("品牌", "")
    branded = f'<ul id="parameter-brand" class="p-parameter-list"><li title="{e(brand)}">品牌：{e(brand)}</li></ul>'
    packed = "".join(f"<dt>{e(k)}</dt><dd>{e(v)}</dd>" for k, v in said.attributes.items())
    stated = "".join(f"<li>{e(k)}：{e(v)}</li>" for k, v in seller_lines(offer))
    reviews = "".join(
        f'<div class="comment-item"><div class="user-column"><div class="user-info">{e(r.user)}</div></div>'
        f'<div class="comment-column"><p class="comment-con">{e(r.text)}</p>'
        f'<div class="order-info"><span>{e(said.attributes.get("规格", "默认"))}</span><span>{e(r.date or "")}</span></div></div></div>'
        for r in said.reviews
    )
    old = (
        f'<del id="page_opprice" class="p-origin">￥{said.original_price}</del>'
        if said.original_price is not None
        else ""
    )
    paragraphs = "".join(f"<p>{e(line)}</p>" for line in said.text.splitlines())
    pictures = "".join(f'<img src="/img/{offer.id}-{n}.png">' for n in range(len(said.image_text)))
    body = f"""<div class="contact fr clearfix"><div class="J-hove-wrap EDropdown fr"><div class="item"><div class="name"><a href="{shop_link}" title="{e(shop.name)}">{e(shop.name)}</a></div></div></div></div>
<div class="itemInfo-wrap"><div class="sku-name">{e(said.title)}</div><div class="news"><div class="item" id="p-ad">{e(offer.shown.get("subtitle", ""))}</div></div>
<div class="summary summary-first"><div class="summary-price J-summary-price"><div class="dt">京 店 价</div><div class="dd"><span class="p-price"><span>￥</span><span class="price J-p-{offer.id}">{e(offer.price_text or "待定")}</span></span>{old}</div></div></div>
<div class="summary-stock">发货地：<span class="p-place">{e(said.ship_from)}</span></div><div id="comment-count">累计评价 <a class="count">{e(offer.sales_text)}</a></div></div>
<div id="spec-list"><img src="/img/{offer.id}.svg"></div>
<div class="ETab" id="detail"><div class="tab-con"><div data-tab="item"><div class="p-parameter">{branded}<ul class="parameter2 p-parameter-list">{parameters}</ul></div>
<div id="J-detail-content" class="detail-content">{paragraphs}{pictures}</div></div>
<div data-tab="item" class="hide"><div class="Ptable"><div class="Ptable-item"><h3>主体</h3><dl>{packed}</dl></div></div></div></div></div>
<div class="m m-content" id="state"><div class="serve-agree-bd"><dl><dt><strong>卖家服务</strong></dt><dd>{e(said.terms)}</dd></dl></div></div>
<div class="m m-content comment" id="comment"><div class="mt"><h3>商品评价</h3></div>{reviews}</div>
<div class="shop-info"><div class="popbox-inner"><div class="mt"><h3><a href="{shop_link}">{e(shop.name)}</a></h3></div></div><ul class="seller-info">{stated}</ul></div>"""
    return Answer.page(document(f"{said.title}【图片 价格 品牌 报价】-{NAME}", body))
