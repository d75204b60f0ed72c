"""`yunjian worker`: does what sweeps and hunts leave to workers."""

from __future__ import annotations

from typing import Annotated

import typer

import settings as settings_module
from commands.screen import plain_errors

__all__ = ["attach", "worker"]


def worker(
    once: Annotated[
        bool, typer.Option("--once", help="end when nothing is left that can be done now")
    ] = False,
    concurrency: Annotated[
        int, typer.Option(min=1, help="sources at once, each in a process of its own")
    ] = 1,
) -> None:
    """Do sweeps and retro-hunts that are left to workers, with as many others as there are, on any machine."""
    from storage import open_store
    from sweeps.worker import run_worker
    from watching.logs import begin_logging

    with plain_errors():
        config = settings_module.load()
        begin_logging(config, service=True)
        run_worker(config, open_store(config.store_url), concurrency, once)


def attach(app: typer.Typer) -> None:
    """Adds `worker` to the commands."""
    app.command("worker")(worker)
