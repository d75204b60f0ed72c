"""Whose page an address is: the reader of a host."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.addresses import host_of
from spiders.base import Reader
from spiders.classify import result_class

__all__ = ["reader_of"]

_ALSO = {"tmall.com": "taobao.com", "tmall.hk": "taobao.com", "jd.hk": "jd.com"}
"""Domains whose pages have the shape of another's."""


def _domain(host: str) -> str:
    """What a site's hosts have in common: `taobao.com` of `s.taobao.com`."""
    labels = host.split(".")
    kept = 3 if host.endswith((".com.cn", ".net.cn", ".org.cn")) else 2
    return ".".join(labels[-kept:])


def reader_of(url: str, readers: Mapping[str, Reader]) -> Reader | None:
    """The reader of the site at `url`: one with this very host, else one of the same domain,
    else that of independent shops; None for what sells nothing (news, encyclopedias) and for
    marketplaces that no reader knows.
    """
    host = host_of(url)
    domain = _ALSO.get(_domain(host), _domain(host))
    homes = [(host_of(one.base), one) for one in readers.values() if one.base]
    for home, one in homes:
        if home == host:
            return one
    for home, one in homes:
        # A home replaced by the settings stands for itself alone, not for what is beside it.
        if home == host_of(one.source.home) and _domain(home) in (_domain(host), domain):
            return one
    return readers["shop"] if result_class(url) == "shop" else None
