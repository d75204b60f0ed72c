"""Addresses: the one form under which a page is known, and which hosts may be asked.

A page must never make us ask a private machine (SSRF): `Guard` is asked for the host in an
address, after redirects too, and for each address that a name resolves to.
Loopback, private, link-local and the like are those that `ipaddress` (the IANA special-purpose
registries) does not call global.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from listing.addresses import canonical, host_of

__all__ = ["Guard", "PrivateAddress", "canonical", "host_of"]


class PrivateAddress(ValueError):
    """A page led to a private, loopback or otherwise non-public address."""


class Guard:
    """Which hosts may be asked; `allowed` names (`*.` for all below) may be private."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self.allowed = tuple(name.lower() for name in allowed)

    def may_be_private(self, host: str) -> bool:
        """Whether the settings name this host as one that may be private."""
        return any(fnmatchcase(host.lower(), name) for name in self.allowed)

    def check_url(self, url: str) -> None:
        """Raises `PrivateAddress` for another scheme, no host, or a private address in it."""
        parts = urlsplit(url)
        host = host_of(url)
        if parts.scheme not in ("http", "https") or not host:
            raise PrivateAddress(f"not a web address: {url[:200]}")
        if self.may_be_private(host):
            return
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            raise PrivateAddress(f"a local name: {host}")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return
        self.check_address(host, address.compressed)

    def check_address(self, host: str, address: str) -> None:
        """Raises `PrivateAddress` if `host` resolved to an `address` that is not public."""
        if self.may_be_private(host):
            return
        ip = ipaddress.ip_address(address.split("%", 1)[0])
        mapped = getattr(ip, "ipv4_mapped", None)
        if not (mapped or ip).is_global or ip.is_multicast:
            raise PrivateAddress(f"{host} is at {address}, which is not public")
