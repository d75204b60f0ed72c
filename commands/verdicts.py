"""What the officers' verdicts say of the rules: measured precision, refitted scores."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from commands.rules import rules_app
from commands.screen import Failed, out, plain_errors, store_session

__all__ = ["attach"]


def rules_precision(
    by: Annotated[str, typer.Option(help="rule, violation or source; all if empty")] = "",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Measured precision per rule, violation and source, with its 95 % interval."""
    from clues.precision import precision

    with plain_errors():
        if by not in ("", "rule", "violation", "source"):
            raise Failed(f"--by: rule, violation or source, not {by!r}", 2)
        with store_session() as session:
            found = [one for one in precision(session) if by in ("", one.kind)]
        if as_json:
            print(json.dumps([one.to_dict() for one in found], ensure_ascii=False))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("kind", "name", "right", "wrong", "precision", "95 % interval"):
            table.add_column(heading, justify="left" if heading in ("kind", "name") else "right")
        for one in found:
            low, high = one.interval
            table.add_row(
                one.kind, escape(one.name), str(one.right), str(one.wrong), f"{one.precision:.2f}",
                f"{low:.2f}–{high:.2f}",
            )  # fmt: skip
        out.print(table)


def rules_calibrate(
    write: Annotated[bool, typer.Option("--apply", help="write rules/scores.yaml")] = False,
) -> None:
    """Refit scores and thresholds from the verdicts; shows the change, writes it with --apply."""
    import settings
    from clues.calibrate import apply, judged, refit
    from detectors.ruleset import load_rules

    with plain_errors():
        folder = settings.load().rules_dir
        with store_session() as session:
            verdicts = judged(session)
        proposal = refit(folder, load_rules(folder), verdicts)
        for note in proposal.notes:
            out.print(note, markup=False, soft_wrap=True)
        diff = proposal.diff
        out.print(diff or "nothing changes", markup=False, soft_wrap=True)
        if diff and write:
            apply(folder, proposal)
            out.print(f"written, from {proposal.verdicts} verdicts", markup=False)
        elif diff:
            out.print(f"from {proposal.verdicts} verdicts; write it with --apply", markup=False)


def attach(app: typer.Typer) -> None:
    """Add these commands below `rules`."""
    rules_app.command("precision")(rules_precision)
    rules_app.command("calibrate")(rules_calibrate)
