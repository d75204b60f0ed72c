"""`yunjian schedule …`: what is planned, the service that does it, what became of it."""

from __future__ import annotations

import json
import signal
import threading
import time
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

import settings as settings_module
from commands.metrics import serve
from commands.screen import Failed, err, out, plain_errors, typed_day
from policies import CHINA

__all__ = ["schedule_app"]

schedule_app = typer.Typer(no_args_is_help=True, help="When sweeps run, and the service for it.")
From = Annotated[str, typer.Option("--from", help="first day (of China); default today")]
Health = Annotated[
    Path | None, typer.Option("--health", help="health file; default scheduler.json in data_dir")
]
WEEKDAYS = "一二三四五六日"


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA).astimezone(UTC)


@schedule_app.command("show")
def show(
    since: From = "",
    to: Annotated[str, typer.Option("--to", help="last day; default 30 days later")] = "",
    ics: Annotated[Path | None, typer.Option("--ics", help="write an iCalendar file")] = None,
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """Print every run that is planned from one day to another, both counted."""
    from scheduler import timetable_of

    with plain_errors():
        if form not in ("table", "json"):
            raise Failed(f"no such format: {form} (table or json)", 2)
        first = typed_day(since, "--from", datetime.now(CHINA).date())
        last = typed_day(to, "--to", first + timedelta(days=30))
        if last < first:
            raise Failed(f"--to {last} lies before --from {first}", 2)
        timetable = timetable_of(settings_module.load())
        runs = timetable.between(
            _midnight(first) - timedelta(microseconds=1),
            _midnight(last + timedelta(days=1)) - timedelta(microseconds=1),
        )
        spans = timetable.spans(first, last)
        if ics is not None:
            from schedule.ics import write_ics

            ics.write_bytes(write_ics(runs, spans, datetime.now(UTC)))
        if form == "json":
            print(json.dumps([_as_dict(run) for run in runs], ensure_ascii=False))
            return
        for span in spans:
            out.print(f"{span.first} – {span.last}  {span.occasion.title}", markup=False)
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("when (China)", "kind", "entry", "what", "goods", "until", "budget"):
            table.add_column(heading, no_wrap=heading != "goods")
        for run in runs:
            at, until = run.at.astimezone(CHINA), run.until.astimezone(CHINA)
            table.add_row(
                f"{at:%Y-%m-%d} {WEEKDAYS[at.weekday()]} {at:%H:%M}",
                run.kind,
                run.entry,
                escape(run.title),
                "、".join(run.goods) or "all",
                "" if run.kind == "report" else f"{until:%H:%M}",
                str(run.budget or ""),
            )
        out.print(table)
        out.print(f"{len(runs)} runs")


def _as_dict(run: Any) -> dict[str, Any]:
    return {
        "at": run.at.isoformat(), "until": run.until.isoformat(), "entry": run.entry,
        "kind": run.kind, "title": run.title, "goods": list(run.goods),
        "sources": list(run.sources), "of": list(run.of), "max_pages": run.max_pages,
        "budget": run.budget, "window": run.window,
    }  # fmt: skip


@schedule_app.command("run")
def run(
    workers: Annotated[
        int,
        typer.Option(
            min=0, help="sweeps at once on this machine; 0 leaves them to `yunjian worker`"
        ),
    ] = 1,
    health: Health = None,
    stop_within: Annotated[
        float, typer.Option(min=0, help="seconds that sweeps get to stop in order")
    ] = 60.0,
    metrics_port: Annotated[
        int, typer.Option(min=0, max=65535, help="serve Prometheus metrics on loopback; 0: don't")
    ] = 0,
) -> None:
    """Run the schedule until SIGTERM or SIGINT: plan what is due and get it going."""
    from schedule.service import Alert, Service, logged
    from schedule.start import OneMachine, Workers
    from scheduler import build, timetable_of
    from storage import open_store
    from sweeps.team import leave_to_workers
    from watching.alerts import Watch
    from watching.logs import begin_logging

    with plain_errors():
        config = settings_module.load()
        begin_logging(config, service=True)
        timetable = timetable_of(config)
        store = open_store(config.store_url)
        starter = (
            OneMachine(config.data_dir / "sweeps", workers, stop_within)
            if workers
            else Workers(partial(leave_to_workers, config, store))
        )
        watch = Watch(config, store)

        def alert(one: Alert) -> None:
            logged(one)
            watch.tell(one.kind, one.text)

        service = Service(config, store, timetable, starter, alert=alert, health=health)
        scheduler = build(config, service)

        def shut() -> None:
            # In a thread of its own: it waits for the turn that is under way.
            while not scheduler.running:
                time.sleep(0.05)
            scheduler.shutdown(wait=False)

        def stop(number: int, frame: object) -> None:
            threading.Thread(target=shut, daemon=True).start()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        err.print(f"yunjian: scheduler {service.name} on {store.name}", markup=False)
        if metrics_port:
            serve(config, store, metrics_port)
        try:
            service.tick()
            # After the first turn: what an outage left is decided by then.
            watch.start()
            scheduler.start()
        finally:
            service.stop()
            watch.stop()
            store.close()
        err.print("yunjian: scheduler stopped in order")


@schedule_app.command("log")
def show_log(
    since: From = "",
    outcome: Annotated[str, typer.Option(help="missed, failed, partial, done, …")] = "",
    form: Annotated[str, typer.Option("--format", help="table or json")] = "table",
) -> None:
    """What became of the runs that were planned from a day on, the newest first."""
    from sqlalchemy import select

    from storage import open_store
    from storage.runs import Run

    with plain_errors():
        if form not in ("table", "json"):
            raise Failed(f"no such format: {form} (table or json)", 2)
        first = typed_day(since, "--from", datetime.now(CHINA).date() - timedelta(days=7))
        query = select(Run).where(Run.planned_at >= _midnight(first))
        if outcome:
            query = query.where(Run.outcome == outcome)
        with open_store(settings_module.load().store_url).session() as session:
            rows = list(session.scalars(query.order_by(Run.planned_at.desc(), Run.entry)))
        columns = (
            "entry",
            "kind",
            "planned_at",
            "outcome",
            "begun_at",
            "ended_at",
            "sweep_id",
            "note",
        )
        if form == "json":
            said = [{name: getattr(row, name) for name in columns} for row in rows]
            print(json.dumps(said, ensure_ascii=False, default=str))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("planned (China)", "entry", "outcome", "begun", "ended", "sweep", "note"):
            table.add_column(heading)
        for row in rows:
            begun, ended = (
                t and f"{t.astimezone(CHINA):%d %H:%M}" for t in (row.begun_at, row.ended_at)
            )
            table.add_row(
                f"{row.planned_at.astimezone(CHINA):%Y-%m-%d %H:%M}", row.entry, row.outcome,
                begun or "", ended or "", str(row.sweep_id or ""), escape(row.note),
            )  # fmt: skip
        out.print(table)
        out.print(f"{len(rows)} runs")


@schedule_app.command("health")
def show_health(
    max_age: Annotated[float, typer.Option(min=1, help="seconds since its last sign")] = 120.0,
    health: Health = None,
) -> None:
    """Exit 0 where the scheduler gave a sign lately, else 1; for supervisors and containers."""
    from schedule.health import HEALTH, read_health

    with plain_errors():
        path = health or settings_module.load().data_dir / HEALTH
        well, said = read_health(path, max_age)
        print(json.dumps(said, ensure_ascii=False, indent=1))
        if not well:
            raise Failed(f"the scheduler gave no sign within {max_age:g} s ({path})")


def attach(app: typer.Typer) -> None:
    """Adds `schedule` to the commands."""
    app.add_typer(schedule_app, name="schedule")
