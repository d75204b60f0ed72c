"""The tasks of a sweep in the store: made once, taken up again after an interruption."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crawler.addresses import host_of
from crawler.plan import Query
from crawler.tasks import Task, Yield
from storage import models as m

__all__ = [
    "add_file_tasks",
    "add_item_tasks",
    "add_queries",
    "add_shop_task",
    "asked_before",
    "keep_yields",
    "pending_tasks",
    "task_of",
]


class ItemPage(Protocol):
    """What is to be known of an item page that is asked by itself."""

    @property
    def source(self) -> str: ...
    @property
    def reader(self) -> str: ...
    @property
    def goods(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def priority(self) -> int: ...


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def task_of(row: m.TaskRow) -> Task:
    return Task(
        id=row.id,
        source=row.source,
        reader=row.reader,
        goods=row.goods,
        query=row.query,
        start_url=row.start_url,
        pages=row.pages,
        priority=row.priority,
        done=row.state != "pending",
        item=row.item,
    )


def add_queries(session: Session, sweep_id: int, queries: Iterable[Query], pages: int) -> None:
    """A pending task for each query."""
    rows = [
        {
            "sweep_id": sweep_id,
            "key": _key(query.source, query.goods, query.text),
            "source": query.source,
            "reader": query.source,
            "goods": query.goods,
            "query": query.text,
            "start_url": "",
            "pages": pages,
            "state": "pending",
            "note": "",
        }
        for query in queries
    ]
    if rows:
        session.execute(insert(m.TaskRow), rows)


def add_item_tasks(session: Session, sweep_id: int, items: Iterable[ItemPage]) -> None:
    """A pending task for each item page whose price is watched."""
    rows = [
        {
            "sweep_id": sweep_id, "key": _key(one.source, "item", one.url), "source": one.source,
            "reader": one.reader, "goods": one.goods, "query": "", "start_url": one.url, "pages": 1,
            "priority": one.priority, "item": True, "state": "pending", "note": "",
        }
        for one in items
    ]  # fmt: skip
    if rows:
        session.execute(insert(m.TaskRow), rows)


def add_file_tasks(session: Session, sweep_id: int, paths: Iterable[Path]) -> None:
    """A pending task for each handed-over file; the file joins the sources."""
    for path in dict.fromkeys(paths):
        name = f"file:{path.name}"[:255]
        if session.scalar(select(m.SourceRow.id).where(m.SourceRow.name == name)) is None:
            session.add(
                m.SourceRow(
                    name=name, kind="file", title=path.name, home=path.as_uri(),
                    how_found="handed over", added_at=datetime.now(UTC),
                )
            )  # fmt: skip
        session.add(
            m.TaskRow(
                sweep_id=sweep_id, key=_key(name, "", str(path)), source=name, reader="file",
                goods="", query=str(path), start_url="", pages=1, state="pending", note="",
            )
        )  # fmt: skip


def add_shop_task(
    session: Session,
    sweep_id: int,
    url: str,
    title: str,
    how: str = "named by an officer",
    priority: int = 0,
) -> tuple[Task, bool]:
    """The task that sweeps the shop at `url` from its front page, and whether the shop is new.

    A shop never seen before joins the sources to watch, with how it was found.
    """
    host, parts = host_of(url), urlsplit(url)
    home = f"{parts.scheme}://{parts.netloc}/"
    made = postgresql.Insert if session.get_bind().dialect.name == "postgresql" else sqlite.Insert
    fresh = session.scalar(
        made(m.SourceRow)
        .values(
            name=host, kind="shop", title=title[:200].replace("\0", "") or host, home=home,
            how_found=how, added_at=datetime.now(UTC),
        )
        .on_conflict_do_nothing()
        .returning(m.SourceRow.id)
    )  # fmt: skip
    key = _key(host, "", home)
    session.execute(
        made(m.TaskRow)
        .values(
            sweep_id=sweep_id, key=key, source=host, reader="shop", goods="", query="",
            start_url=home, pages=1, priority=priority, state="pending", note="",
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    row = session.scalars(
        select(m.TaskRow).where(m.TaskRow.sweep_id == sweep_id, m.TaskRow.key == key)
    ).one()
    return task_of(row), fresh is not None


def pending_tasks(session: Session, sweep_id: int) -> list[Task]:
    """What is left to do, in the order of the plan."""
    rows = session.scalars(
        select(m.TaskRow)
        .where(m.TaskRow.sweep_id == sweep_id, m.TaskRow.state == "pending")
        .order_by(m.TaskRow.priority.desc(), m.TaskRow.id)
    )
    return [task_of(row) for row in rows]


def asked_before(session: Session, sweep_id: int) -> dict[str, int]:
    """Pages that the ended tasks of an interrupted sweep have had, by source."""
    rows = session.execute(
        select(m.TaskRow.source, func.sum(m.TaskRow.answers))
        .where(m.TaskRow.sweep_id == sweep_id, m.TaskRow.state != "pending")
        .group_by(m.TaskRow.source)
    )
    return {source: int(pages) for source, pages in rows}


def keep_yields(
    session: Session, yields: Iterable[tuple[Task, Yield]], evidence: Mapping[str, int]
) -> None:
    """What tasks gave, beside them; `evidence` has the ids of records."""
    for task, gave in yields:
        _, record, url = gave.poorest or (0, "", "")
        session.execute(
            update(m.TaskRow)
            .where(m.TaskRow.id == task.id)
            .values(
                answers=gave.answers, items=gave.items, whole=gave.whole,
                poorest_url=url.replace("\0", ""), poorest_id=evidence.get(record),
            )
        )  # fmt: skip
