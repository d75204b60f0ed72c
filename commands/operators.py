"""`yunjian operators` and `yunjian operator …`: who is behind the shops."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

import settings as settings_module
from commands.screen import out, plain_errors, printable, store_of, store_session

__all__ = ["operator_app", "operators"]


class _Shown(TyperGroup):
    """`yunjian operator 17` is `yunjian operator show 17`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """With `show` put in front of a bare number."""
        return super().parse_args(ctx, ["show", *args] if args and args[0].isdigit() else args)


operator_app = typer.Typer(
    cls=_Shown,
    no_args_is_help=True,
    help="One operator: show it, judge its links, merge and split.",
)
By = Annotated[str, typer.Option("--as", help="the officer's name")]
Reason = Annotated[str, typer.Option("--why", help="the reason; kept for good")]
Json = Annotated[bool, typer.Option("--json")]


def operators(
    q: Annotated[str, typer.Option(help="name, code, shop, telephone or 微信号")] = "",
    region: Annotated[str, typer.Option(help="division code, those below count too")] = "",
    min_shops: Annotated[int, typer.Option(min=0, help="with at least so many shops")] = 0,
    registry: Annotated[
        str, typer.Option(help="confirmed, other_name, cancelled, unknown_code, unknown_name")
    ] = "",
    limit: Annotated[int, typer.Option(min=0, help="at most so many; 0 is all")] = 0,
    as_json: Json = False,
) -> None:
    """List operators with their shops, clues and place, those with most shops first."""
    from clues.operators import OperatorFilter, find_operators

    with plain_errors():
        with store_session() as session:
            wanted = OperatorFilter(q, region, min_shops, registry, limit)
            found = find_operators(session, wanted)
        if as_json:
            for row in found:
                print(json.dumps(asdict(row), ensure_ascii=False))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("id", "operator", "uscc", "shops", "clues", "region", "sure"):
            table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=40)
        for row in found:
            cells = (row.id, row.name or "(not named)", row.uscc, row.shops, row.clues, row.region)
            sure = f"{row.confidence:.2f}" if row.region else ""
            table.add_row(*(escape(printable(str(cell))) for cell in (*cells, sure)))
        out.print(table)
        out.print(f"{len(found)} operators")


@operator_app.command("show")
def show(operator_id: Annotated[int, typer.Argument(metavar="ID")], as_json: Json = False) -> None:
    """All that is known of one operator, with the links and the evidence behind them."""
    from clues.operators import one_operator

    with plain_errors():
        with store_session() as session:
            found = one_operator(session, operator_id)
        if as_json:
            print(json.dumps(found, ensure_ascii=False, default=str))
            return
        for line in _lines(found):
            out.print(printable(line), markup=False, soft_wrap=True)


def _lines(found: dict[str, Any]) -> list[str]:
    taken = f"（{found['asked']} 已并入）" if found["asked"] != found["id"] else ""
    lines = [f"主体 {found['id']}{taken}  {found['name'] or '未知'}  {found['uscc']}"]
    lines += [f"网店 {s['id']}  {s['source']}  {s['name']}  {s['url']}" for s in found["shops"]]
    for kind, entries in found["facts"].items():
        for entry in entries:
            lines.append(
                f"识别 {kind}  {entry['shown']}  网店 {entry['shops']}  证据 {entry['evidence']}"
            )
    for one in found["contradictions"]:
        lines.append(f"矛盾 {one['kind']}  {' ≠ '.join(one['shown'])}")
    if place := found["place"]:
        lines.append(f"管辖 {place['code'] or '未知'}  {place['confidence']:.2f}")
        against = [(r["kind"], r["code"]) for r in place["contradictions"]]
        for reason in place["reasons"]:
            mark = "≠" if (reason["kind"], reason["code"]) in against else "="
            lines.append(f"     {mark} {reason['kind']} {reason['code']}  {reason['weight']:.2f}  {reason['shown']}")  # fmt: skip
    for entry in found["registry"]:
        lines.append(f"登记 {entry['result']}  {entry['code']}  {entry['says']}")
    for link in found["links"]:
        side = "本主体内" if link["inside"] else f"主体 {link['operator'] or '未知'}"
        lines.append(
            f"关联 {link['id']}  {link['title']} {link['strength']:.2f} {link['state']}  {link['ours']} ↔ {link['theirs']}（{side}）  "
            f"{link['detail'].get('one', '')} | {link['detail'].get('other', '')}  证据 {link['detail'].get('evidence', [])}"
        )  # fmt: skip
        for said in link["verdicts"]:
            lines.append(f"     {said['verdict']}  {said['officer']}  {said['at']:%Y-%m-%d %H:%M}Z  {said['reason']}")  # fmt: skip
    for clue in found["clues"]:
        lines.append(
            f"线索 {clue['id']}  {clue['violation']}  {clue['state']}  {clue['score']:.2f}"
        )
    for change in found["changes"]:
        undoes = f"（撤回 {change['undoes']}）" if change["undoes"] else ""
        lines.append(
            f"变更 {change['id']}  {change['kind']}{undoes}  {change['operator']} ← {change['other'] or '-'}  网店 {change['shops']}  "
            f"{change['officer']}  {change['at']:%Y-%m-%d %H:%M}Z  {change['reason']}"
        )  # fmt: skip
    return lines


