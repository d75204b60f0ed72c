"""Whose page an address is: the reader of a host."""

from __future__ import annotations

from collections.abc import Mapping

from crawler.addresses import host_of
from spiders.base import Reader
from spiders.classify import result_class

__all__ = ["reader_of"]


def _domain(host: str) -> str:
    """What a site's hosts have in common: `taobao.com` of `s.taobao.com`."""
    labels = host.split(".")
    kept = 3 if host.endswith((".com.cn", ".net.cn", ".org.cn")) else 2
    return ".".join(labels[-kept:])


def reader_of(url: str, readers: Mapping[str, Reader]) -> Reader | None:
    """The reader of the site at `url`: one with this very host, else one that is called as its
    domain, has its home there or names it among its own, else that of independent shops; None
    for what sells nothing (news, encyclopedias) and for marketplaces that no reader knows.
    """
    host = host_of(url)
    for one in readers.values():
        if one.base and host_of(one.base) == host:
            return one
    # 淘宝 and 天猫 share their search and not their name.
    called = readers.get(_domain(host).split(".")[0])
    if called and any(_domain(host) == _domain(domain) for domain in called.domains):
        return called
    for one in readers.values():
        home = host_of(one.source.home)
        if home and _domain(home) == _domain(host):
            return one
    for one in readers.values():
        if any(host == domain or host.endswith("." + domain) for domain in one.domains):
            return one
    return readers["shop"] if result_class(url) == "shop" else None
