"""What is purged when its time is over, and who opened what."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from commands.screen import officer_name, out, plain_errors, printable, store_of

__all__ = ["attach"]

By = Annotated[str, typer.Option("--as", help="the officer's name; else the system's user")]
Json = Annotated[bool, typer.Option("--json")]


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would go; take nothing")] = False,
    officer: By = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take away what is older than rules/retention.yaml allows, never what a clue rests on; a
    record of it stays."""
    from clues.retention import load_periods
    from clues.retention import purge as take_away

    with plain_errors():
        import settings
        from storage import Vault

        config = settings.load()
        due = take_away(
            store_of(config), Vault(config.vault_dir, config.evidence_bucket), load_periods(config.rules_dir),
            officer_name(officer), dry_run,
        )  # fmt: skip
        if as_json:
            print(json.dumps([asdict(one) for one in due], ensure_ascii=False))
            return
        for one in due:
            out.print(printable(f"{one.kind}  {one.what}  {one.count} rows  {one.size} bytes"), markup=False, soft_wrap=True)  # fmt: skip
        verb = "would go" if dry_run else "gone, and written down"
        out.print(f"{len(due)} items {verb}")


def access(
    officer: Annotated[str, typer.Option(help="whose looks")] = "",
    what: Annotated[str, typer.Option(help="clue, evidence or intake")] = "",
    target: Annotated[str, typer.Option("--id", help="looks at this one")] = "",
    limit: Annotated[int, typer.Option(min=0, help="at most so many; 0 is all")] = 100,
    as_json: Json = False,
) -> None:
    """Who opened what, newest first."""
    from clues.access import accesses

    with plain_errors():
        import settings

        with store_of(settings.load()).session() as session:
            found = accesses(session, officer, what, target, limit)
        if as_json:
            print(json.dumps([asdict(one) for one in found], ensure_ascii=False, default=str))
            return
        for one in found:
            out.print(printable(f"{one.at:%Y-%m-%d %H:%M:%S}Z  {one.officer}  {one.what} {one.target}  {one.via}"), markup=False, soft_wrap=True)  # fmt: skip
        out.print(f"{len(found)} looks")


def attach(app: typer.Typer) -> None:
    """Hook the commands in."""
    app.command()(purge)
    app.command()(access)
