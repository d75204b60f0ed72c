"""A market for buying together: its pages carry their data in the script variable rawData.

The shape is what other people's programs read from 拼多多 (2020 to 2024); none of us has seen the page.
It shows the goods of marketplace A once more.
"""

from __future__ import annotations

from typing import Any

from practice.data import Offer, offers
from practice.pages.html import Answer, Query, Town, document, not_found, script_json
from practice.search import find

__all__ = ["answer"]

SHOWN = 20
NAME = "拼街(虚构)"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the market."""
    if path == "/":
        box = '<form action="/search_result.html"><input name="search_key"></form>'
        return Answer.page(document(NAME, box))
    if path == "/search_result.html":
        words = query.get("search_key", "")
        rows = [_row(one) for one in find(words, ["taoji"])[:SHOWN]]
        return _page(words, {"stores": {"store": {"data": {"ssrListData": {"list": rows}}}}})
    if path == "/goods.html":
        offer = offers().get(query.get("goods_id", ""))
        if offer and offer.seller.site == "taoji":
            return _page(offer.listing.title, {"store": {"initDataObj": _goods(offer)}})
    return not_found()


def _page(title: str, data: dict[str, Any]) -> Answer:
    script = f"<script>window.rawData={script_json(data)};</script>"
    return Answer.page(document(title, f'<div id="main"></div>{script}'))


def _row(offer: Offer) -> dict[str, Any]:
    return {
        "goodsID": int(offer.id),
        "goodsName": offer.listing.title,
        "priceInfo": offer.price_text,
        "salesTip": f"已拼{offer.sales_text}件",
        "imgUrl": f"/img/{offer.id}.svg",
    }


def _goods(offer: Offer) -> dict[str, Any]:
    said = offer.listing
    return {
        "goods": {
            "goodsID": int(offer.id),
            "goodsName": said.title,
            "goodsDesc": said.text,
            "sideSalesTip": f"已拼{offer.sales_text}件",
            "goodsProperty": [{"key": k, "values": [v]} for k, v in said.attributes.items()],
            "ui": {"new_price_section": {"price": offer.price_text}},
            "topGallery": [{"url": f"/img/{offer.id}.svg"}],
            "detailGallery": [
                {"url": f"/img/{offer.id}-{n}.png"} for n in range(len(said.image_text))
            ],
        },
        "mall": {"mallName": offer.seller.name, "mallID": offer.seller.key},
    }
