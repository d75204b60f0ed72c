"""Whether a page came whole: compressed bodies to their end, documents to theirs.

Scrapy gives what it could unpack of a body that was cut off, and libxml2 what it could read of
a document that is nested too deeply; a claim in the rest would be missed without a word.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Any

import brotli
from lxml import etree, html
from scrapy import Request
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import MetaRefreshMiddleware
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import ResponseDataLossError
from scrapy.http import Response

from crawler.addresses import canonical

__all__ = ["Refreshes", "Unpacked", "complete", "cut_off"]

_PIECE = 2**20
_MANY_TAGS = 4_000
"""Below it no document can be nested deeper than libxml2 reads (2,048 levels)."""


def complete(body: bytes, encoding: str) -> bool:
    """Whether a compressed body (``gzip``, ``deflate``, ``br``) goes to its end; True for another
    encoding. What stands behind the end does not count."""
    if encoding == "br":
        brotlid: Any = brotli.Decompressor()
        try:
            said = brotlid.process(body, output_buffer_limit=_PIECE)
            while said and not brotlid.is_finished():
                said = brotlid.process(b"", output_buffer_limit=_PIECE)
        except brotli.error:
            return False
        return bool(brotlid.is_finished())
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return True
    # 47 takes gzip and zlib by their heads, -15 is deflate without one.
    for bits in (47, -15):
        unpack = zlib.decompressobj(bits)
        try:
            unpack.decompress(body, _PIECE)
            while unpack.unconsumed_tail and not unpack.eof:
                unpack.decompress(unpack.unconsumed_tail, _PIECE)
        except zlib.error:
            continue
        if not unpack.eof:
            return False
        rest = unpack.unused_data
        return not rest.startswith(b"\x1f\x8b") or complete(rest, encoding)
    return False


class Unpacked(HttpCompressionMiddleware):
    """Takes compression off; a body that was cut off is asked for again, then fails."""

    def process_response(
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        """Raises `ResponseDataLossError`, and `IgnoreRequest` for what unpacks to too much."""
        encodings = response.headers.getlist("Content-Encoding")
        # First: what is too large must not be unpacked a second time.
        unpacked: Request | Response = super().process_response(request, response)
        if len(encodings) != 1 or request.method == "HEAD" or not response.body:
            return unpacked
        if complete(response.body, encodings[0].decode("latin-1").strip().lower()):
            return unpacked
        crawler_spider = self.crawler.spider
        if again := get_retry_request(request, spider=crawler_spider, reason="cut off"):
            # Not by its ETag: the site would say that it is as it was.
            again.meta["afresh"] = True
            return again
        raise ResponseDataLossError("the compressed body ends before its end")

    @classmethod
    def from_crawler(cls, crawler: Any) -> Unpacked:
        """Scrapy's own, with the crawler at hand."""
        self: Unpacked = super().from_crawler(crawler)
        self.crawler = crawler
        return self

    crawler: Any


class Refreshes(MetaRefreshMiddleware):
    """Follows a page that refreshes at once to another one, like a redirect and counted as one.

    One to itself is the page; one that lets its visitor read first is a page too.
    """

    def process_response(
        self, request: Request, response: Response, spider: Any = None
    ) -> Request | Response:
        """Raises `IgnoreRequest` past the limit of redirects."""
        if request.meta.get("playwright"):
            return response
        said: Request | Response = super().process_response(request, response)
        if isinstance(said, Request) and canonical(said.url) == canonical(response.url):
            return response
        return said


def cut_off(body: bytes) -> str:
    """Why what is read of an HTML document may not be all of it, "" where it is.

    A document that has an <html> and does not end it was cut off somewhere (by a wrong
    Content-Length, which a client can't tell from a right one).
    """
    if _tag(b"<html", body[:4_096]) and not _tag(b"</html", body):
        return "the document ends before its end"
    if body.count(b"<") < _MANY_TAGS:
        return ""
    parser = html.HTMLParser(huge_tree=True, recover=True)
    with suppress(etree.ParserError, etree.XMLSyntaxError):
        etree.fromstring(body, parser)
    deep = any("depth" in entry.message.lower() for entry in parser.error_log)
    return "nested too deeply to be read to its end" if deep else ""


def _tag(tag: bytes, body: bytes) -> bool:
    return tag in body or tag.upper() in body
