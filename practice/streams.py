"""Bodies that are not sent as they should be: too long, too slow, cut off, of another length."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.interfaces import IPullProducer
from twisted.internet.task import LoopingCall
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from practice import faults
from practice.pages.html import Answer

__all__ = ["cut_off", "drip", "flood", "wrong_length"]

reactor: Any = _reactor
DRIP_SECONDS = 0.2


@implementer(IPullProducer)
class _Flood:
    """Page without end, a piece at a time as the reader takes them."""

    PIECE = b"<p>" + "很长的一页。".encode() * 3640 + b"</p>\n"

    def __init__(self, request: Any, length: int | None) -> None:
        self.request = request
        self.left = length

    def resumeProducing(self) -> None:
        """Sends the next piece."""
        if self.left is None:
            self.request.write(self.PIECE)
            return
        piece = self.PIECE[: self.left]
        self.left -= len(piece)
        self.request.write(piece)
        if self.left <= 0:
            self.request.unregisterProducer()
            self.request.finish()

    def stopProducing(self) -> None:
        """The reader has gone."""
        self.left = 0


def flood(request: Any, length: int | None) -> int:
    """Sends `length` bytes, promised beforehand; None: without an end or a promise."""
    request.setHeader("Content-Type", b"text/html; charset=utf-8")
    if length is not None:
        request.setHeader("Content-Length", str(length).encode())
    request.registerProducer(_Flood(request, length), False)
    return NOT_DONE_YET


def drip(request: Any, answer: Answer) -> int:
    """Sends the page a byte at a time, and at its end begins again."""
    request.setHeader("Content-Type", b"text/html; charset=utf-8")
    place = 0

    def drop() -> None:
        nonlocal place
        request.write(answer.body[place : place + 1])
        place = (place + 1) % len(answer.body)

    dropping: Any = LoopingCall(drop)
    request.notifyFinish().addErrback(lambda gone: dropping.stop())
    dropping.start(DRIP_SECONDS)
    return NOT_DONE_YET


def cut_off(request: Any, answer: Answer) -> int:
    """Promises all, sends a part, hangs up."""
    return _promised(request, *faults.cut(answer))


def wrong_length(request: Any, kind: str, answer: Answer) -> int:
    """Promises more or less than it sends, sends all, hangs up."""
    return _promised(request, *faults.promised(kind, answer))


def _promised(request: Any, length: int, body: bytes) -> int:
    request.setHeader("Content-Length", str(length).encode())
    request.write(body)
    reactor.callLater(0.05, request.loseConnection)
    return NOT_DONE_YET
