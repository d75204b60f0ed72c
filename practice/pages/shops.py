"""Independent shops: front page, goods lists with pages, item pages in the shop's own shape."""

from __future__ import annotations

from practice.data import Offer, Seller, goods, offers
from practice.pages import shapes, spa
from practice.pages.html import Answer, Query, Town, document, e, not_found

__all__ = ["answer"]

PAGE_SIZE = 8


def answer(town: Town, seller: Seller, path: str, query: Query) -> Answer:
    """A page of an independent shop, in the charset that the shop uses."""
    mine = [o for o in offers().values() if o.seller is seller]
    if seller.template == "spa":
        return spa.answer(seller, mine, path, query)
    if path == "/":
        text = _front(seller, mine)
    elif path.startswith("/list/"):
        number = query.get("page", "1")
        text = _goods(seller, mine, path.removeprefix("/list/"), int(number or 1))
    elif path.startswith("/item/"):
        wanted = path.removeprefix("/item/").removesuffix(".html")
        offer = next((o for o in mine if o.id == wanted), None)
        text = shapes.item(offer) if offer else ""
    elif path in ("/about.html", "/help/returns.html"):
        text = _document(seller, "关于我们", f"<h2>关于我们</h2><p>{e(seller.about)}</p>")
    else:
        text = ""
    return _encoded(seller, text) if text else not_found()


def _encoded(seller: Seller, text: str) -> Answer:
    """GBK bytes, declared by the page alone, where the shop is of that age."""
    if seller.template != "gbk":
        return Answer.page(text)
    return Answer(text.encode("gbk", "xmlcharrefreplace"), 200, {"Content-Type": "text/html"})


def _document(seller: Seller, title: str, body: str) -> str:
    # The old shop declares gb2312 on item pages (it is GBK), and nothing at all elsewhere.
    charset = "" if seller.template == "gbk" else "utf-8"
    nav = '<div class="nav"><a href="/">首页</a> <a href="/about.html">关于我们</a> <a href="/cart">购物车</a></div>'
    foot = f'<div class="footer"><p>版权所有：{e(seller.operator_name or seller.name)}</p></div>'
    return document(f"{title} - {seller.name}", nav + body + foot, charset=charset)


def _front(seller: Seller, mine: list[Offer]) -> str:
    groups = list(dict.fromkeys(o.listing.goods for o in mine))
    links = "".join(f'<li><a href="/list/{g}">{e(goods()[g]["title"])}</a></li>' for g in groups)
    hot = "".join(_card(o) for o in mine[:4])
    body = f'<div class="welcome">欢迎光临{e(seller.name)}</div><p>{e(seller.about)}</p><ul class="categories">{links}</ul><div class="hot">{hot}</div>'
    return _document(seller, "首页", body)


def _goods(seller: Seller, mine: list[Offer], group: str, number: int) -> str:
    listed = [o for o in mine if o.listing.goods == group]
    shown = listed[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    if not shown:
        return ""
    further = number * PAGE_SIZE < len(listed)
    following = (
        f'<a class="next" href="/list/{group}?page={number + 1}">下一页</a>' if further else ""
    )
    cards = "".join(_card(o) for o in shown)
    body = f'<h2>{e(goods()[group]["title"])}</h2><ul class="products">{cards}</ul><div class="pages">第{number}页 {following}</div>'
    return _document(seller, goods()[group]["title"], body)


def _card(offer: Offer) -> str:
    price = f"¥{offer.price_text}" if offer.price_text else "面议"
    return f'<li class="product"><a href="{offer.path}">{e(offer.listing.title)}</a><span class="price">{e(price)}</span></li>'
