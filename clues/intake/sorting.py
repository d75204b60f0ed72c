"""What a row says is unlawful: by its category, its result, its words, and by what the detectors
find in the seller's words that it quotes. All of it is data: `rules/arrivals.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from clues.arrivals import FILED
from clues.intake.problems import IntakeError
from clues.intake.profile import heading
from detectors import Detector
from detectors.yamlfile import Lined, YamlError, read_yaml
from listing import Listing

__all__ = ["Sorted", "Sorting", "load_sorting"]

_PARTS = re.compile(r"[/、,，>＞;；|\s→-]+")
_NEGATED = re.compile(r"(?:不是|并非|没有|不存在|未发现)[^，。；,;]{0,4}$")


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a row is about. `violations` are `{"violation", "score", "why"}`, strongest first."""

    violations: list[dict[str, Any]] = field(default_factory=list)
    signals: list[dict[str, Any]] = field(default_factory=list)
    """As `detectors.Signal`, of the fields ``goods`` and ``text`` of the row."""
    clean: bool = False
    """Whether it says that nothing was amiss."""


class Sorting:
    """Made by `load_sorting`."""

    def __init__(self, data: Mapping[str, Any], detector: Detector) -> None:
        self.ways: Mapping[str, Any] = data["ways"]
        self.comparison: Mapping[str, Any] = data["comparison"]
        self._quotes: Mapping[str, Any] = data["quotes"]
        self._results: Mapping[str, Any] = data["results"]
        self._detector = detector
        self._categories = {
            heading(name): str(entry["violation"])
            for entry in data["violations"]
            for name in entry.get("categories", ())
        }
        self._words = [
            (str(word), str(entry["violation"]))
            for entry in data["violations"]
            for word in entry.get("words", ())
        ]
        least, most = int(self._quotes["shortest"]), int(self._quotes["longest"])
        self._quoted = re.compile(
            "|".join(
                f"(?<={re.escape(a)})[^{re.escape(a + b)}]{{{least},{most}}}(?={re.escape(b)})"
                for a, b in self._quotes["marks"]
            )
        )
        self.detected = lru_cache(maxsize=4096)(self._detected)

    def sort(self, kind: str, content: Mapping[str, Any]) -> Sorted:
        """What a row of this kind says; `content` is not masked yet."""
        weight = self.ways[kind]
        found: dict[str, tuple[float, str]] = {}

        def speaks(violation: str, score: float, why: str) -> None:
            if score > found.get(violation, (0.0, ""))[0]:
                found[violation] = (score, why)

        clean, failed = self._result(str(content.get("result", "")))
        if clean:
            return Sorted(clean=True)
        for name in ("category", "items"):
            for violation, part in self._by_category(str(content.get(name, ""))):
                speaks(violation, float(weight["category"]), f"{name}: {part}")
        if not found:
            for violation, word in self._by_words(content):
                speaks(violation, float(weight["words"]), f"words: {word}")
        if not found and failed and (otherwise := weight.get("otherwise")):
            speaks(str(otherwise["violation"]), float(otherwise["score"]), f"result: {content['result']}")  # fmt: skip
        quotes = tuple(
            (quote.start(), quote.group()) for quote in self._quoted.finditer(str(content.get("text", "")))
        )  # fmt: skip
        goods = str(content.get("goods", ""))
        signals, scores = self.detected(goods, quotes)
        for violation, score in scores:
            speaks(violation, min(score, float(self._quotes["cap"])), "quoted")
        ordered = sorted(found.items(), key=lambda one: (-one[1][0], one[0]))
        violations = [{"violation": v, "score": s, "why": w[:200]} for v, (s, w) in ordered]
        return Sorted(violations, [dict(one) for one in signals])

    @property
    def known_violations(self) -> frozenset[str]:
        """Ids of all violations."""
        return frozenset(self._detector.ruleset.violations)

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The groups of goods, as `rules/goods.yaml` has them."""
        return self._detector.ruleset.goods

    def goods_of(self, content: Mapping[str, Any]) -> str:
        """The group of goods that a row is about, "" if it does not say."""
        goods = str(content.get("goods", ""))
        return next((str(g["id"]) for g in self.groups if any(w in goods for w in g["words"])), "")

    def with_findings(
        self, violations: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """Violations with what an inspection found online; goods that were withdrawn and are sold
        make the violations that were stated stronger."""
        found = {str(one["violation"]): dict(one) for one in violations}
        for finding in findings:
            entry = self.comparison.get(finding["kind"])
            if entry is None:
                continue
            stated = [str(one["violation"]) for one in violations]
            for violation in [str(entry["violation"])] if entry.get("violation") else stated:
                known = found.get(violation, {"score": 0.0, "why": ""})
                why = f"{known['why']}; {finding['kind']}: {finding['what']}".strip("; ")[:500]
                score = max(float(known["score"]), float(entry["score"]))
                found[violation] = {"violation": violation, "score": score, "why": why}
        return sorted(found.values(), key=lambda one: (-one["score"], one["violation"]))

    def _result(self, result: str) -> tuple[bool, bool]:
        failed = any(str(word) in result for word in self._results["failed"])
        return not failed and any(str(word) in result for word in self._results["clean"]), failed

    def _by_category(self, value: str) -> list[tuple[str, str]]:
        found = [
            (self._categories[key], part)
            for part in _PARTS.split(value)
            if (key := heading(part)) in self._categories
        ]
        if not found and value:
            whole = heading(value)
            longest = max((c for c in self._categories if len(c) > 2 and c in whole), key=len, default="")  # fmt: skip
            if longest:
                found = [(self._categories[longest], value)]
        return found

    def _by_words(self, content: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = []
        for name in ("category", "text", "demand", "items"):
            text = str(content.get(name, ""))
            for word, violation in self._words:
                place = text.find(word)
                if place >= 0 and not _NEGATED.search(text[max(0, place - 10) : place]):
                    found.append((violation, word))
        return found

    def _detected(
        self, goods: str, quotes: tuple[tuple[int, str], ...]
    ) -> tuple[list[dict[str, Any]], list[tuple[str, float]]]:
        """Signals, and scores of what would open a clue."""
        group = self.goods_of({"goods": goods})
        if not goods and not quotes:
            return [], []
        text = "\n".join(quote for _, quote in quotes)
        listing = Listing(title=goods or "商品", text=text, goods=group)
        detection = self._detector.detect(listing)
        signals = []
        for signal in detection.signals:
            if signal.field == "title" and goods:
                signals.append(signal.to_dict() | {"field": "goods"})
            elif signal.field == "text" and (shift := _shift(quotes, signal.start)) is not None:
                moved = {"start": signal.start + shift, "end": signal.end + shift}
                signals.append(signal.to_dict() | moved)
        said = {one["violation"] for one in signals}
        return signals, [(v, detection.scores[v]) for v in detection.violations if v in said]


def _shift(quotes: tuple[tuple[int, str], ...], start: int) -> int | None:
    """How far a place in the joined quotes is from the same place in the row's text."""
    begin = 0
    for place, quote in quotes:
        if begin <= start < begin + len(quote):
            return place - begin
        begin += len(quote) + 1
    return None


