"""Fits the model of `detectors.wording` to the sayings; needs the extra `learn` (scikit-learn).

One logistic regression for each violation, its own unlawful sayings against all lawful ones and,
with less weight, those of other violations, which may well say two things at once. Sayings that
stand in the rules' examples count too. Weights that say little are left out of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from detectors.errors import RuleError
from detectors.normalise import fold
from detectors.wording import BUCKETS, buckets
from detectors.yamlfile import YamlError, read_yaml

__all__ = ["Saying", "digest", "fit", "learn", "read_sayings"]

ORDINARY = "ordinary"
"""The file of sentences that are near no violation."""
OTHERS = 0.3
"""Weight of another violation's sayings as counter-examples."""
STRICT = 3.0
"""Regularisation: scikit-learn's C."""
LITTLE = 0.02
"""Weights smaller than this are dropped."""
PRIOR = 1.0
"""Taken from the bias: in the world the unlawful is rarer than in the sayings."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence, and the violation it is an example of; "" for a lawful one."""

    text: str
    violation: str


def read_sayings(folder: Path) -> list[Saying]:
    """All sayings of a folder, in order of their files; raises `RuleError` naming every fault."""
    found: list[Saying] = []
    problems = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            data = read_yaml(path)
        except (OSError, YamlError) as error:
            problems.append(f"{path.name}: can't be read: {error}")
            continue
        if not isinstance(data, dict) or (data.get("violation") or ORDINARY) != path.stem:
            problems.append(f"{path.name}: violation: {path.stem} is wanted")
            continue
        kinds = (
            [("lawful", "")] if path.stem == ORDINARY else [("unlawful", path.stem), ("lawful", "")]
        )
        for kind, violation in kinds:
            rows = data.get(kind)
            if not isinstance(rows, list) or not all(isinstance(row, str) and row for row in rows):
                problems.append(f"{path.name}: {kind}: a list of sentences is wanted (quote them)")
                continue
            if doubles := sorted({row for row in rows if rows.count(row) > 1}):
                problems.append(f"{path.name}: {kind}: listed twice: {', '.join(doubles)}")
            found += [Saying(row, violation) for row in rows]
    if problems:
        raise RuleError(problems)
    return found


def digest(sayings: Iterable[Saying]) -> str:
    """SHA-256 of the sayings, to tell whether a model was learned from them."""
    hashed = hashlib.sha256()
    for one in sayings:
        hashed.update(f"{one.violation}\t{one.text}\n".encode("utf-8", "surrogatepass"))
    return hashed.hexdigest()


def _counts(texts: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    columns, bounds = [], [0]
    for text in texts:
        runs, _ = buckets(fold(text).tight)
        telling = runs[runs >= 0]
        columns.append(telling)
        bounds.append(bounds[-1] + len(telling))
    data = np.ones(bounds[-1], dtype=np.float32)
    matrix = csr_matrix((data, np.concatenate(columns), np.array(bounds)), (len(texts), BUCKETS))
    matrix.sum_duplicates()
    return matrix


def fit(sayings: Sequence[Saying]) -> tuple[list[str], Any, Any]:
    """The violations, their weights (violations × buckets) and biases."""
    from sklearn.linear_model import LogisticRegression

    counts = _counts([one.text for one in sayings])
    told = np.array([one.violation for one in sayings])
    violations = sorted({one.violation for one in sayings if one.violation})
    weights = np.zeros((len(violations), BUCKETS), dtype=np.float32)
    bias = np.zeros(len(violations), dtype=np.float32)
    for number, violation in enumerate(violations):
        worth = np.where(told == violation, 1.0, np.where(told == "", 1.0, OTHERS))
        model = LogisticRegression(C=STRICT, solver="liblinear", random_state=0)
        model.fit(counts, told == violation, sample_weight=worth)
        weights[number] = model.coef_[0]
        bias[number] = model.intercept_[0] - PRIOR
    return violations, weights, bias


def learn(sayings: Sequence[Saying], path: Path) -> int:
    """Fit and write the model to a file; returns how many runs of characters it weighs."""
    violations, weights, bias = fit(sayings)
    kept = np.flatnonzero(np.abs(weights).max(axis=0) >= LITTLE)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            buckets=kept.astype(np.int32),
            weights=weights[:, kept].T.astype(np.float16),
            bias=bias,
            violations=np.array(violations),
            sayings=np.array(digest(sayings)),
        )
    return len(kept)
