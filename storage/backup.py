"""A backup: the store as it stood at one moment, all evidence, and the SHA-256 of each file.

It may run while a sweep does: SQLite by its online backup, PostgreSQL by COPY in one
repeatable-read transaction. The store is copied first; evidence is on the disk before the store
tells of it, so that all that the copy tells of is in the evidence copied after it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, func, inspect, select

from storage import models as m
from storage.members import whole_members
from storage.recovery import OPEN
from storage.store import Store

__all__ = ["BackupError", "Made", "backup", "sha256_of"]

FORMAT = 1
MANIFEST = "manifest.json"
PARTIAL = ".partial"


class BackupError(RuntimeError):
    """A backup that can't be made or used: names the file and why."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished backup; `missing` are evidence files that the store tells of and the vault lacks."""

    folder: Path
    files: int
    bytes: int
    missing: list[str]


def sha256_of(path: Path) -> str:
    """Of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def backup(
    store: Store, vault_dir: Path, folder: Path, progress: Callable[[str], None] = lambda _: None
) -> Made:
    """Write a backup into a folder that does not exist yet (or is empty); it has its name only
    once it is whole. Raises `BackupError`."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder}: is there already; a backup wants a folder of its own")
    work = folder.with_name(folder.name + PARTIAL)
    shutil.rmtree(work, ignore_errors=True)
    try:
        (work / "store").mkdir(parents=True)
        progress("store")
        if store.engine.dialect.name == "sqlite":
            tables, told = _sqlite(store, work / "store" / "store.db")
        else:
            tables, told = _postgresql(store, work / "store")
        for name in _evidence(vault_dir, work / "evidence"):
            progress(name)
        files = {
            path.relative_to(work).as_posix(): {
                "size": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            for path in sorted(work.rglob("*"))
            if path.is_file()
        }
        missing = sorted(name for name in told if f"evidence/{name}" not in files)
        manifest = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": store.engine.dialect.name,
            "revision": store.revision(),
            "tables": tables,
            "missing": missing,
            "files": files,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (work / MANIFEST).write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        work.rename(folder)
    except (OSError, sqlite3.Error, psycopg.Error) as error:
        raise BackupError(f"{folder}: the backup can't be written: {error}") from None
    total = sum(int(entry["size"]) for entry in files.values())  # type: ignore[call-overload]
    return Made(folder, len(files), total, missing)


def _sqlite(store: Store, to: Path) -> tuple[list[dict[str, Any]], set[str]]:
    source = sqlite3.connect(str(store.engine.url.database))
    with closing(source), closing(sqlite3.connect(to)) as target:
        # In one step: in WAL mode it reads one moment and holds up nobody.
        source.backup(target)
    engine = create_engine(f"sqlite:///{to}")
    with engine.connect() as copy:
        files = set(copy.scalars(select(m.Evidence.warc_file).distinct()))
        there = set(inspect(copy).get_table_names())
        tables = [
            {"name": t.name, "rows": copy.scalar(select(func.count()).select_from(t))}
            for t in m.Base.metadata.sorted_tables
            if t.name in there
        ]
    engine.dispose()
    for rest in ("-wal", "-shm"):
        to.with_name(to.name + rest).unlink(missing_ok=True)
    return tables, files


def _postgresql(store: Store, to: Path) -> tuple[list[dict[str, Any]], set[str]]:
    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    tables = []
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.cursor() as cursor:
            for table in m.Base.metadata.sorted_tables:
                columns = [column.name for column in table.columns]
                named = ", ".join(f'"{name}"' for name in columns)
                with (
                    gzip.open(to / f"{table.name}.copy.gz", "wb", compresslevel=1) as file,
                    cursor.copy(f'COPY "{table.name}" ({named}) TO STDOUT'.encode()) as copy,
                ):
                    for data in copy:
                        file.write(data)
                tables.append({"name": table.name, "columns": columns, "rows": cursor.rowcount})
            cursor.execute("SELECT DISTINCT warc_file FROM evidence")
            files = {name for (name,) in cursor.fetchall()}
    return tables, files


def _evidence(vault_dir: Path, to: Path) -> Iterator[str]:
    """Copy every file of the vault; of one in work what is whole, under its final name."""
    for path in sorted(vault_dir.rglob("*")):
        if not path.is_file() and not path.name.endswith(OPEN):
            continue
        final = path.relative_to(vault_dir)
        final = final.with_name(final.name.removesuffix(OPEN))
        copy = to / final
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, copy)
        except FileNotFoundError:
            # It was finished meanwhile, and has its final name.
            shutil.copyfile(path.with_name(final.name), copy)
        else:
            if path.name.endswith(OPEN):
                with copy.open("r+b") as file:
                    file.truncate(whole_members(file))
        yield final.as_posix()
