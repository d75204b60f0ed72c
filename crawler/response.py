"""From Scrapy's response to the page that readers see."""

from __future__ import annotations

from scrapy.http import Response

from crawler.page import Page

__all__ = ["page_of"]


def page_of(response: Response) -> Page:
    """The page of a response."""
    kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
    charset = kind.partition("charset=")[2].split(";")[0].strip(" \"'")
    rendered = bool(response.meta.get("playwright")) or "rendered" in response.flags
    return Page(
        url=response.url,
        body=response.body,
        # A browser hands the document over in UTF-8, whatever the header said.
        charset="utf-8" if rendered else charset,
        status=response.status,
        rendered=rendered,
        headers={"Location": (response.headers.get("Location") or b"").decode("latin-1")},
    )
