"""`yunjian report`: the reports of the action plan, ready to send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["attach"]


def report(
    kind: Annotated[str, typer.Option(help="statistics, midterm, final, weekly or promotion")],
    first: Annotated[str, typer.Option("--from", help="first day (of China), as in 2026-06-01")],
    last: Annotated[str, typer.Option("--to", help="last day, which counts too")],
    to: Annotated[Path, typer.Option("--out", help="file to write: .xlsx, .docx or .pdf")],
    region: Annotated[str, typer.Option(help="division code; one county's alone")] = "",
) -> None:
    """Write a report of a period, with its figures, comparison, typical cases and charts."""
    import reports
    import settings
    from commands.screen import Failed, plain_errors, say, store_session, typed_day

    with plain_errors():
        begin, end = typed_day(first, "--from"), typed_day(last, "--to")
        if to.suffix.lower() not in reports.FORMATS:
            raise Failed(f"--out: {to.name}: a name that ends in {', '.join(reports.FORMATS)} is wanted", 2)  # fmt: skip
        if kind not in reports.KINDS:
            raise Failed(f"no such kind of report: {kind} ({', '.join(reports.KINDS)})", 2)
        config = settings.load()
        known = reports.knowledge(config.rules_dir)
        with store_session() as session:
            made = reports.build(session, kind, begin, end, region, known)
        reports.write(made, to, config.browser)
        say(f"{made.title}  {made.period}  {made.place}  {len(made.queries)} 项查询 → {to}")
        if made.empty:
            say("本期没有数据：请核对期间和地域")


def attach(app: typer.Typer) -> None:
    """Add this command."""
    app.command("report")(report)
