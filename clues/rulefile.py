"""Reading the casework's rule files: every mistake is found at once, with file and line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detectors.errors import RuleError
from detectors.yamlfile import Lined, YamlError, read_yaml

__all__ = ["Ground", "RuleFile"]

Ground = dict[str, Any]
"""`law`, `article` and `quote` (its words), or `law` and `unverified: true`."""


class RuleFile:
    """One file; ask for its parts, then `done` raises `RuleError` if anything was wrong."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.problems: list[str] = []
        try:
            data = read_yaml(folder / name)
        except YamlError as error:
            raise RuleError([f"{name}:{error.line}:{error.column}: not YAML: {error}"]) from None
        except OSError as error:
            raise RuleError([f"{name}: can't be read: {error}"]) from None
        if not isinstance(data, Lined):
            raise RuleError([f"{name}: a mapping is wanted"])
        self.data = data

    def wrong(self, what: str, node: Any = None, key: str = "") -> None:
        """Note a problem."""
        line = f":{node.lines.get(key, node.line)}" if isinstance(node, Lined) else ""
        self.problems.append(f"{self.name}{line}: {what}")

    def entries(
        self, owner: Lined, key: str, wanted: Sequence[str], more: Sequence[str] = ()
    ) -> list[Lined]:
        """The mappings listed under a key, each with all `wanted` keys and none but `more`."""
        listed = owner.get(key)
        if not isinstance(listed, list) or not listed:
            self.wrong(f"{key}: a list is wanted", owner, key)
            return []
        found = []
        for entry in listed:
            if not isinstance(entry, Lined):
                self.wrong(f"{key}: a mapping is wanted, not {entry!r}", owner, key)
                continue
            for name in entry:
                if name not in (*wanted, *more):
                    known = ", ".join((*wanted, *more))
                    self.wrong(f"unknown key {name!r} (known: {known})", entry, name)
            if missing := [name for name in wanted if name not in entry]:
                self.wrong(f"{', '.join(missing)} is missing", entry)
                continue
            found.append(entry)
        return found

    def unique(self, entries: Sequence[Lined]) -> None:
        """No id stands twice."""
        seen: set[str] = set()
        for entry in entries:
            if entry["id"] in seen:
                self.wrong(f"two entries with the id {entry['id']!r}", entry, "id")
            seen.add(entry["id"])

    def known(self, entry: Lined, key: str, names: Sequence[str] | set[str]) -> list[str]:
        """The values of a list that must be known names; an absent key is an empty list."""
        values = entry.get(key, [])
        if not isinstance(values, list):
            self.wrong(f"{key}: a list is wanted", entry, key)
            return []
        for value in values:
            if value not in names:
                self.wrong(f"{key}: no such name: {value!r}", entry, key)
        return [str(value) for value in values]

    def grounds(self, entry: Lined, key: str = "ground") -> list[Ground]:
        """The legal grounds: each with article and quote, or marked as unverified."""
        found: list[Ground] = []
        for ground in self.entries(entry, key, ["law"], ["article", "quote", "unverified"]):
            whole = "article" in ground and "quote" in ground
            if whole == bool(ground.get("unverified")):
                self.wrong(
                    "a ground has article and quote, or `unverified: true` and neither", ground
                )
            found.append(dict(ground))
        return found

    def number(self, entry: Lined, key: str, least: int = 1) -> int:
        """A whole number of at least `least`."""
        value = entry.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.wrong(f"{key}: a whole number from {least} is wanted, not {value!r}", entry, key)
            return least
        return value

    def done(self) -> None:
        """Raise `RuleError` with everything that was found, or return."""
        if self.problems:
            raise RuleError(self.problems)
