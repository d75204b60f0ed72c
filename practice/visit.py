"""A client that finds the town's hosts: `*.localhost` is loopback (RFC 6761, 6.3), resolver or not."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Reply", "visit"]


@dataclass(frozen=True)
class Reply:
    """What came over the wire; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8; raises `UnicodeDecodeError` where it is not."""
        return self.body.decode("utf-8")


def visit(url: str, **headers: str) -> Reply:
    """GET `url` at 127.0.0.1 with its host in the Host header; redirects are not followed.

    `headers` are named with underscores (``X_Town_Fault``). Raises what `http.client` raises.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
    target = parts.path + ("?" + parts.query if parts.query else "")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request("GET", target or "/", headers={"Host": parts.netloc} | sent)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, named, response.read())
    finally:
        connection.close()
