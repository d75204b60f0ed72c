"""Precision and recall of the detectors on labelled listings.

`python -m bench.detect FILE…` reads listings in the `scan` format (JSON Lines) that carry besides
``"labels": [violation ids]`` and, where they know it, ``"disguised": true``. It prints precision,
recall and F1 per violation, the same for disguised wording apart, how the scores are calibrated,
proposed thresholds (`--fit`), the worst misses, and what each family of detectors adds (the F1 without it).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import settings
from bench.machine import machine
from detectors import Detector
from detectors.conditions import AllOf, AnyOf, Condition, Reasoned
from detectors.ruleset import Rule, RuleSet, load_rules
from detectors.signal import Detection
from listing import Listing, ListingError

RIGHT = 0.9


@dataclass(frozen=True, slots=True)
class Labelled:
    """A listing and what is unlawful about it."""

    listing: Listing
    labels: frozenset[str]
    disguised: bool
    where: str


@dataclass(slots=True)
class Count:
    """Right, wrong and missed verdicts."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of the verdicts that are right; 1 where there are none."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of the labels that are found; 1 where there are none."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0


def read(paths: Iterable[Path]) -> list[Labelled]:
    """Every labelled listing; raises SystemExit naming file and line of what is none."""
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                data = json.loads(line)
                labels = frozenset(data.pop("labels"))
                disguised = bool(data.pop("disguised", False))
                for key in ("hard", "note"):
                    data.pop(key, None)
                listing = Listing.from_dict(data)
            except (ValueError, KeyError, ListingError) as error:
                raise SystemExit(f"{path}:{number}: not a labelled listing: {error!r}") from None
            found.append(Labelled(listing, labels, disguised, f"{path.stem}:{number}"))
    return found


def count(labelled: Sequence[Labelled], found: Sequence[Detection]) -> dict[str, Count]:
    """By violation."""
    counts: defaultdict[str, Count] = defaultdict(Count)
    for one, detection in zip(labelled, found, strict=True):
        told = set(detection.violations)
        for violation in one.labels | told:
            if violation in one.labels and violation in told:
                counts[violation].right += 1
            elif violation in told:
                counts[violation].wrong += 1
            else:
                counts[violation].missed += 1
    return counts


def together(counts: Iterable[Count]) -> Count:
    """All violations as one."""
    total = Count()
    for one in counts:
        total.right += one.right
        total.wrong += one.wrong
        total.missed += one.missed
    return total


def table(labelled: Sequence[Labelled], found: Sequence[Detection]) -> None:
    """Per violation and for all, and the lawful listings accused."""
    counts = count(labelled, found)
    print(f"{'violation':22}{'labels':>8}{'told':>7}{'precision':>11}{'recall':>8}{'F1':>8}")
    rows = [(violation, counts[violation]) for violation in sorted(counts)]
    for name, one in [*rows, ("all", together(counts.values()))]:
        print(
            f"{name:22}{one.right + one.missed:>8}{one.right + one.wrong:>7}"
            f"{one.precision:>11.3f}{one.recall:>8.3f}{one.f1:>8.3f}"
        )
    lawful = [d for one, d in zip(labelled, found, strict=True) if not one.labels]
    accused = sum(1 for d in lawful if d.violations)
    if lawful:
        print(f"lawful listings accused: {accused} of {len(lawful)} ({accused / len(lawful):.1%})")


def calibration(labelled: Sequence[Labelled], found: Sequence[Detection]) -> None:
    """How often a score is right."""
    bins: defaultdict[int, list[bool]] = defaultdict(list)
    for one, detection in zip(labelled, found, strict=True):
        for violation, score in detection.scores.items():
            bins[min(9, int(score * 10))].append(violation in one.labels)
    print("\nscore      verdicts  share right")
    for low in sorted(bins):
        share = sum(bins[low]) / len(bins[low])
        print(f"{low / 10:.1f}–{low / 10 + 0.1:.1f}   {len(bins[low]):>8}  {share:>10.2f}")


def proposed(labelled: Sequence[Labelled], found: Sequence[Detection]) -> None:
    """Thresholds for `rules/scores.yaml`: by violation, the lowest score from which on nine of ten
    verdicts are right (one wrong verdict is added to each, as small numbers flatter)."""
    print(f"\nthresholds from which on {RIGHT:.0%} are right")
    by_violation: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for one, detection in zip(labelled, found, strict=True):
        for violation, score in detection.scores.items():
            by_violation[violation].append((score, violation in one.labels))
    for violation, told in sorted(by_violation.items()):
        cuts = sorted({score for score, _ in told})
        good = (cut for cut in cuts if _precision(told, cut) >= RIGHT)
        print(f"  {violation}: {max(0.5, next(good, 1.0)):.2f}")


def _precision(told: Sequence[tuple[float, bool]], cut: float) -> float:
    right = [is_right for score, is_right in told if score >= cut]
    return sum(right) / (len(right) + 1)


