"""Scrapy parts of the crawl, one duty each: guard, back off, resume, evidence."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
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
from crawler.tasks import Capture, Sink
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
    """What is asked: method, canonical address, and whether a browser asks. SHA-256, hex."""
    how = "browser" if request.meta.get("playwright") else "plain"
    return hashlib.sha256(f"{request.method} {how} {canonical(request.url)}".encode()).hexdigest()


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

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackOff:
        """With the limit of this crawl's settings; known to the spider as `back_off`."""
        self = cls(crawler)
        crawler.back_off = self  # type: ignore[attr-defined]
        return self

    async def process_request(self, request: Request) -> None:
        """Raises `HostLeftAlone` for a host that has blocked too often."""
        host = host_of(request.url)
        if self.blocks[host] >= self.limit:
            raise self._left_alone(host)

    def blocked(self, url: str) -> None:
        """The host answered with a block."""
        host = host_of(url)
        self.blocks[host] += 1
        engine = self.crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None
        if slot is None:
            return
        slot.concurrency = 1
        if self.blocks[host] < self.limit:
            slot.delay = min(60.0, max(slot.delay, 0.5) * 2)
            return
        # What waits for its turn at this host passed `process_request` before the block.
        while slot.queue:
            _, waiting = slot.queue.popleft()
            waiting.errback(Failure(self._left_alone(host)))  # type: ignore[no-untyped-call]

    def _left_alone(self, host: str) -> HostLeftAlone:
        return HostLeftAlone(f"{host} blocked {self.limit} times in a row")

    def answered(self, url: str) -> None:
        """The host answered as it should."""
        self.blocks.pop(host_of(url), None)


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
        """The kept response of an interrupted run, if there is one: the site is not asked again."""
        found = self.sink.kept(fingerprint(request))
        if found is None:
            return None
        kept, record = found
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

    async def process_response(self, request: Request, response: Response) -> Response:
        """Keep it; the record's id goes along as ``meta["evidence"]``."""
        if "kept" in response.flags:
            return response
        kind = "page"
        if 300 <= response.status < 400:
            kind = "redirect"
        elif urlsplit(response.url).path == "/robots.txt":
            kind = "robots"
        elif request.meta.get("picture"):
            kind = "picture"
        task = request.meta.get("task")
        source = task.source if task else ""
        certificates = request.meta.pop("certificates", ())
        notes = _ip(response.ip_address)
        wire: Sequence[Answer] = request.meta.pop("wire", ())
        for answer in wire:
            record = self.sink.captured(on_the_wire(answer, source, certificates))
            notes = (*_ip(answer.ip), ("WARC-Concurrent-To", f"<urn:uuid:{record}>"))
        request.meta["evidence"] = self.sink.captured(
            Capture(
                url=response.url,
                status=response.status,
                headers=_pairs(response.headers),
                body=response.body,
                fetched_at=datetime.now(UTC),
                fingerprint=fingerprint(request),
                kind=kind,  # type: ignore[arg-type]
                source=source,
                request_headers=() if wire else _sent(request),
                rendered=bool(request.meta.get("playwright")),
                notes=notes,
                certificates=certificates,
            )
        )
        return response
