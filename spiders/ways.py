"""The way through an independent shop: items, lists, its own pages, its search form.

An item is told by the software's addresses, by how addresses of items usually look, or by its
card: a link and a price in one box, several boxes of one kind on the page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode, urlsplit

from crawler.addresses import canonical, host_of
from crawler.extract import compact
from crawler.extract.text import Element, path
from crawler.page import Page, once
from spiders.software import Software

__all__ = [
    "Cards",
    "Links",
    "cards_of",
    "links_of",
    "path_of",
    "search_address",
    "sorted_addresses",
]

MAX_LINKS = 5_000
"""Links looked at on one page: far more than any budget follows."""
_ITEM_PATH = re.compile(
    r"/(?:product|products|item|items|goods|detail|shangpin|show)[/_-]?[\w-]{0,80}|/p(?:/\w|[_-]?\d)|"
    r"[?&](?:goods_id|product_id|item|id|gid|pid)=\w{1,40}",
    re.IGNORECASE,
)
_LIST_PATH = re.compile(
    r"/(?:category|categories|cat|list|shop|store|c|class|fenlei|search|tag|brand|collections?|catalogue|catalog)\b|"
    r"[?&](?:page|p|cat|cat_id|category|cid|pn)=|/page/\d",
    re.IGNORECASE,
)
_SKIP = re.compile(
    r"/(?:cart|basket|login|logout|register|signup|account|accounts|user|member|checkout|order|wishlist|favorite|compare|"
    r"feed|rss|wp-admin|wp-login|wp-json|admin|print|share|calendar|archive|rili|i18n)\b|add-to-cart|"
    r"[?&](?:date|month|year|day|sort\w{0,10}|order\w{0,10}|filter\w{0,20}|\w{0,12}facets?|view|lang|currency|dir|mode|limit|per_page|"
    r"(?:min|max)_?price|price(?:_?(?:min|max))?|rating|product_list_(?:order|dir|mode|limit))(?:=|%5B|\[)|"
    r"/(?:19|20)\d\d[-/](?:0?[1-9]|1[0-2])(?:[-/]|$)|"
    r"\.(?:jpe?g|png|gif|webp|svg|css|js|json|xml|pdf|zip|rar|mp4|mp3|apk|ico|woff2?)(?:$|\?)",
    re.IGNORECASE,
)
_NEXT_WORDS = re.compile(r"下一页|下页|后页|next|›|»", re.IGNORECASE)
_OWN_WORDS = re.compile(
    r"关于|联系|营业执照|证照|资质|亮照|经营者信息|主体信息|企业信息|退换|退货|换货|售后|配送说明|服务条款|服务协议|用户协议|"
    r"用户须知|购物须知|交易条款|隐私|公告|声明|帮助|about|contact|licen[cs]e|terms|returns?\b|refund|polic(?:y|ies)|privacy|notice"
)
_OWN_PATH = re.compile(
    r"/(?:about|contact|licen[cs]e|zhizhao|zizhi|terms|returns?|refund|polic(?:y|ies)|privacy|notice|gonggao|help|lianxi|guanyu)",
    re.IGNORECASE,
)
_PRICED = path(
    "//body/descendant::*[contains(@class, 'price') or contains(@id, 'price') or text()[contains(., '¥') or contains(., '￥')]]"
)
_WITH_FIGURE = re.compile(r"[¥￥]\s?\d|\d[\d,]{0,12}(?:\.\d{1,2})?|面议|电议|询价")
_SEARCH_NAMES = (
    "q",
    "keyword",
    "keywords",
    "key",
    "kw",
    "wd",
    "word",
    "words",
    "search",
    "query",
    "s",
)


@dataclass(frozen=True, slots=True)
class Links:
    """Where a page leads on its own host: to items, to pages that list items, and to what the
    shop says of itself (licence, contact, terms, notices)."""

    items: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """The items a page shows in boxes with their prices."""

    urls: tuple[str, ...] = ()
    boxes: frozenset[Element] = frozenset()

    def hold(self, element: Element) -> bool:
        """Whether an element stands in one of the boxes."""
        return element in self.boxes or any(above in self.boxes for above in element.iterancestors())  # fmt: skip


def _addresses(page: Page, anchors: Iterable[Element]) -> Iterator[tuple[str, Element]]:
    """Web addresses on the page's own host, without those that lead to no goods."""
    host = host_of(page.url)
    for anchor in anchors:
        link = (anchor.get("href") or "").strip()
        if not link or link.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
            continue
        try:
            url = page.absolute(link).split("#")[0]
            scheme = urlsplit(url).scheme
        except ValueError:
            continue
        if scheme in ("http", "https") and host_of(url) == host and not _SKIP.search(path_of(url)):
            yield url, anchor


