"""`yunjian sweep`: the main job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

import settings
from commands.screen import Failed, err, out, plain_errors, store_of

__all__ = ["attach", "show_summary"]


def sweep(
    goods: Annotated[list[str] | None, typer.Option(help="goods id or title; may repeat")] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="source name, a shop's address, or file:PATH of handed-over data; may repeat"
        ),
    ] = None,
    region: Annotated[
        str, typer.Option(help="division code; listings elsewhere are left out")
    ] = "",
    mode: Annotated[
        str, typer.Option(help="ad-hoc, nightly, intensified or price-watch")
    ] = "ad-hoc",
    budget: Annotated[
        int, typer.Option(min=0, help="pages per source; of a price watch, item pages in all")
    ] = 0,
    max_pages: Annotated[int, typer.Option(min=0, help="result pages per query")] = 0,
    resume: Annotated[int, typer.Option(min=0, help="take up an interrupted sweep")] = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="print the plan and ask nobody")
    ] = False,
    archives: Annotated[
        list[Path] | None,
        typer.Option("--from", help="read a WARC or WACZ file instead of sites; may repeat"),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="by so many worker processes on this machine")
    ] = 0,
    cancel: Annotated[int, typer.Option(min=0, help="end a sweep that is left to workers")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="summary or plan as JSON")] = False,
) -> None:
    """Sweep sources for key goods: fetch, keep evidence, detect, open clues."""
    from sweeps import Summary
    from sweeps import sweep as run_sweep
    from sweeps.run import SweepOrder
    from watching.alerts import after_sweep
    from watching.logs import begin_logging
    from watching.webhooks import after_sweep as tell_programs

    with plain_errors():
        if mode not in ("ad-hoc", "nightly", "intensified", "price-watch"):
            raise Failed(f"no such mode: {mode} (ad-hoc, nightly, intensified or price-watch)", 2)
        order = SweepOrder(
            tuple(goods or ()), tuple(source or ()), region, mode, max_pages, resume, budget, "",
            tuple(str(path) for path in archives or ()),
        )  # fmt: skip
        config = settings.load()
        begin_logging(config)
        if cancel:
            from sweeps.team import cancel_sweep

            ended = cancel_sweep(store_of(config), cancel)
            out.print(f"sweep {cancel}: cancelled, {ended} tasks not done")
            return
        if dry_run:
            from planview import show_plan

            show_plan(config, store_of(config), order, out, as_json)
            return
        with err.status("sweep") as status:

            def progress(summary: Summary) -> None:
                total = summary.total()
                status.update(
                    f"sweep {summary.sweep_id}: {total.pages} pages, {total.listings} listings, "
                    f"{total.clues_opened} clues, {total.blocks} blocks, "
                    f"{summary.screenshots} screenshots"
                )

            if workers:
                from sweeps.team import sweep_by_team

                summary = sweep_by_team(config, store_of(config), order, workers, progress)
            else:
                summary = run_sweep(config, store_of(config), order, progress)
        after_sweep(config, store_of(config))
        tell_programs(config, store_of(config))
        if as_json:
            print(json.dumps(summary.to_dict(), ensure_ascii=False))
        else:
            show_summary(summary)
        if summary.state == "interrupted":
            more = f" --workers {workers}" if workers else ""
            raise Failed(
                f"interrupted; go on with: yunjian sweep --resume {summary.sweep_id}{more}"
            )


def show_summary(summary: Any) -> None:
    """A sweep's numbers as a table, then what could not be seen."""
    columns = {
        "pages": "pages", "listings": "listings", "observations_new": "new",
        "observations_unchanged": "unchanged", "signals": "signals", "clues_opened": "clues",
        "clues_grown": "grown", "blocks": "blocks", "failures": "failures",
    }  # fmt: skip
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title=f"Sweep {summary.sweep_id} ({summary.mode}): {summary.state}, {summary.seconds} s",
    )
    table.add_column("source")
    for heading in columns.values():
        table.add_column(heading, justify="right")
    rows = sorted((name, count) for name, count in summary.sources.items() if name)
    for name, count in [*rows, ("total", summary.total())]:
        table.add_row(escape(name), *(str(getattr(count, column)) for column in columns))
    out.print(table)
    tasks = ", ".join(f"{count} {state}" for state, count in sorted(summary.tasks.items()))
    out.print(
        f"tasks: {tasks}; shops found: {summary.shops_found}; screenshots: {summary.screenshots}"
    )
    if summary.results:
        led = ", ".join(f"{kind} {count}" for kind, count in summary.results.most_common())
        out.print(f"search results led to: {led}", soft_wrap=True)
    if summary.violations:
        opened = ", ".join(f"{v} {n}" for v, n in summary.violations.most_common())
        out.print(f"clues opened: {opened}", soft_wrap=True)
    # What was waited for, allowed or alarming stands apart from what could not be seen.
    apart = ("wait/", "exception/", "drift/", "empty/")
    for heading, own in (("not seen", False), ("noted", True)):
        kinds = [k for k in summary.incidents.most_common() if k[0].startswith(apart) is own]
        if kinds:
            said = ", ".join(f"{kind} {count}" for kind, count in kinds)
            out.print(f"{heading}: {said}", soft_wrap=True)
    for alarm in summary.drift:
        out.print(f"DRIFT ALARM  {alarm}", markup=False, soft_wrap=True)
    for name, until in summary.waiting.items():
        out.print(f"waiting: {name}: {until}", markup=False, soft_wrap=True)
    if summary.state == "waiting":
        out.print(f"go on with: yunjian sweep --resume {summary.sweep_id}", markup=False)
    for problem in summary.problems[:5]:
        out.print(f"  {problem}", markup=False, soft_wrap=True)


def attach(app: typer.Typer) -> None:
    """Adds `sweep` to the commands."""
    app.command()(sweep)
