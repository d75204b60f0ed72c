"""A retro-hunt's look: stored observations again through the detectors, by many processes.

Nothing is written here. What would change at an observation goes back as a row of `hunt_find`.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import detectors
from clues import Jurisdiction
from detectors import Detection, Detector, Signal
from listing import Listing, ListingError, PricePoint
from storage import Store, open_store
from storage import models as m
from storage.hunts import Superseded
from storage.prices import CHINA_OFFSET

__all__ = ["Look", "Looked", "Scope", "look", "looks"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a hunt is about."""

    rules: frozenset[str]
    """Ids; signals of other rules neither come nor go."""
    violations: frozenset[str]
    """Those of the rules."""
    goods: frozenset[str] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Observations `after` < id <= `to`."""

    after: int
    to: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look saw: how many observations, rows of `hunt_find`, what could not be read."""

    look: Look
    seen: int
    finds: list[dict[str, Any]]
    problems: list[str]


def look(
    session: Session, detector: Detector, jurisdiction: Jurisdiction, scope: Scope, where: Look
) -> Looked:
    """Detect anew in these observations and compare with the signals that stand."""
    query = (
        select(m.Observation, m.ListingRow.goods)
        .join(m.ListingRow, m.ListingRow.id == m.Observation.listing_id)
        .where(m.Observation.id > where.after, m.Observation.id <= where.to)
        .order_by(m.Observation.id)
    )
    if scope.goods:
        query = query.where(m.ListingRow.goods.in_(scope.goods))
    if scope.since:
        query = query.where(m.Observation.seen_at >= scope.since)
    observations = [observation for observation, _ in session.execute(query)]
    standing = _standing(session, where, scope)
    prices = _prices(session, observations)
    drafts = []
    problems = []
    for one in observations:
        try:
            listing = Listing.from_dict(one.content)
        except ListingError as error:
            problems.append(f"observation {one.id}: {error}")
            continue
        if not listing.price_history and one.id in prices:
            listing = listing.model_copy(update={"price_history": prices[one.id]})
        detection = detector.detect(listing, scope.violations)
        draft = _compared(one.id, detection, standing.get(one.id, []), scope)
        if draft["comes"] or draft["goes"] or draft["scores"]:
            draft["region"] = jurisdiction.of(listing)[:12]
            draft["pictures"] = _pictures(listing, draft["comes"])
            drafts.append(draft)
    _leave_out_the_known(session, drafts)
    finds = [d for d in drafts if d["comes"] or d["goes"] or d["scores"]]
    return Looked(where, len(observations), finds, problems)


def _standing(session: Session, where: Look, scope: Scope) -> dict[int, list[m.SignalRow]]:
    """The signals of these observations that no hunt has superseded, by observation."""
    rows = session.scalars(
        select(m.SignalRow)
        .outerjoin(Superseded, Superseded.signal_id == m.SignalRow.id)
        .where(
            m.SignalRow.observation_id > where.after,
            m.SignalRow.observation_id <= where.to,
            m.SignalRow.violation.in_(scope.violations),
            Superseded.signal_id.is_(None),
        )
        .order_by(m.SignalRow.id)
    )
    standing: dict[int, list[m.SignalRow]] = defaultdict(list)
    for row in rows:
        standing[row.observation_id].append(row)
    return standing


def _prices(session: Session, observations: Iterable[m.Observation]) -> dict[int, list[PricePoint]]:
    """What each listing was offered at before each of these observations, oldest first."""
    wanted: dict[int, list[m.Observation]] = defaultdict(list)
    for one in observations:
        wanted[one.listing_id].append(one)
    rows = session.execute(
        select(m.Observation.id, m.Observation.listing_id, m.Observation.seen_at,
               m.Observation.price_fen)
        .where(m.Observation.listing_id.in_(wanted), m.Observation.price_fen.is_not(None))
        .order_by(m.Observation.seen_at, m.Observation.id)
    )  # fmt: skip
    prices: dict[int, list[PricePoint]] = defaultdict(list)
    for id_, listing_id, seen_at, price in rows:
        for one in wanted[listing_id]:
            if (seen_at, id_) < (one.seen_at, one.id):
                day = (seen_at + CHINA_OFFSET).date()
                prices[one.id].append(PricePoint(date=day, price=Decimal(price or 0) / 100))
    return prices


