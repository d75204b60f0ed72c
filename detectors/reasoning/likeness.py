"""How close one name is to another: by what its characters are, sound and look like.

Sources of the tables: detectors/tables/SOURCES.md.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from detectors.variants import alike, heard_as, sound

__all__ = ["closeness", "latin_closeness", "skeleton"]

TABLES = Path(__file__).resolve().parents[1] / "tables"
CLOSE = 0.65
"""Names less close than this are not taken for each other."""
_WORDS = frozenset(
    ["nice", "nine", "some", "song", "dove", "love", "live", "life", "lite", "like", "line", "shea"]
)
"""Ordinary words one letter from a mark."""
_CONFUSED = str.maketrans({"0": "o", "1": "i", "l": "i", "5": "s", "3": "e", "8": "b", "q": "g"})


@cache
def _table(name: str) -> dict[str, str]:
    rows = (TABLES / name).read_text(encoding="utf-8").splitlines()
    pairs = (row.split("\t") for row in rows if not row.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


@cache
def _apart(one: str, other: str) -> float:
    """How far two characters are from each other, 0 to 1."""
    if one == other:
        return 0.0
    if alike(one, other):
        return 0.2
    if heard_as(sound(one)) == heard_as(sound(other)):
        return 0.25
    glyphs = _table("glyphs.tsv")
    if other in glyphs.get(one, "") or one in glyphs.get(other, ""):
        return 0.25
    parts = _table("splits.tsv")
    a, b = parts.get(one, ""), parts.get(other, "")
    if one in b or other in a:
        return 0.3
    # What two characters share must be more than a radical: 挑 and 桃, not 河 and 海.
    return 0.35 if len(a) == len(b) == 2 and a[1] == b[1] else 1.0


def closeness(shown: str, name: str) -> float:
    """How easily Chinese `shown` is taken for `name`: 1 the same, 0 not at all.

    Characters that sound or look alike cost little, a change of places or one put in between
    somewhat more, any other a whole one of the name's length.
    """
    if len(shown) == len(name):
        differing = [(a, b) for a, b in zip(shown, name, strict=True) if a != b]
        if not differing or len(differing) == len(name) > 3:
            return 0.0
        if len(name) >= 3 and sorted(shown) == sorted(name):
            return 0.85
        costs = [_apart(a, b) for a, b in differing]
        if len(costs) == len(name) and max(costs) > 0.25:
            return 0.0
        score = 1 - sum(costs) / len(name)
    elif len(shown) == len(name) + 1 and len(name) >= 3:
        if shown.startswith(name) or shown.endswith(name):
            return 0.0
        score = 1 - Levenshtein.distance(shown, name) / (2 * len(name))
        score = score if Levenshtein.distance(shown, name) == 1 else 0.0
    else:
        return 0.0
    return score if score >= CLOSE else 0.0


def skeleton(word: str) -> str:
    """Latin letters as the eye takes them at a glance: NlKE and NIKE are one."""
    return word.lower().translate(_CONFUSED).replace("vv", "w").replace("rn", "m")


def latin_closeness(shown: str, name: str) -> float:
    """The same for words in Latin letters: one letter in five may differ."""
    if shown == name or shown.startswith(name) or shown.endswith(name):
        return 0.0
    a, b = skeleton(shown), skeleton(name)
    if a == b:
        return 0.95
    if min(len(a), len(b)) < 5:
        # One letter in four is told apart where the name stands among other words; as a mark
        # by itself it is close.
        same = len(a) == len(b) == 4 and a[0] == b[0] and a not in _WORDS
        return 0.75 if same and sum(x != y for x, y in zip(a, b, strict=True)) == 1 else 0.0
    ratio = fuzz.ratio(a, b, score_cutoff=80)
    return ratio / 100
