"""The plan of a sweep: goods × their names × places × sources, and the shops that are watched.

Drawing it asks nobody: `yunjian sweep --dry-run` shows what `sweep` would put into the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from clues.credit import broken_faith_shops
from crawler.addresses import canonical, host_of
from crawler.plan import Query, load_goods, queries
from crawler.sessions import Session as OpenSession
from crawler.sessions import SessionError
from crawler.terms import load_searches
from settings import Settings
from spiders import Reader
from spiders.profile import ProfileError
from storage import models as m
from sweeps.order import (
    PRICE_WATCH,
    SETTLED,
    SHOPS,
    URGENT,
    Plan,
    PlannedTask,
    SweepError,
    SweepOrder,
)
from sweeps.pricewatch import draw_watch
from sweeps.sources import (
    FILE,
    default_sources,
    missing_key,
    open_sessions,
    readers_of,
    searchable,
)

__all__ = ["draw", "open_clue_shops", "ways_in"]

RESTING = 3
"""A watched site that gave nothing this many times, and never anything, is left out."""


def draw(settings: Settings, session: Session, order: SweepOrder) -> Plan:
    """The plan of an order; raises `SweepError` or `PlanError` where there is none."""
    if order.mode == PRICE_WATCH:
        return draw_watch(settings, session, order)
    watch_list = load_goods(settings.rules_dir)
    files = _files(order)
    sources = _searched(settings, order)
    readers, _ = ways_in(settings, sources)
    plain = queries(watch_list, ["any"], order.goods)
    wanted = {query.goods for query in plain}
    searches = load_searches(settings.rules_dir)
    texts = [
        (one.id, text)
        for one in watch_list
        if one.id in wanted
        for text in searches.of(one, order.mode, order.region)
    ]
    pages = order.max_pages or settings.max_pages
    asked, tasks = _queries(readers, dict.fromkeys(sources), texts, pages)
    urgent = {key for source, key in open_clue_shops(session) if source == key}
    faithless = {key for source, key in broken_faith_shops(session) if source == key}
    shops = {host_of(url): url for url in order.sources if _is_shop(url)}
    why = dict.fromkeys(shops, "named")
    resting: Sequence[str] = ()
    if not order.sources or SHOPS in order.sources:
        resting = _resting(session)
        watched = _watched(session, wanted if order.goods else set())
        watched = {host: url for host, url in watched.items() if host not in resting}
        why = dict.fromkeys(watched, "watched") | why
        shops = watched | shops
    for host, url in shops.items():
        priority = URGENT if host in urgent else 0
        reason = "broken faith" if host in faithless else "open clues"
        because = f"{why[host]}, {reason}" if priority else why[host]
        tasks.append(
            PlannedTask(host, "shop", "", "", url, settings.shop_budget, priority, because)
        )
    tasks += [
        PlannedTask(f"{FILE}{path.name}", "file", "", str(path), path.as_uri(), 0, 0, "handed over")
        for path in files
    ]
    tasks.sort(key=lambda task: -task.priority)
    return Plan(
        tuple(tasks),
        tuple(asked),
        tuple(task.url for task in tasks if task.reader == "shop"),
        tuple(sources),
        tuple(files),
        tuple(resting),
    )


def ways_in(
    settings: Settings, used: Iterable[str]
) -> tuple[dict[str, Reader], dict[str, OpenSession]]:
    """All readers, and the officers' sessions of the `used` ones. Raises `SweepError`."""
    try:
        readers = readers_of(settings)
        return readers, open_sessions(settings, readers, used)
    except (SessionError, ProfileError) as error:
        raise SweepError(str(error)) from None


def _is_shop(source: str) -> bool:
    return "://" in source and not source.startswith(FILE)


def _files(order: SweepOrder) -> list[Path]:
    names = [name.removeprefix(FILE) for name in order.sources if name.startswith(FILE)]
    files = list(dict.fromkeys(Path(name).resolve() for name in names))
    if missing := [path for path in files if not path.is_file()]:
        raise SweepError(f"no such file: {', '.join(map(str, missing))}")
    return files


def _searched(settings: Settings, order: SweepOrder) -> list[str]:
    named = [
        one
        for one in order.sources
        if one != SHOPS and not one.startswith(FILE) and not _is_shop(one)
    ]
    sources = named if order.sources else list(default_sources(settings))
    known = searchable(settings)
    if unknown := [name for name in sources if name not in known]:
        raise SweepError(
            f"no such source: {', '.join(unknown)} "
            f"(known: {', '.join(known)}; a shop is named by its address, http…; "
            "a handed-over file as file:PATH)"
        )
    for name in sources:
        if variable := missing_key(settings, name):
            raise SweepError(f"source {name} is an API and needs its key: set {variable}")
    return sources


def _queries(
    readers: Mapping[str, Reader], sources: Iterable[str], texts: Sequence[tuple[str, str]],
    pages: int,
) -> tuple[list[Query], list[PlannedTask]]:  # fmt: skip
    """A query and its task for each text at each source; what is the same question once."""
    seen: set[tuple[str, bytes]] = set()
    asked, tasks = [], []
    for source in sources:
        for goods, text in texts:
            ask = readers[source].ask(text, 1)
            if (key := (canonical(ask.url), ask.body)) in seen:
                continue
            seen.add(key)
            asked.append(Query(source, goods, text))
            tasks.append(PlannedTask(source, source, goods, text, ask.url, pages))
    return asked, tasks


def open_clue_shops(session: Session) -> set[tuple[str, str]]:
    """(source, key) of each shop that an open clue is about, or whose operator it is about, and of
    those whose operator is on the watch list for broken faith."""
    rows = session.execute(
        select(m.Shop.source, m.Shop.key)
        .join(
            m.Clue, or_(m.Clue.shop_id == m.Shop.id, m.Clue.operator_id == m.Shop.operator_id)
        )
        .where(m.Clue.state.not_in(SETTLED))
        .distinct()
    )  # fmt: skip
    return {(source, key) for source, key in rows} | broken_faith_shops(session)


def _watched(session: Session, goods: set[str]) -> dict[str, str]:
    """Independent shops that are watched, by host: all, or those that may sell the goods."""
    query = select(m.SourceRow.name, m.SourceRow.home).where(m.SourceRow.kind == "shop")
    if goods:
        sells = select(m.Shop.source).join(m.ListingRow, m.ListingRow.shop_id == m.Shop.id)
        query = query.where(
            m.SourceRow.name.in_(sells.where(m.ListingRow.goods.in_(goods)))
            | m.SourceRow.name.not_in(sells)
        )
    return {name: home for name, home in session.execute(query.order_by(m.SourceRow.id))}


def _resting(session: Session) -> list[str]:
    """Sites that were taken for shops, answered several sweeps, and never sold anything."""
    rows = session.scalars(
        select(m.TaskRow.source)
        .where(m.TaskRow.reader == "shop", m.TaskRow.answers > 0, ~m.TaskRow.item)
        .where(m.TaskRow.state.in_(("done", "failed")))
        .group_by(m.TaskRow.source)
        .having(func.count() >= RESTING, func.sum(m.TaskRow.items) == 0)
        .order_by(m.TaskRow.source)
    )
    return list(rows)
