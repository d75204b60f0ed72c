"""How the sweep walks an independent shop: items, lists, its own pages, sitemaps, its search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request

from crawler.addresses import canonical, host_of
from crawler.extract.shop_facts import licence_picture_facts
from crawler.extract.sitemaps import read_sitemap
from crawler.page import Page, ReadError
from crawler.tasks import Pictures, PictureText, Sink, Task
from listing import Listing
from spiders.base import Reader
from spiders.books import Books
from spiders.shop import Shop
from spiders.visit import LICENCE_PICTURES, OWN_PAGES, Visit
from spiders.ways import search_address

__all__ = ["ShopWalk"]

Requests = Iterator[Request]
SITEMAPS = 10
"""Sitemaps read of one shop, below those that robots.txt names."""


class ShopWalk:
    """The part of the sweep's spider that knows shops; the spider keeps the books and asks."""

    crawler: Any
    sink: Sink
    readers: Mapping[str, Reader]
    pictures: Pictures | None
    shop_budget: int
    shop_words: tuple[str, ...]
    visits: dict[int, Visit]
    asked: Counter[int]
    seen: set[str]
    browser_hosts: set[str]
    books: Books
    sitemaps: Counter[int]
    _request: Callable[..., Request]
    _with_pictures: Callable[..., Requests]

    def parse_shop(
        self, task: Task, page: Page, meta: Mapping[str, Any], is_item: bool = False
    ) -> Requests:
        """Any page of an independent shop: an item, or the way to items."""
        reader = self.readers[task.reader]
        assert isinstance(reader, Shop)
        if not page.rendered and reader.needs_browser(page):
            self.browser_hosts.add(host_of(page.url))
            yield self._request(
                task, page.url, self.parse_shop, 30, own=meta["own"], is_item=is_item
            )
            return
        links = reader.links(page)
        if meta["own"]:
            yield from self._own(task, page, meta["evidence"], links.own)
        yield from self._follow(task, links.items, is_item=True)
        yield from self._follow(task, links.pages, is_item=False)
        try:
            item = reader.read_item(page)
        except ReadError:
            # A way to items is no item itself; only a page that promised to be one is missed.
            if is_item and not links.items:
                raise
            self.books.read(task, 0, meta, page)
            if not (links.items or links.pages or meta["optional"]):
                self.books.empty(task, "page", meta, page)
        else:
            self.books.read(task, 1, meta, page)
            listing = self._stamped(task, item, page)
            yield from self._with_pictures(task, listing, meta["evidence"])

    def _own(self, task: Task, page: Page, record: str, own: Sequence[str]) -> Requests:
        """What a page says of its shop; from the front page on to the others that do, and to
        the ways that it shows: sitemaps and its search."""
        visit = self.visits[task.id]
        front = not visit.frame
        facts = visit.read(page, record)
        for url in own:
            key = canonical(url)
            if len(visit.own) < OWN_PAGES and key not in self.seen:
                self.seen.add(key)
                visit.own.add(key)
                yield self._request(task, url, self.parse_shop, 30, own=True)
        for url in facts.pictures if self.pictures else ():
            if visit.pictures < LICENCE_PICTURES and (key := canonical(url)) not in visit.own:
                visit.pictures += 1
                visit.own.add(key)
                yield self._request(task, url, self.parse_licence, 30, own=True, optional=True)
        if front:
            noted = getattr(self.crawler, "noted_sitemaps", {}).get(host_of(page.url))
            for url in noted or [urljoin(page.url, "/sitemap.xml")]:
                yield self._request(task, url, self.parse_sitemap, 25, optional=True, shop=page)
            for word in self.shop_words:
                if url := search_address(page, word):
                    self.seen.add(canonical(url))
                    yield self._request(task, url, self.parse_shop, 6, optional=True)

    def parse_licence(
        self, task: Task, page: Page, meta: Mapping[str, Any], picture: PictureText
    ) -> Requests:
        """A picture of a licence: who holds it."""
        said = licence_picture_facts("\n".join(line.text for line in picture.lines))
        self.visits[task.id].saw(page.url, said, meta["evidence"])
        yield from ()

    def parse_sitemap(
        self, task: Task, page: Page, meta: Mapping[str, Any], shop: Page
    ) -> Requests:
        """A sitemap: at most half of the shop's budget is spent on what it names."""
        reader = self.readers[task.reader]
        assert isinstance(reader, Shop)
        found = read_sitemap(page.body)
        for url in found.sitemaps:
            if self.sitemaps[task.id] < SITEMAPS and host_of(url) == host_of(shop.url):
                self.sitemaps[task.id] += 1
                yield self._request(task, url, self.parse_sitemap, 25, optional=True, shop=shop)
        links = reader.sorted(shop, found.pages)
        room = max(0, self.shop_budget // 2 - self.asked[task.id])
        yield from self._follow(task, links.items[:room], is_item=True)
        yield from self._follow(task, links.pages[: max(0, room - len(links.items))], is_item=False)

    def _follow(self, task: Task, urls: Sequence[str], is_item: bool) -> Requests:
        for url in urls:
            key = canonical(url)
            if key in self.seen:
                continue
            if self.asked[task.id] >= self.shop_budget:
                self.books.over_budget(task, url, f"budget of {self.shop_budget} pages used up")
                return
            self.seen.add(key)
            yield self._request(
                task, url, self.parse_shop, priority=10 if is_item else 0, is_item=is_item
            )

    def _stamped(self, task: Task, item: Listing, page: Page) -> Listing:
        known = {
            "source": task.source,
            "url": item.url or page.url,
            "seen_at": datetime.now(UTC),
        }
        if task.start_url and task.reader == "shop" and not item.shop_url:
            parts = urlsplit(page.url)
            known["shop_url"] = f"{parts.scheme}://{parts.netloc}/"
        return item.model_copy(update=known)
