"""A unit of work: one worker's go at one lane, in a process of its own.

All that it does is in the store batch by batch, its share of the summary too: a unit that is
killed at any instant is done again by another worker without asking for what is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from clues import Jurisdiction, settle_operators
from crawler.addresses import canonical
from crawler.plan import load_goods
from crawler.tasks import Task, Yield
from detectors import Detector
from settings import Settings
from storage import Store, Vault
from storage import models as m
from storage.leases import Leases
from storage.work import LeadRow, UnitRow
from sweeps.crawl import crawl
from sweeps.gather import gather
from sweeps.handover import take_files
from sweeps.kept import KeptOnDemand, KeptPages
from sweeps.lanes import Lane, left
from sweeps.limits import within
from sweeps.pictures import picture_clues
from sweeps.plan import open_clue_shops
from sweeps.pricewatch import SAMPLED
from sweeps.run import end
from sweeps.sealing import seal_sweep
from sweeps.sink import StoreSink
from sweeps.summary import Summary
from sweeps.tasks import add_shop_task, asked_before, pending_tasks, task_of

__all__ = ["INTERRUPTED", "Held", "work"]

INTERRUPTED = 3
"""Exit code of a unit that stopped in order and has something left."""


class Held:
    """What the unit has of the shared names; the turns at hosts of its crawl."""

    def __init__(self, leases: Leases) -> None:
        self.leases = leases
        self._names: set[str] = set()
        self._one = threading.Lock()

    def take(self, host: str) -> bool:
        """Whether the host is ours now."""
        return self.has(f"host:{host}")

    def give_back(self, host: str, rest: float) -> None:
        """The host is free after `rest` seconds."""
        with self._one:
            self._names.discard(f"host:{host}")
            self.leases.give_back(f"host:{host}", rest)

    def has(self, name: str) -> bool:
        """Whether the name is ours now."""
        with self._one:
            if taken := self.leases.take(name):
                self._names.add(name)
            return taken

    def renew(self) -> bool:
        """Whether all that we have is still ours."""
        with self._one:
            return self.leases.renew(self._names)

    def close(self) -> None:
        """Nothing is ours any more."""
        with self._one:
            while self._names:
                self.leases.give_back(self._names.pop())


class UnitSink(StoreSink):
    """The sink of a unit: new shops become lanes of their own, its share is kept in its row."""

    def __init__(
        self, unit_id: int, lane: Lane, again: bool, new_lane: Callable[[Lane], None], *rest: Any,
        **named: Any,
    ) -> None:  # fmt: skip
        self.unit_id = unit_id
        self.lane = lane
        self.again = again
        self.new_lane = new_lane
        super().__init__(*rest, **named)

    def kept_before(self) -> KeptPages:
        """Nothing where no worker was here before in this sweep."""
        return KeptOnDemand(self.store, self.lane.sweep_id) if self.again else {}

    def shop_found(self, task: Task, url: str, title: str, place: str) -> Task | None:
        """Another worker's, unless we are at that shop ourselves."""
        how = f"{task.source}: {task.query}, {place}"
        with self.store.writing() as session:
            shop, fresh = add_shop_task(session, self.lane.sweep_id, url, title, how)
            if shop.source != self.lane.source and canonical(url) != canonical(shop.start_url):
                _add_lead(session, shop, url)
        self.summary.shops_found += fresh
        if shop.source == self.lane.source:
            return shop
        self.new_lane(Lane(self.lane.sweep_id, shop.source, shop.reader, shop.priority))
        return None

    def yielded(self, task: Task, gave: Yield) -> None:
        """A further page of a finished shop says nothing of what the shop gave."""
        if not task.done:
            super().yielded(task, gave)

    def written(self, session: Session) -> None:
        """Our share as far as the store has it, in one transaction with what it counts."""
        session.execute(
            update(UnitRow).where(UnitRow.id == self.unit_id).values(summary=self.summary.to_dict())
        )


def _key(url: str) -> str:
    return hashlib.sha256(canonical(url).encode()).hexdigest()


def _add_lead(session: Session, shop: Task, url: str) -> None:
    if session.get(LeadRow, (shop.id, _key(url))) is None:
        session.add(LeadRow(task_id=shop.id, key=_key(url), url=url, state="pending"))


