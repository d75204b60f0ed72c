"""`yunjian alerts …`: who hears of what, and whether it arrives."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

import settings as settings_module
from commands.screen import Failed, out, plain_errors
from policies import CHINA

__all__ = ["alerts_app"]

alerts_app = typer.Typer(no_args_is_help=True, help="Alerts by Apprise: a test, what is due, a list.")  # fmt: skip


def _loaded() -> settings_module.Settings:
    from watching.logs import begin_logging

    config = settings_module.load()
    begin_logging(config)
    if not config.alert_urls:
        raise Failed("nobody is to be told: set alert_urls (docs/watching.md)", 2)
    return config


@alerts_app.command("test")
def test() -> None:
    """Send a test to every address of `alert_urls`."""
    from watching.alerts import send_test

    with plain_errors():
        config = _loaded()
        if wrong := send_test(config):
            raise Failed(wrong)
        out.print(f"sent to {len(config.alert_urls)}")


@alerts_app.command("send")
def send() -> None:
    """Look how things stand, and send what is due: for a timer where no scheduler runs."""
    from storage import open_store
    from watching.alerts import put, send_due
    from watching.concerns import concerns

    with plain_errors():
        config = _loaded()
        store = open_store(config.store_url)
        fresh = put(store, concerns(config, store))
        told = send_due(config, store)
        out.print(f"{fresh} new, {told.sent} sent, {told.failed} not sent")
        if told.failed:
            raise Failed("not all could be sent; they are tried again (yunjian alerts list)")


@alerts_app.command("list")
def show(
    limit: Annotated[int, typer.Option(min=1, help="at most so many")] = 50,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """The last alerts, the newest first, and whether they arrived."""
    from sqlalchemy import select

    from storage import open_store
    from storage.alerts import AlertRow

    with plain_errors():
        query = select(AlertRow).where(AlertRow.state != "part").order_by(AlertRow.id.desc())
        with open_store(settings_module.load().store_url).session() as session:
            rows = list(session.scalars(query.limit(limit)))
        names = ("id", "kind", "text", "state", "made_at", "sent_at", "tries", "error")
        if as_json:
            told = [{name: getattr(row, name) for name in names} for row in rows]
            print(json.dumps(told, ensure_ascii=False, default=str))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in ("made (China)", "kind", "state", "tries", "text"):
            table.add_column(heading)
        for row in rows:
            text = f"{row.text} ({row.error})" if row.error else row.text
            table.add_row(
                f"{row.made_at.astimezone(CHINA):%Y-%m-%d %H:%M}", row.kind, row.state, str(row.tries),
                escape(text),
            )  # fmt: skip
        out.print(table)
        out.print(f"{len(rows)} alerts")


def attach(app: typer.Typer) -> None:
    """Adds `alerts` to the commands."""
    app.add_typer(alerts_app, name="alerts")
