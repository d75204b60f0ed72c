"""What the town's search engines find, whatever the shape in which they show it."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from practice.data import Offer, offers, sellers
from practice.pages import news
from practice.pages.html import Answer, Town, document, e, not_found
from practice.search import find, groups_of

__all__ = [
    "PAGE_SIZE",
    "Entry",
    "ads",
    "emphasised",
    "found",
    "front",
    "redirect",
    "stub",
    "token",
    "where",
]

PAGE_SIZE = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One result, or an advertisement."""

    title: str
    snippet: str
    url: str


def token(url: str) -> str:
    """Opaque and stable, as long as the real ones."""
    return urlsafe_b64encode(hashlib.sha512(url.encode()).digest()).decode().rstrip("=")[:64]


@lru_cache(maxsize=4)
def _targets(town: Town) -> dict[str, str]:
    known = [town.of(offer) for offer in offers().values()]
    known += [town.shop(seller) for seller in sellers().values()]
    known += [news.url(town, article) for article in news.ARTICLES]
    return {token(url): url for url in known}


def redirect(town: Town, coded: str) -> Answer:
    """302 to the address that a token stands for; 404 for any other."""
    target = _targets(town).get(coded)
    return Answer.redirect(target) if target else not_found()


def stub(town: Town, coded: str) -> Answer:
    """A small page whose script leads to the address that a token stands for."""
    target = _targets(town).get(coded)
    if not target:
        return not_found()
    lead = f'<meta content="always" name="referrer"><script>window.location.replace("{target}")</script>'
    return Answer.page(
        f'{lead}<noscript><META http-equiv="refresh" content="0;URL=\'{e(target)}\'"></noscript>'
    )


@lru_cache(maxsize=1024)
def found(town: Town, words: str) -> list[Entry]:
    """All that an engine has for `words`, best first."""
    every = find(words)
    on_offer = {o.seller.key: o.seller for o in every if o.seller.site == "shop"}
    homes = [
        Entry(f"{s.name} - 官方首页", s.about or f"{s.name}，在线选购。", town.shop(s))
        for s in on_offer.values()
    ]
    articles = [
        Entry(a.title + a.suffix, a.text[:90], news.url(town, a))
        for a in news.ARTICLES
        if a.goods in groups_of(words)
    ]
    items = [_item(town, o) for o in every if o.seller.site == "shop"]
    market = [_item(town, o) for o in every if o.seller.site != "shop"]
    mixed = articles[:1] + homes + articles[1:]
    mixed += [x for pair in zip(items, market, strict=False) for x in pair]
    shorter = min(len(items), len(market))
    return mixed + items[shorter:] + market[shorter:]


def _item(town: Town, offer: Offer) -> Entry:
    said = offer.listing
    price = f"￥{offer.price_text} " if offer.price_text else ""
    title = f"{said.title}_{offer.seller.name}"
    return Entry(title, f"{price}{said.text[:80]}...", town.of(offer))


def ads(town: Town, words: str) -> list[Entry]:
    """The two that pay."""
    promoted = find(words, ["shop", "taoji"])[:2]
    return [Entry(f"{o.listing.title} 火热促销", o.listing.text[:60], town.of(o)) for o in promoted]


def where(entry: Entry) -> str:
    """The host as an engine shows it, without a port."""
    return entry.url.split("/")[2].split(":")[0]


def emphasised(title: str, words: str) -> str:
    """A title as HTML, with the words that were asked for in <em>."""
    return e(title).replace(e(words), f"<em>{e(words)}</em>") if words else e(title)


def front(name: str, path: str, field: str) -> Answer:
    """An engine's own page: a box to type into."""
    form = f'<form action="{path}"><input name="{field}"><input type="submit"></form>'
    return Answer.page(document(name, form))
