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
    workers: Annotated[
        bool, typer.Option("--workers", help="leave it to `yunjian worker`, on any machine")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="with --workers or --show: until they are through")
    ] = False,
    show: Annotated[int, typer.Option(min=0, help="how far this hunt is, or what it says")] = 0,
    listed: Annotated[bool, typer.Option("--list", help="the hunts so far")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run rules over all stored pages: those named, else all that are new or changed."""
    from storage.hunts import Hunt
    from sweeps.huntshare import how_far, leave_hunt, wait_for
    from sweeps.retrohunt import HuntOrder, hunts, one_hunt
    from sweeps.retrohunt import retrohunt as run
    from watching.logs import begin_logging

    with plain_errors():
        config = settings_module.load()
        begin_logging(config)
        store = store_of(config)
        if listed:
            for one in hunts(store):
                out.print(_line(one, how_far(store, one)), markup=False, soft_wrap=True)
            return
        order = HuntOrder(
            tuple(rule or ()), tuple(violation or ()), tuple(goods or ()), typed_moment(since, "--since"), apply,
            resume, jobs, workers,
        )  # fmt: skip
        with err.status("retrohunt") as status:

            def progress(stage: str, done: int, of: int) -> None:
                status.update(f"{stage} {done:,} of {of:,}")

            hunt: Hunt | None
            if show:
                hunt = one_hunt(store, show)
            elif workers:
                hunt = leave_hunt(store, config.rules_dir, order)
            else:
                hunt = run(store, config.rules_dir, order, progress)
            if hunt is not None and wait:
                hunt = wait_for(store, hunt.id, lambda one, far: status.update(_line(one, far)))
        far = how_far(store, hunt) if hunt is not None else None
    if as_json:
        print(json.dumps(_told(hunt, far), ensure_ascii=False))
    elif hunt is None:
        out.print("no rule is new or changed since all was looked at; name some to run them again")
    elif hunt.state in ("looking", "applying"):
        out.print(_line(hunt, far), markup=False, soft_wrap=True)
        for failed in far.failed if far else ():
            err.print(failed, markup=False, soft_wrap=True)
    else:
        _show(hunt)


def _told(hunt: Any, far: Any) -> dict[str, Any]:
    if hunt is None:
        return {"id": None, "rules": []}
    names = ("id", "state", "rules", "scope", "seen", "problems", "preview", "result")
    told = {name: getattr(hunt, name) for name in names}
    slices = {"done": far.done, "of": far.slices, "over": far.over, "failed": list(far.failed)}
    return told | {"workers": slices if hunt.workers else None}


def _line(hunt: Any, far: Any) -> str:
    if hunt.workers and hunt.state in ("looking", "applying"):
        applied = f", applied to {hunt.applied_to:,}" if hunt.state == "applying" else ""
        return (
            f"{hunt.id}  {hunt.started_at:%Y-%m-%d %H:%M}Z  {hunt.state} by workers  "
            f"{len(hunt.rules)} rules  {hunt.seen + far.seen:,} pages, "
            f"{far.done} of {far.slices} slices{applied}"
            + (f", {len(far.failed)} failed" if far.failed else "")
        )
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
    if hunt.state == "ready" and hunt.workers != "apply":
        out.print(
            f"nothing was changed; apply it with: yunjian retrohunt --resume {hunt.id} --apply"
        )


def attach(app: typer.Typer) -> None:
    """Adds `retrohunt` to the commands."""
    app.command("retrohunt")(retrohunt)
