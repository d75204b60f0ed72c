"""The talk-sheet of a platform (行政约谈), from what the sweeps saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.screen import Failed, plain_errors, say, store_session

__all__ = ["attach"]


def platforms(
    source: Annotated[list[str] | None, typer.Option(help="platform; all if left out")] = None,
    form: Annotated[str, typer.Option("--format", help="text, json or xlsx")] = "text",
    to: Annotated[Path | None, typer.Option("--out", help="file to write (xlsx needs one)")] = None,
) -> None:
    """Check platforms' duties against what was seen, as a sheet for the talk with them."""
    import settings
    from clues import platforms as duties
    from clues.log import CaseError
    from detectors.ruleset import load_rules

    with plain_errors():
        if form not in ("text", "json", "xlsx"):
            raise Failed(f"no such format: {form} (text, json or xlsx)", 2)
        folder = settings.load().rules_dir
        lines = duties.load_duties(folder, list(load_rules(folder).violations))
        with store_session() as session:
            known = duties.platforms(session)
            names = source or known
            if missing := [name for name in names if name not in known]:
                seen = ", ".join(known) or "none"
                raise CaseError(f"nothing was seen of {', '.join(missing)} (seen: {seen})")
            if not names:
                raise CaseError("no platform was swept yet; see: yunjian sweep --help")
            sheets = [duties.sheet(session, name, lines) for name in names]
        if form != "text":
            duties.write_sheets(sheets, form, to)
            return
        for one in sheets:
            say(f"{one.title}（{one.source}）")
            say(f"  {duties.span_of(one)}")
            for line in one.lines:
                say(f"  {line.point}  {line.title}：{line.found}")
                say(f"      {line.basis}")
                say(f"      问：{line.ask}")


def attach(app: typer.Typer) -> None:
    """Add this command."""
    app.command("platforms")(platforms)
