"""A store as large as the desk must bear, and how long its questions take.

`python -m bench.desk --seed --listings 1000000 --clues 100000 --store URL` fills an empty store in
bulk, the search index with it; `--queries` prints p50 and p95 of the commonest questions, one at a
time in this process; `--load http://127.0.0.1:PORT --users 8` drives a running desk and ends with
1 if a page's p95 is over `--limit` ms.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.deskload import PATHS, drive, percentiles
from bench.deskseed import START, seed
from bench.machine import machine
from clues import ClueFilter, clue_facets, count_clues, find_clues, one_clue
from clues.browse import (
    ListingQuery,
    OperatorQuery,
    ShopQuery,
    browse_listings,
    browse_operators,
    browse_shops,
    count_found,
)
from clues.counts import clues_by_county, clues_by_day
from storage import Store, open_store
from storage import models as m

__all__ = ["main", "measure", "questions"]

Query = Callable[[Session], object]
SIGNALS = 200
"""Signals of a clue that its page shows."""


def questions(session: Session) -> dict[str, Query]:
    """The commonest questions to this store, by what they are called."""
    county = session.scalar(
        select(m.Clue.region).group_by(m.Clue.region).order_by(func.count().desc()).limit(1)
    )
    shop = session.scalar(
        select(m.Clue.shop_id).group_by(m.Clue.shop_id).order_by(func.count().desc()).limit(1)
    )
    operator = session.scalar(
        select(m.Clue.operator_id)
        .where(m.Clue.operator_id.is_not(None))
        .group_by(m.Clue.operator_id)
        .order_by(func.count().desc())
        .limit(1)
    )
    largest = session.scalar(
        select(m.ClueSignal.clue_id).group_by(m.ClueSignal.clue_id).order_by(func.count().desc()).limit(1)
    )  # fmt: skip
    last = session.scalar(select(func.max(m.Clue.opened_at))) or START
    worst = session.scalar(select(m.Clue.id).order_by(m.Clue.score.desc()).limit(1)) or 1

    def found(**wanted: object) -> Query:
        return lambda session: find_clues(session, ClueFilter(limit=50, **wanted))  # type: ignore[arg-type]

    def count(**wanted: object) -> Query:
        return lambda session: count_clues(session, ClueFilter(**wanted))  # type: ignore[arg-type]

    return {
        "worst 50": found(),
        "newest 50": found(sort="newest"),
        "due first 50": found(sort="deadline"),
        "of a violation": found(violation="medical_claim"),
        "of a county": found(region=county or ""),
        "of a province": found(region="53"),
        "of a source": found(source="jd"),
        "of a goods group": found(goods="sanqi"),
        "of a state": found(state="confirmed"),
        "of a department": found(department="shiyao"),
        "of prices 10–20 yuan": found(price_from=1000, price_to=2000),
        "since a day": found(since=last - timedelta(days=1)),
        "by a word of two": found(text="三七"),
        "by one character": found(text="茶"),
        "by a rare word": found(text="虚构777号店"),
        "by two words": found(text="普洱 治疗"),
        "by a phrase": found(text='"虚构 云南 普洱茶"'),
        "without a word": found(text="三七 -治疗"),
        "by word, violation, county": found(text="三七", violation="medical_claim", region="53"),
        "page 20": found(offset=950),
        "page 1000": found(offset=49_950),
        "count, all": count(),
        "count, of a goods group": count(goods="sanqi"),
        "count, by a word": count(text="三七"),
        "facets, all": lambda session: clue_facets(session, ClueFilter()),
        "facets, of a violation": lambda session: clue_facets(
            session, ClueFilter(violation="medical_claim")
        ),
        "facets, by a word": lambda session: clue_facets(session, ClueFilter(text="三七")),
        "one clue": lambda session: one_clue(session, worst, SIGNALS),
        "one clue, the largest": lambda session: one_clue(session, largest or 1, SIGNALS),
        "morning: by county": lambda session: clues_by_county(session),
        "morning: by day": lambda session: clues_by_day(session, last, 30),
        "listings, newest": lambda session: browse_listings(session, ListingQuery()),
        "listings by a word": lambda session: browse_listings(session, ListingQuery(text="三七")),
        "listings counted": lambda session: count_found(session, ListingQuery(text="三七")),
        "a shop's listings": lambda session: browse_listings(session, ListingQuery(shop=shop)),
        "a shop's clues": found(shop=shop),
        "shops": lambda session: browse_shops(session, ShopQuery()),
        "an operator's clues": found(operator=operator),
        "operators": lambda session: browse_operators(session, OperatorQuery()),
    }


def measure(store: Store, runs: int, only: str = "") -> dict[str, tuple[float, float]]:
    """p50 and p95 of each question in milliseconds."""
    told: dict[str, tuple[float, float]] = {}
    with store.session() as session:
        asked = questions(session)
    for name, query in asked.items():
        if only and only not in name:
            continue
        times = []
        for turn in range(runs + 2):
            with store.session() as session:
                began = time.perf_counter()
                query(session)
                if turn > 1:
                    times.append((time.perf_counter() - began) * 1000)
        told[name] = percentiles(times)
        print(f"  {name:<28}{told[name][0]:>9.1f}{told[name][1]:>9.1f}", flush=True)
    return told


def main() -> None:
    """Seed, measure or drive, as asked."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--store", help="URL of the store")
    arguments.add_argument("--seed", action="store_true")
    arguments.add_argument("--listings", type=int, default=100_000)
    arguments.add_argument("--clues", type=int, default=10_000)
    arguments.add_argument("--queries", action="store_true")
    arguments.add_argument("--only", default="", help="questions with this in their name")
    arguments.add_argument("--runs", type=int, default=20)
    arguments.add_argument("--load", help="address of a running desk")
    arguments.add_argument("--users", type=int, default=8)
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--path", action="append", help="asked for; may repeat")
    arguments.add_argument("--token", default="", help="of the API")
    arguments.add_argument("--cookie", default="", help="of a session, as name=value")
    arguments.add_argument(
        "--pause", type=float, default=0.0, help="seconds a user looks at a page"
    )
    arguments.add_argument("--limit", type=float, default=100.0, help="ms that p95 may take")
    told = arguments.parse_args()
    print(machine(), flush=True)
    if told.load:
        load = drive(told.load, told.path or PATHS, told.users, told.rounds, told.token, told.cookie, told.pause)  # fmt: skip
        print(load.report())
        if load.wrong or load.p95() > told.limit:
            sys.exit(f"p95 {load.p95():.1f} ms of {told.limit:.0f}, {len(load.wrong)} paths wrong")
        return
    if not told.store:
        arguments.error("--store is wanted")
    store = open_store(told.store)
    if told.seed:
        began = time.perf_counter()
        for said in seed(store, told.listings, told.clues):
            print(f"  {time.perf_counter() - began:>7.1f} s  {said}", flush=True)
    if told.queries:
        print(f"  {store.engine.dialect.name:<28}{'p50':>9}{'p95':>9}   ms")
        measure(store, told.runs, told.only)
    store.close()


if __name__ == "__main__":
    main()
