"""Scrapy parts of the crawl, one duty each: guard, back off, resume, evidence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.http.headers import Headers
from scrapy.resolver import CachingThreadedResolver
from scrapy.responsetypes import responsetypes
from twisted.internet import defer
from twisted.internet.base import ReactorBase
from twisted.python.failure import Failure

from crawler.addresses import Guard, PrivateAddress, canonical, host_of
from crawler.tasks import Capture, Kept, Sink
from crawler.wire import Answer

__all__ = [
    "BackOff",
    "EvidenceMiddleware",
    "GuardMiddleware",
    "GuardResolver",
    "HostLeftAlone",
    "fingerprint",
]


class HostLeftAlone(IgnoreRequest):
    """The host blocked us several times in a row; it is not asked again in this sweep."""


def fingerprint(request: Request) -> str:
    """What is asked: method, canonical address, body, and whether a browser asks. SHA-256, hex."""
    how = "browser" if request.meta.get("playwright") else "plain"
    asked = f"{request.method} {how} {canonical(request.url)}".encode()
    return hashlib.sha256(asked + request.body).hexdigest()


class GuardResolver(CachingThreadedResolver):
    """Resolves names, and refuses those that turn out to be at a private address."""

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.guard = Guard()
        self.refused: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> GuardResolver:
        """The resolver with the guard of this crawl's settings."""
        resolver: GuardResolver = super().from_crawler(crawler, reactor)
        resolver.guard = Guard(crawler.settings.getlist("YUNJIAN_ALLOW_PRIVATE"))
        crawler.refused_hosts = resolver.refused  # type: ignore[attr-defined]
        return resolver

    def getHostByName(self, name: str, timeout: Any = ()) -> defer.Deferred[str]:
        """The IPv4 address of `name`; fails with `PrivateAddress` where it is not public."""
        # RFC 6761, 6.3: names below localhost are loopback, and no DNS server is asked.
        if name == "localhost" or name.endswith(".localhost"):
            found: defer.Deferred[str] = defer.succeed("127.0.0.1")
        else:
            found = super().getHostByName(name, timeout)
        return found.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        try:
            self.guard.check_address(name, address)
        except PrivateAddress:
            # The network layer turns every error of a resolver into «not found».
            self.refused.add(name)
            raise
        return address


class GuardMiddleware:
    """Refuses requests to private addresses and other schemes, redirected ones too."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> GuardMiddleware:
        """With the guard of this crawl's settings."""
        return cls(Guard(crawler.settings.getlist("YUNJIAN_ALLOW_PRIVATE")))

    async def process_request(self, request: Request) -> None:
        """Raises `IgnoreRequest` naming the address."""
        try:
            self.guard.check_url(request.url)
        except PrivateAddress as error:
            raise IgnoreRequest(f"private address refused: {error}") from None


class BackOff:
    """Counts blocks in a row per host; past the limit the host is left alone.

    After each block the host's delay doubles, up to a minute.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.limit = crawler.settings.getint("YUNJIAN_BLOCK_BACKOFF")
        self.blocks: Counter[str] = Counter()
        self.left: dict[str, str] = {}
        self.floors: dict[str, float] = {}
        """The delay that a host's last block asked for, in seconds."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackOff:
        """With the limit of this crawl's settings; known to the spider as `back_off`."""
        self = cls(crawler)
        crawler.back_off = self  # type: ignore[attr-defined]
        return self

    async def process_request(self, request: Request) -> None:
        """Raises `HostLeftAlone` for a host that has blocked too often, or asked for it."""
        if why := self.left.get(host_of(request.url)):
            raise HostLeftAlone(why)

    def blocked(self, url: str) -> None:
        """The host answered with a block."""
        host = host_of(url)
        self.blocks[host] += 1
        if self.blocks[host] >= self.limit:
            self.leave_alone(host, f"blocked {self.limit} times in a row")
            return
        engine = self.crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None
        if slot is None:
            return
        slot.concurrency = 1
        slot.delay = self.floors[host] = min(60.0, max(slot.delay, 0.5) * 2)

    def leave_alone(self, host: str, why: str) -> None:
        """The host is not asked again in this sweep."""
        self.left[host] = f"{host}: {why}"
        engine = self.crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None
        # What waits for its turn at this host passed `process_request` before.
        while slot is not None and slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(Failure(HostLeftAlone(self.left[host])))  # type: ignore[no-untyped-call]

    def answered(self, url: str) -> None:
        """The host answered as it should."""
        self.blocks.pop(host_of(url), None)
        self.floors.pop(host_of(url), None)


def _pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        for value in values
    )


