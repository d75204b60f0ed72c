"""Profiles: which column of a file means what. One YAML file each in `rules/intake/`.

id: complaint-12315
kind: complaint                  # which intake
title: 12315 平台导出
columns:                         # field (`clues.intake.fields`): names its column may have
  number: [登记编号, 工单编号]
required: [number, text]         # a row without them is bad
defaults: {platform: 淘宝}        # where the file has no such column
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clues.arrivals import FILED
from clues.intake.fields import FIELDS, SELLER
from clues.intake.problems import IntakeError
from detectors.yamlfile import Lined, YamlError, read_yaml

__all__ = ["Layout", "Profile", "heading", "load_profiles"]

_KEYS = {"id", "kind", "title", "columns", "required", "defaults", "source"}
_SIGNS = re.compile(r"[\s*＊:：()（）\[\]【】<>《》/、_\-.]+")


def heading(text: object) -> str:
    """A column's name as it is compared: full width as half, no spaces, marks or brackets."""
    return _SIGNS.sub("", unicodedata.normalize("NFKC", str(text or ""))).lower()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a profile finds its fields in one file."""

    columns: Mapping[str, int]
    """Field → place of its column, from 0."""
    ignored: tuple[str, ...]
    """Names of columns that mean nothing to it."""
    missing: tuple[str, ...]
    """Required fields without a column."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one kind of file is laid out; see the module."""

    id: str
    kind: str
    title: str
    names: Mapping[str, str]
    """Heading as it is compared → field."""
    required: tuple[str, ...]
    defaults: Mapping[str, str] = field(default_factory=dict)

    def layout(self, headings: Sequence[Sequence[str]]) -> Layout:
        """Where the fields stand; each column may go by several names, the first known counts."""
        columns: dict[str, int] = {}
        ignored = []
        for place, names in enumerate(headings):
            known = next((f for n in names if (f := self.names.get(heading(n)))), None)
            if known is not None and known not in columns:
                columns[known] = place
            elif shown := next(filter(None, names), ""):
                ignored.append(shown)
        missing = [f for f in self.required if f not in columns and f not in self.defaults]
        return Layout(columns, tuple(ignored), tuple(missing))


class _Reader:
    """Reads one profile and notes everything that is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def wrong(self, what: str, node: Any = None, key: str = "") -> None:
        line = node.lines.get(key, node.line) if isinstance(node, Lined) else 0
        self.problems.append(f"{self.path.name}:{line}: {what}" if line else f"{self.path.name}: {what}")  # fmt: skip

    def read(self) -> Profile | None:
        try:
            data = read_yaml(self.path)
        except (OSError, YamlError) as error:
            line = getattr(error, "line", 0)
            self.problems.append(f"{self.path.name}:{line}: {error}")
            return None
        if not isinstance(data, Lined):
            self.wrong("a profile is a table of settings")
            return None
        for key in sorted(data.keys() - _KEYS):
            self.wrong(f"no such entry: {key} (known: {', '.join(sorted(_KEYS))})", data, key)
        for key in ("id", "kind", "title", "columns"):
            if key not in data:
                self.wrong(f"{key} is missing", data)
        kind = str(data.get("kind", ""))
        if "kind" in data and kind not in FILED:
            self.wrong(f"no such kind: {kind} (known: {', '.join(FILED)})", data, "kind")
        names = self._names(data)
        required = data.get("required") or []
        if not isinstance(required, list):
            self.wrong("required is a list of fields", data, "required")
            required = []
        for one in required:
            if one not in FIELDS:
                self.wrong(f"required: no such field: {one}", data, "required")
        defaults = data.get("defaults") or {}
        if not isinstance(defaults, Lined | dict):
            self.wrong("defaults is a table: field: value", data, "defaults")
            defaults = {}
        for one in defaults:
            if one not in FIELDS:
                self.wrong(f"defaults: no such field: {one}", defaults, one)
        if names and not set(SELLER) & set(names.values()):
            self.wrong(
                f"no column tells whom a row is about ({', '.join(SELLER)})", data, "columns"
            )
        return Profile(
            str(data.get("id", "")), kind, str(data.get("title", "")), names,
            tuple(map(str, required)), {str(k): str(v) for k, v in defaults.items()},
        )  # fmt: skip

    def _names(self, data: Lined) -> dict[str, str]:
        columns = data.get("columns")
        if not isinstance(columns, Lined):
            if "columns" in data:
                self.wrong("columns is a table: field: [names]", data, "columns")
            return {}
        names: dict[str, str] = {}
        for known, given in columns.items():
            if known not in FIELDS:
                self.wrong(f"no such field: {known} (known: {', '.join(FIELDS)})", columns, known)
                continue
            for name in given if isinstance(given, list) else [given]:
                key = heading(name)
                if not key:
                    self.wrong(f"{known}: a column without a name", columns, known)
                elif names.setdefault(key, known) != known:
                    self.wrong(f"the column {name} stands for {names[key]} and {known}", columns, known)  # fmt: skip
        return names


def load_profiles(rules_dir: Path) -> dict[str, Profile]:
    """All profiles by id; raises `IntakeError` with every problem, file and line."""
    profiles: dict[str, Profile] = {}
    problems = []
    for path in sorted((rules_dir / "intake").glob("*.yaml")):
        reader = _Reader(path)
        profile = reader.read()
        if profile is not None and profile.id in profiles:
            reader.wrong(f"another profile has the id {profile.id}")
        problems += reader.problems
        if profile is not None and not reader.problems:
            profiles[profile.id] = profile
    if problems:
        raise IntakeError("\n".join(problems))
    return profiles
