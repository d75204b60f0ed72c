"""`yunjian db stats|prune|reindex`, `yunjian backup`, `yunjian restore`: the store at size."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

import settings as settings_module
from commands.screen import err, out, plain_errors
from storage import open_store

__all__ = ["backup", "db_app", "restore"]

db_app = typer.Typer(no_args_is_help=True, help="The store: its size, and what may leave it.")
Json = Annotated[bool, typer.Option("--json")]


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"


@db_app.command("stats")
def stats(
    sweeps: Annotated[int, typer.Option(min=0, help="show the growth by so many sweeps")] = 10,
    as_json: Json = False,
) -> None:
    """Rows and bytes by table, evidence by kind, growth by sweep."""
    from storage.sizes import sizes

    with plain_errors():
        config = settings_module.load()
        told = sizes(open_store(config.store_url), config.vault_dir, sweeps)
    if as_json:
        print(json.dumps(asdict(told), ensure_ascii=False, default=str))
        return
    rows = [(t.name, f"{'~' * t.estimated}{t.rows:,}", _size(t.bytes)) for t in told.tables]
    _table(("table", "rows", "with indexes"), rows)
    _table(
        ("evidence", "records", "payload"),
        [(k.kind, f"{k.records:,}", _size(k.bytes)) for k in told.kinds],
    )
    out.print(f"vault: {told.vault_files} files, {_size(told.vault_bytes)} packed")
    _table(
        ("sweep", "began (UTC)", "observations", "signals", "records", "payload", "store"),
        [
            (f"{g.sweep_id} {g.mode}", f"{g.started_at:%Y-%m-%d %H:%M}", f"{g.observations:,}",
             f"{g.signals:,}", f"{g.records:,}", _size(g.evidence_bytes), _size(g.store_bytes))
            for g in told.growth
        ],
    )  # fmt: skip


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    out.print(table)


@db_app.command("prune")
def prune(
    keep_days: Annotated[int, typer.Option(min=1, help="observations of so many days stay")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
    as_json: Json = False,
) -> None:
    """Remove old observations that no clue may need; evidence is never touched."""
    from storage.pruning import prune as run

    with plain_errors():
        store = open_store(settings_module.load().store_url)
        before = datetime.now(UTC) - timedelta(days=keep_days)
        with err.status("prune") as status:
            told = run(store, before, dry_run, lambda n: status.update(f"{n:,} observations"))
    if as_json:
        print(json.dumps(asdict(told) | {"before": before.isoformat(), "dry_run": dry_run}))
        return
    verb = "would go" if dry_run else "went"
    rows = ", ".join(f"{count:,} {name}" for name, count in told.rows.items())
    out.print(f"of before {before:%Y-%m-%d %H:%M}Z {verb}: {rows}")
    if told.id:
        out.print(f"on record as pruning {told.id}; SHA-256 of what went {told.digest or 'none'}")


@db_app.command("reindex")
def reindex(as_json: Json = False) -> None:
    """Make the search index, and what lists keep of each clue, anew. Sweeps may go on."""
    from clues.summaries import reindex_clues
    from storage.texts import reindex_listings

    told = {"listings": 0, "clues": 0}
    with plain_errors():
        store = open_store(settings_module.load().store_url)
        with err.status("reindex") as status:
            for what, steps in (("listings", reindex_listings), ("clues", reindex_clues)):
                for told[what] in steps(store):
                    status.update(f"reindex: {told[what]:,} {what}")
    if as_json:
        print(json.dumps(told))
    else:
        out.print(f"made anew: {told['listings']:,} listings, {told['clues']:,} clues")


def backup(
    folder: Annotated[Path, typer.Argument(help="a folder that does not exist yet")],
    as_json: Json = False,
) -> None:
    """Copy store and evidence into a folder, with the SHA-256 of each file. Sweeps may go on."""
    from storage.backup import backup as run

    with plain_errors():
        config = settings_module.load()
        with err.status("backup") as status:
            made = run(
                open_store(config.store_url), config.vault_dir, folder, _said(status, "backup")
            )
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False, default=str))
    else:
        out.print(f"{made.folder}: {made.files} files, {_size(made.bytes)}", soft_wrap=True)
    if made.missing:
        err.print(f"missing in the vault: {', '.join(made.missing[:10])}", soft_wrap=True)
        raise typer.Exit(1)


def restore(
    folder: Annotated[Path, typer.Argument(help="what `yunjian backup` wrote")],
    replace: Annotated[
        bool, typer.Option("--replace", help="also over a store that is there already")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="verify it and change nothing")] = False,
) -> None:
    """Verify a backup, then put it back. A damaged one is refused, its files named."""
    from storage.restore import restore as run
    from storage.restore import verify

    with plain_errors():
        if check:
            manifest = verify(folder)
            out.print(f"{folder}: whole, of {manifest['made_at']}", soft_wrap=True)
            return
        config = settings_module.load()
        with err.status("restore") as status:
            done = run(
                folder, config.store_url, config.vault_dir, replace, _said(status, "restore")
            )
    out.print(f"restored as of {done.made_at}: {done.rows:,} rows, {done.files} files")
    for path in done.aside:
        out.print(f"what was there before: {path}", soft_wrap=True)


def _said(status: Any, what: str) -> Any:
    return lambda name: status.update(f"{what}: {name}")


def attach(app: typer.Typer) -> None:
    """Adds `db`, `backup` and `restore` to the commands."""
    app.add_typer(db_app, name="db")
    app.command("backup")(backup)
    app.command("restore")(restore)
