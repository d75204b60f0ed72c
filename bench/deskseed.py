"""Fills an empty store in bulk with what a desk must bear; built on `bench.synthetic`.

Shops follow a power law, one in three names an operator; a quarter of the looks have signals, and
so many clues as asked for rest on them: most on a few listings, some on thousands. States,
departments, regions, goods and sources are spread over all. All names are fictional.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from bench.stores import bulk, sequences
from bench.synthetic import SOURCES, START, VIOLATIONS, Rows, _Maker
from clues.summaries import reindex_clues
from listing import Listing
from storage import Store
from storage.texts import listing_document
from storage.words import postgresql_words, sqlite_words

__all__ = ["START", "seed"]

GOODS = (
    "tea", "sanqi", "food-drug", "cosmetics", "medical-device", "apparel", "appliance",
    "electronics", "farm-supply",
)  # fmt: skip
STATES = ("new",) * 12 + ("triaged", "verifying", "confirmed", "rejected", "transferred", "answered", "closed", "closed")  # fmt: skip
DEPARTMENTS = ("gongshang", "shiyao", "fagai", "gongan", "zhijian")
BATCH = 10_000
WAYS = ("sweep", "sweep", "sweep", "promotion", "complaint", "sampling")


class _DeskRows(Rows):
    """With the tables that the desk adds, in the order of insertion."""

    def __init__(self) -> None:
        super().__init__()
        self.operator: list[dict[str, Any]] = []
        self.listing_text: list[dict[str, Any]] = []
        self.transfer: list[dict[str, Any]] = []
        self.clue_arrival: list[dict[str, Any]] = []

    def tables(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Name and rows of each table that has any."""
        if self.operator:
            yield "operator", self.operator
        yield from super().tables()
        for name in ("listing_text", "transfer", "clue_arrival"):
            if rows := getattr(self, name):
                yield name, rows


