"""What came over the wire beside the page: the server's certificates, and what a browser got.

Scrapy tells only a server's own certificate, and of a page in the browser only the finished
document; evidence needs the whole chain, and the answer as it was before scripts ran.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from OpenSSL import SSL
from OpenSSL.crypto import FILETYPE_ASN1, dump_certificate
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Response
from playwright.async_api import Request as BrowserRequest
from playwright.async_api import TimeoutError as PlaywrightTimeout
from scrapy import Request
from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response as ScrapyResponse
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer

from crawler.addresses import Guard, host_of
from crawler.proxy import GuardedProxy

__all__ = ["Answer", "WireHandler"]

_PATIENCE = 10.0
"""Seconds for a body that the browser has shown already, and for a page to close."""
_REST = 10.0
"""Seconds for a page to come to rest; it is taken as it stands then."""

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
    ``certificates`` (DER) of https, and of a page in the browser ``wire``, its `Answer`s, and
    ``unsettled``, the seconds after which one that does not come to rest was taken as it stood.

    A browser's page has a time, a size, and no way out but through `GuardedProxy`.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler=crawler)
        self._chains = _Chains(self._contextFactory)
        self._contextFactory: Any = self._chains
        settings = crawler.settings
        self._max_body = settings.getint("DOWNLOAD_MAXSIZE")
        self._timeout = settings.getfloat("DOWNLOAD_TIMEOUT")
        self._rest = min(_REST, self._timeout)
        guard = Guard(settings.getlist("YUNJIAN_ALLOW_PRIVATE"))
        self._proxy = GuardedProxy(guard, most=4 * self._max_body)

    async def _launch(self) -> None:
        self.config.launch_options["proxy"] = {"server": await self._proxy.start()}
        await super()._launch()

    async def _close(self) -> None:
        await super()._close()
        await self._proxy.close()

    async def download_request(self, request: Request) -> ScrapyResponse:
        """Scrapy's own."""
        if request.meta.get("playwright"):
            return await self._by_browser(request)
        response: ScrapyResponse = await super().download_request(request)
        certificate: Any = response.certificate
        if certificate is not None:
            leaf = dump_certificate(FILETYPE_ASN1, certificate.original)
            request.meta["certificates"] = self._chains.of(leaf)
        return response

    async def _by_browser(self, request: Request) -> ScrapyResponse:
        meta = request.meta
        meta["playwright_page_init_callback"] = _listen
        # A shop with a certificate that nobody vouches for is read all the same, as it is
        # without a browser; what it showed is kept. An officer's session is not shown to it.
        kwargs = meta.get("playwright_context_kwargs") or {"ignore_https_errors": True}
        # What a page wants to save on our disk is no page; a service worker's requests pass by
        # the filter of unwanted ones.
        closed = {"accept_downloads": False, "service_workers": "block"}
        meta["playwright_context_kwargs"] = kwargs | closed
        try:
            response: ScrapyResponse = await super().download_request(request)
        except PlaywrightError as error:
            if why := self._proxy.failed.get(host_of(meta.get("last_asked", ""))):
                raise why from error
            raise
        if address := self._proxy.addresses.get(host_of(response.url)):
            response = response.replace(ip_address=ip_address(address))
        return response

    async def _download_request_with_page(
        self, request: Request, page: Page, spider: Any
    ) -> ScrapyResponse:
        """Bounds what has no bound of its own: a script that never returns answers nothing."""
        done = super()._download_request_with_page(request, page, spider)
        try:
            return await asyncio.wait_for(done, 2 * self._timeout + self._rest)
        except TimeoutError:
            raise PlaywrightTimeout("the page's time is over") from None
        finally:
            if not page.is_closed():
                await _ended(page)

    async def _apply_page_methods(self, page: Page, request: Request, spider: Any) -> None:
        try:
            await page.wait_for_load_state("networkidle", timeout=self._rest * 1000)
        except PlaywrightTimeout:
            request.meta["unsettled"] = self._rest
        await super()._apply_page_methods(page, request, spider)
        if await page.evaluate("document.documentElement.outerHTML.length") > self._max_body:
            raise DownloadCancelledError(f"the document grew over {self._max_body} characters")
        # The last moment at which the page is open.
        heard = request.meta.pop("heard", [])
        places = self._proxy.addresses
        request.meta["wire"] = [await _answer(response, places) for response in heard]
        if urlsplit(page.url).scheme == "https":
            request.meta["certificates"] = await _shown_to(page)


async def _ended(page: Page) -> None:
    """Closes a page, also one whose scripts do not let go."""
    with suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(page.close(), _PATIENCE)


async def _listen(page: Page, request: Request) -> None:
    heard: list[Response] = []
    request.meta["heard"] = heard

    def hear(response: Response) -> None:
        asked = response.request
        if asked.is_navigation_request() and response.frame == page.main_frame:
            heard.append(response)

    def ask(asked: BrowserRequest) -> None:
        if asked.is_navigation_request() and asked.frame == page.main_frame:
            request.meta["last_asked"] = asked.url

    page.on("response", hear)
    page.on("request", ask)


async def _answer(response: Response, places: Mapping[str, str]) -> Answer:
    """`places` are the addresses at which hosts were asked: the browser knows its proxy only."""
    body = b""
    headers: list[Any] = []
    asked: list[Any] = []
    try:
        headers = await response.headers_array()
        asked = await response.request.headers_array()
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
        places.get(host_of(response.url), ""),
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
