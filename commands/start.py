"""`yunjian doctor`, `yunjian demo`: is all there, and how does it look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from commands.clues import clue_table
from commands.screen import out, plain_errors
from commands.sweep import show_summary

__all__ = ["attach"]


def doctor() -> None:
    """Check what a sweep needs: settings, rules, store, vault, browser, fonts."""
    from doctor import checks

    with plain_errors():
        wrong = 0
        for check in checks():
            mark = {"ok": "[green]ok[/]", "warn": "[yellow]!![/]", "bad": "[red]no[/]"}[check.state]
            wrong += check.state == "bad"
            out.print(f"{mark}  {escape(check.name)}: {escape(check.says)}", soft_wrap=True)
        if wrong:
            raise typer.Exit(1)


def demo(
    port: Annotated[int, typer.Option(help="of the practice town; 0 is any free one")] = 8800,
    keep: Annotated[
        bool, typer.Option("--keep", help="leave the town standing until Ctrl-C")
    ] = False,
    data: Annotated[Path, typer.Option(help="folder for the demo's store and evidence")] = Path(
        "data/demo"
    ),
) -> None:
    """Raise the practice town, sweep it, and show the worst clues."""
    from demo import run_demo

    with plain_errors():
        run_demo(port, keep, data, show_summary, clue_table)


def attach(app: typer.Typer) -> None:
    """Adds `doctor` and `demo` to the commands."""
    app.command()(doctor)
    app.command()(demo)
