"""Loads and checks everything in `rules/`: every error is found at once, with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from detectors.conditions import (
    DEFAULT_FIELDS,
    Condition,
    ConditionError,
    Exception_,
    Lexicons,
    parse_condition,
    parse_exception,
    parse_scope,
)
from detectors.contexts import Context, read_context
from detectors.errors import RuleError
from detectors.normalise import fold
from detectors.yamlfile import Lined, YamlError, read_yaml

__all__ = ["Rule", "RuleSet", "load_rules"]

_KEYS = {
    "id", "version", "title", "status", "description", "violation", "law", "references", "goods", "in",
    "match", "except", "strength", "reason", "false_alarms", "examples", "author", "date", "disguise",
}  # fmt: skip
_WANTED = ("id", "title", "violation", "law", "match", "strength", "reason", "examples")
DEFAULT_THRESHOLD = 0.5


REASONINGS: dict[str, str] = {
    "lookalike_mark": "marks",
    "fake_origin": "origin",
    "gi_misuse": "origin",
    "time_honoured": "marks",
    "official_claim": "marks",
    "price_history": "prices",
    "front_price": "prices",
    "operator_identity": "operators",
    "review_copies": "reviews",
    "review_patterns": "reviews",
    "contradictions": "contradictions",
}
"""Names of the reasonings over fields, and their family; `detectors.reasoning` holds them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule file."""

    id: str
    version: int
    title: str
    violation: str
    law: tuple[str, ...]
    goods: frozenset[str]
    """Groups and kinds it applies to; empty is all."""
    fields: tuple[str, ...]
    match: Condition
    exceptions: tuple[Exception_, ...]
    strength: float
    reason: str
    disguise: bool
    """Whether its words are also looked for in disguise."""
    hits: tuple[Any, ...]
    misses: tuple[Any, ...]
    file: str
    false_alarms: str = ""


@dataclass(slots=True)
class RuleSet:
    """All that the detectors know."""

    rules: dict[str, Rule] = field(default_factory=dict)
    lexicons: dict[str, frozenset[str]] = field(default_factory=dict)
    generic: frozenset[str] = frozenset()
    """Words of lexicons marked ``disguise: false``: too common to be looked for in disguise."""
    laws: dict[str, dict[str, Any]] = field(default_factory=dict)
    violations: dict[str, dict[str, Any]] = field(default_factory=dict)
    goods: list[dict[str, Any]] = field(default_factory=list)
    brands: list[dict[str, Any]] = field(default_factory=list)
    gis: list[dict[str, Any]] = field(default_factory=list)
    thresholds: dict[str, float] = field(default_factory=dict)
    calibration: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))
    """How often a combined strength turned out right: points between which is interpolated."""
    regions: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, Context] = field(default_factory=dict)

    def threshold(self, violation: str) -> float:
        """The score at which a clue opens."""
        return self.thresholds.get(violation, DEFAULT_THRESHOLD)

    def score(self, strength: float) -> float:
        """The share of right verdicts that was measured at this combined strength."""
        for (low, below), (high, above) in pairwise(self.calibration):
            if strength <= high:
                return below + (above - below) * (strength - low) / (high - low)
        return self.calibration[-1][1]


def _line(node: Any, key: Any = None) -> str:
    if not isinstance(node, Lined):
        return ""
    return f":{node.lines.get(str(key), node.line)}"


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[str] = []
        self.set = RuleSet()

    def wrong(self, path: Path, what: str, node: Any = None, key: Any = None) -> None:
        """Note a problem; reading goes on."""
        name = path.relative_to(self.folder) if path.is_relative_to(self.folder) else path
        self.problems.append(f"{name}{_line(node, key)}: {what}")

    def yaml(self, path: Path) -> Any:
        """The file's data, or None after noting why not."""
        try:
            return read_yaml(path)
        except YamlError as error:
            place = f":{error.line}:{error.column}" if error.line else ""
            self.problems.append(f"{path.name}{place}: not YAML: {error}")
        except OSError as error:
            self.problems.append(f"{path.name}: can't be read: {error}")
        return None

    def listed(self, name: str, key: str) -> list[dict[str, Any]]:
        """The entries of a top-level file, or of every file of a folder."""
        path = self.folder / name
        files = sorted(path.glob("*.yaml")) if path.is_dir() else [path] if path.is_file() else []
        found: list[dict[str, Any]] = []
        for file in files:
            data = self.yaml(file)
            if data is None:
                continue
            if not isinstance(data, dict) or not isinstance(data.get(key), list):
                self.wrong(file, f"a list named {key} is wanted")
                continue
            found += data[key]
        return found

    def by_id(self, name: str, key: str) -> dict[str, dict[str, Any]]:
        """Entries by their id, none twice."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.listed(name, key):
            id_ = entry.get("id", "")
            if id_ in found:
                self.wrong(self.folder / name, f"two entries with the id {id_!r}")
            found[id_] = entry
        return found

    def lexicons(self) -> None:
        """Word lists with their includes resolved; cycles and doubles are errors."""
        raw: dict[str, list[str]] = {}
        generic: list[str] = []
        for path in sorted((self.folder / "lexicons").glob("*.yaml")):
            data = self.yaml(path)
            words = data.get("words") if isinstance(data, dict) else None
            if not isinstance(words, list) or not all(isinstance(w, str) and w for w in words):
                self.wrong(path, "words: a list of words is wanted (quote numbers)")
                continue
            doubles = sorted({w for w in words if words.count(w) > 1})
            if doubles:
                self.wrong(path, f"words listed twice: {', '.join(doubles)}")
            raw[path.stem] = words
            if data.get("disguise", True) is False:
                generic.append(path.stem)

        def resolve(name: str, above: tuple[str, ...]) -> frozenset[str]:
            if name in above:
                path = self.folder / "lexicons" / f"{above[0]}.yaml"
                self.wrong(path, f"a lexicon that includes itself: {' → '.join((*above, name))}")
                return frozenset()
            if name not in raw:
                path = self.folder / "lexicons" / f"{above[-1]}.yaml"
                self.wrong(path, f"includes ${name}, which does not exist")
                return frozenset()
            found: set[str] = set()
            for word in raw[name]:
                if word.startswith("$"):
                    found |= resolve(word[1:], (*above, name))
                elif tight := fold(word).tight:
                    found.add(tight)
                else:
                    path = self.folder / "lexicons" / f"{name}.yaml"
                    self.wrong(path, f"{word!r} is nothing but marks, which are passed over")
            return frozenset(found)

        self.set.lexicons = {name: resolve(name, ()) for name in raw}
        words = (self.set.lexicons[name] for name in generic)
        self.set.generic = frozenset().union(*words)

    def contexts(self) -> None:
        """Named contexts."""
        path = self.folder / "contexts.yaml"
        for id_, entry in self.by_id("contexts.yaml", "contexts").items():
            try:
                self.set.contexts[id_] = read_context(entry)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                self.wrong(path, f"{id_}: not a context: {error}")

    def rules(self) -> None:
        """Each file below `violations/`."""
        lexicons = Lexicons(self.set.lexicons)
        scopes = {g["id"] for g in self.set.goods} | {
            kind for g in self.set.goods for kind in g.get("kinds", {})
        }
        for path in sorted((self.folder / "violations").rglob("*.yaml")):
            data = self.yaml(path)
            if data is None:
                continue
            if not isinstance(data, dict):
                self.wrong(path, "a rule is a mapping")
                continue
            before = len(self.problems)
            self.check(path, data, scopes)
            try:
                rule = self.rule(path, data, lexicons)
            except ConditionError as error:
                has_line = isinstance(error.node, Lined)
                node = error.node if has_line else data
                self.wrong(path, str(error), node, error.key if has_line else error.part)
                continue
            except (KeyError, TypeError, ValueError) as error:
                if len(self.problems) == before:
                    self.wrong(path, f"not a rule: {error!r}", data)
                continue
            if rule.id in self.set.rules:
                other = self.set.rules[rule.id].file
                self.wrong(path, f"the id {rule.id!r} is taken by {other}", data, "id")
            self.set.rules[rule.id] = rule

    def check(self, path: Path, data: Any, scopes: set[str]) -> None:
        """What can be said of a rule without reading its conditions."""
        for key in data:
            if key not in _KEYS:
                self.wrong(
                    path, f"unknown key {key!r} (known: {', '.join(sorted(_KEYS))})", data, key
                )
        for key in _WANTED:
            if key not in data:
                self.wrong(path, f"{key} is missing", data)
        if data.get("violation") not in self.set.violations:
            self.wrong(path, f"no such violation: {data.get('violation')!r}", data, "violation")
        for law in data.get("law") or []:
            if law not in self.set.laws:
                self.wrong(path, f"no such law: {law!r}", data, "law")
        for goods in data.get("goods") or []:
            if goods not in scopes:
                self.wrong(
                    path,
                    f"no such goods: {goods!r} (known: {', '.join(sorted(scopes))})",
                    data,
                    "goods",
                )
        strength = data.get("strength")
        if not isinstance(strength, int | float) or not 0 < strength <= 1:
            self.wrong(
                path, f"strength wants a number above 0 up to 1, not {strength!r}", data, "strength"
            )
        examples = data.get("examples")
        for kind in ("hit", "miss"):
            if not isinstance(examples, dict) or not examples.get(kind):
                self.wrong(path, f"examples.{kind}: at least one is wanted", data, "examples")

    def rule(self, path: Path, data: Any, lexicons: Lexicons) -> Rule:
        """The rule; raises `ConditionError`, or what a missing key raises."""
        return Rule(
            id=str(data["id"]),
            version=int(data.get("version", 1)),
            title=str(data["title"]),
            violation=str(data["violation"]),
            law=tuple(data["law"]),
            goods=frozenset(data.get("goods") or ()),
            fields=parse_scope(data["in"], data) if "in" in data else DEFAULT_FIELDS,
            match=parse_condition(data["match"], lexicons, frozenset(REASONINGS)),
            exceptions=_exceptions(data, lexicons, self.set.contexts),
            strength=float(data["strength"]),
            reason=str(data["reason"]),
            disguise=bool(data.get("disguise", True)),
            hits=tuple(data["examples"]["hit"]),
            misses=tuple(data["examples"]["miss"]),
            file="/".join(path.parts[-2:]),
            false_alarms=str(data.get("false_alarms", "")),
        )

    def scores(self) -> None:
        """Calibration and thresholds, where the folder has them."""
        path = self.folder / "scores.yaml"
        data = self.yaml(path) if path.is_file() else {}
        if not isinstance(data, dict):
            self.wrong(path, "calibration and thresholds are wanted")
            return
        try:
            points = [(float(at), float(share)) for at, share in data.get("calibration", ())]
            thresholds = {str(k): float(v) for k, v in data.get("thresholds", {}).items()}
        except (TypeError, ValueError, AttributeError) as error:
            self.wrong(path, f"numbers are wanted: {error}", data)
            return
        if unknown := sorted(set(thresholds) - set(self.set.violations)):
            self.wrong(path, f"no such violation: {unknown[0]!r}", data, "thresholds")
        if points and (
            points != sorted(points)
            or [p for _, p in points] != sorted(p for _, p in points)
            or len({at for at, _ in points}) != len(points)
            or points[0][0] != 0
            or points[-1][0] != 1
        ):
            self.wrong(path, "calibration wants rising points from 0 to 1", data, "calibration")
        elif points:
            self.set.calibration = tuple(points)
        self.set.thresholds = thresholds

    def regions(self) -> None:
        """Administrative divisions by code."""
        path = self.folder / "regions.csv"
        if path.is_file():
            rows = path.read_text(encoding="utf-8").splitlines()[1:]
            self.set.regions = dict(row.split(",", 1) for row in rows if "," in row)  # type: ignore[misc]


def _exceptions(
    data: Any, lexicons: Lexicons, contexts: Mapping[str, Context]
) -> tuple[Exception_, ...]:
    try:
        return tuple(parse_exception(one, lexicons, contexts) for one in data.get("except") or ())
    except ConditionError as error:
        error.part = "except"
        raise


def load_rules(folder: Path) -> RuleSet:
    """Everything in the folder; raises `RuleError` with all problems found."""
    if not folder.is_dir():
        raise RuleError([f"{folder}: no such folder of rules"])
    reader = _Reader(folder)
    result = reader.set
    result.violations = reader.by_id("violations.yaml", "violations")
    result.laws = reader.by_id("laws.yaml", "laws")
    result.goods = reader.listed("goods.yaml", "goods")
    result.brands = reader.listed("brands", "brands")
    result.gis = reader.listed("gi", "gis")
    reader.regions()
    reader.scores()
    reader.lexicons()
    reader.contexts()
    reader.rules()
    if reader.problems:
        raise RuleError(reader.problems)
    return result
