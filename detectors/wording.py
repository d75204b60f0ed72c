"""Wording like that of known offences, learned from sayings.

`rules/sayings/<violation>.yaml` holds sentences as sellers write them, unlawful and lawful;
`yunjian rules learn` fits one linear model for each violation to the runs of one to four
characters in them and writes `rules/wording.npz`. Here its weights are summed over the clauses
of a listing (`detectors.reasoning.wording`): what no rule foresaw but says the same in other
words is still seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors.normalise import code_points

__all__ = ["BREAKS", "BUCKETS", "LONGEST", "WIDEST", "Model", "buckets", "load_model"]

BITS = 18
BUCKETS = 1 << BITS
"""Runs of characters are counted by their hash in so many buckets (Weinberger et al. 2009)."""
LONGEST = 4
WIDEST = 70
"""Characters of a clause, at most."""
BREAKS = np.array([ord(mark) for mark in "，,、。！!？?；;：:\n"], dtype=np.uint32)
_MULTIPLIER = np.uint32(2654435761)

Floats = npt.NDArray[np.float32]


def buckets(tight: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each place of a folded text and each length, the bucket of the run that begins there,
    -1 where it would run over the end of its clause; and the number of each place's clause."""
    codes = code_points(tight)
    places = np.arange(len(codes))
    breaks = np.isin(codes, BREAKS)
    # A clause that does not end is cut, or what says nothing would add up.
    since = places - np.maximum.accumulate(np.where(breaks, places, 0))
    clauses = np.cumsum(breaks | ((since > 0) & (since % WIDEST == 0)))
    found = np.full((len(codes), LONGEST), -1, dtype=np.int64)
    run = np.zeros(len(codes), dtype=np.uint32)
    for length in range(1, LONGEST + 1):
        last = len(codes) - length + 1
        if last <= 0:
            break
        run = (run[:last] * np.uint32(31) + np.uint32(7)) ^ (codes[length - 1 :] * _MULTIPLIER)
        inside = ~breaks[:last] & (clauses[:last] == clauses[length - 1 :])
        hashed = ((run * _MULTIPLIER) >> np.uint32(32 - BITS)).astype(np.int64)
        found[:last, length - 1] = np.where(inside, hashed, -1)
    return found, clauses


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of the buckets that say anything, by violation."""

    violations: tuple[str, ...]
    rows: npt.NDArray[np.int32]
    """By bucket: its row in `weights`; the last row, of zeros, for those that say nothing."""
    weights: Floats
    bias: Floats
    sayings: str
    """SHA-256 of the sayings it was learned from."""


def load_model(path: Path) -> Model | None:
    """The model in a file, None where there is none. Raises ValueError for what is no model."""
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as data:
            buckets_, weights = data["buckets"], data["weights"].astype(np.float32)
            rows = np.full(BUCKETS, len(buckets_), dtype=np.int32)
            rows[buckets_] = np.arange(len(buckets_), dtype=np.int32)
            return Model(
                tuple(str(name) for name in data["violations"]),
                rows,
                np.vstack([weights, np.zeros((1, weights.shape[1]), dtype=np.float32)]),
                data["bias"].astype(np.float32),
                str(data["sayings"]),
            )
    except (OSError, KeyError, IndexError) as error:
        raise ValueError(f"{path}: not a model of wording: {error!r}") from None
