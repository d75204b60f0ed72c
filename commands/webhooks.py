"""`yunjian webhooks …`: new clues to the programs that want them."""

from __future__ import annotations

from typing import Annotated

import typer

import settings as settings_module
from commands.screen import Failed, out, plain_errors, say

__all__ = ["attach"]

webhooks_app = typer.Typer(no_args_is_help=True, help="New clues, sent to other programs.")


@webhooks_app.command("send")
def send() -> None:
    """Send new clues to the addresses that want them; for a timer, or after a sweep."""
    from storage import open_store
    from watching.webhooks import collect, send_due

    with plain_errors():
        config = settings_module.load()
        store = open_store(config.store_url)
        fresh = collect(store)
        told = send_due(config, store)
        out.print(f"{fresh} new, {told.sent} sent, {told.failed} not sent")
        if told.failed:
            raise Failed("not all could be sent; they are tried again (yunjian webhooks list)")


@webhooks_app.command("list")
def listed() -> None:
    """All addresses, and what has arrived at each; secrets are not shown."""
    from sqlalchemy import func, select

    from storage import open_store
    from storage.webhooks import Delivery, Webhook

    with plain_errors(), open_store(settings_module.load().store_url).session() as session:
        counted = select(Delivery.webhook_id, Delivery.state, func.count())
        counts: dict[int, list[str]] = {}
        for hook_id, state, count in session.execute(
            counted.group_by(Delivery.webhook_id, Delivery.state)
        ):
            counts.setdefault(hook_id, []).append(f"{count} {state}")
        for hook in session.scalars(select(Webhook).order_by(Webhook.id)):
            asks = ", ".join(filter(None, (hook.violation, hook.goods, hook.region))) or "all"
            state = "" if hook.active else "  (stopped)"
            said = ", ".join(sorted(counts.get(hook.id, ["nothing yet"])))
            say(f"{hook.id}  {hook.url}  {asks}  score {hook.min_score:.2f}+  {said}{state}")


@webhooks_app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="http or https address")],
    violation: Annotated[str, typer.Option(help="of this violation alone")] = "",
    goods: Annotated[str, typer.Option(help="of this goods group alone")] = "",
    region: Annotated[str, typer.Option(help="division code, those below count too")] = "",
    min_score: Annotated[float, typer.Option(min=0, max=1)] = 0.0,
) -> None:
    """Add an address; its secret is printed once."""
    from storage import open_store
    from watching.webhooks import WebhookError, add_webhook

    with plain_errors():
        config = settings_module.load()
        try:
            with open_store(config.store_url).writing() as session:
                made = add_webhook(
                    session, config, url, "command line", violation, goods, region, min_score
                )
        except WebhookError as error:
            raise Failed(str(error), 2) from None
        out.print(f"webhook {made.id}, secret {made.secret}", markup=False)


def attach(app: typer.Typer) -> None:
    """Adds `webhooks` to the commands."""
    app.add_typer(webhooks_app, name="webhooks")
