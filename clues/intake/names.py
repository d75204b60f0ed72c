"""Names of shops, operators and goods, found again though they are written a little otherwise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz

from detectors.normalise import fold

__all__ = ["NameIndex", "core", "plain"]

_DECORATION = (
    "官方旗舰店", "旗舰店", "专营店", "专卖店", "企业店", "官方店", "官方网店", "淘宝店", "天猫店", "京东店", "网店",
    "有限责任公司", "股份有限公司", "有限公司", "个体工商户",
)  # fmt: skip
"""Endings that say of what kind a shop or firm is, not which."""
POSTINGS = 5_000
"""A pair of characters that more names have tells them apart too little."""
CANDIDATES = 60


@lru_cache(maxsize=200_000)
def plain(name: str) -> str:
    """A name as it is compared: folded, without signs."""
    return "".join(one for one in fold(name[:200]).tight.lower() if one.isalnum())


def core(name: str) -> str:
    """A plain name without the ending that says of what kind it is; whole where nothing is left."""
    for ending in _DECORATION:
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            return name.removesuffix(ending)
    return name


def _grams(name: str) -> set[str]:
    return {name[place : place + 2] for place in range(len(name) - 1)}


class NameIndex:
    """Ids by name. Candidates share rare pairs of characters; only these are compared."""

    def __init__(self, names: Iterable[tuple[str, int]] = ()) -> None:
        self._names: list[tuple[str, str, int]] = []
        self._exact: dict[str, set[int]] = defaultdict(set)
        self._postings: dict[str, list[int]] = defaultdict(list)
        for name, id_ in names:
            self.add(name, id_)

    def add(self, name: str, id_: int) -> None:
        """Name `id_` so; it may have several names."""
        key = plain(name)
        if not key or id_ in self._exact[key]:
            return
        self._exact[key].add(id_)
        place = len(self._names)
        self._names.append((key, core(key), id_))
        for gram in _grams(key):
            self._postings[gram].append(place)

    def exact(self, name: str) -> list[int]:
        """Ids that have this very name."""
        return sorted(self._exact.get(plain(name), ()))

    def near(self, name: str, least: float) -> list[tuple[float, int]]:
        """(likeness 0–100, id), best first, of names that are at least so like it."""
        key = plain(name)
        if len(key) < 4:
            return []
        own = core(key)
        lists = sorted((self._postings.get(gram, []) for gram in _grams(key)), key=len)
        shared: Counter[int] = Counter()
        for postings in [one for one in lists if one and len(one) <= POSTINGS][:8]:
            shared.update(postings)
        best: dict[int, float] = {}
        for place, _ in shared.most_common(CANDIDATES):
            whole, inner, id_ = self._names[place]
            # The same name of another kind is most likely the same, but not surely.
            likeness = max(fuzz.ratio(key, whole), 92.0 if inner == own and len(own) > 3 else 0.0)
            if likeness >= least:
                best[id_] = max(best.get(id_, 0.0), likeness)
        return sorted(((score, id_) for id_, score in best.items()), key=lambda one: (-one[0], one[1]))  # fmt: skip
