"""A store full of synthetic observations of realistic distribution, loaded in bulk.

Titles and texts are put together from the practice town's own listings (`practice.data`), so
that the detectors have what they have there (nine texts in ten of lawful offers only); lengths are log-normal (median 400 characters),
sellers follow a power law (Zipf, exponent 1.1), one observation in five is a further look at a
listing that changed, one in five of the rest repeats another listing's text under another address.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from listing import Listing
from practice import data

__all__ = ["Rows", "batches"]

SOURCES = ("taobao", "tmall", "jd", "ali1688", "pdd")
PER_SWEEP = 20_000
"""Observations of one night."""
START = datetime(2026, 1, 1, 18, tzinfo=UTC)
SIGNALS = 0.25
"""The share of observations with signals in the store."""
UNLAWFUL = 0.1
"""The share of texts with words of an unlawful offer of the town in them."""


@dataclass(slots=True)
class Rows:
    """Rows by table, ready to be inserted in this order."""

    sweep: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    shop: list[dict[str, Any]] = field(default_factory=list)
    listing: list[dict[str, Any]] = field(default_factory=list)
    observation: list[dict[str, Any]] = field(default_factory=list)
    signal: list[dict[str, Any]] = field(default_factory=list)
    clue: list[dict[str, Any]] = field(default_factory=list)
    clue_signal: list[dict[str, Any]] = field(default_factory=list)
    clue_evidence: list[dict[str, Any]] = field(default_factory=list)

    def tables(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """Name and rows of each table that has any."""
        for name in self.__slots__:
            if rows := getattr(self, name):
                yield name, rows


class _Maker:
    def __init__(self, shops: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        town = data.listings()
        lawful = [one for one in town if not data.truth()[one.id].labels]
        self.titles = [one.title for one in lawful]
        self.texts = [one.text for one in lawful if one.text]
        self.unlawful = [one.text for one in town if one.text and data.truth()[one.id].labels]
        self.shops = shops
        weights = 1.0 / np.arange(1, shops + 1) ** 1.1
        self.weights = np.cumsum(weights / weights.sum())
        self.known_shops: dict[int, int] = {}
        self.listings: list[tuple[int, int, int]] = []
        """Of each listing its shop, its source and the number of the text it shows."""
        self.clues: set[tuple[int, str]] = set()
        self.clue_ids: dict[tuple[int, str], int] = {}
        self.counts = {"observation": 0, "signal": 0, "sweep": 0}

    def text(self, number: int) -> str:
        random = np.random.default_rng(number)
        wanted = int(min(20_000, random.lognormal(6.0, 0.8)))
        parts: list[str] = []
        if random.random() < UNLAWFUL:
            parts.append(self.unlawful[int(random.integers(len(self.unlawful)))])
        while sum(map(len, parts)) < wanted:
            parts.append(self.texts[int(random.integers(len(self.texts)))])
        return "。".join(parts)[:wanted]

    def fill(self, count: int) -> Rows:
        rows = Rows()
        for _ in range(count):
            self.one(rows)
        return rows

    def one(self, rows: Rows) -> None:
        random = self.random
        number = self.counts["observation"] = self.counts["observation"] + 1
        if number % PER_SWEEP == 1:
            self.counts["sweep"] += 1
            at = START + timedelta(days=self.counts["sweep"])
            rows.sweep.append(
                {"id": self.counts["sweep"], "mode": "nightly", "state": "done", "plan": {},
                 "summary": None, "started_at": at, "ended_at": at + timedelta(hours=4)}
            )  # fmt: skip
        sweep = self.counts["sweep"]
        at = START + timedelta(days=sweep, seconds=number % PER_SWEEP)
        fresh = not self.listings or random.random() >= 0.2
        if fresh:
            rank = int(np.searchsorted(self.weights, random.random()))
            shop = self._shop(rows, min(rank, self.shops - 1), at)
            copied = self.listings and random.random() < 0.2
            content = (
                self.listings[int(random.integers(len(self.listings)))][2] if copied else number
            )
            self.listings.append((shop, rank % len(SOURCES), content))
            listing_id = len(self.listings)
        else:
            listing_id = int(random.integers(len(self.listings))) + 1
            shop, source, content = self.listings[listing_id - 1]
            self.listings[listing_id - 1] = (shop, source, number)
            content = number
        shop, source, _ = self.listings[listing_id - 1]
        title = self.titles[content % len(self.titles)]
        price = int(random.lognormal(4.5, 1.0) * 100) + 100
        url = f"https://item.{SOURCES[source]}.example/item?id={600000000000 + listing_id}"
        listing = Listing(
            title=title, url=url, source=SOURCES[source], goods="tea", text=self.text(content),
            shop_name=f"虚构{shop}号店", price=Decimal(price) / 100, seen_at=at,
        )  # type: ignore[arg-type]  # fmt: skip
        said = listing.to_dict()
        packed = json.dumps(said, ensure_ascii=False).encode()
        digest = hashlib.sha256(packed).hexdigest()
        rows.evidence.append(
            {"id": number, "sweep_id": sweep, "kind": "page", "url": url, "status": 200,
             "content_type": "text/html; charset=utf-8", "sha256": digest, "size": 25_000,
             "warc_file": f"sweep-{sweep}.warc.gz", "warc_offset": number % PER_SWEEP * 9000,
             "record_id": f"{number:036d}", "rendered": False, "etag": "", "last_modified": "",
             "fingerprint": hashlib.sha256(url.encode()).hexdigest(), "original_id": None,
             "fetched_at": at}
        )  # fmt: skip
        if fresh:
            rows.listing.append(
                {"id": listing_id, "source": SOURCES[source], "key": url, "url": url,
                 "shop_id": shop, "goods": "tea", "title": title, "price_fen": price,
                 "content_hash": digest, "first_seen": at, "last_seen": at}
            )  # fmt: skip
        rows.observation.append(
            {"id": number, "listing_id": listing_id, "sweep_id": sweep, "evidence_id": number,
             "content_hash": digest, "content": said, "price_fen": price, "seen_at": at}
        )  # fmt: skip
        if random.random() < SIGNALS:
            self._accuse(rows, number, shop, SOURCES[source], title, at, sweep)

    def _shop(self, rows: Rows, rank: int, at: datetime) -> int:
        if rank not in self.known_shops:
            id_ = self.known_shops[rank] = len(self.known_shops) + 1
            rows.shop.append(
                {"id": id_, "source": SOURCES[rank % len(SOURCES)], "key": f"shop-{rank}",
                 "name": f"虚构{id_}号店", "url": f"https://shop{rank}.example/",
                 "operator_id": None, "first_seen": at}
            )  # fmt: skip
        return self.known_shops[rank]

    def _accuse(
        self, rows: Rows, number: int, shop: int, source: str, title: str, at: datetime, sweep: int
    ) -> None:
        violation = VIOLATIONS[int(self.random.zipf(1.5)) % len(VIOLATIONS)]
        strength = round(float(self.random.uniform(0.5, 1.0)), 3)
        id_ = self.counts["signal"] = self.counts["signal"] + 1
        rows.signal.append(
            {"id": id_, "observation_id": number, "rule": f"synthetic-{violation}",
             "rule_version": 1, "rule_digest": "", "violation": violation, "field": "title",
             "start": 0, "end": 4, "text": title[:4], "strength": strength,
             "reason": f"使用“{title[:4]}”", "disguise": [], "law": ["ad-law-9-3"]}
        )  # fmt: skip
        key = (shop, violation)
        if key not in self.clue_ids:
            self.clue_ids[key] = len(self.clue_ids) + 1
            rows.clue.append(
                {"id": self.clue_ids[key], "subject": f"shop:{shop}", "operator_id": None,
                 "shop_id": shop, "violation": violation, "state": "new", "score": strength,
                 "goods": ["tea"], "sources": [source], "region": f"53{shop % 16 + 1:02}",
                 "intake": "sweep", "sweep_id": sweep, "opened_at": at, "grown_at": at}
            )  # fmt: skip
        clue = self.clue_ids[key]
        rows.clue_signal.append({"clue_id": clue, "signal_id": id_})
        rows.clue_evidence.append({"clue_id": clue, "evidence_id": number})


VIOLATIONS = (
    "absolute_claim", "false_claim", "medical_claim", "health_food_claim", "fake_origin",
    "price_fraud", "counterfeit", "lookalike_mark", "brushed_reviews", "unlawful_operator",
)  # fmt: skip


def batches(count: int, seed: int = 7, size: int = 5000) -> Iterator[Rows]:
    """Rows for so many observations, in batches that can be inserted one after the other."""
    maker = _Maker(max(10, count // 50), seed)
    for start in range(0, count, size):
        yield maker.fill(min(size, count - start))