_WANTED = ("ways", "quotes", "results", "violations", "comparison")


def load_sorting(rules_dir: Path, detector: Detector) -> Sorting:
    """The sorting by `rules/arrivals.yaml`; raises `IntakeError` with every problem and its line."""
    path = rules_dir / "arrivals.yaml"
    try:
        data = read_yaml(path)
    except (OSError, YamlError) as error:
        raise IntakeError(f"{path.name}:{getattr(error, 'line', 0)}: {error}") from None
    problems: list[str] = []

    def wrong(what: str, node: Any = None, key: str = "") -> None:
        line = node.lines.get(key, node.line) if isinstance(node, Lined) else 0
        problems.append(f"{path.name}:{line}: {what}")

    if not isinstance(data, Lined) or any(key not in data for key in _WANTED):
        raise IntakeError(f"{path.name}: wants {', '.join(_WANTED)}")
    known = detector.ruleset.violations
    for way in FILED:
        entry = data["ways"].get(way)
        if not isinstance(entry, Lined):
            wrong(f"ways: {way} is missing", data["ways"])
            continue
        for key in ("category", "words"):
            if not isinstance(entry.get(key), int | float) or not 0 <= entry[key] <= 1:
                wrong(f"{way}: {key} is a number from 0 to 1", entry, key)
        otherwise = entry.get("otherwise")
        if otherwise is not None and otherwise.get("violation") not in known:
            wrong(f"no such violation: {otherwise.get('violation')}", otherwise, "violation")
    seen: dict[str, str] = {}
    for entry in data["violations"]:
        violation = entry.get("violation")
        if violation not in known:
            wrong(f"no such violation: {violation}", entry, "violation")
        for name in entry.get("categories", ()):
            if seen.setdefault(heading(name), violation) != violation:
                wrong(f"{name} stands for {seen[heading(name)]} and {violation}", entry, "categories")  # fmt: skip
    for name, entry in data["comparison"].items():
        if entry.get("violation") and entry["violation"] not in known:
            wrong(f"{name}: no such violation: {entry['violation']}", entry, "violation")
    if problems:
        raise IntakeError("\n".join(problems))
    return Sorting(data, detector)
