"""The store at size, on SQLite and on PostgreSQL.

`python -m bench.scale --observations N` loads N synthetic observations (`bench.synthetic`) with
evidence, signals and clues, in four steps; after each it prints bytes per observation and the
median times of the ten commonest queries, and in the end how fast the store takes listings in by
the way that a sweep goes (`storage.observations.record` in batches of 100) beside a bare bulk
insert of the same observations into the same table in the same run. `--plot FILE` draws the cost
over size as a PNG. The issue's own size is 10,000,000: some 35 GB in each.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from bench.machine import machine
from bench.plot import Line, plot
from bench.stores import bulk, postgresql_store, sequences, sqlite_store
from bench.synthetic import START, Rows, batches
from clues import ClueFilter, find_clues, one_clue
from listing import Listing
from storage import Store
from storage import models as m
from storage.observations import Found, record
from storage.sizes import sizes

TABLES = ("sweep", "evidence", "shop", "listing", "observation", "signal", "clue")
RUNS = 5
TAKEN_IN = 3000
"""Listings by which the sweep's way of insertion is measured."""
BATCH = 100


@dataclass(slots=True)
class Measured:
    """One database: size → bytes per observation, and query → milliseconds at each size."""

    name: str
    bytes_each: dict[int, float] = field(default_factory=dict)
    queries: dict[str, dict[int, float]] = field(default_factory=dict)


Query = Callable[[Session], object]


