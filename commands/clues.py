"""`yunjian clues`, `yunjian clue ID`: what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

import settings
from commands.screen import (
    Failed,
    officer_name,
    out,
    plain_errors,
    printable,
    say,
    store_of,
    typed_moment,
)

if TYPE_CHECKING:
    from clues.query import ClueView
    from detectors.ruleset import RuleSet

__all__ = ["attach", "clue_table"]

COLUMNS = {
    "id": 7, "score": 5, "violation": 20, "shop / operator": 28, "goods": 12, "words": 28, "listing": 28,
}  # fmt: skip
"""Headings and the widest that a column gets, in terminal cells."""


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
        config = settings.load()
        wanted = ClueFilter(
            violation,
            goods,
            source,
            region,
            state,
            typed_moment(since, "--since"),
            min_score,
            q,
            limit,
        )
        store = store_of(config)
        with store.session() as session:
            found = find_clues(session, wanted)
        if form == "table":
            clue_table(found)
        else:
            write_clues(found, form, to)


def clue_table(found: list[ClueView]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading, widest in COLUMNS.items():
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
        table.add_row(*(escape(printable(cell)) for cell in cells))
    out.print(table)
    out.print(f"{len(found)} clues")


def clue(
    clue_id: Annotated[int, typer.Argument(metavar="ID")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    officer: Annotated[str, typer.Option("--as", help="who looks, for the log of looks")] = "",
) -> None:
    """Show one clue with its signals and evidence."""
    from clues import one_clue
    from clues.access import opened
    from commands.evidence import looked_at
    from detectors.ruleset import load_rules

    with plain_errors():
        config = settings.load()
        with store_of(config).session() as session:
            found = one_clue(session, clue_id)
            if found is not None:
                opened(session, officer_name(officer), "clue", clue_id, "yunjian clue")
                looked_at(session, clue_id, officer_name(officer))
        if found is None:
            raise Failed(f"no clue {clue_id}; `yunjian clues` lists them")
        if as_json:
            print(json.dumps(asdict(found), ensure_ascii=False, default=str))
            return
        for line in _lines(found, load_rules(config.rules_dir)):
            say(line)


def _lines(found: ClueView, ruleset: RuleSet) -> Iterator[str]:
    from clues.arrivals import WAYS

    title = ruleset.violations.get(found.violation, {}).get("title", found.violation)
    yield from (
        f"线索 {found.id}  {title} ({found.violation})  {found.score:.2f}  {found.state}  版本 {found.detail['version']}",
        f"主体  {found.operator or '未知'}  {found.detail['uscc']}",
        f"网店  {found.shop}  {found.detail['shop_url']}",
        f"地址  {found.detail['address']}  {found.region}",
    )
    for arrival in found.detail["arrivals"]:
        origin = f"记录 {arrival['record']}" if arrival["record"] else f"巡检 {arrival['sweep']}"
        yield f"来源  {WAYS[arrival['way']]}  {origin}  {arrival['at']:%Y-%m-%d %H:%M}Z"
    for signal in found.detail["signals"]:
        yield (
            f"信号  {signal['strength']:.2f}  {signal['rule']}@{signal['rule_version']}  {signal['reason']}"
            + ("  （现行规则不再得出）" if signal["superseded_at"] else "")
        )
        yield f"      {signal['field']}[{signal['start']}:{signal['end']}]  {signal['listing']}  {signal['url']}"
        if "box" in signal:
            left, top, right, bottom = signal["box"]
            yield f"      图片{signal['image'] + 1}  ({left},{top})–({right},{bottom})  {signal['image_url']}"
        for law in signal["law"]:
            entry = ruleset.laws.get(law, {})
            if in_force(entry, signal["seen_at"]):
                mark = "（须人工核对条文）" if entry.get("unverified") else ""
                yield f"      {entry.get('law', law)}{entry.get('article', '')}{mark}"
    for record in found.detail["evidence"]:
        yield f"证据 {record['id']}  {record['kind']}  {record['fetched_at']:%Y-%m-%d %H:%M:%S}Z  {record['url']}"
        yield f"      sha256 {record['sha256']}  {record['warc_file']}@{record['warc_offset']}"
    for link in found.detail["links"]:
        who = "  ".join(filter(None, (link["operator"], "、".join(link["shops"]))))
        yield f"关联  {who}  {link['subject']}  相同图片 {link['shared']} 张"
        for picture in link["pictures"]:
            for side, name in (("ours", "本方"), ("theirs", "对方")):
                use = picture[side]
                yield f"      {name}  {use['picture']}  {use['shop']}  {use['listing']}  {use['url']}"
                if use["sha256"]:
                    yield f"            sha256 {use['sha256']}"


def in_force(law: dict[str, Any], seen_at: datetime) -> bool:
    """Whether a law was in force in China on the day a page was seen."""
    day = (seen_at + timedelta(hours=8)).date().isoformat()
    return str(law.get("in_force_from", "")) <= day <= str(law.get("in_force_to", "9999"))


def attach(app: typer.Typer) -> None:
    """Adds `clues` and `clue` to the commands."""
    app.command()(clues)
    app.command()(clue)