def _begin(
    store: Store, lane: Lane, worker: str
) -> tuple[int, bool, list[Task], list[tuple[Task, str]]]:
    """The unit's row, whether another was here before, its tasks, and leads to its shop."""
    with store.writing() as session:
        ours = UnitRow.sweep_id == lane.sweep_id, UnitRow.source == lane.source
        # Who was here and did not end was lost: one worker has a lane at a time.
        session.execute(
            update(UnitRow)
            .where(*ours, UnitRow.state == "running")
            .values(state="lost", ended_at=datetime.now(UTC))
        )
        again = bool(session.scalar(select(func.count()).select_from(UnitRow).where(*ours)))
        if session.get_one(m.Sweep, lane.sweep_id).state != "running":
            return 0, again, [], []
        tasks = [one for one in pending_tasks(session, lane.sweep_id) if one.source == lane.source]
        led = session.execute(
            select(m.TaskRow, LeadRow.url)
            .join(LeadRow, LeadRow.task_id == m.TaskRow.id)
            .where(m.TaskRow.sweep_id == lane.sweep_id, m.TaskRow.source == lane.source)
            .where(LeadRow.state == "pending")
            .order_by(LeadRow.key)
        ).all()
        leads = [(task_of(row), url) for row, url in led]
        if not tasks and not leads:
            return 0, again, [], []
        unit = UnitRow(
            sweep_id=lane.sweep_id, source=lane.source, worker=worker, state="running",
            summary=None, note="", started_at=datetime.now(UTC), ended_at=None,
        )  # fmt: skip
        session.add(unit)
        session.flush()
        return unit.id, again, tasks, leads


def work(
    settings: Settings,
    store: Store,
    detector: Detector,
    lane: Lane,
    worker: str,
    held: Held,
    new_lane: Callable[[Lane], None],
) -> int:
    """Do what is left of a lane; the last of a sweep also ends it. Returns an exit code.

    `new_lane` is told of each shop that was found. Once per process.
    """
    vault = Vault(settings.vault_dir, settings.evidence_bucket)
    unit_id, again, tasks, leads = _begin(store, lane, worker)
    code = 0
    if unit_id:
        with store.session() as session:
            sweep = session.get_one(m.Sweep, lane.sweep_id)
            asked = asked_before(session, lane.sweep_id)
            first = frozenset(open_clue_shops(session))
        sink = UnitSink(
            unit_id, lane, again, new_lane, store, vault, detector,
            Jurisdiction(detector.knowledge.places),
            Summary(sweep_id=lane.sweep_id, mode=sweep.mode), load_goods(settings.rules_dir),
            only_goods=frozenset(sweep.plan["goods"]), region=sweep.plan["region"],
            samples=sweep.mode in SAMPLED,
        )  # fmt: skip
        settings = within(settings, sweep.plan.get("limits", {}))
        files = [task for task in tasks if task.reader == "file"]
        take_files(sink, files)
        finished = True
        if len(files) < len(tasks) or leads:
            finished = crawl(
                settings, sink, [task for task in tasks if task.reader != "file"],
                lambda: None, asked, first, leads, held,
            )  # fmt: skip
        sink.close()
        held.close()
        code = _end_unit(store, lane, unit_id, finished, leads)
        vault.deliver()
    with store.session() as session:
        over = session.get_one(m.Sweep, lane.sweep_id).state != "running"
        over = over or left(session, lane.sweep_id)
    if not over and held.has(f"end:{lane.sweep_id}"):
        _end_sweep(settings, store, vault, lane.sweep_id, detector)
        held.close()
    return code


def _end_unit(
    store: Store, lane: Lane, unit_id: int, finished: bool, leads: list[tuple[Task, str]]
) -> int:
    with store.writing() as session:
        rest = {
            one.id for one in pending_tasks(session, lane.sweep_id) if one.source == lane.source
        }
        if finished:
            for task, url in leads:
                if task.id not in rest:
                    session.get_one(LeadRow, (task.id, _key(url))).state = "done"
        state = "interrupted" if not finished else "waiting" if rest else "done"
        session.execute(
            update(UnitRow)
            .where(UnitRow.id == unit_id)
            .values(state=state, ended_at=datetime.now(UTC))
        )
    return 0 if finished else INTERRUPTED


def _end_sweep(
    settings: Settings, store: Store, vault: Vault, sweep_id: int, detector: Detector
) -> None:
    """Screenshots of what opened clues, who is behind the shops, the seal, then the summary."""
    with store.session() as session:
        sweep = session.get_one(m.Sweep, sweep_id)
        # Another may have ended it before the name was ours.
        if sweep.state != "running":
            return
        summary = gather(session, sweep_id)
    vault.recover()
    if settings.screenshots:
        with vault.writer(f"sweep-{sweep_id}") as writer:
            asyncio.run(picture_clues(settings, store, vault, writer, summary, lambda _: None))
    vault.deliver()
    settle_operators(store, detector.knowledge.places)
    seal_sweep(settings, store, summary)
    end(store, summary, (datetime.now(UTC) - sweep.started_at).total_seconds(), finished=True)
