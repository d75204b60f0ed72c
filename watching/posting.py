"""One POST to an address that somebody typed: guarded, bounded in time, no redirect followed.

The name is resolved once, each address is shown to the guard, and the connection goes to the one
that was looked at: a name that answers otherwise a moment later gains nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from crawler.addresses import Guard, host_of

__all__ = ["SECONDS", "PostError", "post"]

SECONDS = 10.0
"""For all of it, once the name is resolved."""


class PostError(RuntimeError):
    """The address gave no answer: says why."""


def post(url: str, body: bytes, guard: Guard, headers: Mapping[str, str], seconds: float = SECONDS) -> int:  # fmt: skip
    """The status of the answer. Raises `PostError`, or `PrivateAddress` where the guard forbids it."""
    guard.check_url(url)
    parts, host = urlsplit(url), host_of(url)
    secure = parts.scheme == "https"
    address, port = _resolved(host, parts.port or (443 if secure else 80), guard)
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(host, port, timeout=seconds)
    ended = threading.Event()

    def end() -> None:
        # A server that drips one byte every nine seconds never meets a timeout of the socket.
        ended.set()
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        plain = socket.create_connection((address, port), seconds)
        connection.sock = plain
        if secure:
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = "no answer in time" if ended.is_set() or isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"  # fmt: skip
        raise PostError(f"{host}: {why}") from None
    finally:
        timer.cancel()
        connection.close()


def _resolved(host: str, port: int, guard: Guard) -> tuple[str, int]:
    # RFC 6761, 6.3: names below localhost are loopback, and no DNS server is asked.
    if host == "localhost" or host.endswith(".localhost"):
        guard.check_address(host, "127.0.0.1")
        return "127.0.0.1", port
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise PostError(f"{host}: can't be resolved: {error}") from None
    for *_, place in found:
        guard.check_address(host, str(place[0]))
    return str(found[0][4][0]), port
