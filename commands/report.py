"""`yunjian report`: the reports of the action plan, ready to send."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from commands.casework import _say, store_session

__all__ = ["attach"]


def _day(option: str, text: str) -> date:
    from cli import Failed

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failed(f"{option}: a day is wanted, as in 2026-09-30, not {text!r}", 2) from None


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
    from cli import Failed, plain_errors
    from clues.log import CaseError
    from schedule.calendar import CalendarError

    with plain_errors():
        begin, end = _day("--from", first), _day("--to", last)
        if to.suffix.lower() not in reports.FORMATS:
            raise Failed(f"--out: {to.name}: a name that ends in {', '.join(reports.FORMATS)} is wanted", 2)  # fmt: skip
        config = settings.load()
        try:
            if kind not in reports.KINDS:
                raise reports.ReportError(f"no such kind of report: {kind} ({', '.join(reports.KINDS)})")  # fmt: skip
            known = reports.knowledge(config.rules_dir)
            with store_session() as session:
                made = reports.build(session, kind, begin, end, region, known)
        except reports.ReportError as error:
            raise Failed(str(error), 2) from None
        except (CalendarError, CaseError) as error:
            raise Failed(str(error)) from None
        reports.write(made, to, config.browser)
        _say(f"{made.title}  {made.period}  {made.place}  {len(made.queries)} 项查询 → {to}")
        if made.empty:
            _say("本期没有数据：请核对期间和地域")


def attach(app: typer.Typer) -> None:
    """Add this command."""
    app.command("report")(report)
