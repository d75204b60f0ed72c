"""The key of an API: put on right before the wire and taken off right after.

Nothing above ever sees it: not the evidence, the logs, a redirect to elsewhere or a retry.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import SecretStr
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

__all__ = ["KeyMiddleware"]


class KeyMiddleware:
    """Requests name their key (``meta["key"]``, the name of a setting or of an open API); it goes to the host
    that was meant (``meta["asked"]``) and to no other."""

    def __init__(self, keys: Mapping[str, SecretStr]) -> None:
        self.keys = keys

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> KeyMiddleware:
        """With the keys of this crawl's settings."""
        return cls(crawler.settings.get("YUNJIAN_KEYS") or {})

    async def process_request(self, request: Request) -> None:
        """Puts the key on."""
        name = request.meta.get("key", "")
        if not name or _origin(request.url) != _origin(request.meta["asked"]):
            return
        key = self.keys.get(name)
        if key and key.get_secret_value():
            request.headers["Authorization"] = f"Bearer {key.get_secret_value()}"

    async def process_response(self, request: Request, response: Response) -> Response:
        """Takes it off."""
        request.headers.pop("Authorization", None)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Takes it off."""
        request.headers.pop("Authorization", None)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
