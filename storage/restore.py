"""A backup put back: every file is verified before anything that is there is touched."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from storage import models as m
from storage.backup import FORMAT, MANIFEST, BackupError, sha256_of
from storage.store import MIGRATIONS, StoreError, alembic_config, open_store, schema_transaction

__all__ = ["Restored", "restore", "verify"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back; `aside` is where that stands which was there before."""

    made_at: str
    rows: int
    files: int
    aside: list[Path]


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of a backup that is whole; raises `BackupError` naming each damaged file."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"]
        if manifest["format"] != FORMAT:
            raise BackupError(f"{folder}: of another format ({manifest['format']})")
    except OSError as error:
        raise BackupError(f"{folder / MANIFEST}: {error.strerror}; not a whole backup") from None
    except (ValueError, KeyError, TypeError):
        raise BackupError(f"{folder / MANIFEST}: damaged, not a manifest") from None
    damaged = []
    for name, told in files.items():
        path = folder / name
        if not path.is_file():
            damaged.append(f"{name}: missing")
        elif path.stat().st_size != told["size"]:
            damaged.append(f"{name}: {path.stat().st_size} bytes, not {told['size']}")
        elif sha256_of(path) != told["sha256"]:
            damaged.append(f"{name}: its SHA-256 is not that of the manifest")
    if damaged:
        raise BackupError(f"{folder}: damaged, nothing was changed: {'; '.join(damaged[:10])}")
    return dict(manifest)


def restore(
    folder: Path,
    store_url: str,
    vault_dir: Path,
    replace: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Put a backup back as the store at this URL and the evidence in this folder.

    With `replace` also over what is there: evidence and a SQLite file are set aside, tables in
    PostgreSQL are dropped in the transaction that fills them anew. Raises `BackupError`.
    """
    manifest = verify(folder)
    progress("verified")
    backend = make_url(store_url).get_backend_name()
    if backend != manifest["database"]:
        raise BackupError(f"{folder}: of a {manifest['database']} store, not {backend}")
    try:
        ScriptDirectory(str(MIGRATIONS)).get_revision(manifest["revision"])
    except CommandError:
        raise BackupError(
            f"{folder}: made by a newer version of this program ({manifest['revision']})"
        ) from None
    if not replace and _in_use(store_url, vault_dir):
        raise BackupError("a store or evidence is there already; say --replace to put it aside")
    stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
    aside: list[Path] = []
    try:
        staged = vault_dir.with_name(f"{vault_dir.name}.restoring")
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        for name, told in manifest["files"].items():
            if name.startswith("evidence/"):
                _copy(folder / name, staged / name.removeprefix("evidence/"), told["sha256"])
                progress(name)
        if backend == "sqlite":
            _sqlite(folder, manifest, Path(str(make_url(store_url).database)), stamp, aside)
        else:
            _postgresql(folder, manifest, store_url)
        # The store tells of evidence that a killed restore may not have moved yet; running it
        # again is always right.
        if vault_dir.exists():
            aside.append(vault_dir.with_name(f"{vault_dir.name}.before-{stamp}"))
            vault_dir.rename(aside[-1])
        staged.rename(vault_dir)
        open_store(store_url).close()
    except (OSError, SQLAlchemyError, StoreError) as error:
        raise BackupError(f"{folder}: can't be restored: {error}") from None
    rows = sum(table["rows"] for table in manifest["tables"])
    return Restored(manifest["made_at"], rows, len(manifest["files"]), aside)


def _in_use(store_url: str, vault_dir: Path) -> bool:
    if vault_dir.is_dir() and any(vault_dir.iterdir()):
        return True
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite":
        return Path(str(url.database)).exists()
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("listing"):
                return False
            return connection.scalar(text("SELECT 1 FROM listing LIMIT 1")) is not None
    except DBAPIError as error:
        raise BackupError(f"the store can't be reached: {error.orig}") from None
    finally:
        engine.dispose()


def _copy(source: Path, to: Path, sha256: str) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)
    if sha256_of(to) != sha256:
        raise BackupError(f"{source}: changed while it was copied")


def _sqlite(
    folder: Path, manifest: dict[str, Any], to: Path, stamp: str, aside: list[Path]
) -> None:
    staged = to.with_name(to.name + ".restoring")
    _copy(folder / "store/store.db", staged, manifest["files"]["store/store.db"]["sha256"])
    if to.exists():
        aside.append(to.with_name(f"{to.name}.before-{stamp}"))
    # With the log that belongs to it: without that it would lack its newest rows.
    for rest in ("", "-wal", "-shm"):
        path = to.with_name(to.name + rest)
        if path.exists():
            path.rename(to.with_name(f"{to.name}.before-{stamp}{rest}"))
    staged.rename(to)


def _postgresql(folder: Path, manifest: dict[str, Any], store_url: str) -> None:
    """All tables dropped, made as they were and filled, or none."""
    engine = create_engine(store_url)
    try:
        with schema_transaction(engine) as connection:
            names = {table.name for table in m.Base.metadata.sorted_tables}
            names |= {table["name"] for table in manifest["tables"]} | {"alembic_version"}
            for name in sorted(names):
                connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{name}" CASCADE')
            command.upgrade(alembic_config(connection), manifest["revision"])
            for table in manifest["tables"]:
                _fill(connection, folder, table)
    finally:
        engine.dispose()


def _fill(connection: Connection, folder: Path, table: dict[str, Any]) -> None:
    named = ", ".join(f'"{name}"' for name in table["columns"])
    driver: Any = connection.connection.driver_connection
    # A migration may have put first rows into its table.
    connection.exec_driver_sql(f'DELETE FROM "{table["name"]}"')
    with (
        driver.cursor() as cursor,
        gzip.open(folder / "store" / f"{table['name']}.copy.gz", "rb") as file,
        cursor.copy(f'COPY "{table["name"]}" ({named}) FROM STDIN') as copy,
    ):
        while data := file.read(1 << 20):
            copy.write(data)
    if "id" in table["columns"]:
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('\"{table['name']}\"', 'id'), "
            f'coalesce(max(id), 1), max(id) IS NOT NULL) FROM "{table["name"]}"'
        )