def queries(count: int) -> dict[str, Query]:
    """The ten commonest questions to a store of so many observations."""
    middle = count // 2
    since = START + timedelta(days=max(1, count // 20_000))

    def found(**wanted: object) -> Query:
        return lambda session: find_clues(session, ClueFilter(limit=50, **wanted))  # type: ignore[arg-type]

    def known(session: Session) -> object:
        rows = session.execute(
            select(m.ListingRow.source, m.ListingRow.key).order_by(m.ListingRow.id).limit(BATCH)
        ).all()
        return session.execute(
            select(m.ListingRow.id, m.ListingRow.content_hash).where(
                m.ListingRow.source.in_({source for source, _ in rows}),
                m.ListingRow.key.in_({key for _, key in rows}),
            )
        ).all()

    def history(session: Session) -> object:
        listing = session.scalar(select(m.Observation.listing_id).where(m.Observation.id == middle))
        return session.execute(
            select(m.Observation.seen_at, m.Observation.price_fen)
            .where(m.Observation.listing_id == listing)
            .order_by(m.Observation.seen_at)
        ).all()

    def revisit(session: Session) -> object:
        one = session.get_one(m.Evidence, middle)
        return session.scalars(
            select(m.Evidence.id)
            .where(m.Evidence.fingerprint == one.fingerprint)
            .order_by(m.Evidence.id.desc())
        ).first()

    return {
        "clues, worst 50": found(),
        "clues of a violation": found(violation="medical_claim"),
        "clues of a region": found(region="5303"),
        "clues since yesterday": found(since=since),
        "clues of a source": found(source="jd"),
        "clues by a word": found(text="三七"),
        "one clue, whole": lambda session: one_clue(session, 200),
        "100 listings by address": known,
        "prices of a listing": history,
        "a page asked before": revisit,
    }


def main() -> None:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--observations", type=int, default=100_000)
    arguments.add_argument("--plot", type=Path, help="PNG file to write")
    arguments.add_argument("--only", choices=("sqlite", "postgresql"))
    told = arguments.parse_args()
    print(machine(), flush=True)
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        if told.only != "postgresql":
            with sqlite_store(Path(folder)) as store:
                measured.append(_measure(store, told.observations))
        if told.only != "sqlite":
            with postgresql_store() as store:
                measured.append(_measure(store, told.observations))
    if told.plot:
        lines = [Line(f"{one.name}: bytes/observation", one.bytes_each) for one in measured]
        for one in measured:
            lines += [
                Line(f"{one.name}: {name} (ms)", one.queries[name])
                for name in ("clues, worst 50", "clues by a word", "100 listings by address")
            ]
        plot(told.plot, "Cost over observations stored (logarithmic)", lines)
        print(f"plot: {told.plot}")


def _measure(store: Store, count: int) -> Measured:
    one = Measured(store.engine.dialect.name)
    print(f"\n{one.name}, {count:,} observations", flush=True)
    steps = [max(1000, count >> shift) for shift in (3, 2, 1, 0)]
    step = min(5000, steps[0])
    making = inserting = 0.0
    done = 0
    source = batches(count, size=step)
    for goal in steps:
        for rows in islice(source, (goal - done) // step):
            began = time.perf_counter()
            bulk(store, rows)
            inserting += time.perf_counter() - began
            done += len(rows.observation)
        sequences(store, TABLES)
        _figures(store, one, done)
    making = done / inserting
    print(f"  loaded, all nine tables by bulk: {making:,.0f} observations/s")
    _insertion(store)
    table = [f"  {'query':<26}" + "".join(f"{size:>12,}" for size in one.bytes_each) + "   ms"]
    for name, times in one.queries.items():
        growth = list(times.values())
        table.append(
            f"  {name:<26}"
            + "".join(f"{ms:>12.2f}" for ms in growth)
            + f"   ×{growth[-1] / max(growth[0], 0.01):.1f}"
        )
    print("\n".join(table), flush=True)
    return one


def _figures(store: Store, one: Measured, count: int) -> None:
    told = sizes(store, Path("nowhere"), sweeps=0)
    total = sum(table.bytes for table in told.tables)
    one.bytes_each[count] = total / count
    parts = ", ".join(f"{t.name} {t.bytes / count:.0f}" for t in told.tables[:5])
    print(f"  {count:>11,}: {total / count:,.0f} bytes each ({parts})", flush=True)
    with store.session() as session:
        for name, query in queries(count).items():
            times = []
            for _ in range(RUNS):
                session.expunge_all()
                began = time.perf_counter()
                query(session)
                times.append((time.perf_counter() - began) * 1000)
            one.queries.setdefault(name, {})[count] = statistics.median(times)


def _insertion(store: Store) -> None:
    """Listings per second by the way of a sweep, beside a bare bulk insert of the same."""
    with store.session() as session:
        rows = session.execute(
            select(m.Observation.content, m.Observation.seen_at, m.Observation.evidence_id)
            .order_by(m.Observation.id.desc())
            .limit(TAKEN_IN)
        ).all()
        last = session.scalar(select(func.max(m.Observation.id))) or 0
    found = []
    for number, (content, seen_at, evidence) in enumerate(rows):
        listing = Listing.from_dict(content)
        url = f"https://new.example/{number}"
        found.append(
            Found(listing, url, "", "tea", evidence, seen_at + timedelta(days=1000 + number % 2))
        )
    began = time.perf_counter()
    for start in range(0, len(found), BATCH):
        with store.session() as session:
            record(session, None, found[start : start + BATCH])
    ours = len(found) / (time.perf_counter() - began)
    with store.session() as session:
        stored = session.scalars(select(m.Observation).where(m.Observation.id > last)).all()
        bare = [
            {column.name: getattr(row, column.name) for column in m.Observation.__table__.columns}
            | {"id": row.id + len(stored)}
            for row in stored
        ]
    began = time.perf_counter()
    bulk(store, Rows(observation=bare))
    peer = len(bare) / (time.perf_counter() - began)
    with store.session() as session:
        session.execute(text("DELETE FROM observation WHERE id > :last"), {"last": last})
    print(
        f"  a sweep's way (shop, listing, observation, prices): {ours:,.0f}/s; bare bulk insert of "
        f"the observations: {peer:,.0f}/s; ratio {ours / peer:.2f}"
    )


if __name__ == "__main__":
    main()
