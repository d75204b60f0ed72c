"""One item each as a data service returns it: `{"appCode", "data": …}`, for four marketplaces.

Recorded 2020 (`item-api-jd.json` and its like); the service is a third party's, not the platforms'.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from parsel import Selector

from crawler.extract import at, compact, visible_text
from spiders.pdd import goods_property

__all__ = ["opened"]


def opened(data: Any) -> dict[str, Any] | None:
    """The fields of a listing in such an answer; None for anything else."""
    make = _BY_CODE.get(str(at(data, "appCode")))
    item = at(data, "data")
    return make(item) if make and isinstance(item, dict) else None


def _pairs(lines: Any) -> dict[str, str]:
    """Of lines like «品牌：Apple»."""
    found = (str(line).replace(":", "：", 1).partition("：") for line in lines or ())
    return {compact(name): compact(value) for name, _, value in found if compact(value)}


def _text(html: Any) -> str:
    return visible_text(Selector(text=f"<div>{html}</div>", type="html")) if html else ""


def _lines(promises: Any) -> str:
    said = (compact(str(at(one, "desc") or at(one, "title") or "")) for one in promises)
    return "\n".join(line for line in said if line)


def _images(*lists: Any) -> list[str]:
    return [urljoin("https://", str(image)) for one in lists for image in one or () if image]


def _taobao(data: dict[str, Any]) -> dict[str, Any]:
    item, seller = data.get("item") or {}, data.get("seller") or {}
    attributes = {
        str(name): str(value)
        for group in item.get("groupProps") or ()
        for pairs in group.values()
        for pair in pairs
        for name, value in pair.items()
    }
    promised = at(item, "consumerProtection.items") or ()
    return {
        "source": "tmall" if item.get("isTmall") else "taobao",
        "id": item.get("itemId"),
        "title": item.get("title"),
        "url": item.get("url"),
        "price": item.get("priceRange"),
        "original_price": item.get("marketPriceRange"),
        "sales": item.get("vagueSellCount"),
        "ship_from": item.get("location"),
        "shop_name": seller.get("shopName") or seller.get("sellerNick"),
        "shop_url": seller.get("taoShopUrl"),
        "attributes": attributes,
        "brand": attributes.get("品牌"),
        "origin": attributes.get("产地"),
        "text": _text(item.get("desc")),
        "terms": _lines(promised),
        "images": _images(item.get("images"), item.get("descImgs")),
    }


def _jd(data: dict[str, Any]) -> dict[str, Any]:
    item, seller = data.get("item") or {}, data.get("seller") or {}
    attributes = _pairs(item.get("pcAttributes"))
    return {
        "source": "jd",
        "id": item.get("itemId"),
        "title": item.get("name"),
        "url": f"https://item.jd.com/{item.get('itemId')}.html",
        "price": item.get("price"),
        "original_price": item.get("originalPrice"),
        "shop_name": seller.get("shopName"),
        "shop_url": seller.get("shopUrl"),
        "attributes": attributes,
        "brand": item.get("brandName") or attributes.get("品牌"),
        "origin": attributes.get("商品产地"),
        "text": _text(item.get("desc")),
        "images": _images(item.get("images"), item.get("descImgs")),
    }


def _pdd(data: dict[str, Any]) -> dict[str, Any]:
    item, seller = data.get("item") or {}, data.get("seller") or {}
    attributes = goods_property(item.get("goodsProperty"))
    promised = item.get("service_promise") or ()
    detail = [at(one, "url") for one in item.get("detail") or ()]
    return {
        "source": "pdd",
        "id": item.get("goodsId"),
        "title": item.get("goodsName"),
        "url": item.get("url"),
        "text": item.get("goodsDesc"),
        "price": item.get("minGroupPrice"),
        "original_price": item.get("marketPrice"),
        "sales": item.get("salesTip"),
        "shop_name": seller.get("shopName"),
        "shop_url": seller.get("shopUrl"),
        "attributes": attributes,
        "brand": attributes.get("品牌"),
        "origin": attributes.get("产地"),
        "terms": _lines(promised),
        "images": _images(item.get("banner"), detail),
    }


def _suning(data: dict[str, Any]) -> dict[str, Any]:
    number = str(data.get("partNumber") or "").lstrip("0")
    return {
        "source": "suning",
        "id": number,
        "title": data.get("title"),
        "url": f"https://product.suning.com/{data.get('shopId')}/{number}.html",
        "price": data.get("price"),
        "text": _text(data.get("desc")),
        "images": _images(data.get("images")),
    }


_BY_CODE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "taobaodetail": _taobao,
    "jdGoodsDetail": _jd,
    "pddDetail": _pdd,
    "goodsDetail": _suning,
}