def _key(signal: Signal | m.SignalRow) -> tuple[str, str, int, int, float]:
    """By what a finding is the same under an older and a newer edition of its rule."""
    return (signal.rule, signal.field, signal.start, signal.end, signal.strength)


def _compared(
    observation_id: int, detection: Detection, standing: list[m.SignalRow], scope: Scope
) -> dict[str, Any]:
    given = {_key(s): s for s in detection.signals if s.violation in scope.violations}
    before = {_key(row) for row in standing}
    comes = [s for key, s in given.items() if key not in before and s.rule in scope.rules]
    goes = [row for row in standing if _key(row) not in given and row.rule in scope.rules]
    keeps: dict[str, list[int]] = defaultdict(list)
    for row in standing:
        if _key(row) in given:
            keeps[row.violation].append(row.id)
    opening = [v for v in detection.violations if v in scope.violations]
    coming = {s.violation for s in comes}
    return {
        "observation_id": observation_id,
        "comes": [signal.to_dict() for signal in comes],
        "goes": [[row.id, row.violation] for row in goes],
        "keeps": {v: keeps[v] for v in opening if v in keeps},
        "scores": {v: detection.scores[v] for v in opening if v in coming or v in keeps},
    }


def _pictures(listing: Listing, comes: list[dict[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for signal in comes:
        if url := listing.in_picture(signal["field"]).get("image_url"):
            found[signal["violation"]].append(url)
    return dict(found)


def _leave_out_the_known(session: Session, drafts: list[dict[str, Any]]) -> None:
    """A violation to which nothing comes, and whose signals are a clue's already, changes nothing."""
    ids = {id_ for d in drafts for kept in d["keeps"].values() for id_ in kept}
    linked: set[int] = set()
    for part in _parts(sorted(ids)):
        linked |= set(
            session.scalars(select(m.ClueSignal.signal_id).where(m.ClueSignal.signal_id.in_(part)))
        )
    for draft in drafts:
        coming = {signal["violation"] for signal in draft["comes"]}
        for violation in list(draft["scores"]):
            if violation not in coming and linked.issuperset(draft["keeps"][violation]):
                del draft["scores"][violation]
        draft["keeps"] = {v: ids for v, ids in draft["keeps"].items() if v in draft["scores"]}


def _parts(ids: list[int], size: int = 5000) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


# Many processes --------------------------------------------------------------------------

_detector: Detector | None = None
_store: Store | None = None
_scope: Scope | None = None


def _begin(rules_dir: Path, url: str, scope: Scope) -> None:
    global _detector, _store, _scope
    _detector = _detector or detectors.load(rules_dir)
    _store, _scope = open_store(url), scope
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    """A process whose parent was killed must not wait for work for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _look(where: Look) -> Looked:
    assert _detector is not None and _store is not None and _scope is not None
    with _store.session() as session:
        return look(session, _detector, Jurisdiction(_detector.knowledge.places), _scope, where)


def looks(
    detector: Detector,
    rules_dir: Path,
    store: Store,
    scope: Scope,
    wanted: Iterable[Look],
    jobs: int,
) -> Iterator[Looked]:
    """Every look in order; of several processes each has its own connection."""
    if jobs == 1:
        jurisdiction = Jurisdiction(detector.knowledge.places)
        for one in wanted:
            with store.session() as session:
                yield look(session, detector, jurisdiction, scope, one)
        return
    global _detector
    # Forked processes share the rules that are loaded already.
    _detector = detector
    url = store.engine.url.render_as_string(hide_password=False)
    forks = "fork" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if forks else "spawn")
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_begin, initargs=(rules_dir, url, scope)
    ) as pool:
        waiting = []
        # A few looks ahead, never all: memory stays flat.
        for one in wanted:
            waiting.append(pool.submit(_look, one))
            if len(waiting) >= jobs * 3:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
