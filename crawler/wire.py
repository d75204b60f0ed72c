"""What came over the wire beside the page: the server's certificates, and what a browser got.

Scrapy tells only a server's own certificate, and of a page in the browser only the finished
document; evidence needs the whole chain, and the answer as it was before scripts ran.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import weakref
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, dump_certificate
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Response
from scrapy import Request
from scrapy.http import Response as ScrapyResponse
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

__all__ = ["Answer", "WireHandler"]

_PATIENCE = 10.0
"""Seconds for a body that the browser has shown already."""

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the server to the browser. The browser has taken its encoding off."""

    url: str
    status: int
    headers: Headers
    body: bytes
    request_headers: Headers
    ip: str


@implementer(IOpenSSLClientConnectionCreator)
class _Remembered:
    def __init__(self, creator: Any, connections: weakref.WeakSet[SSL.Connection]) -> None:
        self._creator = creator
        self._connections = connections

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        connection = self._creator.clientConnectionForTLS(protocol)
        self._connections.add(connection)
        return connection  # type: ignore[no-any-return]


@implementer(IPolicyForHTTPS)
class _Chains:
    """The policy of another, and the chains of certificates that its servers showed."""

    def __init__(self, policy: Any) -> None:
        self._policy = policy
        self._connections: weakref.WeakSet[SSL.Connection] = weakref.WeakSet()
        self._known: dict[bytes, tuple[bytes, ...]] = {}

    def creatorForNetloc(self, hostname: bytes, port: int) -> _Remembered:
        """Called for each connection."""
        return _Remembered(self._policy.creatorForNetloc(hostname, port), self._connections)

    def of(self, leaf: bytes) -> tuple[bytes, ...]:
        """The chain (DER, the server's own first) of a server by its certificate."""
        key = hashlib.sha256(leaf).digest()
        if key not in self._known:
            for connection in list(self._connections):
                if chain := connection.get_peer_cert_chain():
                    shown = tuple(dump_certificate(FILETYPE_ASN1, one) for one in chain)
                    self._known[hashlib.sha256(shown[0]).digest()] = shown
                    self._connections.discard(connection)
        return self._known.get(key, (leaf,))


class WireHandler(ScrapyPlaywrightDownloadHandler):
    """Downloads as ever, and leaves with the request what else came over the wire:
    ``certificates`` (DER) of https, and of a page in the browser ``wire``, its `Answer`s."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler=crawler)
        self._chains = _Chains(self._contextFactory)
        self._contextFactory: Any = self._chains

    async def download_request(self, request: Request) -> ScrapyResponse:
        """Scrapy's own."""
        if request.meta.get("playwright"):
            request.meta["playwright_page_init_callback"] = _listen
            # A shop with a certificate that nobody vouches for is read all the same, as it is
            # without a browser; what it showed is kept. An officer's session is not shown to it.
            request.meta.setdefault("playwright_context_kwargs", {"ignore_https_errors": True})
        response: ScrapyResponse = await super().download_request(request)
        certificate: Any = response.certificate
        if certificate is not None:
            leaf = dump_certificate(FILETYPE_ASN1, certificate.original)
            request.meta["certificates"] = self._chains.of(leaf)
        return response

    async def _apply_page_methods(self, page: Page, request: Request, spider: Any) -> None:
        await super()._apply_page_methods(page, request, spider)
        # The last moment at which the page is open.
        heard = request.meta.pop("heard", [])
        request.meta["wire"] = [await _answer(response) for response in heard]
        if urlsplit(page.url).scheme == "https":
            request.meta["certificates"] = await _shown_to(page)


async def _listen(page: Page, request: Request) -> None:
    heard: list[Response] = []
    request.meta["heard"] = heard

    def hear(response: Response) -> None:
        asked = response.request
        if asked.is_navigation_request() and response.frame == page.main_frame:
            heard.append(response)

    page.on("response", hear)


async def _answer(response: Response) -> Answer:
    body, ip = b"", ""
    headers: list[Any] = []
    asked: list[Any] = []
    try:
        headers = await response.headers_array()
        asked = await response.request.headers_array()
        if (address := await response.server_addr()) is not None:
            ip = address["ipAddress"].strip("[]")
        if not 300 <= response.status < 400:
            body = await asyncio.wait_for(response.body(), _PATIENCE)
    except (PlaywrightError, TimeoutError):
        # The finished document is kept all the same.
        pass
    return Answer(
        response.url,
        response.status,
        # HTTP/2 has its request line among the headers.
        tuple((one["name"], one["value"]) for one in headers),
        body,
        tuple((one["name"], one["value"]) for one in asked if not one["name"].startswith(":")),
        ip,
    )


async def _shown_to(page: Page) -> tuple[bytes, ...]:
    """The chain that the browser was shown, by its debugging protocol."""
    parts = urlsplit(page.url)
    try:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        said = await session.send(
            "Network.getCertificate", {"origin": f"{parts.scheme}://{parts.netloc}"}
        )
        await session.detach()
    except PlaywrightError:
        return ()
    return tuple(base64.b64decode(one) for one in said.get("tableNames", ()))
