"""Marketplaces as people write them (`rules/platforms.yaml`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clues.intake.names import plain
from clues.intake.problems import IntakeError
from detectors.yamlfile import YamlError, read_yaml
from listing.addresses import canonical, host_of

__all__ = ["Platforms", "load_platforms"]


@dataclass(frozen=True, slots=True)
class Platforms:
    """Made by `load_platforms`."""

    names: dict[str, str]
    """Plain name → source."""
    hosts: dict[str, str]
    """Domain → source."""
    items: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]
    """The pattern of an item's address, and all its forms with {id}."""

    def named(self, name: str) -> str:
        """The source that a platform's name means, "" if not known."""
        key = plain(name)
        return self.names.get(key, "") or next((s for n, s in self.names.items() if len(n) > 1 and n in key), "")  # fmt: skip

    def of(self, url: str) -> str:
        """The marketplace on which an address is; "" of an independent shop."""
        host = host_of(url)
        return next((s for d, s in self.hosts.items() if host == d or host.endswith(f".{d}")), "")

    def forms(self, url: str) -> list[str]:
        """The canonical addresses under which the page may be known, its own first."""
        found = [url]
        rest = url.split("://", 1)[-1]
        for pattern, forms in self.items:
            if match := pattern.match(rest):
                found += [f"https://{form.replace('{id}', match[1])}" for form in forms]
        other = [f"http{'' if u.startswith('https:') else 's'}://{u.split('://', 1)[-1]}" for u in found]  # fmt: skip
        return list(dict.fromkeys(canonical(u) for u in (*found, *other)))


def _pattern(form: str) -> re.Pattern[str]:
    """An item's address, with whatever else stands in its query."""
    before, _, after = form.partition("{id}")
    if "?" in before:
        path, _, parameter = before.partition("?")
        return re.compile(rf"{re.escape(path)}\?(?:.*&)?{re.escape(parameter)}(\d{{5,20}})(?:&|$)")
    return re.compile(rf"{re.escape(before)}(\d{{5,20}}){re.escape(after)}")


def load_platforms(rules_dir: Path) -> Platforms:
    """The marketplaces of the rules; raises `IntakeError`."""
    path = rules_dir / "platforms.yaml"
    try:
        data: Any = read_yaml(path)
        entries = data["platforms"]
        items = []
        for entry in entries:
            forms = tuple(map(str, entry.get("items", ())))
            items += [(_pattern(form), forms) for form in forms]
        return Platforms(
            {plain(str(name)): str(e["source"]) for e in entries for name in e["names"]},
            {str(host): str(e["source"]) for e in entries for host in e["hosts"]},
            tuple(items),
        )
    except (OSError, YamlError, KeyError, TypeError) as error:
        raise IntakeError(f"{path.name}:{getattr(error, 'line', 0)}: not a list of platforms: {error}") from None  # fmt: skip
