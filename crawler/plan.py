"""The sweep plan: goods × sources into tasks. Pure; `rules/goods.yaml` says what is searched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

__all__ = ["Goods", "PlanError", "Query", "goods_of", "load_goods", "queries"]


class PlanError(ValueError):
    """A plan that can't be made: an unknown goods or source name, or a broken watch list."""


@dataclass(frozen=True, slots=True)
class Goods:
    """A group on the watch list (重点商品)."""

    id: str
    title: str
    search: tuple[str, ...]
    words: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of one source."""

    source: str
    goods: str
    text: str


def load_goods(rules_dir: Path) -> tuple[Goods, ...]:
    """The watch list; raises `PlanError` naming the file where it can't be read."""
    path = rules_dir / "goods.yaml"
    try:
        data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return tuple(
            Goods(
                entry["id"],
                entry["title"],
                tuple(entry["search"]),
                tuple(entry.get("words", ())),
            )
            for entry in data["goods"]
        )
    except OSError as error:
        raise PlanError(f"{path}: can't be read: {error.strerror}") from None
    except (YAMLError, KeyError, TypeError) as error:
        raise PlanError(f"{path}: not a watch list: {error}") from None


def queries(
    watch_list: Sequence[Goods], sources: Iterable[str], goods: Sequence[str] = ()
) -> tuple[Query, ...]:
    """Each search term of the wanted goods (none named means all), for each source.

    `goods` takes ids and Chinese titles; raises `PlanError` for an unknown one.
    """
    wanted = list(watch_list)
    if goods:
        known = {name: one for one in watch_list for name in (one.id, one.title)}
        unknown = [name for name in goods if name not in known]
        if unknown:
            raise PlanError(
                f"no such goods: {', '.join(unknown)} "
                f"(known: {', '.join(one.id for one in watch_list)})"
            )
        wanted = [known[name] for name in goods]
    return tuple(
        Query(source, one.id, text)
        for source in dict.fromkeys(sources)
        for one in dict.fromkeys(wanted)
        for text in one.search
    )


def goods_of(watch_list: Sequence[Goods], title: str, asked: str = "") -> str:
    """The id of the group a title belongs to, or "" for none on the list.

    The group that was asked for wins where its words stand in the title; else the group with
    the most characters of its words there; a title that says nothing is taken as asked.
    """
    weights = {one.id: sum(len(word) for word in one.words if word in title) for one in watch_list}
    if weights.get(asked):
        return asked
    best = max(weights, key=lambda id_: weights[id_], default="")
    return best if weights.get(best) else asked
