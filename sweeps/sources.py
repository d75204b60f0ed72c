"""Which sources a sweep may search: those of `spiders/`, an API only where its key is set."""

from __future__ import annotations

from pydantic import SecretStr

from settings import Settings
from spiders import READERS

__all__ = ["keys", "missing_key", "searchable"]


def keys(settings: Settings) -> dict[str, SecretStr]:
    """The keys of official APIs by the name of their setting ("" where none is set)."""
    names = {one.source.key for one in READERS.values() if one.source.key}
    return {name: getattr(settings, name) for name in sorted(names)}


def missing_key(settings: Settings, source: str) -> str:
    """The environment variable that would have to be set to ask `source`, "" if none."""
    name = READERS[source].source.key
    if not name or keys(settings)[name].get_secret_value():
        return ""
    return f"YUNJIAN_{name.upper()}"


def searchable(settings: Settings) -> list[str]:
    """The sources that a sweep of everything searches."""
    return [name for name in READERS if name != "shop" and not missing_key(settings, name)]
