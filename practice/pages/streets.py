"""Which host answers with which pages, and what every host has: robots.txt, pictures."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from practice.data import DOMAIN, offers, sellers
from practice.pages import engine, jingdian, news, pifa, pin, shops, taoji
from practice.pages.html import Answer, Query, Town, document, e, not_found
from practice.pages.painted import painted

__all__ = ["SITES", "hosts", "respond"]

SITES: dict[str, Callable[[Town, str, Query], Answer]] = {
    f"search.{DOMAIN}": engine.answer,
    f"taoji.{DOMAIN}": taoji.answer,
    f"jingdian.{DOMAIN}": jingdian.answer,
    f"news.{DOMAIN}": news.answer,
    f"pifa.{DOMAIN}": pifa.answer,
    f"pin.{DOMAIN}": pin.answer,
}
_ROBOTS = {
    f"search.{DOMAIN}": "User-agent: *\nDisallow: /home/\nDisallow: /cache/\n",
    f"taoji.{DOMAIN}": "User-agent: *\nDisallow: /trade/\n",
    f"jingdian.{DOMAIN}": "User-agent: *\nDisallow: /order/\nDisallow: /pop/\n",
}
_SHOP_ROBOTS = "User-agent: *\nDisallow: /cart\nDisallow: /order\n"


def hosts() -> list[str]:
    """Every host of the town but the front."""
    return [*SITES, *(s.host for s in sellers().values() if s.site == "shop")]


def respond(town: Town, host: str, path: str, query: Query) -> Answer:
    """What `host` says to a request without faults; 404 for a host that nobody has."""
    if host not in (DOMAIN, *hosts()):
        return not_found()
    if path == "/robots.txt":
        return Answer.plain(_ROBOTS.get(host, _SHOP_ROBOTS))
    if path.startswith("/img/"):
        return _picture(path)
    if host == DOMAIN:
        return _front(town) if path == "/" else not_found()
    if host in SITES:
        return SITES[host](town, path, query)
    seller = sellers()[host.removesuffix(f".{DOMAIN}")]
    return shops.answer(town, seller, path, query)


def _front(town: Town) -> Answer:
    rows = [
        ("search", "搜索引擎"),
        ("taoji", "淘集(虚构)，交易平台"),
        ("jingdian", "京店(虚构)，交易平台"),
        ("news", "云岫虚构日报"),
        ("pifa", "批发街(虚构)，批发平台"),
        ("pin", "拼街(虚构)，拼团平台"),
    ]
    rows += [(s.key, f"独立网店：{s.name}") for s in sellers().values() if s.site == "shop"]
    links = "".join(f'<li><a href="{town.base(k)}/">{e(title)}</a></li>' for k, title in rows)
    said = "<p>这里的商家、商品、评价都是虚构的，只供练习和测试。</p>"
    return Answer.page(document("练习小镇", f"<h1>练习小镇</h1>{said}<ul>{links}</ul>"))


def _picture(path: str) -> Answer:
    """A drawing with the words that stand in the picture, if any."""
    name, _, form = path.removeprefix("/img/").rpartition(".")
    identity, _, number = name.partition("-")
    offer = offers().get(identity)
    if offer is None:
        return not_found()
    words = offer.listing.image_text
    place = int(number) if number.isdigit() else -1
    line = words[place] if 0 <= place < len(words) else "商品图"
    if form == "png":
        return Answer.picture(painted(line))
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="120"><text x="20" y="70" font-size="28">{escape(line)}</text></svg>'
    return Answer.plain(drawn, "image/svg+xml")
