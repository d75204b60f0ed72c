"""A wholesale market: its searches carry their offers in the script variable pageConfig.

The hooks are those of a recorded 1688 search (2024); the item page has the documented shape of
`__INIT_DATA`. It shows the goods of marketplace A once more, as wholesalers' goods turn up elsewhere.
"""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import quote

from practice.data import DOMAIN, Offer, offers
from practice.pages.html import Answer, Query, Town, document, e, not_found, script_json
from practice.search import find

__all__ = ["answer"]

PAGE_SIZE = 20
NAME = "批发街(虚构)"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the market."""
    if path == "/":
        box = '<form action="/page.html"><input name="keywords"><button>搜索</button></form>'
        return Answer.page(document(NAME, box))
    if path == "/page.html":
        return _search(town, query)
    if path.startswith("/offer/"):
        offer = offers().get(path.removeprefix("/offer/").removesuffix(".html"))
        return _item(town, offer) if offer and offer.seller.site == "taoji" else not_found()
    return not_found()


def _search(town: Town, query: Query) -> Answer:
    words = query.get("keywords", "")
    number = int(query["beginpage"]) if query.get("beginpage", "").isdigit() else 1
    found = find(words, ["taoji"])
    pages = max(1, math.ceil(len(found) / PAGE_SIZE))
    shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    config = {
        "keywords": words,
        "beginPage": str(number),
        "listOffer": [_offer(town, one) for one in shown],
    }
    script = f"<script>\n    var pageConfig = {script_json(config)}\n</script>"
    cards = "".join(_card(one) for one in shown)
    last = "" if number < pages else " disabled"
    pager = f'<div class="next-pagination"><button{last} class="next-btn next-pagination-item next">下一页</button></div>'
    body = f'<div id="offerList"><div class="offer_list">{cards}</div></div>{pager}{script}'
    return Answer.page(document(f"{words}批发商-{NAME}", body))


def _offer(town: Town, offer: Offer) -> dict[str, Any]:
    said, seller = offer.listing, offer.seller
    sent = said.ship_from.partition(" ")
    return {
        "offerid": offer.id,
        "title": said.title,
        "loginId": seller.name,
        "imgUrl": f"/img/{offer.id}.svg",
        "itemType": "nature",
        "discountPrice": {"price": offer.price_text},
        "strPriceMoney": offer.price_text,
        "cpv": [{"p": name, "v": value} for name, value in list(said.attributes.items())[:3]],
        "attr": {
            "company": {"name": said.operator_name or seller.name, "province": "", "city": ""},
            "information": {"sendProvince": sent[0], "sendCity": sent[2]},
            "tradeQuantity": {"quantitySumMonthDisplay": f"销{offer.sales_text}件"},
            "tradeService": {"tpCreditUrl": _shop(town, offer) + "page/creditdetail.htm"},
        },
    }


def _shop(town: Town, offer: Offer) -> str:
    """Each shop has a host of its own, which nobody visits."""
    return f"http://{offer.seller.key}.pifa.{DOMAIN}:{town.port}/"


def _card(offer: Offer) -> str:
    return f"""<div class="smart_ui_offer offer_item"><a href="/offer/{offer.id}.html" target="_blank"><div class="mainPic"><img src="/img/{offer.id}.svg"></div>
<div class="content"><div class="title_txt"><span class="subject" title="{e(offer.listing.title)}">{e(offer.listing.title)}</span></div>
<div class="price_line"><div class="price"><span class="price_tag">¥</span><span class="price_num">{e(offer.price_text)}</span></div>
<div class="locationWrap"><span class="location">销{e(offer.sales_text)}件</span><span class="J_WangWang" data-nick="{quote(offer.seller.name)}"></span></div></div></div></a></div>"""


def _item(town: Town, offer: Offer) -> Answer:
    said, seller = offer.listing, offer.seller
    data = {
        "globalData": {
            "tempModel": {
                "offerId": offer.id,
                "offerTitle": said.title,
                "companyName": said.operator_name or seller.name,
                "sellerLoginId": seller.name,
                "saledCount": offer.sales_text,
            },
            "offerBaseInfo": {"sellerWinportUrl": _shop(town, offer)},
            "orderParamModel": {
                "orderParam": {
                    "skuParam": {"skuRangePrices": [{"beginAmount": 1, "price": offer.price_text}]}
                }
            },
            "images": [{"fullPathImageURI": f"/img/{offer.id}.svg"}],
        },
        "data": {
            "1001": {
                "data": {"propsList": [{"name": k, "value": v} for k, v in said.attributes.items()]}
            }
        },
    }
    script = f"<script>window.__INIT_DATA={script_json(data)}</script>"
    return Answer.page(document(f"{said.title} - {NAME}", f"<div id='root'></div>{script}"))
