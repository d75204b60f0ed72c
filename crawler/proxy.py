"""The only way out that a browser has: a proxy on loopback that asks the guard each time.

What a page may ask is checked where the connection is made: Playwright's own interception does
not see the hops of a redirect, and a name may resolve to another address than when it was
checked. So the browser resolves no names and opens no sockets but to this proxy.
Sources: RFC 9110, 9.3.6 (CONNECT), 7.6.1 (hop-by-hop); RFC 6761, 6.3 (localhost).
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from crawler.addresses import Guard, host_of

__all__ = ["GuardedProxy"]

_HEAD = 256 * 1024
"""Bytes of the longest head of a request or an answer."""
_PATIENCE = 30.0
"""Seconds for a connection to be made and a request to be sent."""

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class GuardedProxy:
    """An HTTP proxy for one browser.

    `most` is how many bytes one connection may bring: an endless body ends there.
    """

    def __init__(self, guard: Guard, most: int) -> None:
        self.guard = guard
        self.most = most
        self.addresses: dict[str, str] = {}
        """Of each host that was asked: where it is."""
        self.failed: dict[str, Exception] = {}
        """Of each host that could not be asked: why."""
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Its address, for Playwright's `proxy`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Ends it and what is under way."""
        if self._server is not None:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
            await self._pass(head, (reader, writer))
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            # The browser sees a connection that was closed; `failed` has the reason.
            pass
        except asyncio.CancelledError:
            # The proxy is being closed; there is nobody to tell.
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _pass(self, head: bytes, browser: Pair) -> None:
        method, target, version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        tunnel = method == "CONNECT"
        url = f"https://{target}" if tunnel else target
        parts = urlsplit(url)
        site = await asyncio.wait_for(self._connect(url, parts.port or (443 if tunnel else 80)), _PATIENCE)  # fmt: skip
        try:
            if tunnel:
                browser[1].write(f"{version} 200 Connected\r\n\r\n".encode())
                await self._both(browser, site)
                return
            path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
            line = f"{method} {path} {version}\r\n".encode("latin-1")
            site[1].write(line + _closing(head.split(b"\r\n", 1)[1]))
            await self._exchange(head, browser, site)
        finally:
            site[1].close()

    async def _connect(self, url: str, port: int) -> Pair:
        """A connection to the very address that was checked."""
        host = host_of(url)
        try:
            self.guard.check_url(url)
            address = await self._address(host, port)
            pair = await asyncio.open_connection(address, port, limit=_HEAD)
        except (OSError, ValueError) as error:
            self.failed[host] = error
            raise
        self.addresses[host] = address
        self.failed.pop(host, None)
        return pair

    async def _address(self, host: str, port: int) -> str:
        if host == "localhost" or host.endswith(".localhost"):
            return "127.0.0.1"
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            self.guard.check_address(host, address)
        # IPv4 first: what has no IPv6 way out must not wait for one.
        return sorted(addresses, key=lambda a: ":" in a)[0]

    async def _exchange(self, head: bytes, browser: Pair, site: Pair) -> None:
        """One request, one answer, then the connection ends: the next request may be for
        another host."""
        if length := _length(head):
            await self._copy(browser[0], site[1], length)
        answer = await site[0].readuntil(b"\r\n\r\n")
        while answer.split(b" ", 2)[1].startswith(b"1"):
            answer = await site[0].readuntil(b"\r\n\r\n")
        status, _, headers = answer.partition(b"\r\n")
        browser[1].write(status + b"\r\n" + _closing(headers))
        answering = asyncio.ensure_future(self._copy(site[0], browser[1], self.most))
        # A browser that has had enough closes its side, and nothing more is fetched for it.
        leaving = asyncio.ensure_future(browser[0].read(1))
        await self._first(answering, leaving)

    async def _both(self, browser: Pair, site: Pair) -> None:
        await self._first(
            asyncio.ensure_future(self._copy(browser[0], site[1], self.most)),
            asyncio.ensure_future(self._copy(site[0], browser[1], self.most)),
        )

    @staticmethod
    async def _first(*ways: asyncio.Future[Any]) -> None:
        """Returns when one way has ended, and ends the others."""
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    @staticmethod
    async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter, most: int) -> None:
        with suppress(OSError):
            while most > 0 and (piece := await source.read(min(65_536, most))):
                most -= len(piece)
                sink.write(piece)
                await sink.drain()


def _closing(headers: bytes) -> bytes:
    """The headers with those of the hop replaced by one that ends it."""
    hop = (b"connection:", b"proxy-connection:", b"keep-alive:")
    lines = [line for line in headers.split(b"\r\n") if line and not line.lower().startswith(hop)]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and value.strip().isdigit():
            return int(value)
    return 0
