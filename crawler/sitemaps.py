"""What robots.txt says of sitemaps is noted as it passes by: it is asked for anyway."""

from __future__ import annotations

import re
from collections import defaultdict
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.addresses import host_of

__all__ = ["NotedSitemaps"]

_LINE = re.compile(rb"^\s{0,8}sitemap\s{0,4}:\s{0,4}(\S{1,2048})", re.IGNORECASE | re.MULTILINE)
LIMIT = 10
"""Sitemaps taken of one robots.txt."""


class NotedSitemaps:
    """Addresses of sitemaps by host, as ``crawler.noted_sitemaps``."""

    def __init__(self, crawler: Crawler) -> None:
        self.known: dict[str, list[str]] = defaultdict(list)
        crawler.noted_sitemaps = self.known  # type: ignore[attr-defined]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> NotedSitemaps:
        """Known to the spider by way of the crawler."""
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Note the sitemaps of a robots.txt; the response goes on as it is."""
        if urlsplit(response.url).path == "/robots.txt" and response.status == 200:
            host = host_of(response.url)
            for found in _LINE.findall(response.body[:512_000])[:LIMIT]:
                url = found.decode("latin-1")
                # A sitemap on another host would be asked without knowing that host's rules.
                if host_of(url) == host and url not in self.known[host]:
                    self.known[host].append(url)
        return response