def path_of(url: str) -> str:
    """Path and query of an address."""
    parts = urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")


def links_of(page: Page, software: Software | None) -> Links:
    """The links of a page; each once, in order."""
    here = path_of(page.url.split("#")[0])
    items: dict[str, None] = dict.fromkeys(cards_of(page).urls)
    pages: dict[str, None] = {}
    own: dict[str, None] = {}
    for url, anchor in _addresses(page, islice(page.selector.root.iter("a"), MAX_LINKS)):
        rest = path_of(url)
        if rest == here or url in items or (software and software.skip and software.skip.search(rest)):  # fmt: skip
            continue
        said = compact(anchor.xpath("string()")[:60]) if len(anchor) else compact(anchor.text)
        if _OWN_PATH.match(rest) or (len(said) <= 12 and _OWN_WORDS.search(said.lower())):
            own[url] = None
        elif kind := _kind(rest, software, said):
            (items if kind == "item" else pages)[url] = None
        elif urlsplit(url).path.strip("/").count("/") <= 1 and len(pages) < 60:
            pages[url] = None
    return Links(tuple(items), tuple(pages), tuple(own))


def _kind(rest: str, software: Software | None, said: str = "") -> str:
    if software and software.lists.search(rest):
        return "list"
    if software and software.item.search(rest):
        return "item"
    if _LIST_PATH.search(rest) or (said and len(said) < 12 and _NEXT_WORDS.search(said)):
        return "list"
    return "item" if _ITEM_PATH.search(rest) else ""


def sorted_addresses(page: Page, urls: Iterable[str], software: Software | None) -> Links:
    """Addresses of a sitemap that stand on the page's host, sorted as `links_of` does."""
    host = host_of(page.url)
    items: list[str] = []
    pages: list[str] = []
    for url in urls:
        rest = path_of(url)
        if host_of(url) != host or _SKIP.search(rest):
            continue
        if software and software.skip and software.skip.search(rest):
            continue
        (items if _kind(rest, software) == "item" else pages).append(url)
    return Links(tuple(items), tuple(pages))


@once
def cards_of(page: Page) -> Cards:
    """The cards of a page; a box that stands alone is none, nor is one with the page's heading."""
    known: CardsByKind = defaultdict(dict)
    for element in _PRICED(page.selector.root)[:400]:
        if not _WITH_FIGURE.search("".join(element.itertext("*"))[:200]):
            continue
        box: Element | None = element
        for _ in range(7):
            if box is None or box.tag in ("body", "html"):
                break
            links = [(url, a) for url, a in _addresses(page, box.iter("a"))]
            if links:
                if url := _target(links):
                    kind = f"{box.tag}.{' '.join((box.get('class') or '').split()[:2])}"
                    if not box.xpath("boolean(.//h1)"):
                        known[kind].setdefault(url, box)
                break
            box = box.getparent()
    groups = [group for group in known.values() if len(group) >= 2]
    urls = dict.fromkeys(url for group in groups for url in group)
    return Cards(tuple(urls), frozenset(box for group in groups for box in group.values()))


CardsByKind = defaultdict[str, dict[str, Element]]


def _target(links: list[tuple[str, Element]]) -> str:
    """Where a box leads: its one address, or of a few that of its picture."""
    urls = list(dict.fromkeys(url for url, _ in links))
    if len({canonical(url) for url in urls}) == 1:
        return urls[0]
    if len(urls) <= 3:
        return next((url for url, a in links if a.find(".//img") is not None), "")
    return ""


def search_address(page: Page, word: str) -> str:
    """The address of the shop's own search for `word`, "" where the page shows no search form."""
    for form in page.selector.root.iter("form"):
        if (form.get("method") or "get").lower() != "get":
            continue
        fields = [f for f in form.iter("input") if f.get("name")]
        asked = [
            f
            for f in fields
            if (f.get("type") or "text").lower() in ("text", "search")
            and (f.get("name") in _SEARCH_NAMES or (f.get("type") or "").lower() == "search")
        ]
        if len(asked) != 1:
            continue
        hidden = {f.get("name"): f.get("value") or "" for f in fields if (f.get("type") or "").lower() == "hidden"}  # fmt: skip
        query = urlencode(hidden | {asked[0].get("name"): word})
        try:
            url = page.absolute(form.get("action") or page.url).split("#")[0]
            base, _, given = url.partition("?")
        except ValueError:
            continue
        if host_of(url) == host_of(page.url) and not re.search(r"login|subscri|register", url):
            return f"{base}?{given + '&' if given and not hidden else ''}{query}"
    return ""
