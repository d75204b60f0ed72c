"""`Store`: the database behind one URL, its schema up to date."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

__all__ = ["Store", "StoreError", "alembic_config", "open_store", "schema_transaction"]

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
WRITING = 7396043
"""The advisory lock of those who write."""


class StoreError(RuntimeError):
    """The store can't be used: says which one, why, and what to do."""


class Store:
    """The store; made by `open_store`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @property
    def name(self) -> str:
        """Its address without the password, fit for a message."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: all of it is kept, or, after an error, none."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes, one at a time over all processes: what it read still holds
        when it writes, and no two wait for each other crosswise. Keep it short."""
        with self.session() as session:
            if self.engine.dialect.name == "postgresql":
                session.execute(select(func.pg_advisory_xact_lock(WRITING)))
            else:
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            yield session

    def revision(self) -> str:
        """The version of the schema."""
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _sqlite_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL lets analysts read while a sweep writes; NORMAL still survives a killed process.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def alembic_config(connection: Connection) -> Config:
    """What Alembic's commands want, for this connection."""
    config = Config()
    # Alembic reads options with %-interpolation.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def open_store(url: str) -> Store:
    """The store at a SQLAlchemy URL (SQLite or PostgreSQL), made or upgraded where needed.

    Raises `StoreError` where the URL makes no sense, the database can't be reached or
    written, or was made by a newer version of this program.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise StoreError(f"{url}: only sqlite and postgresql stores are supported")
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        # Chinese as it is: escaped it takes twice the space.
        engine = create_engine(parsed, json_serializer=partial(json.dumps, ensure_ascii=False))
    except (ArgumentError, NoSuchModuleError, OSError) as error:
        raise StoreError(f"{url}: not a store that can be opened: {error}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_pragmas)
    store = Store(engine)
    try:
        _upgrade(store)
    except DBAPIError as error:
        raise StoreError(f"{store.name}: can't be opened: {error.orig}") from None
    return store


def _upgrade(store: Store) -> None:
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    if store.revision() == head:
        return
    with schema_transaction(store.engine) as connection:
        try:
            command.upgrade(alembic_config(connection), "head")
        except CommandError as error:
            raise StoreError(
                f"{store.name}: made by a newer version of this program ({error}); "
                "update the program, or open another database"
            ) from None


@contextmanager
def schema_transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction for the whole upgrade, and for one process at a time: one that is killed
    in the middle leaves the schema as it was, two that start at once don't both make it."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7396042)")
            yield connection
            return
        driver: Any = connection.connection.dbapi_connection
        # Left to itself the driver of SQLite commits after each change of the schema.
        before, driver.isolation_level = driver.isolation_level, None
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
        finally:
            # SQLAlchemy's own commit or rollback ends the transaction.
            driver.isolation_level = before
