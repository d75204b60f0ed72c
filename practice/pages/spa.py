"""The shop that is empty until its script has run: it fetches its own JSON and draws the page."""

from __future__ import annotations

from typing import Any

from practice.data import Offer, Seller
from practice.pages.html import Answer, Query, document, not_found, seller_lines

__all__ = ["answer"]

PAGE_SIZE = 8

_SCRIPT = """
const app = document.getElementById('app');
const make = (kind, text, cls) => {
  const node = document.createElement(kind);
  if (text) node.textContent = text;
  if (cls) node.className = cls;
  app.append(node);
  return node;
};
async function list(page) {
  const data = await (await fetch('/api/items?page=' + page)).json();
  document.title = data.shop;
  make('div', data.shop, 'shop-name');
  for (const item of data.items) {
    const link = make('a', item.title);
    link.href = '/item/' + item.id + '.html';
    make('span', item.price ? '¥' + item.price : '面议', 'price');
  }
  if (data.next) {
    const link = make('a', '下一页', 'next');
    link.href = '/?page=' + data.next;
  }
}
async function item(id) {
  const data = await (await fetch('/api/items/' + id)).json();
  document.title = data.title + ' - ' + data.shop;
  make('div', data.shop, 'shop-name');
  make('h1', data.title);
  make('div', '售价：' + (data.price ? '¥' + data.price : '面议'), 'price');
  if (data.original_price) make('del', '原价：¥' + data.original_price);
  make('div', '已售：' + data.sales);
  make('button', '立即购买');
  const table = make('table');
  for (const [name, value] of Object.entries(data.attributes)) {
    const row = table.insertRow();
    row.insertCell().textContent = name;
    row.insertCell().textContent = value;
  }
  const detail = make('div', '', 'description');
  for (const line of data.text.split('\\n')) {
    const paragraph = document.createElement('p');
    paragraph.textContent = line;
    detail.append(paragraph);
  }
  make('div', data.terms, 'terms');
  for (const review of data.reviews) {
    const node = make('div', '', 'review');
    for (const part of ['user', 'date', 'text']) {
      const span = document.createElement('p');
      span.className = part;
      span.textContent = review[part];
      node.append(span);
    }
  }
  const foot = make('div', '', 'footer');
  for (const [label, value] of data.seller) {
    const line = document.createElement('p');
    line.textContent = label + '：' + value;
    foot.append(line);
  }
}
const wanted = location.pathname.match(/^\\/item\\/(\\d+)/);
if (wanted) item(wanted[1]);
else list(new URLSearchParams(location.search).get('page') || 1);
"""


def answer(seller: Seller, mine: list[Offer], path: str, query: Query) -> Answer:
    """The empty page, the script, or the data behind them."""
    if path == "/app.js":
        return Answer.plain(_SCRIPT, "text/javascript")
    if path == "/api/items":
        number = int(query.get("page") or 1)
        shown = mine[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        further = number * PAGE_SIZE < len(mine)
        items = [{"id": o.id, "title": o.listing.title, "price": o.price_text} for o in shown]
        return Answer.json(
            {"shop": seller.name, "items": items, "next": number + 1 if further else None}
        )
    if path.startswith("/api/items/"):
        offer = next((o for o in mine if o.id == path.removeprefix("/api/items/")), None)
        return Answer.json(_item(offer)) if offer else not_found()
    known = path == "/" or any(path == offer.path for offer in mine)
    if not known:
        return not_found()
    return Answer.page(document("", '<div id="app"></div><script src="/app.js"></script>'))


def _item(offer: Offer) -> dict[str, Any]:
    said = offer.listing
    return {
        "id": offer.id,
        "shop": offer.seller.name,
        "title": said.title,
        "price": offer.price_text,
        "original_price": "" if said.original_price is None else str(said.original_price),
        "sales": offer.sales_text,
        "text": said.text,
        "attributes": said.attributes | {"发货地": said.ship_from},
        "terms": said.terms,
        "reviews": [{"user": r.user, "date": r.date or "", "text": r.text} for r in said.reviews],
        "seller": seller_lines(offer),
    }
