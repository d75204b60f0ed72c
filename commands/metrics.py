"""`yunjian metrics`: the figures of the store for Prometheus."""

from __future__ import annotations

import signal
import threading
from typing import Annotated, Any

import typer

import settings as settings_module
from commands.screen import Failed, err, plain_errors

__all__ = ["attach", "metrics", "serve"]


def serve(config: settings_module.Settings, store: Any, port: int, address: str = "127.0.0.1") -> Any:  # fmt: skip
    """Serve them by a thread; says where."""
    from watching.metrics import serve_metrics

    try:
        server = serve_metrics(config, store, port, address)
    except OSError as error:
        raise Failed(f"metrics: {address}:{port}: {error.strerror}") from None
    err.print(f"yunjian: metrics at http://{address}:{server.server_port}/metrics", markup=False)
    return server


def metrics(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one")] = 9464,
    address: Annotated[
        str, typer.Option(help="to listen at; other than loopback everybody there can read it")
    ] = "127.0.0.1",
) -> None:
    """Serve Prometheus metrics, computed from the store when they are asked for, until SIGTERM."""
    from storage import open_store
    from watching.logs import begin_logging

    with plain_errors():
        config = settings_module.load()
        begin_logging(config, service=True)
        store, ended = open_store(config.store_url), threading.Event()
        server = serve(config, store, port, address)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        ended.wait()
        server.shutdown()
        store.close()


def attach(app: typer.Typer) -> None:
    """Adds `metrics` to the commands."""
    app.command("metrics")(metrics)
