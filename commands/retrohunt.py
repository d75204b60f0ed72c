"""`yunjian retrohunt`: new or changed rules over everything ever seen."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

import settings as settings_module
from commands.screen import err, out, plain_errors, store_of, typed_moment

__all__ = ["retrohunt"]


def retrohunt(
    rule: Annotated[list[str] | None, typer.Option(help="rule id; may repeat")] = None,
    violation: Annotated[
        list[str] | None, typer.Option(help="all rules of a violation; may repeat")
    ] = None,
    since: Annotated[str, typer.Option(help="only pages seen from this date (of China) on")] = "",
    goods: Annotated[list[str] | None, typer.Option(help="only these goods; may repeat")] = None,
    apply: Annotated[
        bool, typer.Option("--apply/--preview", help="do it, or only say what it would do")
    ] = False,
    resume: Annotated[
        int, typer.Option(min=0, help="go on with this hunt, or apply its preview")
    ] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
    listed: Annotated[bool, typer.Option("--list", help="the hunts so far")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run rules over all stored pages: those named, else all that are new or changed."""
    from sweeps.retrohunt import HuntOrder, hunts
    from sweeps.retrohunt import retrohunt as run
    from watching.logs import begin_logging

    with plain_errors():
        config = settings_module.load()
        begin_logging(config)
        store = store_of(config)
        if listed:
            for one in hunts(store):
                out.print(_line(one), markup=False, soft_wrap=True)
            return
        order = HuntOrder(
            tuple(rule or ()), tuple(violation or ()), tuple(goods or ()), typed_moment(since, "--since"), apply,
            resume, jobs,
        )  # fmt: skip
        with err.status("retrohunt") as status:

            def progress(stage: str, done: int, of: int) -> None:
                status.update(f"{stage} {done:,} of {of:,}")

            hunt = run(store, config.rules_dir, order, progress)
    if as_json:
        print(json.dumps(_told(hunt), ensure_ascii=False))
    elif hunt is None:
        out.print("no rule is new or changed since all was looked at; name some to run them again")
    else:
        _show(hunt)


def _told(hunt: Any) -> dict[str, Any]:
    if hunt is None:
        return {"id": None, "rules": []}
    names = ("id", "state", "rules", "scope", "seen", "problems", "preview", "result")
    return {name: getattr(hunt, name) for name in names}


def _line(hunt: Any) -> str:
    return (
        f"{hunt.id}  {hunt.started_at:%Y-%m-%d %H:%M}Z  {hunt.state}  {len(hunt.rules)} rules  "
        f"{hunt.seen:,} pages, to {hunt.looked_to:,} of {hunt.last_id:,}"
    )


def _show(hunt: Any) -> None:
    from sweeps.outcome import COLUMNS

    applied = hunt.state == "done"
    told = hunt.result if applied else hunt.preview
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title=f"Hunt {hunt.id}: {'applied' if applied else 'preview'}, {len(hunt.rules)} rules, "
        f"{hunt.seen:,} pages seen, {told['listings']:,} listings concerned",
    )
    headings = {
        "comes": "signals come", "goes": "go", "opens": "clues open", "grows": "grow",
        "bare": "without signals",
    }  # fmt: skip
    table.add_column("violation")
    for column in COLUMNS:
        table.add_column(headings.get(column, column), justify="right")
    for name, counts in told["violations"].items():
        table.add_row(name, *(f"{counts[column]:,}" for column in COLUMNS))
    out.print(table)
    for problem in hunt.problems[:5]:
        err.print(problem, markup=False, soft_wrap=True)
    if not applied:
        out.print(
            f"nothing was changed; apply it with: yunjian retrohunt --resume {hunt.id} --apply"
        )


def attach(app: typer.Typer) -> None:
    """Adds `retrohunt` to the commands."""
    app.command("retrohunt")(retrohunt)
