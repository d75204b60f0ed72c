"""Item pages of independent shops: JSON-LD, microdata, OpenGraph, plain tables, old GBK."""

from __future__ import annotations

from practice.data import Offer
from practice.pages.html import document, e, script_json, seller_lines

__all__ = ["item"]


def item(offer: Offer) -> str:
    """The item page of `offer` in the shape of its shop."""
    return _SHAPES[offer.seller.template](offer)


def _paragraphs(offer: Offer) -> str:
    return "".join(f"<p>{e(line)}</p>" for line in offer.listing.text.splitlines())


def _pictures(offer: Offer) -> str:
    count = range(len(offer.listing.image_text))
    return "".join(f'<img src="/img/{offer.id}-{n}.png">' for n in count)


def _rows(offer: Offer) -> str:
    return "".join(
        f"<tr><th>{e(k)}</th><td>{e(v)}</td></tr>" for k, v in offer.listing.attributes.items()
    )


def _footer(offer: Offer) -> str:
    lines = "".join(f"<li>{e(k)}：{e(v)}</li>" for k, v in seller_lines(offer))
    return f'<div class="footer"><ul>{lines}</ul></div>'


def _old_price(offer: Offer, words: str) -> str:
    price = offer.listing.original_price
    return "" if price is None else f'<del class="old-price">{words}：¥{price}</del>'


def _price(offer: Offer) -> str:
    return f"¥{e(offer.price_text)}" if offer.price_text else "面议"


def _title(offer: Offer) -> str:
    return f"{offer.listing.title} - {offer.seller.name}"


def _json_ld(offer: Offer) -> str:
    said = offer.listing
    selling = {
        "@type": "Offer",
        "priceCurrency": "CNY",
        "price": offer.price_text or None,
        "seller": {"@type": "Organization", "name": offer.seller.name},
    }
    if said.original_price is not None:
        selling["priceSpecification"] = {
            "@type": "UnitPriceSpecification",
            "priceType": "https://schema.org/ListPrice",
            "price": str(said.original_price),
        }
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": said.title,
        "sku": offer.id,
        "image": [f"/img/{offer.id}.svg"],
        "description": said.text,
        "brand": {"@type": "Brand", "name": said.brand},
        "offers": selling,
        "additionalProperty": [
            {"@type": "PropertyValue", "name": k, "value": v} for k, v in said.attributes.items()
        ],
        "review": [
            {
                "@type": "Review",
                "reviewBody": r.text,
                "datePublished": r.date,
                "author": {"@type": "Person", "name": r.user},
            }
            for r in said.reviews
        ],
    }
    head = f'<script type="application/ld+json">{script_json(data)}</script>'
    reviews = "".join(f"<li>{e(r.date or '')} {e(r.user)}：{e(r.text)}</li>" for r in said.reviews)
    body = f"""<div class="shop-name">{e(offer.seller.name)}</div><main><h1>{e(said.title)}</h1>
<div class="price">售价：{_price(offer)} {_old_price(offer, "原价")}</div><div class="sold">已售 {e(offer.sales_text)}</div>
<p>发货地：{e(said.ship_from)}</p><button>加入购物车</button>
<div class="description">{_paragraphs(offer)}{_pictures(offer)}</div><table class="spec">{_rows(offer)}</table>
<div class="return-policy">{e(said.terms)}</div><ul class="reviews">{reviews}</ul></main>{_footer(offer)}"""
    return document(_title(offer), body, head)


def _microdata(offer: Offer) -> str:
    said = offer.listing
    reviews = "".join(
        f'<li class="review" itemprop="review" itemscope itemtype="https://schema.org/Review"><b itemprop="author">{e(r.user)}</b>'
        f'<time itemprop="datePublished" content="{e(r.date or "")}">{e(r.date or "")}</time><p itemprop="reviewBody">{e(r.text)}</p></li>'
        for r in said.reviews
    )
    body = f"""<div class="shop-name">{e(offer.seller.name)}</div>
<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">{e(said.title)}</h1>
<img itemprop="image" src="/img/{offer.id}.svg"><p>品牌：<span itemprop="brand">{e(said.brand)}</span></p>
<div itemprop="offers" itemscope itemtype="https://schema.org/Offer"><meta itemprop="priceCurrency" content="CNY">
现价 <span itemprop="price" content="{e(offer.price_text)}">{_price(offer)}</span> {_old_price(offer, "市场价")}</div>
<p>销量：{e(offer.sales_text)}　发货地：{e(said.ship_from)}</p><button>立即购买</button>
<div class="detail" itemprop="description">{_paragraphs(offer)}{_pictures(offer)}</div>
<table class="params">{_rows(offer)}</table><ul class="reviews">{reviews}</ul></div>
<div class="after-sale">{e(said.terms)}</div>{_footer(offer)}"""
    return document(_title(offer), body)


