"""How large the store is, and how fast it grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from storage import models as m
from storage.store import Store

__all__ = ["Growth", "Kind", "Sizes", "TableSize", "sizes"]

ESTIMATED = 1_000_000
"""Above so many rows PostgreSQL's own estimate is taken: to count them would read them all."""


@dataclass(frozen=True, slots=True)
class TableSize:
    """Rows and bytes of one table, its indexes included."""

    name: str
    rows: int
    bytes: int
    estimated: bool
    """Whether `rows` is an estimate."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Evidence of one kind: records, and bytes of their payloads as received."""

    kind: str
    records: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What one sweep added. `store_bytes` is reckoned from the bytes per observation in all."""

    sweep_id: int
    mode: str
    started_at: datetime
    observations: int
    signals: int
    records: int
    evidence_bytes: int
    store_bytes: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """All of it; `vault_bytes` is what the evidence files take on the disk, packed."""

    tables: list[TableSize]
    kinds: list[Kind]
    growth: list[Growth]
    vault_files: int
    vault_bytes: int


def sizes(store: Store, vault_dir: Path, sweeps: int = 10) -> Sizes:
    """The sizes of store and vault, and the growth by each of the last sweeps, newest first."""
    with store.engine.connect() as connection:
        tables = sorted(_tables(connection), key=lambda t: (-t.bytes, t.name))
        kinds = [
            Kind(kind, records, int(size or 0))
            for kind, records, size in connection.execute(
                select(m.Evidence.kind, func.count(), func.sum(m.Evidence.size))
                .group_by(m.Evidence.kind)
                .order_by(func.count().desc())
            )
        ]
        total = sum(table.bytes for table in tables)
        rows = next((t.rows for t in tables if t.name == "observation"), 0)
        growth = _growth(connection, sweeps, total / rows if rows else 0.0)
    files = [path.stat().st_size for path in vault_dir.rglob("*.warc.gz*") if path.is_file()]
    return Sizes(tables, kinds, growth, len(files), sum(files))


def _tables(connection: Connection) -> list[TableSize]:
    names = [table.name for table in m.Base.metadata.sorted_tables]
    if connection.dialect.name == "sqlite":
        bytes_of: dict[str, int] = {}
        # `dbstat` has the pages of each table and of each of its indexes.
        for name, size in connection.execute(
            text(
                "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_schema s "
                "ON s.name = d.name WHERE d.aggregate = TRUE GROUP BY s.tbl_name"
            )
        ):
            bytes_of[name] = size
        return [
            TableSize(name, _count(connection, name), bytes_of.get(name, 0), False)
            for name in names
        ]
    told = {
        name: (int(rows), int(size))
        for name, rows, size in connection.execute(
            text(
                "SELECT relname, reltuples, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace"
            )
        )
    }
    found = []
    for name in names:
        rows, size = told.get(name, (0, 0))
        large = rows > ESTIMATED
        found.append(TableSize(name, rows if large else _count(connection, name), size, large))
    return found


def _count(connection: Connection, name: str) -> int:
    return connection.scalar(select(func.count()).select_from(m.Base.metadata.tables[name])) or 0


def _growth(connection: Connection, sweeps: int, per_observation: float) -> list[Growth]:
    found = []
    for id_, mode, started_at in connection.execute(
        select(m.Sweep.id, m.Sweep.mode, m.Sweep.started_at)
        .order_by(m.Sweep.id.desc())
        .limit(sweeps)
    ):
        seen = select(func.count()).select_from(m.Observation)
        observations = connection.scalar(seen.where(m.Observation.sweep_id == id_)) or 0
        signals = connection.scalar(
            select(func.count())
            .select_from(m.SignalRow)
            .join(m.Observation, m.Observation.id == m.SignalRow.observation_id)
            .where(m.Observation.sweep_id == id_)
        )
        records, size = connection.execute(
            select(func.count(), func.sum(m.Evidence.size)).where(m.Evidence.sweep_id == id_)
        ).one()
        found.append(
            Growth(
                id_, mode, started_at, observations, signals or 0, records, int(size or 0),
                int(observations * per_observation),
            )
        )  # fmt: skip
    return found
