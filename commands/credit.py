"""Credit records: penalties, their publication, the watch list of broken faith."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from commands.casework import By, Why
from commands.screen import Failed, plain_errors, say, store_session, typed_day

__all__ = ["attach"]

credit_app = typer.Typer(no_args_is_help=True, help="Penalties under the operator; publication.")
watch_app = typer.Typer(no_args_is_help=True, help="Operators whose shops are swept first.")
credit_app.add_typer(watch_app, name="watch")

Operator = Annotated[int, typer.Argument(metavar="OPERATOR", help="its id")]


@credit_app.command()
def add(
    clue_id: Annotated[int, typer.Argument(metavar="CLUE")],
    decision_no: Annotated[str, typer.Option(help="行政处罚决定书文号")],
    content: Annotated[str, typer.Option(help="行政处罚内容")],
    authority: Annotated[str, typer.Option(help="作出决定的行政机关名称")],
    decided: Annotated[str, typer.Option(help="day of the decision, 2026-11-02")],
    by: By,
    kind: Annotated[
        str, typer.Option(help="ordinary, minor or warning (not published)")
    ] = "ordinary",
) -> None:
    """Record a penalty under the operator of a clue."""
    import settings
    from clues.credit import add_penalty
    from clues.deadlines import load_periods

    with plain_errors():
        periods = load_periods(settings.load().rules_dir)
        on = typed_day(decided, "--decided")
        with store_session() as session:
            made = add_penalty(session, periods, clue_id, decision_no, content, authority, on, kind, by)  # fmt: skip
            say(f"{made.decision_no}  记于经营主体 {made.operator_id} 名下")
            from clues.workdays import after

            for one in periods.publication:
                if kind != "warning":
                    due = after(on, one.working_days)
                    mark = "" if due.certain else "（约：该年节假日安排未公布）"
                    say(f"      {due.day}{mark}  {one.title}  {one.basis}")


@credit_app.command()
def published(
    decision_no: Annotated[str, typer.Argument(metavar="DECISION-NO")],
    on: Annotated[str, typer.Option(help="day, 2026-11-02")],
    by: By,
) -> None:
    """Note that a penalty was published."""
    from clues.credit import publish, stops_on

    with plain_errors(), store_session() as session:
        found = publish(session, decision_no, typed_day(on, "--on"), by)
        say(f"{found.decision_no}  公示 {found.published_on}  停止公示 {stops_on(found)}")


@credit_app.command()
def export(
    form: Annotated[str, typer.Option("--format", help="csv, xlsx or json")] = "csv",
    to: Annotated[Path | None, typer.Option("--out", help="file to write (xlsx needs one)")] = None,
) -> None:
    """Export penalties in the layout of the publicity record (公示规定 第四条)."""
    import settings
    from clues.credit import export as write
    from clues.credit import records
    from detectors.ruleset import load_rules

    with plain_errors():
        if form not in ("csv", "xlsx", "json"):
            raise Failed(f"no such format: {form} (csv, xlsx or json)", 2)
        violations = load_rules(settings.load().rules_dir).violations
        titles = {id_: str(one.get("title", id_)) for id_, one in violations.items()}
        with store_session() as session:
            rows = records(session, titles)
        write(rows, form, to)


@credit_app.command("list")
def list_() -> None:
    """List all penalties, newest first; those not to be published too."""
    from clues.credit import records

    with plain_errors(), store_session() as session:
        rows = records(session, {}, everything=True)
        for row in rows:
            say("  ".join(value for value in row.values() if value))
        say(f"{len(rows)} penalties")


@credit_app.command()
def show(operator_id: Operator) -> None:
    """All that is gathered under one operator, as JSON."""
    from clues.credit import record_of

    with plain_errors(), store_session() as session:
        print(json.dumps(record_of(session, operator_id), ensure_ascii=False, indent=1))


@watch_app.command("add")
def watch_add(operator_id: Operator, by: By, why: Why) -> None:
    """Put an operator onto the watch list."""
    from clues.credit import watch

    with plain_errors(), store_session() as session:
        watch(session, operator_id, by, why)
        say(f"经营主体 {operator_id} 列入关注名单")


@watch_app.command("drop")
def watch_drop(operator_id: Operator, by: By, why: Why) -> None:
    """Take an operator off the watch list."""
    from clues.credit import drop

    with plain_errors(), store_session() as session:
        drop(session, operator_id, by, why)
        say(f"经营主体 {operator_id} 移出关注名单")


@watch_app.command("list")
def watch_list() -> None:
    """Show the watch list."""
    from clues.credit import watched
    from clues.lifecycle import china_time

    with plain_errors(), store_session() as session:
        rows = watched(session)
        for entry, operator in rows:
            say(f"{operator.id}  {operator.name}  {operator.uscc}  {entry.why}  {entry.added_by}  {china_time(entry.added_at)}")  # fmt: skip
        say(f"{len(rows)} operators")


def attach(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(credit_app, name="credit")