def _open_graph(offer: Offer) -> str:
    said = offer.listing
    head = f"""<meta property="og:type" content="product"><meta property="og:title" content="{e(said.title)}">
<meta property="og:site_name" content="{e(offer.seller.name)}"><meta property="og:image" content="/img/{offer.id}.svg">
<meta property="product:price:amount" content="{e(offer.price_text)}"><meta property="product:price:currency" content="CNY">
<meta property="product:brand" content="{e(said.brand)}">"""
    was = (
        f"<del><bdi>¥{said.original_price}</bdi></del> " if said.original_price is not None else ""
    )
    reviews = "".join(
        f'<li class="review"><span class="author">{e(r.user)}</span><time class="date">{e(r.date or "")}</time>'
        f'<div class="comment-text"><p>{e(r.text)}</p></div></li>'
        for r in said.reviews
    )
    body = f"""<div id="product-{offer.id}" class="product type-product"><div class="summary entry-summary">
<h1 class="product_title entry-title">{e(said.title)}</h1><p class="price">{was}<ins><bdi>{_price(offer)}</bdi></ins></p>
<div class="meta">原价：{_was(offer)} 已售：{e(offer.sales_text)} 发货地：{e(said.ship_from)}</div>
<button class="single_add_to_cart_button">加入购物车</button></div>
<div class="woocommerce-tabs"><div class="woocommerce-Tabs-panel">{_paragraphs(offer)}{_pictures(offer)}</div>
<table class="shop_attributes">{_rows(offer)}</table><ol class="commentlist">{reviews}</ol></div>
<div class="policy">{e(said.terms)}</div></div>{_footer(offer)}"""
    return document(_title(offer), body, head)


def _was(offer: Offer) -> str:
    price = offer.listing.original_price
    return "无" if price is None else f"¥{price}"


def _table(offer: Offer) -> str:
    said = offer.listing
    reviews = "".join(
        f'<div class="pinglun"><span class="yh">{e(r.user)}</span> <span class="rq">{e(r.date or "")}</span><div class="nr">{e(r.text)}</div></div>'
        for r in said.reviews
    )
    body = f"""<div class="logo">{e(offer.seller.name)}</div><table width="980" align="center"><tr><td><h1>{e(said.title)}</h1>
<img src="/img/{offer.id}.svg"></td></tr><tr><td><table class="cs" border="1">
<tr><td>价格</td><td>{_price(offer)}</td></tr>{_old_row(offer)}<tr><td>销量</td><td>{e(offer.sales_text)}</td></tr>
<tr><td>发货地</td><td>{e(said.ship_from)}</td></tr>
{"".join(f"<tr><td>{e(k)}</td><td>{e(v)}</td></tr>" for k, v in said.attributes.items())}</table></td></tr>
<tr><td><a href="/order">在线订购</a></td></tr><tr><td><div class="intro">{_paragraphs(offer)}{_pictures(offer)}</div></td></tr>
<tr><td><div class="shouhou">{e(said.terms)}</div></td></tr><tr><td>{reviews}</td></tr></table>{_footer(offer)}"""
    charset = "gb2312" if offer.seller.template == "gbk" else "utf-8"
    return document(_title(offer), body, charset=charset)


def _old_row(offer: Offer) -> str:
    price = offer.listing.original_price
    return "" if price is None else f"<tr><td>原价</td><td><s>¥{price}</s></td></tr>"


_SHAPES = {
    "json-ld": _json_ld,
    "microdata": _microdata,
    "og": _open_graph,
    "table": _table,
    "gbk": _table,
}
