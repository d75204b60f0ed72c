"""A town for all tests, and a client that finds its hosts on loopback."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from practice import Town


@dataclass(frozen=True)
class Reply:
    """What came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


def fetch(url: str, **headers: str) -> Reply:
    """GET without following redirects; every host is 127.0.0.1 and is named by Host."""
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


@pytest.fixture(scope="session")
def town() -> Iterator[Town]:
    with Town(slow=0.5) as town:
        yield town