def _public(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Without what opens a door: evidence is passed on, a token or an officer's session is not."""
    return tuple((n, v) for n, v in headers if n.lower() not in ("authorization", "cookie"))


def _sent(request: Request) -> tuple[tuple[str, str], ...]:
    """The headers as they were sent: the network layer adds the host."""
    pairs = _public(_pairs(request.headers))
    if "Host" in request.headers:
        return pairs
    return ("Host", urlsplit(request.url).netloc.rpartition("@")[2]), *pairs


def _source(request: Request) -> str:
    task = request.meta.get("task")
    return task.source if task else ""


def _ip(address: object) -> tuple[tuple[str, str], ...]:
    return (("WARC-IP-Address", str(address)),) if address else ()


def on_the_wire(answer: Answer, source: str, certificates: tuple[bytes, ...]) -> Capture:
    """What the server sent to the browser. The encoding is off, and its header renamed."""
    return Capture(
        url=answer.url,
        status=answer.status,
        headers=tuple(
            ("X-Orig-Content-Encoding" if name.lower() == "content-encoding" else name, value)
            for name, value in answer.headers
        ),
        body=answer.body,
        fetched_at=datetime.now(UTC),
        fingerprint="",
        kind="wire",
        source=source,
        request_headers=_public(answer.request_headers),
        notes=_ip(answer.ip),
        certificates=certificates,
    )


class EvidenceMiddleware:
    """Nearest to the wire: keeps each response as it came, and gives back what is already kept."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> EvidenceMiddleware:
        """With the sink of the spider that runs."""
        return cls(crawler.spider.sink)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> Response | None:
        """The kept response of an interrupted run, if there is one: the site is not asked again.

        What an earlier sweep knows is asked for with its validators (RFC 9110, 13).
        """
        asked = fingerprint(request)
        if found := self.sink.kept(asked):
            return self._given_back(request, *found)
        # A redirected or repeated request carries those of the address before.
        for name in ("If-None-Match", "If-Modified-Since"):
            request.headers.pop(name, None)
        request.meta["known"] = known = self.sink.known(asked)
        plain = request.method == "GET" and not request.meta.get("playwright")
        if known and plain and not request.meta.get("afresh"):
            if known.etag:
                request.headers["If-None-Match"] = known.etag
            if known.last_modified:
                request.headers["If-Modified-Since"] = known.last_modified
        return None

    @staticmethod
    def _given_back(request: Request, kept: Kept, record: str) -> Response:
        request.meta["evidence"] = record
        headers = Headers(list(kept.headers))
        kind: type[Response] = HtmlResponse
        if not kept.rendered:
            kind = responsetypes.from_args(headers=headers, url=kept.url, body=kept.body)
        flags = ["kept", "rendered"] if kept.rendered else ["kept"]
        return kind(
            kept.url,
            status=kept.status,
            headers=headers,
            body=kept.body,
            request=request,
            flags=flags,
        )

    async def process_response(self, request: Request, response: Response) -> Response | Request:
        """Keep it; the record's id goes along as ``meta["evidence"]``.

        A page that the site says is unchanged is given from the vault.
        """
        if "kept" in response.flags:
            return response
        if response.status == 304 and request.meta.get("known"):
            if found := self.sink.unchanged(self._capture(request, response, "page")):
                return self._given_back(request, *found)
            again: Request = request.replace(dont_filter=True)
            again.meta["afresh"] = True
            return again
        kind = "page"
        if 300 <= response.status < 400:
            kind = "redirect"
        elif urlsplit(response.url).path == "/robots.txt":
            kind = "robots"
        meta = request.meta
        meta["certificates"] = meta.pop("certificates", ())
        wire: Sequence[Answer] = meta.pop("wire", ())
        notes = _ip(response.ip_address)
        source = _source(request)
        for answer in wire:
            record = self.sink.captured(on_the_wire(answer, source, meta["certificates"]))
            notes = (*_ip(answer.ip), ("WARC-Concurrent-To", f"<urn:uuid:{record}>"))
        capture = self._capture(request, response, kind)
        meta["evidence"] = self.sink.captured(
            replace(capture, notes=notes, request_headers=() if wire else capture.request_headers)
        )
        return response

    @staticmethod
    def _capture(request: Request, response: Response, kind: Any) -> Capture:
        return Capture(
            url=response.url,
            status=response.status,
            headers=_pairs(response.headers),
            body=response.body,
            fetched_at=datetime.now(UTC),
            fingerprint=fingerprint(request),
            kind="picture" if request.meta.get("picture") and kind == "page" else kind,
            source=_source(request),
            request_headers=_sent(request),
            method=request.method,
            request_body=request.body,
            rendered=bool(request.meta.get("playwright")),
            known=request.meta.get("known"),
            notes=_ip(response.ip_address),
            certificates=request.meta.pop("certificates", ()),
        )
