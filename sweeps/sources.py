"""What a sweep may ask: readers with their addresses, APIs, sessions, handed-over files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crawler.addresses import host_of
from crawler.sessions import Session, load_session
from listing import Listing
from settings import Settings
from spiders import READERS, SEARCHED, Reader, reader
from spiders.handover import Api, Handover
from spiders.profile import Profile, load_profile

__all__ = [
    "FILE",
    "default_sources",
    "file_reader",
    "open_sessions",
    "readers_of",
    "searchable",
    "unaddressed",
]

FILE = "file:"
"""Before the path of a handed-over file, where a source is named."""


def searchable(settings: Settings) -> tuple[str, ...]:
    """Names of all that can be asked for search terms."""
    return (*SEARCHED, *settings.apis)


def default_sources(settings: Settings) -> tuple[str, ...]:
    """What a sweep asks that names no source: as set, else all proven ones and the APIs."""
    proven = (name for name in SEARCHED if not READERS[name].source.unproven)
    return settings.sources or (*proven, *settings.apis)


def readers_of(settings: Settings) -> dict[str, Reader]:
    """Every reader by its name. Raises `ProfileError`; an API never stands in for a source."""
    found = {name: reader(name, settings.source_urls.get(name, "")) for name in READERS}
    for name, api in settings.apis.items():
        profile = load_profile(api.profile) if api.profile else Profile()
        found.setdefault(name, Api(api.url, profile, api.token.get_secret_value()))
    return found


def open_sessions(
    settings: Settings, readers: Mapping[str, Reader], used: Iterable[str]
) -> dict[str, Session]:
    """The sessions of the sources that are `used`. Raises `SessionError`."""
    return {
        name: load_session(name, path, _domains(readers[name]))
        for name, path in settings.sessions.items()
        if name in used and name in readers
    }


def _domains(reader: Reader) -> Sequence[str]:
    home = host_of(reader.base)
    return (home, *reader.domains) if home else reader.domains


def unaddressed(listing: Listing) -> str:
    """What stands for the address of a listing that has none: its id, else what names it."""
    named = listing.id or "\0".join((listing.title, listing.shop_name, listing.operator_name))
    return f"urn:listing:{hashlib.sha256(named.encode('utf-8', 'surrogatepass')).hexdigest()}"


def file_reader(path: Path) -> Handover:
    """The reader of a handed-over file, with the profile that stands beside it, if one does."""
    beside = path.with_name(path.name.removesuffix(".gz") + ".profile.yaml")
    return Handover(profile=load_profile(beside) if beside.is_file() else None)
