"""`sweep`: the main job from a plan to a summary, in one process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

import detectors
from clues import Jurisdiction, settle_operators
from crawler.plan import load_goods, queries
from settings import Settings
from spiders import READERS
from spiders.handover import Api
from storage import Store, Vault
from storage import models as m
from sweeps.archive import add_archives, read_archives
from sweeps.crawl import crawl
from sweeps.drift import alarms
from sweeps.events import sweep_begun, sweep_ended
from sweeps.handover import take_files
from sweeps.limits import within
from sweeps.order import SweepError, SweepOrder
from sweeps.pictures import picture_clues
from sweeps.plan import draw, open_clue_shops, ways_in
from sweeps.pricewatch import SAMPLED
from sweeps.sealing import seal_sweep
from sweeps.sink import StoreSink
from sweeps.sources import FILE
from sweeps.summary import Summary
from sweeps.tasks import (
    add_file_tasks,
    add_item_tasks,
    add_queries,
    add_shop_task,
    asked_before,
    pending_tasks,
)

__all__ = ["SweepError", "SweepOrder", "end", "plan_sweep", "sweep"]


def sweep(
    settings: Settings,
    store: Store,
    order: SweepOrder,
    progress: Callable[[Summary], None] = lambda summary: None,
) -> Summary:
    """Run a sweep (or resume one) to its end; returns what it did.

    A sweep stopped by a signal keeps what it has and its state says ``interrupted``.
    Raises `SweepError`, `PlanError` or `RuleError` before anything is asked. May be called
    once per process: the network engine can't be started twice.
    """
    began = time.monotonic()
    watch_list = load_goods(settings.rules_dir)
    detector = detectors.load(settings.rules_dir)
    vault = Vault(settings.vault_dir, settings.evidence_bucket)
    vault.recover()
    summary = resumed(store, order) if order.resume else plan_sweep(settings, store, order)
    with store.session() as session:
        tasks = pending_tasks(session, summary.sweep_id)
        asked = asked_before(session, summary.sweep_id)
        first = frozenset(open_clue_shops(session))
        plan = session.get_one(m.Sweep, summary.sweep_id).plan
    sweep_begun(summary, len(tasks))
    settings = within(settings, plan.get("limits", {}))
    sink = StoreSink(
        store,
        vault,
        detector,
        Jurisdiction(detector.knowledge.places),
        summary,
        watch_list,
        only_goods=frozenset(plan["goods"]),
        region=plan["region"],
        samples=summary.mode in SAMPLED,
    )
    if "archives" in plan:
        # Nothing is asked, for pictures and screenshots neither: they would show today's site.
        read_archives(
            sink,
            tasks,
            ways_in(settings, ())[0],
            "".join(plan["sources"]),
            settings.max_body,
            lambda: progress(summary),
        )
        sink.close()
        vault.deliver()
        seal_sweep(settings, store, summary)
        end(store, summary, time.monotonic() - began, finished=True)
        return summary
    take_files(sink, [task for task in tasks if task.reader == "file"])
    crawled = [task for task in tasks if task.reader != "file"]
    finished = crawl(settings, sink, crawled, lambda: progress(summary), asked, first)
    sink.flush()
    if finished and settings.screenshots:
        asyncio.run(picture_clues(settings, store, vault, sink.writer, summary, progress))
    sink.close()
    vault.deliver()
    settle_operators(store, detector.knowledge.places)
    seal_sweep(settings, store, summary)
    end(store, summary, time.monotonic() - began, finished)
    return summary


def plan_sweep(
    settings: Settings,
    store: Store,
    order: SweepOrder,
    beside: Callable[[Session, int], None] = lambda session, sweep_id: None,
) -> Summary:
    """Write a sweep and its pending tasks into the store; nothing is asked yet.

    What `beside` writes (it is given the sweep's id) is written with it, or neither is.
    Raises `SweepError` or `PlanError`.
    """
    if order.archives:
        return _plan_archives(settings, store, order)
    watch_list = load_goods(settings.rules_dir)
    with store.session() as session:
        drawn = draw(settings, session, order)
    ids = {one.title: one.id for one in watch_list}
    plan: dict[str, Any] = {
        "goods": sorted({ids.get(name, name) for name in order.goods}),
        "sources": [*drawn.sources, *drawn.shops, *(f"{FILE}{path}" for path in drawn.files)],
        "region": order.region,
        "limits": {"budget": order.budget, "window": order.window},
    }
    with store.session() as session:
        for name in drawn.sources:
            _know_source(session, settings, name)
        sweep_id = session.scalars(
            insert(m.Sweep)
            .values(
                mode=order.mode, state="running", plan=plan, summary=None,
                started_at=datetime.now(UTC), ended_at=None,
            )
            .returning(m.Sweep.id)
        ).one()  # fmt: skip
        add_queries(session, sweep_id, drawn.queries, order.max_pages or settings.max_pages)
        for task in drawn.tasks:
            if task.reader == "shop" and not task.item:
                add_shop_task(session, sweep_id, task.url, "", priority=task.priority)
        add_item_tasks(session, sweep_id, [task for task in drawn.tasks if task.item])
        add_file_tasks(session, sweep_id, drawn.files)
        beside(session, sweep_id)
    return Summary(sweep_id=sweep_id, mode=order.mode)


def _plan_archives(settings: Settings, store: Store, order: SweepOrder) -> Summary:
    if len(order.sources) > 1 or (order.sources and order.sources[0] not in READERS):
        raise SweepError(
            f"of an archive one reader may be named as source (known: {', '.join(READERS)})"
        )
    watch_list = load_goods(settings.rules_dir)
    # Refuses unknown goods.
    queries(watch_list, [], order.goods)
    ids = {one.title: one.id for one in watch_list}
    plan: dict[str, Any] = {
        "goods": sorted({ids.get(name, name) for name in order.goods}),
        "sources": list(order.sources),
        "region": order.region,
        "archives": list(order.archives),
    }
    with store.session() as session:
        sweep_id = session.scalars(
            insert(m.Sweep)
            .values(
                mode="archive", state="running", plan=plan, summary=None,
                started_at=datetime.now(UTC), ended_at=None,
            )
            .returning(m.Sweep.id)
        ).one()  # fmt: skip
        add_archives(session, sweep_id, order.archives)
    return Summary(sweep_id=sweep_id, mode="archive")


def _know_source(session: Any, settings: Settings, name: str) -> None:
    if session.scalar(select(m.SourceRow.id).where(m.SourceRow.name == name)) is not None:
        return
    api = settings.apis.get(name)
    source = READERS[name].source if api is None else Api.source
    session.execute(
        insert(m.SourceRow).values(
            name=name,
            kind=source.kind,
            title=source.title if api is None else name,
            home=settings.source_urls.get(name, source.home) if api is None else api.url,
            how_found="built in" if api is None else "settings",
            added_at=datetime.now(UTC),
        )
    )


def resumed(store: Store, order: SweepOrder) -> Summary:
    """Take up an interrupted sweep; raises `SweepError` where it can't be."""
    with store.session() as session:
        row = session.get(m.Sweep, order.resume)
        if row is None:
            newest = session.scalar(select(func.max(m.Sweep.id)))
            hint = f"the newest is {newest}" if newest else "there is none yet"
            raise SweepError(f"no sweep {order.resume} to resume ({hint})")
        if row.state == "done":
            raise SweepError(f"sweep {order.resume} is done; nothing is left to resume")
        if row.plan.get("workers"):
            raise SweepError(
                f"sweep {order.resume} is left to workers; go on with: "
                f"yunjian sweep --resume {order.resume} --workers N (or yunjian worker)"
            )
        row.state = "running"
        return Summary(sweep_id=row.id, mode=row.mode)


def end(store: Store, summary: Summary, seconds: float, finished: bool) -> None:
    """Write the end of a sweep, or of a run of it: its counts, its alarms, its state."""
    summary.seconds = round(seconds, 1)
    with store.session() as session:
        states = session.execute(
            select(m.TaskRow.state, func.count())
            .where(m.TaskRow.sweep_id == summary.sweep_id)
            .group_by(m.TaskRow.state)
        )
        summary.tasks = {state: count for state, count in states}
        # What the crawl left of itself waits for the hours of its source.
        left = "waiting" if finished else "interrupted"
        summary.state = left if summary.tasks.get("pending") else "done"
        if finished:
            for what, sentence in alarms(session, summary.sweep_id):
                summary.incidents[f"drift/{what}"] += 1
                summary.drift.append(sentence)
        opened = session.execute(
            select(m.Clue.violation, func.count())
            .where(m.Clue.sweep_id == summary.sweep_id)
            .group_by(m.Clue.violation)
        )
        summary.violations.update({violation: count for violation, count in opened})
        session.execute(
            update(m.Sweep)
            .where(m.Sweep.id == summary.sweep_id)
            .values(state=summary.state, summary=summary.to_dict(), ended_at=datetime.now(UTC))
        )
    sweep_ended(summary)
