"""`yunjian registry`: registers of enterprises that bureaus hand over."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

import settings as settings_module
from commands.screen import err, out, plain_errors, store_of

__all__ = ["registry_app"]

registry_app = typer.Typer(
    no_args_is_help=True, help="Registers of enterprises: load them, compare shops with them."
)


@registry_app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="CSV with headings")],
    covers: Annotated[
        str,
        typer.Option(help="division code whose enterprises it holds without exception"),
    ] = "",
    encoding: Annotated[str, typer.Option(help="utf-8 or gb18030; found out where not said")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=HEADING for code, name, status, address, district; may repeat"),
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="file for rows that can't be used")] = None,
) -> None:
    """Load a register of enterprises; loading it again changes nothing."""
    from clues.registry import HEADINGS, RegistryError, load_registry

    with plain_errors():
        columns = dict(one.partition("=")[::2] for one in column or ())
        if unknown := sorted(columns.keys() - HEADINGS.keys()):
            raise RegistryError(f"no such field: {', '.join(unknown)} ({', '.join(HEADINGS)})")
        store = store_of(settings_module.load())
        began = time.monotonic()
        with err.status("loading"):
            done = load_registry(store, file, covers, encoding, columns, rejects)
        if done.repeated:
            out.print(f"the same file was loaded before: {done.rows} rows; nothing to do")
            return
        named = "、".join(f"{field}={heading}" for field, heading in done.columns.items())
        out.print(f"{file.name} ({done.encoding}; {named})", markup=False, soft_wrap=True)
        out.print(
            f"{done.rows} rows: {done.new} new, {done.changed} changed; {done.rejected} rejected; "
            f"{time.monotonic() - began:.1f} s"
        )
        if done.rejected:
            err.print(f"yunjian: {done.rejected} rows can't be used: {done.rejects}", markup=False, soft_wrap=True)  # fmt: skip
            raise typer.Exit(1)


@registry_app.command("check")
def check() -> None:
    """Compare all shops with the loaded registers; opens clues for what does not hold."""
    import detectors
    from clues.registry_check import check_registry

    with plain_errors():
        config = settings_module.load()
        places = detectors.load(config.rules_dir).knowledge.places
        with err.status("comparing"):
            done = check_registry(store_of(config), places)
        told = ", ".join(f"{kind} {count}" for kind, count in done.results.most_common())
        out.print(f"{done.shops} shops compared: {told or 'none in a register'}")
        out.print(
            f"clues: {len(done.opened)} opened, {len(done.grown)} grown; "
            f"{done.separated} shops left the operator whose code they show"
        )


def attach(app: typer.Typer) -> None:
    """Adds `registry` to the commands."""
    app.add_typer(registry_app, name="registry")
