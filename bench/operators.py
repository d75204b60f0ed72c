"""Precision and recall of who is behind the town's shops, against its truth.

`python -m bench.operators [--data FOLDER] [--names]` sweeps the town (or takes the store that a
sweep of it left) and counts pairs of shops: those that are one operator's in truth, those that
stand under one operator in the store, and those that are at least likely by their links.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from sqlalchemy import select

import settings
from bench.machine import machine
from bench.town import sweep_town, town_id
from clues.links import support
from practice.data import offers
from storage import models as m
from storage import open_store
from storage.operators import OperatorChange, ShopLink

Pair = tuple[str, str]
LIKELY = 0.6
"""Links that together say at least so much are worth an officer's look."""


def pairs_of(groups: Iterable[Iterable[str]]) -> set[Pair]:
    """Each two of one group, in order."""
    return {pair for group in groups for pair in combinations(sorted(set(group)), 2)}


def grouped(keys: dict[str, object]) -> set[Pair]:
    """Each two that have the same key."""
    by_key: dict[object, list[str]] = {}
    for name, key in keys.items():
        by_key.setdefault(key, []).append(name)
    return pairs_of(by_key.values())


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of a store that a sweep of the town left")
    parser.add_argument("--names", action="store_true", help="name each miss and false pair")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder)
        if options.data is None:
            sweep_town(data)
        store = open_store(settings.load(data_dir=data).store_url)
        with store.session() as session:
            rows = session.execute(
                select(m.Shop.id, m.Shop.operator_id, m.ListingRow.url).join(
                    m.ListingRow, m.ListingRow.shop_id == m.Shop.id
                )
            ).all()
            links = session.scalars(select(ShopLink)).all()
            merges = session.scalars(select(OperatorChange.id).where(OperatorChange.kind == "merge")).all()  # fmt: skip
        store.close()
    known = offers()
    shop_of = {row[0]: known[town_id(row[2])].seller for row in rows if town_id(row[2]) in known}
    said: dict[str, object] = {
        shop_of[id_].key: operator if operator is not None else f"shop {id_}"
        for id_, operator, _ in rows
        if id_ in shop_of
    }
    sellers = {seller.key: seller for seller in shop_of.values()}
    true = grouped({key: seller.hand for key, seller in sellers.items()})
    named = grouped({key: s.uscc or s.operator_name or key for key, s in sellers.items()})
    told = grouped(said)
    between: dict[Pair, list[ShopLink]] = {}
    for link in links:
        if link.one_id in shop_of and link.other_id in shop_of:
            one, other = sorted((shop_of[link.one_id].key, shop_of[link.other_id].key))
            between.setdefault((one, other), []).append(link)
    linked = {pair for pair, some in between.items() if support(some).chance >= LIKELY}
    print(f"machine: {machine()}")
    print(f"shops seen {len(sellers)}, pairs of one operator {len(true)}, merges {len(merges)}")
    for name, pairs in (
        ("by code or name alone", named & pairs_of([sellers])),
        ("resolved", told),
        (f"resolved or linked ≥ {LIKELY}", told | linked),
    ):
        right = len(pairs & true)
        print(
            f"{name:26} pairs {len(pairs):4}  right {right:4}  "
            f"recall {right / max(1, len(true)):.3f}  precision {right / max(1, len(pairs)):.3f}"
        )
    if options.names:
        for mark, pairs in (("missed", true - told), ("false", told - true)):
            for one, other in sorted(pairs):
                print(f"  {mark}: {sellers[one].name} / {sellers[other].name}")


if __name__ == "__main__":
    main()
