"""`SweepSpider`: walks the tasks of a sweep through the readers.

One spider for all sources of a process, so that delay and concurrency per host hold whatever
led to the host. It asks, follows and reports; how a page is read is the readers' matter, and
what becomes of a listing is the sink's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.addresses import canonical, host_of
from crawler.blocks import block_of
from crawler.failures import failure_name
from crawler.middlewares import HostLeftAlone
from crawler.page import Page, ReadError, SearchPage
from crawler.sessions import Session
from crawler.tasks import Fetched, Incident, Pictures, PictureText, Sink, Task
from listing import Listing, SearchResult
from spiders.base import Blocked, Reader
from spiders.classify import result_class
from spiders.doors import Doors, by_browser
from spiders.handover import Api
from spiders.merge import merged
from spiders.pictures import Looking, look
from spiders.shop import Shop

__all__ = ["SweepSpider"]

Requests = Iterator[Request]
REDIRECTS = [301, 302, 303, 307, 308]


class SweepSpider(scrapy.Spider):
    """Sweeps `tasks`; see the module."""

    name = "sweep"

    def __init__(
        self,
        tasks: Sequence[Task],
        readers: Mapping[str, Reader],
        sink: Sink,
        shop_budget: int,
        progress: Callable[[], None] = lambda: None,
        pictures: Pictures | None = None,
        sessions: Mapping[str, Session] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tasks = list(tasks)
        self.readers = readers
        self.sink = sink
        self.shop_budget = shop_budget
        self.progress = progress
        self.pictures = pictures
        self.doors = Doors(readers, sessions)
        self.known_hosts = {host_of(one.base) for one in readers.values() if one.base}
        self.under_way: Counter[int] = Counter()
        self.asked: Counter[int] = Counter()
        self.read: Counter[int] = Counter()
        self.wrong: dict[int, str] = {}
        self.begun: set[int] = set()
        self.seen: set[str] = set()
        self.browser_hosts: set[str] = set()
        self.over_budget: set[int] = set()
        self.one_picture = asyncio.Lock()
        self.known_pictures: dict[str, tuple[PictureText, str] | None] = {}
        """What stands in each with its record, None where it could not be had, by address: a
        picture in many listings of a shop is asked for once."""

    async def start(self) -> AsyncIterator[Request]:
        """The first request of each task."""
        for task in self.tasks:
            for request in self._begin(task):
                yield request

    def _begin(self, task: Task) -> Requests:
        if task.id in self.begun:
            return
        self.begun.add(task.id)
        if task.done:
            self.seen |= self.sink.seen(task)
            return
        if task.start_url:
            self.seen.add(canonical(task.start_url))
            yield self._request(task, task.start_url, self.parse_shop)
        else:
            url = self.readers[task.reader].search_url(task.query, 1)
            yield self._request(task, url, self.parse_search, number=1)

    def _request(
        self, task: Task, url: str, callback: Callable[..., Any], priority: int = 0, **carried: Any
    ) -> Request:
        picture = callback == self.parse_picture
        self.under_way[task.id] += 1
        self.asked[task.id] += not picture
        meta: dict[str, Any] = {"task": task, "asked": url, "picture": picture}
        if host_of(url) in self.browser_hosts and not picture:
            meta |= by_browser()
        if not picture:
            meta |= self.doors.meta(task.reader, url)
        parse = self._guarded(callback)
        return Request(
            url,
            headers=self.doors.headers(task.reader, url),
            callback=self._looked_at(parse) if picture else parse,
            errback=self._failed,
            priority=priority,
            dont_filter=True,
            meta=meta,
            cb_kwargs=carried,
        )

    # What comes back -------------------------------------------------------------------

    def _guarded(self, callback: Callable[..., Any]) -> Callable[..., Requests]:
        """`callback` with the task's books kept, and nothing on a page able to end the sweep."""

        def parse(response: Response, **carried: Any) -> Requests:
            task: Task = response.meta["task"]
            page = self._page(response)
            try:
                if block := block_of(page, response.meta["asked"]):
                    raise Blocked(block[0], block[1])  # type: ignore[arg-type]
                yield from callback(task, page, response.meta, **carried)
                self._back_off.answered(response.url)
            except Blocked as block_seen:
                self._back_off.blocked(response.url)
                sign = self.doors.sign(block_seen, task.reader, response.meta)
                self._report(task, "block", block_seen.kind, sign, response.meta, page)
                yield from self._go_on(task, carried)
            except ReadError as error:
                self._report(task, "unread", "unreadable", error.what, response.meta, page)
                yield from self._go_on(task, carried)
            except Exception as error:  # a reader's own fault must not end the sweep
                self.logger.exception("reading %s failed", response.url)
                what = f"{type(error).__name__}: {error}"[:500]
                self._report(task, "unread", "reader_fault", what, response.meta, page)
                yield from self._go_on(task, carried)
            finally:
                self._one_ended(task)

        return parse

    def _looked_at(self, parse: Callable[..., Requests]) -> Callable[..., AsyncIterator[Request]]:
        """`parse` with what stands in the picture. That is read in a thread of its own, one
        picture at a time, while the crawl goes on; the sink is called from the crawl's thread."""

        async def later(response: Response, **carried: Any) -> AsyncIterator[Request]:
            assert self.pictures is not None
            async with self.one_picture:
                # What an interrupted sweep has not read stays pending, for the one that resumes it.
                if not self.crawler.crawling:
                    return
                picture = await asyncio.to_thread(self.pictures.read, response.body)
            for request in parse(response, picture=picture, **carried):
                yield request

        return later

    @property
    def _back_off(self) -> Any:
        return self.crawler.back_off  # type: ignore[attr-defined]

    @staticmethod
    def _page(response: Response) -> Page:
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        charset = kind.partition("charset=")[2].split(";")[0].strip(" \"'")
        rendered = bool(response.meta.get("playwright")) or "rendered" in response.flags
        return Page(
            url=response.url,
            body=response.body,
            # A browser hands the document over in UTF-8, whatever the header said.
            charset="utf-8" if rendered else charset,
            status=response.status,
            rendered=rendered,
            headers={"Location": (response.headers.get("Location") or b"").decode("latin-1")},
        )

    def _report(
        self, task: Task, kind: Any, what: str, detail: str, meta: Mapping[str, Any], page: Page
    ) -> None:
        record = meta.get("evidence", "")
        self.wrong.setdefault(task.id, f"{what}: {detail}")
        self.sink.incident(Incident(task, kind, what, detail, page.url, record))

    def _failed(self, failure: Failure) -> Requests:
        request: Request = failure.request  # type: ignore[attr-defined]
        task: Task = request.meta["task"]
        error = failure.value
        response = getattr(error, "response", None)
        if response is not None and (block := block_of(self._page(response), request.url)):
            self._back_off.blocked(request.url)
            kind, what, detail = "block", block[0], block[1]
        elif isinstance(error, HostLeftAlone):
            kind, what, detail = "block", "left_alone", str(error)
        elif isinstance(error, IgnoreRequest) and "robots.txt" in str(error):
            kind, what, detail = "block", "robots", "robots.txt forbids this address"
        elif response is not None:
            kind, what, detail = "failure", f"http_{response.status}", f"status {response.status}"
        else:
            kind, what = "failure", failure_name(error)
            detail = str(error)[:500] or type(error).__name__
            if host_of(request.url) in getattr(self.crawler, "refused_hosts", ()):
                what, detail = "private_address", "the name leads to an address that is not public"
        record = request.meta.get("evidence", "") if response is not None else ""
        self.wrong.setdefault(task.id, f"{what}: {detail}")
        self.sink.incident(Incident(task, kind, what, detail, request.url, record))  # type: ignore[arg-type]
        yield from self._go_on(task, request.cb_kwargs)
        self._one_ended(task)

    def _one_ended(self, task: Task) -> None:
        self.under_way[task.id] -= 1
        if self.under_way[task.id] == 0:
            ok = bool(self.read[task.id]) or task.id not in self.wrong
            self.sink.task_ended(task, ok, self.wrong.get(task.id, ""))
        self.progress()

    def _go_on(self, task: Task, carried: Mapping[str, Any]) -> Requests:
        """Without a page that could not be had: what the result list said of the item still
        counts, and what the item page said without this picture."""
        if (row := carried.get("row")) is not None:
            self._found(task, row, carried["row_record"])
        if (looking := carried.get("looking")) is not None:
            self.known_pictures[canonical(looking.url)] = None
            yield from self._next_picture(task, looking)

    def _found(self, task: Task, *found: Any) -> None:
        self.read[task.id] += 1
        self.sink.listing(Fetched(task, *found))

    # The kinds of page -----------------------------------------------------------------

    def parse_search(
        self, task: Task, page: Page, meta: Mapping[str, Any], number: int
    ) -> Requests:
        """A page of results: its items or links, and the next page."""
        reader = self.readers[task.reader]
        results = reader.read_search(page)
        self.read[task.id] += 1
        for problem in results.problems:
            self.sink.unreadable(task, page.url, problem)
        record = meta["evidence"]
        yield from self._items(task, results, record)
        for result in results.results:
            yield from self._result(task, result)
        if results.has_next and number < task.pages:
            url = reader.search_url(task.query, number + 1)
            yield self._request(task, url, self.parse_search, number=number + 1)

    def _items(self, task: Task, results: SearchPage, record: str) -> Requests:
        for row in results.listings:
            row = row.model_copy(update={"source": task.source, "seen_at": datetime.now(UTC)})
            key = canonical(row.url) if row.url else ""
            if key in self.seen:
                continue
            # An API has said all it says; the pages behind its rows are another source's.
            if not key or isinstance(self.readers[task.reader], Api):
                self._found(task, row, record)
                continue
            self.seen.add(key)
            yield self._request(
                task, row.url, self.parse_item, priority=10, row=row, row_record=record
            )

    def _result(self, task: Task, result: SearchResult) -> Requests:
        key = canonical(result.url)
        if key in self.seen:
            return
        self.seen.add(key)
        if host_of(result.url) != host_of(self.readers[task.reader].base):
            yield from self._shop(task, result.url, result.title)
            return
        # The engine's own redirect: ask where it leads, without asking the target yet.
        request = self._request(task, result.url, self.parse_link, title=result.title)
        request.meta.update(dont_redirect=True, handle_httpstatus_list=REDIRECTS)
        yield request

    def parse_link(self, task: Task, page: Page, meta: Mapping[str, Any], title: str) -> Requests:
        """An engine's redirect: only its target is wanted."""
        target = page.headers.get("Location", "")
        if not target:
            raise ReadError(page, "a result's redirect leads nowhere")
        yield from self._shop(task, urljoin(page.url, target), title)

    def _shop(self, task: Task, url: str, title: str) -> Requests:
        if host_of(url) in self.known_hosts or result_class(url, title) != "shop":
            return
        shop = self.sink.shop_found(task, url, title)
        yield from self._begin(shop)
        key = canonical(url)
        if key not in self.seen:
            self.seen.add(key)
            yield self._request(shop, url, self.parse_shop, priority=5)

    def parse_item(
        self, task: Task, page: Page, meta: Mapping[str, Any], row: Listing, row_record: str
    ) -> Requests:
        """An item page of a marketplace."""
        item = self.readers[task.reader].read_item(page)
        listing = self._stamped(task, merged(item, row), page)
        yield from self._with_pictures(task, listing, meta["evidence"])

    def parse_shop(
        self, task: Task, page: Page, meta: Mapping[str, Any], is_item: bool = False
    ) -> Requests:
        """Any page of an independent shop: an item, or the way to items."""
        reader = self.readers[task.reader]
        assert isinstance(reader, Shop)
        if not page.rendered and reader.needs_browser(page):
            self.browser_hosts.add(host_of(page.url))
            yield self._request(task, page.url, self.parse_shop, priority=5, is_item=is_item)
            return
        links = reader.links(page)
        yield from self._follow(task, links.items, is_item=True)
        yield from self._follow(task, links.pages, is_item=False)
        try:
            item = reader.read_item(page)
        except ReadError:
            # A way to items is no item itself; only a page that promised to be one is missed.
            if is_item and not links.items:
                raise
        else:
            listing = self._stamped(task, item, page)
            yield from self._with_pictures(task, listing, meta["evidence"])

    def _with_pictures(self, task: Task, listing: Listing, record: str) -> Requests:
        """The listing, its pictures read first where that is wanted."""
        limit = self.pictures.per_listing if self.pictures else 0
        yield from self._next_picture(task, look(listing, record, limit))

    def _next_picture(self, task: Task, looking: Looking) -> Requests:
        while looking.wanted:
            key = canonical(looking.url)
            if key not in self.known_pictures:
                yield self._request(
                    task, looking.url, self.parse_picture, priority=20, looking=looking
                )
                return
            known = self.known_pictures[key]
            looking = looking.seen(*known) if known else looking.passed()
        self._found(task, looking.listing, looking.record, looking.pictures)

    def parse_picture(
        self,
        task: Task,
        page: Page,
        meta: Mapping[str, Any],
        looking: Looking,
        picture: PictureText,
    ) -> Requests:
        """A picture of a listing: its words become part of what the listing says."""
        if picture.problem:
            self.sink.unreadable(task, page.url, picture.problem, "picture")
        self.known_pictures[canonical(looking.url)] = (picture, meta["evidence"])
        yield from self._next_picture(task, looking)

    def _follow(self, task: Task, urls: Sequence[str], is_item: bool) -> Requests:
        for url in urls:
            key = canonical(url)
            if key in self.seen:
                continue
            if self.asked[task.id] >= self.shop_budget:
                if task.id not in self.over_budget:
                    self.over_budget.add(task.id)
                    self.sink.unreadable(task, url, f"budget of {self.shop_budget} pages used up")
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
        if task.start_url and not item.shop_url:
            parts = urlsplit(page.url)
            known["shop_url"] = f"{parts.scheme}://{parts.netloc}/"
        return item.model_copy(update=known)
