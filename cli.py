"""The command `yunjian`. Exit codes: 0 fine, 1 something failed and was named, 2 wrong usage."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import settings as settings_module
from listing import FileProblem

__all__ = ["main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
rules_app = typer.Typer(no_args_is_help=True, help="What the detectors know.")
app.add_typer(rules_app, name="rules")
out = Console(highlight=False, width=None if sys.stdout.isatty() else 130)
err = Console(stderr=True, highlight=False)


class Failed(Exception):
    """Something failed; the message names it. Exit code 1 (or `code`)."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def plain_errors() -> Iterator[None]:
    """Known errors as one plain sentence, without a trace."""
    from clues.exports import ExportError
    from crawler.plan import PlanError
    from detectors import RuleError
    from replay import ReplayError
    from settings import SettingsError
    from spiders.recorded import RecordedError
    from storage import StoreError, VaultError
    from storage.archives import ArchiveError
    from sweeps import SweepError

    try:
        yield
    except Failed as error:
        err.print(f"yunjian: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(error.code) from None
    except (PlanError, SweepError, SettingsError) as error:
        err.print(f"yunjian: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except (
        RuleError, RecordedError, StoreError, VaultError, ArchiveError, ReplayError, ExportError,
    ) as error:  # fmt: skip
        err.print(f"yunjian: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _store(config: settings_module.Settings) -> Any:
    from storage import open_store

    return open_store(config.store_url)


# The main job ---------------------------------------------------------------------------


@app.command()
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

    with plain_errors():
        if mode not in ("ad-hoc", "nightly", "intensified", "price-watch"):
            raise Failed(f"no such mode: {mode} (ad-hoc, nightly, intensified or price-watch)", 2)
        order = SweepOrder(
            tuple(goods or ()), tuple(source or ()), region, mode, max_pages, resume, budget, "",
            tuple(str(path) for path in archives or ()),
        )  # fmt: skip
        config = settings_module.load()
        begin_logging(config)
        if cancel:
            from sweeps.team import cancel_sweep

            ended = cancel_sweep(_store(config), cancel)
            out.print(f"sweep {cancel}: cancelled, {ended} tasks not done")
            return
        if dry_run:
            from planview import show_plan

            show_plan(config, _store(config), order, out, as_json)
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

                summary = sweep_by_team(config, _store(config), order, workers, progress)
            else:
                summary = run_sweep(config, _store(config), order, progress)
        after_sweep(config, _store(config))
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


@app.command()
def clues(
    violation: Annotated[str, typer.Option(help="violation id")] = "",
    goods: Annotated[str, typer.Option(help="goods id")] = "",
    source: Annotated[str, typer.Option(help="source name")] = "",
    region: Annotated[str, typer.Option(help="division code, those below count too")] = "",
    state: Annotated[str, typer.Option(help="new, …")] = "",
    since: Annotated[str, typer.Option(help="date (of China) or time, ISO 8601")] = "",
    min_score: Annotated[float, typer.Option(min=0, max=1)] = 0.0,
    q: Annotated[str, typer.Option(help="text in shop, operator, title or matched words")] = "",
    limit: Annotated[int, typer.Option(min=0, help="at most so many; 0 is all")] = 0,
    form: Annotated[str, typer.Option("--format", help="table, json, csv or xlsx")] = "table",
    to: Annotated[Path | None, typer.Option("--out", help="file to write (xlsx needs one)")] = None,
) -> None:
    """List clues, worst first."""
    from clues import ClueFilter, find_clues
    from clues.exports import write_clues

    with plain_errors():
        if form not in ("table", "json", "csv", "xlsx"):
            raise Failed(f"no such format: {form} (table, json, csv or xlsx)", 2)
        config = settings_module.load()
        wanted = ClueFilter(
            violation, goods, source, region, state, _moment(since), min_score, q, limit
        )
        store = _store(config)
        with store.session() as session:
            found = find_clues(session, wanted)
        if form == "table":
            _clue_table(found)
        else:
            write_clues(found, form, to)


def _moment(text: str) -> datetime | None:
    from datetime import timedelta

    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(f"--since: not a date or time: {text!r} (as in 2026-11-01)", 2) from None
    # A bare date means midnight in China.
    return (moment - timedelta(hours=8)).replace(tzinfo=UTC) if moment.tzinfo is None else moment


_CLUE_COLUMNS = {
    "id": 7, "score": 5, "violation": 20, "shop / operator": 28, "goods": 12, "words": 28, "listing": 28,
}  # fmt: skip
"""Headings and the widest that a column gets, in terminal cells."""


def _clue_table(found: list[Any]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading, widest in _CLUE_COLUMNS.items():
        narrowest = widest if heading in ("score", "violation", "goods") else 5
        table.add_column(
            heading, no_wrap=True, overflow="ellipsis", min_width=narrowest, max_width=widest
        )
    for clue in found:
        who = clue.operator or clue.shop
        words = "、".join(word[:14] for word in clue.words[:3])
        cells = (
            str(clue.id), f"{clue.score:.2f}", clue.violation, who, ",".join(clue.goods), words,
            clue.title,
        )  # fmt: skip
        table.add_row(*(escape(_printable(cell)) for cell in cells))
    out.print(table)
    out.print(f"{len(found)} clues")


def _printable(text: str) -> str:
    """Without control characters: a hostile title must not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


@app.command()
def clue(
    clue_id: Annotated[int, typer.Argument(metavar="ID")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    officer: Annotated[str, typer.Option("--as", help="who looks, for the log of looks")] = "",
) -> None:
    """Show one clue with its signals and evidence."""
    from clues import one_clue
    from clues.access import opened
    from clues.arrivals import WAYS
    from commands.evidence import looked_at
    from commands.intake import officer_name
    from detectors.ruleset import load_rules

    with plain_errors():
        config = settings_module.load()
        with _store(config).session() as session:
            found = one_clue(session, clue_id)
            if found is not None:
                opened(session, officer_name(officer), "clue", clue_id, "yunjian clue")
                looked_at(session, clue_id, officer_name(officer))
        if found is None:
            raise Failed(f"no clue {clue_id}; `yunjian clues` lists them")
        if as_json:
            from dataclasses import asdict

            print(json.dumps(asdict(found), ensure_ascii=False, default=str))
            return
        ruleset = load_rules(config.rules_dir)
        title = ruleset.violations.get(found.violation, {}).get("title", found.violation)
        lines = [
            f"线索 {found.id}  {title} ({found.violation})  {found.score:.2f}  {found.state}  版本 {found.detail['version']}",
            f"主体  {found.operator or '未知'}  {found.detail['uscc']}",
            f"网店  {found.shop}  {found.detail['shop_url']}",
            f"地址  {found.detail['address']}  {found.region}",
        ]
        for arrival in found.detail["arrivals"]:
            origin = (
                f"记录 {arrival['record']}" if arrival["record"] else f"巡检 {arrival['sweep']}"
            )
            lines.append(f"来源  {WAYS[arrival['way']]}  {origin}  {arrival['at']:%Y-%m-%d %H:%M}Z")
        for signal in found.detail["signals"]:
            lines.append(
                f"信号  {signal['strength']:.2f}  {signal['rule']}@{signal['rule_version']}  {signal['reason']}"
                + ("  （现行规则不再得出）" if signal["superseded_at"] else "")
            )
            lines.append(
                f"      {signal['field']}[{signal['start']}:{signal['end']}]  {signal['listing']}  {signal['url']}"
            )
            if "box" in signal:
                left, top, right, bottom = signal["box"]
                lines.append(
                    f"      图片{signal['image'] + 1}  ({left},{top})–({right},{bottom})  {signal['image_url']}"
                )
            for law in signal["law"]:
                entry = ruleset.laws.get(law, {})
                if in_force(entry, signal["seen_at"]):
                    mark = "（须人工核对条文）" if entry.get("unverified") else ""
                    lines.append(f"      {entry.get('law', law)}{entry.get('article', '')}{mark}")
        for record in found.detail["evidence"]:
            lines.append(
                f"证据 {record['id']}  {record['kind']}  {record['fetched_at']:%Y-%m-%d %H:%M:%S}Z  {record['url']}"
            )
            lines.append(
                f"      sha256 {record['sha256']}  {record['warc_file']}@{record['warc_offset']}"
            )
        for link in found.detail["links"]:
            who = "  ".join(filter(None, (link["operator"], "、".join(link["shops"]))))
            lines.append(f"关联  {who}  {link['subject']}  相同图片 {link['shared']} 张")
            for picture in link["pictures"]:
                for side, name in (("ours", "本方"), ("theirs", "对方")):
                    use = picture[side]
                    lines.append(
                        f"      {name}  {use['picture']}  {use['shop']}  {use['listing']}  {use['url']}"
                    )
                    if use["sha256"]:
                        lines.append(f"            sha256 {use['sha256']}")
        for line in lines:
            out.print(_printable(line), markup=False, soft_wrap=True)


@app.command()
def replay(
    wanted: Annotated[
        str,
        typer.Argument(metavar="ID", help="of the evidence; or observation:N, clue:N, a record id"),
    ],
    to: Annotated[Path | None, typer.Option("--out", help="write it to this file instead")] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="on loopback; 0 is any")] = 0,
) -> None:
    """Open a page of the evidence from its archive: hash verified, scripts and network off."""
    import replay as replaying
    from storage import Vault

    with plain_errors():
        config = settings_module.load()
        vault = Vault(config.vault_dir, config.evidence_bucket)
        with _store(config).session() as session:
            found = replaying.find(session, wanted)
            pages = [replaying.replayed(session, vault, one) for one in found]
        if to is not None:
            replaying.write(pages[0], to)
            for page in pages[1:]:
                err.print(f"{wanted} also rests on evidence {page.evidence.id}", markup=False)
            return

        def say(address: str, page: replaying.Replayed) -> None:
            print(f"{address}  {page.evidence.kind}  {_printable(page.evidence.url)}", flush=True)

        replaying.serve(pages, port, say)


def in_force(law: dict[str, Any], seen_at: datetime) -> bool:
    """Whether a law was in force in China on the day a page was seen."""
    from datetime import timedelta

    day = (seen_at + timedelta(hours=8)).date().isoformat()
    return str(law.get("in_force_from", "")) <= day <= str(law.get("in_force_to", "9999"))


# Files in, findings out -----------------------------------------------------------------


@app.command()
def scan(
    file: Annotated[
        str, typer.Argument(help="listings: JSON Lines, CSV or WARC; - is standard input")
    ],
    form: Annotated[str, typer.Option("--format", help="jsonl, csv or warc")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = 1,
    source: Annotated[str, typer.Option(help="whose pages a WARC holds")] = "shop",
) -> None:
    """Detect in a file of listings: one JSON line each, in order. No store, no network."""
    from scanning import ScanError, listings_in, scan_all

    with plain_errors():
        config = settings_module.load()
        bad = 0
        try:
            for result in scan_all(listings_in(file, form, source), config.rules_dir, jobs):
                if isinstance(result, FileProblem):
                    bad += 1
                    print(
                        json.dumps(
                            {"line": result.line, "error": result.error}, ensure_ascii=False
                        ),
                        file=sys.stderr,
                    )
                else:
                    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
        except ScanError as error:
            raise Failed(str(error), error.code) from None
        if bad:
            raise typer.Exit(1)


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="a recorded page: plain, .gz or WARC")],
    source: Annotated[
        str, typer.Option(help="whose page it is: baidu, taobao, … (`yunjian doctor` lists them)")
    ],
    url: Annotated[str, typer.Option(help="where it stood")] = "",
    kind: Annotated[str, typer.Option(help="search or item")] = "",
) -> None:
    """Read a recorded page as a spider would: one JSON line per listing or result."""
    from spiders import READERS, reader
    from spiders.recorded import Problem, read_recorded

    with plain_errors():
        if source not in READERS:
            raise Failed(f"no such source: {source} (known: {', '.join(READERS)})", 2)
        if kind not in ("", "search", "item"):
            raise Failed(f"no such kind: {kind} (search or item)", 2)
        problems = 0
        for found in read_recorded(file, reader(source), kind or None, url):  # type: ignore[arg-type]
            if isinstance(found, Problem):
                problems += 1
                err.print(f"{found.where}: {found.error}", markup=False, soft_wrap=True)
            else:
                print(json.dumps(found.to_dict(), ensure_ascii=False))
        if problems:
            raise typer.Exit(1)


# Rules ----------------------------------------------------------------------------------


@rules_app.command("test")
def rules_test() -> None:
    """Run every example of every rule."""
    import detectors
    from detectors import examples

    with plain_errors():
        detector = detectors.load(settings_module.load().rules_dir)
        count, failures = examples.run(detector)
        for failure in failures:
            err.print(
                f"{failure.file}: {failure.kind}: {failure.example}: {failure.why}",
                markup=False,
                soft_wrap=True,
            )
        out.print(f"{len(detector.ruleset.rules)} rules, {count} examples, {len(failures)} failed")
        if failures:
            raise typer.Exit(1)


@rules_app.command("list")
def rules_list() -> None:
    """All rules by violation."""
    from detectors.ruleset import load_rules

    with plain_errors():
        ruleset = load_rules(settings_module.load().rules_dir)
        table = Table()
        for heading in ("violation", "rule", "version", "strength", "title"):
            table.add_column(heading)
        order = {violation: place for place, violation in enumerate(ruleset.violations)}
        for rule in sorted(ruleset.rules.values(), key=lambda r: (order[r.violation], r.id)):
            table.add_row(
                rule.violation, rule.id, str(rule.version), str(rule.strength), rule.title
            )
        out.print(table)
        covered = {rule.violation for rule in ruleset.rules.values()}
        missing = [v for v in ruleset.violations if v not in covered]
        out.print(f"{len(ruleset.rules)} rules, {len(covered)} of {len(order)} violations")
        if missing:
            out.print(f"without a rule: {', '.join(missing)}")


@rules_app.command("show")
def rules_show(rule_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One rule as its file says it, with the law behind it."""
    from detectors.ruleset import load_rules

    with plain_errors():
        config = settings_module.load()
        ruleset = load_rules(config.rules_dir)
        if rule_id not in ruleset.rules:
            raise Failed(f"no rule {rule_id}; `yunjian rules list` lists them")
        rule = ruleset.rules[rule_id]
        path = config.rules_dir / "violations" / rule.file
        out.print(path.read_text(encoding="utf-8"), markup=False, soft_wrap=True)
        for law in rule.law:
            entry = ruleset.laws[law]
            out.print(
                f"{entry['law']}{entry.get('article', '')}: {entry.get('text', '')}",
                markup=False,
                soft_wrap=True,
            )


# The house itself -----------------------------------------------------------------------


@app.command()
def doctor() -> None:
    """Check what a sweep needs: settings, rules, store, vault, browser, fonts."""
    from doctor import checks

    with plain_errors():
        wrong = 0
        for check in checks():
            mark = {"ok": "[green]ok[/]", "warn": "[yellow]!![/]", "bad": "[red]no[/]"}[check.state]
            wrong += check.state == "bad"
            out.print(f"{mark}  {escape(check.name)}: {escape(check.says)}", soft_wrap=True)
        if wrong:
            raise typer.Exit(1)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="of the practice town; 0 is any free one")] = 8800,
    keep: Annotated[
        bool, typer.Option("--keep", help="leave the town standing until Ctrl-C")
    ] = False,
    data: Annotated[Path, typer.Option(help="folder for the demo's store and evidence")] = Path(
        "data/demo"
    ),
) -> None:
    """Raise the practice town, sweep it, and show the worst clues."""
    from demo import run_demo

    with plain_errors():
        run_demo(port, keep, data, show_summary, _clue_table)


# What stands in files of its own.
for _part in (
    "alerts", "casework", "credit", "db", "evidence", "intake", "metrics", "operators", "platforms", "privacy",
    "registry", "report", "retrohunt", "schedule", "verdicts", "worker",
):  # fmt: skip
    import_module(f"commands.{_part}").attach(app)


def main() -> None:
    """The console command."""
    # Pages speak Chinese, whatever the terminal's locale says.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
