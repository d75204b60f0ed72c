"""The one form under which a page is known, wherever its address was found."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url

__all__ = ["canonical", "host_of"]

TRACKING = re.compile(
    r"utm_\w{1,20}|spm|scm|pvid|from|ref|referer|source_id|trackid|share_\w{1,20}|"
    r"abbucket|ali_refid|ali_trackid|gclid|fbclid|bd_vid",
    re.IGNORECASE,
)
"""Query parameters that say where a visitor came from, not which page it is."""


def host_of(url: str) -> str:
    """The host name in `url`, lower case, without port; "" where it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def canonical(url: str) -> str:
    """The one form of an address: sorted query without tracking parameters, no fragment."""
    parts = urlsplit(url)
    query = urlencode(
        [
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not TRACKING.fullmatch(name)
        ],
        quote_via=quote,
    )
    netloc = parts.netloc.lower()
    for scheme, port in (("http", ":80"), ("https", ":443")):
        if parts.scheme.lower() == scheme:
            netloc = netloc.removesuffix(port)
    return str(canonicalize_url(urlunsplit((parts.scheme, netloc, parts.path, query, ""))))
