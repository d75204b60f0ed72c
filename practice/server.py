"""The town on the wire: Twisted Web, virtual hosts by the Host header, pages kept in memory."""

from __future__ import annotations

import hashlib
import math
import sys
import threading
import time
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.web import http
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from practice import faults
from practice.hostile import HOSTILE
from practice.hostile import page as hostile
from practice.pages.html import Answer, Query, Town
from practice.pages.qianfan import BODY, KEY
from practice.pages.streets import respond
from practice.streams import cut_off, drip, flood, wrong_length

__all__ = ["serve"]

CACHED = 20_000
"""Answers kept in memory, so that the town can also be a load generator."""

reactor: Any = _reactor


class Streets(Resource):
    """Every request of every host."""

    isLeaf = True

    def __init__(self, ill: dict[str, str], slow: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.town = Town(0)
        self.ill = ill
        self.slow = slow
        self.kept: dict[tuple[str, bytes, str, str], Answer] = {}
        self.busy_until: dict[str, float] = {}

    def render(self, request: Any) -> Any:
        """The answer, or one of the faults."""
        host = (request.getHeader("host") or "").rsplit(":", 1)[0].lower()
        path = request.path.decode("utf-8", "replace")
        query = {
            k.decode("utf-8", "replace"): v[0].decode("utf-8", "replace")
            for k, v in request.args.items()
        }
        query |= posted(request)
        try:
            kind = faults.fault_for(self.ill, host, path, query, request.getHeader("x-town-fault"))
        except ValueError as error:
            return _send(request, Answer.plain(str(error)), 400)
        if kind is None:
            return _send(request, self.answer(host, path, query, request.uri))
        return self._fail(request, kind, host, path, query)

    def answer(self, host: str, path: str, query: Query, uri: bytes) -> Answer:
        """The page, made once."""
        key = (host, uri, query.get(BODY, ""), query.get(KEY, ""))
        if key not in self.kept:
            if len(self.kept) >= CACHED:
                self.kept.clear()
            try:
                found = faults.block_page(path) or respond(self.town, host, path, query)
            except ValueError:
                found = Answer.plain("bad request")
                found = Answer(found.body, 400, found.headers)
            self.kept[key] = found
        return self.kept[key]

    def _fail(self, request: Any, kind: str, host: str, path: str, query: Query) -> Any:
        if kind == "500":
            return _send(request, Answer.plain("服务器内部错误"), 500)
        if kind == "captcha":
            return _send(request, faults.blocked(self.town, host, path))
        if kind == "calendar":
            return _send(request, faults.calendar(path, query))
        if kind in ("429", "503") and (told := self._busy(kind, host)):
            return _send(request, told)
        if kind == "soft404":
            return _send(request, faults.gone(host))
        if kind == "empty":
            asked = faults.nothing_found(query)
            found = respond(self.town, host, path, asked) if asked else faults.sold_out()
            return _send(request, found)
        if kind == "huge":
            return flood(request, faults.HUGE)
        if kind == "endless":
            return flood(request, None)
        answer = self.answer(host, path, query, request.uri)
        if kind in ("429", "503"):
            return _send(request, answer)
        if kind == "drift":
            return _send(request, faults.rebuilt(answer))
        if kind == "charset":
            return _send(request, faults.garbled(answer))
        if kind == "truncated":
            _send(request, answer)
            return cut_off(request, answer)
        if kind == "drip":
            return drip(request, answer)
        if kind in ("length", "short"):
            _send(request, answer)
            return wrong_length(request, kind, answer)
        if kind in HOSTILE:
            return _send(request, hostile(kind, path, query, answer))
        reactor.callLater(self.slow, _later, request, answer)
        return NOT_DONE_YET

    def _busy(self, kind: str, host: str) -> Answer | None:
        """The host is busy from its first visit on, until the time it names has come."""
        # A date has no fractions: the second that it names must be whole.
        begun = math.ceil(time.time()) + faults.BUSY_SECONDS
        until = self.busy_until.setdefault(host, begun)
        return faults.busy(kind, until) if time.time() < until else None


def posted(request: Any) -> Query:
    """What a POST says beside its address: its body and its key, for the town's API."""
    if request.method != b"POST":
        return {}
    body = request.content.read().decode("utf-8", "replace")
    return {BODY: body, KEY: request.getHeader("authorization") or ""}


def _send(request: Any, answer: Answer, status: int | None = None) -> bytes:
    request.setResponseCode(status or answer.status)
    if (status or answer.status) == 200 and answer.body:
        tag = hashlib.sha256(answer.body).hexdigest()[:20].encode()
        if request.setETag(b'"' + tag + b'"') == http.CACHED:
            return b""
    for name, value in answer.headers.items():
        request.setHeader(name, value.encode("utf-8"))
    return answer.body


def _later(request: Any, answer: Answer) -> None:
    if not request._disconnected:
        request.write(_send(request, answer))
        request.finish()


class _Quiet(Site):
    """A site that writes no access log."""

    def log(self, request: Request) -> None:
        """Says nothing."""


def _until_closed() -> None:
    """Waits until whoever started the town closes its end, also by dying."""
    sys.stdin.read()
    reactor.callFromThread(reactor.stop)


def serve(port: int, ill: dict[str, str], slow: float, attached: bool = False) -> None:
    """Serves the town on loopback until the process ends; prints the port it stands on.

    `attached`: ends as soon as standard input is closed.
    """
    streets = Streets(ill, slow)
    site = _Quiet(streets)  # type: ignore[no-untyped-call]
    listening = reactor.listenTCP(port, site, interface="127.0.0.1", backlog=512)
    streets.town = Town(listening.getHost().port)
    print(f"http://town.localhost:{streets.town.port}/", flush=True)
    if attached:
        threading.Thread(target=_until_closed, daemon=True).start()
    reactor.run()
