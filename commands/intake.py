"""Files of complaints, samples, inspections and handed-over clues; their records; ways of arrival."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from commands.screen import Failed, err, officer_name, out, plain_errors, printable, say, store_of

__all__ = ["attach"]

By = Annotated[str, typer.Option("--as", help="the officer's name; else the system's user")]
Json = Annotated[bool, typer.Option("--json")]
intakes_app = typer.Typer(no_args_is_help=True, help="Records that came as files.")


def intake(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="complaint, sampling, inspection, assigned or transferred")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX")],
    profile: Annotated[str, typer.Option(help="of rules/intake; else found by the headings")] = "",
    officer: By = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take a file in: its rows become records, matched to shops, listings and operators, and clues
    open and grow. Bad rows come back in a file beside it; all of it goes in, or nothing."""
    from clues.arrivals import FILED
    from clues.intake import Taken, take_in

    with plain_errors():
        import detectors
        import settings
        from storage import Vault

        if kind not in FILED:
            raise Failed(f"no such kind: {kind} (known: {', '.join(FILED)})", 2)
        if not file.is_file():
            raise Failed(f"no such file: {file}", 2)
        config = settings.load()
        with err.status("intake") as status:

            def progress(taken: Taken) -> None:
                status.update(f"intake {file.name}: {taken.rows} rows, {taken.bad} bad")

            vault = Vault(config.vault_dir, config.evidence_bucket)
            taken = take_in(
                store_of(config), vault, detectors.load(config.rules_dir),
                config.rules_dir, kind, file, officer_name(officer), profile, progress=progress,
            )  # fmt: skip
            vault.deliver()
        if as_json:
            print(json.dumps(taken.to_dict(), ensure_ascii=False))
        else:
            _show(taken)
        if taken.bad:
            raise typer.Exit(1)


def _show(taken: Any) -> None:
    def counts(counted: Any) -> str:
        return ", ".join(f"{name} {count}" for name, count in counted.most_common()) or "none"

    say(f"{taken.file}: {taken.kind}, profile {taken.profile}, sha256 {taken.sha256}")
    say(
        f"rows {taken.rows}: new {taken.new}, unchanged {taken.unchanged}, changed {taken.changed}, "
        f"superseded before {taken.older}, bad {taken.bad}"
    )
    say(f"records: {counts(taken.states)}; matched by: {counts(taken.matched_by)}")
    say(f"clues opened {taken.clues_opened}, grown {taken.clues_grown}; shops made {taken.shops_made}")  # fmt: skip
    for line in taken.told:
        say(f"  {line}")
    if taken.bad_file:
        say(f"bad rows: {taken.bad_file}")


def _sorters(config: Any) -> Any:
    import detectors
    from clues.intake.platforms import load_platforms
    from clues.intake.settling import Sorters
    from clues.intake.sorting import load_sorting
    from clues.jurisdiction import Jurisdiction

    detector = detectors.load(config.rules_dir)
    return Sorters(
        load_sorting(config.rules_dir, detector),
        load_platforms(config.rules_dir),
        Jurisdiction(detector.knowledge.places),
    )


@intakes_app.command("list")
def list_(
    kind: Annotated[str, typer.Option(help="complaint, …")] = "",
    state: Annotated[str, typer.Option(help="matched, unmatched, unsorted, clean")] = "",
    limit: Annotated[int, typer.Option(min=0, help="at most so many; 0 is all")] = 50,
    as_json: Json = False,
) -> None:
    """List records, newest first; what waits to be settled is unmatched or unsorted."""
    from clues.intake import find_records

    with plain_errors():
        import settings

        with store_of(settings.load()).session() as session:
            found = find_records(session, kind, state, limit)
        if as_json:
            rows = [{k: v for k, v in asdict(r).items() if k not in ("content", "signals")} for r in found]  # fmt: skip
            print(json.dumps(rows, ensure_ascii=False, default=str))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("id", "kind", "number", "state", "shop", "operator", "violations", "clues"):
            table.add_column(heading, overflow="ellipsis", no_wrap=True)
        for one in found:
            cells = (
                str(one.id), one.kind, one.number, one.state, one.shop, one.operator,
                ",".join(v["violation"] for v in one.violations), ",".join(map(str, one.clues)),
            )  # fmt: skip
            table.add_row(*(escape(printable(cell)) for cell in cells))
        out.print(table)