class _Desk(_Maker):
    def __init__(self, shops: int, clues: int, seed: int, on_postgresql: bool) -> None:
        super().__init__(shops, seed)
        self.wanted = clues
        self.of_shop: dict[int, list[str]] = {}
        self.words = postgresql_words if on_postgresql else sqlite_words
        self.operators: dict[int, int] = {}

    def fill(self, count: int) -> Rows:
        rows = _DeskRows()
        for _ in range(count):
            self.one(rows)
        said = {row["listing_id"]: row["content"] for row in rows.observation}
        fresh = {row["id"] for row in rows.listing}
        for row in rows.listing:
            goods = GOODS[row["id"] % len(GOODS)]
            row["goods"] = goods
            said[row["id"]]["goods"] = goods
        rows.listing_text = [
            {"listing_id": id_, "words": self.words(listing_document(Listing.from_dict(one)))}
            for id_, one in said.items()
            if id_ in fresh
        ]
        return rows

    def _shop(self, rows: Rows, rank: int, at: datetime) -> int:
        known = len(self.known_shops)
        id_ = super()._shop(rows, rank, at)
        if len(self.known_shops) > known and id_ % 3 == 0:
            assert isinstance(rows, _DeskRows)
            operator = self.operators[id_] = len(self.operators) + 1
            rows.operator.append(
                {"id": operator, "key": f"name:虚构{id_}号有限公司", "name": f"虚构{id_}号有限公司",
                 "uscc": "", "licence_no": "", "phone": "", "address": "", "first_seen": at}
            )  # fmt: skip
            rows.shop[-1]["operator_id"] = operator
        return id_

    def _accuse(
        self, rows: Rows, number: int, shop: int, source: str, title: str, at: datetime, sweep: int
    ) -> None:
        assert isinstance(rows, _DeskRows)
        known = self.of_shop.setdefault(shop, [])
        random = self.random
        violation = VIOLATIONS[int(random.zipf(1.5)) % len(VIOLATIONS)]
        if violation not in known and len(self.clue_ids) >= self.wanted:
            if not known:
                return
            violation = known[number % len(known)]
        start = int(random.integers(max(1, len(title) - 4)))
        text = title[start : start + 4]
        strength = round(float(random.uniform(0.5, 1.0)), 3)
        id_ = self.counts["signal"] = self.counts["signal"] + 1
        rows.signal.append(
            {"id": id_, "observation_id": number, "rule": f"synthetic-{violation}",
             "rule_version": 1, "rule_digest": "", "violation": violation, "field": "title",
             "start": start, "end": start + len(text), "text": text, "strength": strength,
             "reason": f"使用“{text}”", "disguise": [], "law": ["ad-law-9-3"]}
        )  # fmt: skip
        if violation not in known:
            known.append(violation)
            self._open(rows, shop, violation, source, strength, at, sweep)
        clue = self.clue_ids[shop, violation]
        rows.clue_signal.append({"clue_id": clue, "signal_id": id_})
        rows.clue_evidence.append({"clue_id": clue, "evidence_id": number})

    def _open(
        self, rows: _DeskRows, shop: int, violation: str, source: str, strength: float, at: datetime, sweep: int
    ) -> None:  # fmt: skip
        random = self.random
        id_ = self.clue_ids[shop, violation] = len(self.clue_ids) + 1
        state = STATES[int(random.integers(len(STATES)))]
        operator = self.operators.get(shop)
        way = WAYS[id_ % len(WAYS)]
        goods = {GOODS[int(random.integers(len(GOODS)))] for _ in range(1 + id_ % 2)}
        sources = (
            {source, SOURCES[int(random.integers(len(SOURCES)))]} if id_ % 4 == 0 else {source}
        )
        place = int(random.zipf(1.3)) % 130
        elsewhere = f"{int(random.integers(11, 52))}0100"
        rows.clue.append(
            {"id": id_, "subject": f"operator:{operator}" if operator else f"shop:{shop}",
             "operator_id": operator, "shop_id": shop, "violation": violation, "state": state,
             "score": strength, "goods": sorted(goods), "sources": sorted(sources),
             "region": f"53{place // 8 + 1:02}{place % 8 + 1:02}" if id_ % 8 else elsewhere,
             "intake": way, "sweep_id": sweep, "opened_at": at, "grown_at": at, "version": 0,
             "docket": f"{id_:032x}"}
        )  # fmt: skip
        rows.clue_arrival.append(
            {"clue_id": id_, "way": way, "origin": f"sweep:{sweep}", "sweep_id": sweep,
             "record_id": None, "at": at}
        )  # fmt: skip
        if state in ("transferred", "answered"):
            rows.transfer.append(
                {"clue_id": id_, "department": DEPARTMENTS[id_ % len(DEPARTMENTS)], "role": "lead",
                 "grounds": [], "sent_by": "虚构", "sent_at": at + timedelta(days=1), "why": "例行",
                 "result": "", "answer": "", "answered_by": "", "answered_at": None}
            )  # fmt: skip


def seed(store: Store, listings: int, clues: int, number: int = 7) -> Iterator[str]:
    """Fill an empty store; yields what is done."""
    on_postgresql = store.engine.dialect.name == "postgresql"
    maker = _Desk(max(10, clues * 3), clues, number, on_postgresql)
    if on_postgresql:
        # An index is made faster of all at once than row by row.
        with store.engine.begin() as connection:
            connection.exec_driver_sql("DROP INDEX ix_listing_text_words")
    while (done := len(maker.listings)) < listings:
        bulk(store, maker.fill(min(BATCH, max(1000, listings - done))))
        yield f"{len(maker.listings):,} listings, {len(maker.clue_ids):,} clues"
    if on_postgresql:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
            connection.exec_driver_sql(
                "CREATE INDEX ix_listing_text_words ON listing_text USING gin (words)"
            )
        yield "search index"
    sequences(store, TABLES)
    for done in reindex_clues(store):
        if done % 10_000 == 0:
            yield f"{done:,} clues at hand"
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if on_postgresql else "ANALYZE")
    yield "analysed"


TABLES = ("sweep", "evidence", "operator", "shop", "listing", "observation", "signal", "clue")
