"""What is typed into a search box: each term, its other names, and with a place before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from crawler.plan import Goods, PlanError

__all__ = ["Searches", "load_searches"]


@dataclass(frozen=True)
class Searches:
    """Other names of search terms, and places, by goods; see `rules/searches.yaml`."""

    synonyms: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    regions: dict[str, list[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def of(self, goods: Goods, mode: str, region: str = "") -> Iterator[str]:
        """Each text to search for, plain terms first; none twice.

        Every sweep asks for each term and its other names. A nightly one, and one of a region,
        also for each term with each place that the goods are famed for (of that region); an
        intensified one for the other names with each place too.
        """
        others = self.synonyms.get(goods.id, {})
        names = [name for term in goods.search for name in others.get(term, ())]
        texts = [*goods.search, *names]
        if mode != "ad-hoc" or region:
            placed = texts if mode == "intensified" else goods.search
            texts += [
                f"{place} {term}"
                for place in self._places(goods.id, region)
                for term in placed
                if place not in term
            ]
        yield from dict.fromkeys(texts)

    def _places(self, goods: str, region: str) -> Sequence[str]:
        famed = [code for code in self.regions.get(goods, ()) if code.startswith(region)]
        # Goods that are famed for nothing there are looked for under the region's own name.
        codes = famed or ([region] if region else [])
        return [self.places[code] for code in codes if code in self.places]


def load_searches(rules_dir: Path) -> Searches:
    """What `searches.yaml` says; raises `PlanError` where it can't be read or names unknown places."""
    path = rules_dir / "searches.yaml"
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        goods = data["goods"]
        found = Searches(
            {id_: dict(entry.get("synonyms", {})) for id_, entry in goods.items()},
            {id_: list(entry.get("regions", ())) for id_, entry in goods.items()},
            dict(data["places"]),
        )
    except OSError as error:
        raise PlanError(f"{path}: can't be read: {error.strerror}") from None
    except (YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise PlanError(f"{path}: not a list of searches: {error}") from None
    known = found.places
    if unknown := {c for codes in found.regions.values() for c in codes if c not in known}:
        raise PlanError(f"{path}: places without a name: {', '.join(sorted(unknown))}")
    return found
