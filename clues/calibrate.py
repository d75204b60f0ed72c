"""Refitting `rules/scores.yaml` from the verdicts: what a strength is worth, where a clue opens.

Verdicts exist only on clues, and clues only above the thresholds of their day: what lies below
was never judged. So a threshold is never lowered, and the part of the calibration that no verdict
touches stays as it is. Each point weighs its value before any fit (kept as `prior` in the file, so
that fitting twice from the same verdicts changes nothing) like `PRIOR` verdicts.
"""

from __future__ import annotations

import difflib
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from sqlalchemy import select
from sqlalchemy.orm import Session

from clues.log import CaseError
from detectors.ruleset import RuleSet, load_rules
from storage.casework import Verdict
from storage.models import Clue, ClueSignal, SignalRow

__all__ = ["Judged", "Refit", "apply", "judged", "refit"]

RIGHT = 0.9
"""A clue opens where so many of ten are right, as `bench.detect --fit` proposes."""
PRIOR = 20
FEWEST = 20
"""Verdicts on a violation below which its threshold is left alone."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A clue with a verdict: the strength of its strongest page, before calibration."""

    violation: str
    strength: float
    right: bool


@dataclass(frozen=True, slots=True)
class Refit:
    """The proposed file against the one that is."""

    verdicts: int
    before: str
    after: str
    notes: tuple[str, ...]
    """What was left alone, and why."""

    @property
    def diff(self) -> str:
        """A unified diff; "" where nothing changes."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), "scores.yaml", "scores.yaml (proposed)",
            lineterm="",
        )  # fmt: skip
        return "\n".join(lines)


def judged(session: Session) -> list[Judged]:
    """All clues with a verdict; the strength is combined as `detectors` does: 1 - Π(1 - strength),
    words said twice counting once."""
    rows = session.execute(
        select(
            Clue.id, Clue.violation, Verdict.right, SignalRow.observation_id, SignalRow.text,
            SignalRow.strength,
        )
        .join(Verdict, Verdict.clue_id == Clue.id)
        .join(ClueSignal, ClueSignal.clue_id == Clue.id)
        .join(SignalRow, SignalRow.id == ClueSignal.signal_id)
        .order_by(SignalRow.strength.desc(), SignalRow.id)
    )  # fmt: skip
    doubt: defaultdict[int, dict[int, float]] = defaultdict(dict)
    known: dict[int, tuple[str, bool]] = {}
    counted = set()
    for clue, violation, right, page, text, strength in rows:
        known[clue] = violation, right
        if (clue, page, text) in counted:
            continue
        counted.add((clue, page, text))
        doubt[clue][page] = doubt[clue].get(page, 1.0) * (1 - strength)
    return [
        Judged(violation, round(1 - min(doubt[clue].values()), 4), right)
        for clue, (violation, right) in known.items()
    ]


def refit(folder: Path, rules: RuleSet, verdicts: Sequence[Judged]) -> Refit:
    """The proposal; raises `CaseError` where there is not one verdict."""
    if not verdicts:
        raise CaseError("no clue has a verdict yet: confirm or reject some first")
    path = folder / "scores.yaml"
    before = path.read_text(encoding="utf-8")
    kept = YAML(typ="safe").load(before).get("prior") or rules.calibration
    points, touched = _calibration([(float(at), float(share)) for at, share in kept], verdicts)
    after = replace(rules, calibration=points if touched else rules.calibration)
    thresholds, notes = _thresholds(after, verdicts)
    if not touched:
        notes.append(f"calibration: no point has {FEWEST} verdicts near it; left as it is")
    return Refit(
        len(verdicts),
        before,
        _written(before, points if touched else None, thresholds),
        tuple(notes),
    )


def _calibration(
    points: Sequence[tuple[float, float]], verdicts: Iterable[Judged]
) -> tuple[tuple[tuple[float, float], ...], bool]:
    """Each point moves toward the share that was right nearest to it; then it rises again."""
    near: defaultdict[int, list[bool]] = defaultdict(list)
    for one in verdicts:
        nearest = min(range(len(points)), key=lambda n: abs(points[n][0] - one.strength))
        near[nearest].append(one.right)
    fitted = []
    for place, (at, share) in enumerate(points):
        rights = near[place]
        if len(rights) >= FEWEST:
            share = (sum(rights) + PRIOR * share) / (len(rights) + PRIOR)
        fitted.append((at, share, len(rights) + PRIOR))
    touched = any(len(rights) >= FEWEST for rights in near.values())
    return tuple(zip((at for at, _, _ in fitted), _rising(fitted), strict=True)), touched


def _rising(points: Sequence[tuple[float, float, int]]) -> list[float]:
    """The nearest rising shares, by their weights (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for _, share, weight in points:
        pools.append((share, float(weight), 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, wa, na), (b, wb, nb) = pools[-2:]
            pools[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return [round(share, 3) for share, _, count in pools for _ in range(count)]


def _thresholds(rules: RuleSet, verdicts: Iterable[Judged]) -> tuple[dict[str, float], list[str]]:
    told: defaultdict[str, list[tuple[float, bool]]] = defaultdict(list)
    for one in verdicts:
        told[one.violation].append((rules.score(one.strength), one.right))
    raised: dict[str, float] = {}
    notes = []
    for violation, scores in sorted(told.items()):
        now = rules.threshold(violation)
        if len(scores) < FEWEST:
            notes.append(f"{violation}: {len(scores)} verdicts, {FEWEST} are wanted; left at {now}")
            continue
        cuts = sorted({score for score, _ in scores})
        good = next((cut for cut in cuts if _share(scores, cut) >= RIGHT), None)
        if good is None:
            notes.append(f"{violation}: no score from which on {RIGHT:.0%} are right; left at {now}: its rules want work")  # fmt: skip
        elif round(good, 2) > now and good != cuts[0]:
            # Not above the cut itself: it would shut out what was right.
            raised[violation] = int(good * 100) / 100
    return raised, notes


def _share(scores: Sequence[tuple[float, bool]], cut: float) -> float:
    """The share right from a score on; one wrong is added, as small numbers flatter."""
    right = [is_right for score, is_right in scores if score >= cut]
    return sum(right) / (len(right) + 1)


def _written(
    before: str, points: Sequence[tuple[float, float]] | None, thresholds: dict[str, float]
) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 200
    data = yaml.load(before)
    if points is not None:
        rows = CommentedSeq([CommentedSeq(list(point)) for point in points])
        for row in (rows, *rows):
            row.fa.set_flow_style()
        data.setdefault("prior", data["calibration"])
        data["calibration"] = rows
    for violation, value in thresholds.items():
        data.setdefault("thresholds", {})[violation] = value
    text = io.StringIO()
    yaml.dump(data, text)
    return text.getvalue()


def apply(folder: Path, proposal: Refit) -> None:
    """Write the proposal, and put the old file back if the rules don't load with it.

    Raises `CaseError` where the file changed since it was read, `RuleError` where it can't be used.
    """
    path = folder / "scores.yaml"
    if path.read_text(encoding="utf-8") != proposal.before:
        raise CaseError(f"{path.name} was changed meanwhile; look at the diff again")
    _replace(path, proposal.after)
    try:
        load_rules(folder)
    except ValueError:
        _replace(path, proposal.before)
        raise


def _replace(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