@operator_app.command("link")
def link(one: int, other: int, by: By, reason: Reason) -> None:
    """Say that two operators belong together by what no page shows."""
    from clues.operators import link_operators

    with plain_errors():
        with store_session() as session:
            done = link_operators(session, one, other, by, reason)
        _told(done)


@operator_app.command("confirm")
def confirm(link_id: Annotated[int, typer.Argument(metavar="LINK")], by: By, reason: Reason) -> None:  # fmt: skip
    """Say that a link is right: its operators become one (two sound codes stay two)."""
    from clues.operators import confirm_link

    with plain_errors():
        with store_session() as session:
            done = confirm_link(session, link_id, by, reason)
        _told(done)


@operator_app.command("cut")
def cut(link_id: Annotated[int, typer.Argument(metavar="LINK")], by: By, reason: Reason) -> None:
    """Say that a link is wrong: what the program merged on it alone is taken back."""
    from clues.operators import cut_link

    with plain_errors():
        with store_session() as session:
            done = cut_link(session, link_id, by, reason)
        _told(done)


@operator_app.command("merge")
def merge(operator_id: int, other_id: int, by: By, reason: Reason) -> None:
    """The second operator's shops and clues come under the first."""
    from clues import merging

    with plain_errors():
        with store_session() as session:
            change = merging.merge(session, operator_id, other_id, by, reason)
        out.print(f"change {change.id}: shops {[s for s, _ in change.shops]} under {change.operator_id}", markup=False)  # fmt: skip


@operator_app.command("split")
def split(
    operator_id: int,
    by: By,
    reason: Reason,
    shop: Annotated[list[int] | None, typer.Option(help="a shop that leaves; may repeat")] = None,
    change: Annotated[int, typer.Option(help="or: the merge to take back")] = 0,
) -> None:
    """Shops leave an operator with their clues, or a merge is taken back."""
    from clues.operators import split_operator

    with plain_errors():
        if bool(shop) == bool(change):
            raise typer.BadParameter("say either --shop or --change")
        with store_session() as session:
            done = split_operator(session, operator_id, shop or (), change, by, reason)
        out.print(
            f"change {done.id}: shops {[s for s, _ in done.shops]} left {done.operator_id}"
            + (f" for {done.other_id}" if done.other_id else ""),
            markup=False,
        )


@operator_app.command("settle")
def settle() -> None:
    """Look for links of shops that a sweep could not settle before it was killed."""
    import detectors
    from clues import settle_operators

    with plain_errors():
        config = settings_module.load()
        places = detectors.load(config.rules_dir).knowledge.places
        done = settle_operators(store_of(config), places)
        out.print(f"{done.shops} shops settled")
        _told(done)


def _told(done: Any) -> None:
    out.print(f"{len(done.merged)} merged, {len(done.undone)} merges taken back")


def attach(app: typer.Typer) -> None:
    """Adds `operators` and `operator` to the commands."""
    app.command("operators")(operators)
    app.add_typer(operator_app, name="operator")