@intakes_app.command()
def show(
    record_id: Annotated[int, typer.Argument(metavar="ID")], officer: By = "", as_json: Json = False
) -> None:
    """Show one record: what it says (masked), whom it was matched to and why, its clues."""
    from clues.access import opened
    from clues.intake import one_record
    from clues.intake.fields import FIELDS

    with plain_errors():
        import settings

        with store_of(settings.load()).session() as session:
            one = one_record(session, record_id)
            opened(session, officer_name(officer), "intake", record_id, "yunjian intakes show")
        if as_json:
            print(json.dumps(asdict(one), ensure_ascii=False, default=str))
            return
        say(f"记录 {one.id}  {one.kind}  {one.number}  第 {one.revision} 版  {one.state}")
        say(f"文件  {one.file} 第 {one.line} 行  sha256 {one.sha256}")
        say(
            f"对应  {one.shop}  {one.operator}  {one.listing}  ({one.match.get('how') or '未对应'})"
        )
        for violation in one.violations:
            say(f"违法  {violation['violation']}  {violation['score']:.2f}  {violation['why']}")
        for signal in one.signals:
            say(f"信号  {signal['strength']:.2f}  {signal['rule']}  {signal['text']}")
        for finding in one.findings:
            say(f"对照  {finding['kind']}  {finding['what']}")
            for listing in finding["listings"]:
                say(f"      {listing['title']}  {listing['url']}  {listing['last_seen']}")
        for name, value in one.content.items():
            shown = "、".join(value) if isinstance(value, list) else str(value)
            say(f"{FIELDS[name].title}  {shown}")
        if one.clues:
            say(f"线索  {', '.join(map(str, one.clues))}")


@intakes_app.command()
def settle(
    record_id: Annotated[int, typer.Argument(metavar="ID")],
    shop: Annotated[int, typer.Option(min=0, help="id of the shop that it is about")] = 0,
    violation: Annotated[str, typer.Option(help="violation id")] = "",
    officer: By = "",
) -> None:
    """Say whom a record is about, or what is unlawful, where that could not be told."""
    from clues.intake import settle as settle_record

    with plain_errors():
        import settings

        if not shop and not violation:
            raise Failed("say --shop, --violation or both", 2)
        config = settings.load()
        sorters = _sorters(config)
        with store_of(config).session() as session:
            tally = settle_record(session, sorters, record_id, officer_name(officer), shop or None, violation)  # fmt: skip
        say(f"clues opened {len(tally.opened)}, grown {len(tally.grown)}: {sorted(tally.opened | tally.grown)}")  # fmt: skip


@intakes_app.command()
def compare() -> None:
    """Hold every on-site inspection against what its operator sells online now."""
    from clues.intake import compare_again

    with plain_errors():
        import settings

        config = settings.load()
        sorters = _sorters(config)
        with store_of(config).session() as session:
            tally = compare_again(session, sorters)
        say(f"clues opened {len(tally.opened)}, grown {len(tally.grown)}")


def arrivals(as_json: Json = False) -> None:
    """Count clues by their ways of arrival, and how many are matched to operators."""
    from clues.arrivals import WAYS, count_ways

    with plain_errors():
        import settings

        with store_of(settings.load()).session() as session:
            counted = count_ways(session)
        if as_json:
            print(json.dumps([asdict(one) for one in counted], ensure_ascii=False))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("way")
        columns = (
            "records", "matched", "unmatched", "unsorted", "clean", "clues", "alone", "with_operator", "operators",
        )  # fmt: skip
        for heading in columns:
            table.add_column(heading.replace("_", " "), justify="right")
        for one in counted:
            table.add_row(f"{one.way} {WAYS[one.way]}", *(str(getattr(one, c)) for c in columns))
        out.print(table)


def attach(app: typer.Typer) -> None:
    """Hook the commands in."""
    app.command()(intake)
    app.command()(arrivals)
    app.add_typer(intakes_app, name="intakes")
