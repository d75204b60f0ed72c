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

import scrapy
from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler.absent import Gone, gone_of
from crawler.addresses import Guard, PrivateAddress, canonical, host_of
from crawler.blocks import block_of
from crawler.failures import absent, named
from crawler.limits import OverBudget, TaskWaits
from crawler.page import Page, ReadError, SearchPage
from crawler.response import page_of
from crawler.sessions import Session
from crawler.tasks import Fetched, Incident, Pictures, PictureText, Sink, Task
from listing import Listing, SearchResult
from spiders.base import Blocked, Reader
from spiders.books import Books, unread_as
from spiders.doors import Doors, by_browser
from spiders.merge import merged
from spiders.pictures import Looking, look
from spiders.shop import Shop
from spiders.trail import REDIRECTS, Trail, place_of, shaped
from spiders.visit import Visit
from spiders.walk import ShopWalk

__all__ = ["SweepSpider"]

Requests = Iterator[Request]


class SweepSpider(ShopWalk, scrapy.Spider):
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
        first: frozenset[tuple[str, str]] = frozenset(),
        shop_words: Sequence[str] = (),
        leads: Sequence[tuple[Task, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tasks = list(tasks)
        self.leads = leads
        """Pages of shops to which another worker's search led, beside their front pages."""
        self.readers = readers
        self.sink = sink
        self.shop_budget = shop_budget
        self.progress = progress
        self.pictures = pictures
        self.doors = Doors(readers, sessions)
        self.trail = Trail(readers)
        self.first = first
        """(source, address or name) of the shops that open clues are about."""
        self.books = Books(sink)
        self.shop_words = tuple(shop_words)[: max(1, shop_budget // 20)]
        self.visits: dict[int, Visit] = {}
        self.sitemaps: Counter[int] = Counter()
        self.under_way: Counter[int] = Counter()
        self.asked: Counter[int] = Counter()
        self.read: Counter[int] = Counter()
        self.wrong: dict[int, str] = {}
        self.begun: set[int] = set()
        self.seen: set[str] = set()
        self.browser_hosts: set[str] = set()
        self.one_picture = asyncio.Lock()
        self.known_pictures: dict[str, tuple[PictureText, str] | None] = {}
        """What stands in each with its record, None where it could not be had, by address: a
        picture in many listings of a shop is asked for once."""

    async def start(self) -> AsyncIterator[Request]:
        """The first request of each task."""
        self.trail.guard = Guard(self.settings.getlist("YUNJIAN_ALLOW_PRIVATE"))
        for task in self.tasks:
            for request in self._begin(task):
                yield request
        for task, url in self.leads:
            for request in self._led(task, url):
                yield request

    def _begin(self, task: Task) -> Requests:
        if task.id in self.begun:
            return
        self.begun.add(task.id)
        if task.item:
            yield self._request(task, task.start_url, self.parse_watched)
            return
        if task.start_url:
            self.visits[task.id] = Visit()
        if task.done:
            self.seen |= self.sink.seen(task)
        elif task.start_url:
            self.seen.add(canonical(task.start_url))
            yield self._request(task, task.start_url, self.parse_shop, own=True)
        else:
            yield self._search(task, 1)

    def _search(self, task: Task, number: int) -> Request:
        reader = self.readers[task.reader]
        url = reader.search_url(task.query, number)
        request = self._request(task, url, self.parse_search, number=number)
        return shaped(request, reader, task.query, number)

    def _request(
        self,
        task: Task,
        url: str,
        callback: Callable[..., Any],
        priority: int = 0,
        own: bool = False,
        optional: bool = False,
        **carried: Any,
    ) -> Request:
        """`own`: a shop's listings wait for it; `optional`: nothing is missed where it is not."""
        picture = callback in (self.parse_picture, self.parse_licence)
        self.under_way[task.id] += 1
        self.asked[task.id] += not picture
        meta: dict[str, Any] = {"task": task, "asked": url, "picture": picture}
        meta |= {"own": own, "optional": optional}
        if own:
            self.visits[task.id].pending += 1
        if callback == self.parse_sitemap:
            meta["dont_retry"] = True
        elif host_of(url) in self.browser_hosts and not picture:
            meta |= by_browser()
        if not picture:
            meta |= self.doors.meta(task.reader, url)
        parse = self._guarded(callback)
        return Request(
            url,
            callback=self._looked_at(parse) if picture else parse,
            errback=self._failed,
            priority=priority + task.priority,
            dont_filter=True,
            meta=meta,
            cb_kwargs=carried,
        )

    # What comes back -------------------------------------------------------------------

    def _guarded(self, callback: Callable[..., Any]) -> Callable[..., Requests]:
        """`callback` with the task's books kept, and nothing on a page able to end the sweep."""

        def parse(response: Response, **carried: Any) -> Requests:
            task: Task = response.meta["task"]
            page = page_of(response)
            answered = not response.meta["picture"] and callback != self.parse_link
            try:
                if block := block_of(page, response.meta["asked"]):
                    raise Blocked(block[0], block[1])  # type: ignore[arg-type]
                self.books.looked_over(task, response.meta, page)
                # What a shop need not have is no loss where it says that it has none; and a page
                # of results is read first: that nothing was found is no such saying.
                lenient = callback == self.parse_search or response.meta["optional"]
                if answered and not lenient and (sign := gone_of(page)):
                    raise Gone(sign)
                yield from callback(task, page, response.meta, **carried)
                self._back_off.answered(response.url)
            except Blocked as block_seen:
                answered = False
                self._back_off.blocked(response.url)
                sign = self.doors.sign(block_seen, task.reader, response.meta)
                self._report(task, "block", block_seen.kind, sign, response.meta, page)
                yield from self._go_on(task, carried)
            except (Gone, ReadError) as error:
                self.books.read(task, 0, response.meta, page)
                self._report(task, *unread_as(page, error), response.meta, page)
                yield from self._go_on(task, carried)
            except Exception as error:  # a reader's own fault must not end the sweep
                self.logger.exception("reading %s failed", response.url)
                what = f"{type(error).__name__}: {error}"[:500]
                self._report(task, "unread", "reader_fault", what, response.meta, page)
                yield from self._go_on(task, carried)
            finally:
                if answered:
                    self.books.came(task)
                self._one_ended(task, response.meta)

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
        assert error is not None
        if request.meta["optional"] and absent(error):
            self._one_ended(task, request.meta)
            return
        if isinstance(error, TaskWaits):
            self.books.waits(task, request.url, str(error))
            self._one_ended(task, request.meta)
            return
        if isinstance(error, OverBudget):
            self.books.over_budget(task, request.url, str(error))
        else:
            response = getattr(error, "response", None)
            page = page_of(response) if response is not None else None
            refused = getattr(self.crawler, "refused_hosts", ())
            kind, what, detail = named(error, page, request.url, refused)
            if kind == "block" and page is not None:
                self._back_off.blocked(request.url)
            record = request.meta.get("evidence", "") if page is not None else ""
            self.wrong.setdefault(task.id, f"{what}: {detail}")
            self.sink.incident(Incident(task, kind, what, detail, request.url, record))
        yield from self._go_on(task, request.cb_kwargs)
        self._one_ended(task, request.meta)

    def _one_ended(self, task: Task, meta: Mapping[str, Any]) -> None:
        if meta["own"]:
            visit = self.visits[task.id]
            visit.pending -= 1
            while not visit.pending and visit.waiting:
                self.sink.listing(visit.joined(visit.waiting.pop(0)))
        self.under_way[task.id] -= 1
        if self.under_way[task.id] == 0 and task.id not in self.books.waiting:
            self.sink.yielded(task, self.books.yields[task.id])
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
        fetched, visit = Fetched(task, *found), self.visits.get(task.id)
        if visit is None:
            self.sink.listing(fetched)
        elif visit.pending:
            visit.waiting.append(fetched)
        else:
            self.sink.listing(visit.joined(fetched))

    # The kinds of page -----------------------------------------------------------------

    def parse_search(
        self, task: Task, page: Page, meta: Mapping[str, Any], number: int
    ) -> Requests:
        """A page of results: its items or links, and the next page."""
        reader = self.readers[task.reader]
        results = reader.read_search(page)
        self.read[task.id] += 1
        items = len(results.listings) + len(results.results)
        self.books.read(task, items, meta, page)
        if not items and number == 1 and not results.problems:
            self.books.empty(task, "result", meta, page)
        for problem in results.problems:
            self.sink.unreadable(task, page.url, problem)
        record = meta["evidence"]
        yield from self._items(task, results, record)
        for result in results.results:
            yield from self._result(task, result)
        if results.has_next and number < task.pages:
            yield self._search(task, number + 1)

    def _items(self, task: Task, results: SearchPage, record: str) -> Requests:
        for row in results.listings:
            row = row.model_copy(update={"source": task.source, "seen_at": datetime.now(UTC)})
            key = canonical(row.url) if row.url else ""
            if key in self.seen:
                continue
            # An API has said all it says; the pages behind its rows are another source's.
            if not key or self.readers[task.reader].source.access == "api":
                self._found(task, row, record)
                continue
            self.seen.add(key)
            urgent = 5 if (task.source, row.shop_url or row.shop_name) in self.first else 0
            yield self._request(
                task, row.url, self.parse_item, priority=10 + urgent, row=row, row_record=record
            )

    def _result(self, task: Task, result: SearchResult) -> Requests:
        if not self.trail.is_new(canonical(result.url)):
            return
        if not self.readers[task.reader].redirects(result.url):
            yield from self._lead(task, result.url, result)
            return
        # The engine's own redirect: ask once where it leads, without asking the target yet.
        request = self._request(task, result.url, self.parse_link, result=result)
        request.meta.update(dont_redirect=True, handle_httpstatus_list=REDIRECTS)
        yield request

    def parse_link(
        self, task: Task, page: Page, meta: Mapping[str, Any], result: SearchResult
    ) -> Requests:
        """An engine's redirect: only its target is wanted."""
        target = self.trail.target(self.readers[task.reader], page)
        yield from self._lead(task, target, result)

    def _lead(self, task: Task, url: str, result: SearchResult) -> Requests:
        try:
            kind = self.trail.kind(url, result.title)
        except PrivateAddress as error:
            self.sink.incident(Incident(task, "failure", "private_address", str(error), url))
            return
        self.sink.result(task, kind, result.ad)
        if kind != "shop":
            return
        if shop := self.sink.shop_found(task, url, result.title, place_of(result)):
            yield from self._led(shop, url)

    def _led(self, shop: Task, url: str) -> Requests:
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

    def parse_watched(self, task: Task, page: Page, meta: Mapping[str, Any]) -> Requests:
        """An item page whose price is watched: nothing beside it is asked."""
        reader = self.readers[task.reader]
        if isinstance(reader, Shop) and not page.rendered and reader.needs_browser(page):
            self.browser_hosts.add(host_of(page.url))
            yield self._request(task, page.url, self.parse_watched, 30)
            return
        item = reader.read_item(page)
        if item.price is None:
            raise ReadError(page, "the item page states no price")
        self.books.read(task, 1, meta, page)
        # It is known by the address under which it is watched.
        item = item.model_copy(update={"url": task.start_url})
        self._found(task, self._stamped(task, item, page), meta["evidence"])

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
