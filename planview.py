"""`yunjian sweep --dry-run`: the plan on the terminal, or as JSON."""

from __future__ import annotations

import json

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from settings import Settings
from storage import Store
from sweeps.order import SweepOrder
from sweeps.plan import draw

__all__ = ["show_plan"]

SHOWN = 20
"""Urgent shops named one by one."""


def show_plan(
    settings: Settings, store: Store, order: SweepOrder, out: Console, as_json: bool
) -> None:
    """Draw the plan of an order from settings and store, and print it; nobody is asked.

    Raises `SweepError` or `PlanError`.
    """
    if order.resume:
        from sweeps.order import SweepError

        raise SweepError("--dry-run shows a new plan; a sweep to resume has one already")
    with store.session() as session:
        plan = draw(settings, session, order)
    said = plan.to_dict(settings)
    if as_json:
        print(json.dumps(said, ensure_ascii=False))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="Plan (nobody is asked)")
    for heading in ("source", "tasks", "result pages", "budget", "urgent"):
        table.add_column(heading, justify="left" if heading == "source" else "right")
    table.add_column("hours (China)")
    table.add_column("robots.txt")
    for name, row in said["sources"].items():
        hours = row["window"] or "any"
        if row["opens"]:
            hours += f", opens {row['opens'][:16].replace('T', ' ')}"
        table.add_row(
            escape(name),
            str(row["tasks"]),
            str(row["result_pages"]),
            str(row["budget"] or "any"),
            str(row["urgent"] or ""),
            hours,
            escape(row["robots_exception"] or "obeyed"),
        )
    out.print(table)
    urgent = [task for task in plan.tasks if task.priority]
    for task in urgent[:SHOWN]:
        out.print(f"first: {task.url} ({task.why})", markup=False, soft_wrap=True)
    if plan.resting:
        out.print(f"left out, never sold anything: {', '.join(plan.resting)}", soft_wrap=True)
    texts = list(dict.fromkeys(task.query for task in plan.tasks if task.query))
    out.print(f"{len(plan.tasks)} tasks, {len(texts)} texts: {'、'.join(texts)}", soft_wrap=True)