def misses(labelled: Sequence[Labelled], found: Sequence[Detection], number: int) -> None:
    """What is missed or wrongly told, worst first: labels without any signal, then by score."""
    rows: list[tuple[float, str]] = []
    for one, detection in zip(labelled, found, strict=True):
        for violation in one.labels - set(detection.violations):
            score = detection.scores.get(violation, 0.0)
            told = ",".join(detection.violations) or "nothing"
            rows.append(
                (score, f"missed {violation} ({score:.2f}; told {told}) {one.where} {said(one)}")
            )
        for violation in set(detection.violations) - one.labels:
            words = "; ".join(
                s.reason for s in detection.signals if s.violation == violation
            )  # fmt: skip
            rows.append(
                (1 - detection.scores[violation], f"wrong {violation} {one.where} {words[:200]}")
            )
    print(f"\nworst misses ({min(number, len(rows))} of {len(rows)})")
    for _, row in sorted(rows)[:number]:
        print("  " + row)


def said(one: Labelled) -> str:
    """The listing in one line."""
    listing = one.listing
    parts = (listing.title, listing.text, listing.terms, *listing.image_text)
    more = " ".join(f"{k}={v}" for k, v in listing.attributes.items())
    return " | ".join(part.replace("\n", " ") for part in (*parts, more) if part)[:300]


def _rests_on(condition: Condition, names: frozenset[str]) -> bool:
    match condition:
        case Reasoned(name=name):
            return name in names
        case AnyOf(parts=parts) | AllOf(parts=parts):
            return any(_rests_on(part, names) for part in parts)
        case _:
            return False


def _without(names: Iterable[str]) -> Callable[[Rule], Rule | None]:
    wanted = frozenset(names)
    return lambda rule: None if _rests_on(rule.match, wanted) else rule


def _families() -> dict[str, Callable[[Rule], Rule | None]]:
    from detectors.ruleset import REASONINGS

    groups: defaultdict[str, set[str]] = defaultdict(set)
    for name, family in REASONINGS.items():
        groups[family].add(name)
    by_code = frozenset(REASONINGS)
    return {
        "words": lambda rule: rule if _rests_on(rule.match, by_code) else None,
        "disguise": lambda rule: replace(rule, disguise=False),
        "exceptions": lambda rule: replace(rule, exceptions=()),
        **{family: _without(names) for family, names in sorted(groups.items())},
    }


def ablation(ruleset: RuleSet, labelled: Sequence[Labelled]) -> None:
    """The F1 of all violations without each family."""
    print(f"\n{'without':22}{'precision':>11}{'recall':>8}{'F1':>8}")
    for name, change in _families().items():
        changed = (change(rule) for rule in ruleset.rules.values())
        less = replace(ruleset, rules={rule.id: rule for rule in changed if rule is not None})
        detector = Detector(less)
        total = together(count(labelled, [detector.detect(o.listing) for o in labelled]).values())
        print(f"{name:22}{total.precision:>11.3f}{total.recall:>8.3f}{total.f1:>8.3f}")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--misses", type=int, default=20, help="how many to name")
    parser.add_argument("--only", help="name the misses of this violation alone")
    parser.add_argument("--no-ablation", action="store_true")
    parser.add_argument("--fit", action="store_true", help="propose thresholds")
    options = parser.parse_args()
    ruleset = load_rules(settings.load().rules_dir)
    detector = Detector(ruleset)
    labelled = read(options.files)
    found = [detector.detect(one.listing) for one in labelled]
    print(f"machine: {machine()}")
    kinds = Counter(bool(one.labels) for one in labelled)
    print(f"listings {len(labelled)}, lawful {kinds[False]}\n")
    table(labelled, found)
    for name, wanted in (("plain wording", False), ("disguised wording", True)):
        part = [
            (o, d)
            for o, d in zip(labelled, found, strict=True)
            if o.labels and o.disguised is wanted
        ]
        if part:
            ones, told = zip(*part, strict=True)
            total = together(count(ones, told).values())
            print(
                f"{name:22}{total.right + total.missed:>8}{'':>7}{total.precision:>11.3f}{total.recall:>8.3f}{total.f1:>8.3f}"
            )
    calibration(labelled, found)
    if options.fit:
        proposed(labelled, found)
    if options.only:
        labelled, found = narrowed(labelled, found, options.only)
    misses(labelled, found, options.misses)
    if not options.no_ablation:
        ablation(ruleset, labelled)


def narrowed(
    labelled: Sequence[Labelled], found: Sequence[Detection], violation: str
) -> tuple[list[Labelled], list[Detection]]:
    """The same with nothing but one violation."""
    ones = [replace(one, labels=one.labels & {violation}) for one in labelled]
    told = [replace(d, violations=tuple(v for v in d.violations if v == violation)) for d in found]
    return ones, told


if __name__ == "__main__":
    main()
