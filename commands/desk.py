"""The desk, and the accounts of those who use it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

__all__ = ["attach"]

people_app = typer.Typer(no_args_is_help=True, help="Accounts of the desk.")
Name = Annotated[str, typer.Argument(help="by which one logs in")]


@contextmanager
def _people() -> Iterator[Any]:
    """A transaction on the configured store; known errors as one plain sentence."""
    import settings
    from commands.screen import plain_errors
    from storage import open_store

    with plain_errors():
        store = open_store(settings.load().store_url)
        try:
            with store.writing() as session:
                yield session
        finally:
            store.close()


def _password() -> str:
    """Asked twice at a terminal; else the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("口令", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def desk(
    host: Annotated[str, typer.Option(help="address to listen at")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 is any free one")] = 8700,
) -> None:
    """Serve the desk; the first administrator is made by `yunjian account add`."""
    import uvicorn

    import settings
    from commands.screen import out, plain_errors
    from desk.app import make_app
    from desk.office import open_office

    with plain_errors():
        config = settings.load()
        app = make_app(open_office(config))
        server = uvicorn.Server(
            uvicorn.Config(
                app, host=host, port=port, log_level="warning", access_log=False, server_header=False,
                forwarded_allow_ips="127.0.0.1", timeout_graceful_shutdown=5,
            )
        )  # fmt: skip
        socket = server.config.bind_socket()
        out.print(f"desk: http://{host}:{socket.getsockname()[1]}/  (Ctrl-C ends it)", markup=False)
        # The server ends in order and then raises the signal once more: that is no failure.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server.run(sockets=[socket])


@people_app.command("add")
def add(
    name: Name,
    role: Annotated[
        str, typer.Option(help="viewer, analyst, reviewer or administrator")
    ] = "analyst",
    officer: Annotated[
        str, typer.Option(help="the name that stands in logs; else the login name")
    ] = "",
    region: Annotated[
        str, typer.Option(help="division code of what is seen, as 5326; empty: everything")
    ] = "",
) -> None:
    """Make an account; the password is asked for, or read from standard input."""
    from commands.screen import out
    from desk.people import add_account

    password = _password()
    with _people() as session:
        made = add_account(session, name, officer, role, password, region, by="command line")
    out.print(f"account {made.name}: {made.role}{' ' + region if region else ''}", markup=False)


@people_app.command("list")
def listed() -> None:
    """All accounts."""
    from sqlalchemy import select

    from commands.screen import out
    from storage.people import Account

    with _people() as session:
        for one in session.scalars(select(Account).order_by(Account.name)):
            state = "" if one.active else "  (stopped)"
            out.print(
                f"{one.name}  {one.role}  {one.region or '-'}  {one.officer}{state}", markup=False
            )


@people_app.command("password")
def password(name: Name) -> None:
    """Set another password; whatever the account had open ends."""
    from desk.people import named, set_password

    new = _password()
    with _people() as session:
        set_password(session, named(session, name), new)


@people_app.command("set")
def change(
    name: Name,
    role: Annotated[str, typer.Option(help="another role")] = "",
    region: Annotated[
        str | None, typer.Option(help="another division; an empty one is everything")
    ] = None,
    active: Annotated[
        bool | None, typer.Option("--active/--stopped", help="whether it may log in")
    ] = None,
) -> None:
    """Change what an account may; whatever it had open ends."""
    from desk.people import named, set_account

    with _people() as session:
        one = named(session, name)
        set_account(
            session, one, role or one.role, one.region if region is None else region,
            one.active if active is None else active,
        )  # fmt: skip


def attach(app: typer.Typer) -> None:
    """Hook the commands into `yunjian`."""
    app.command()(desk)
    app.add_typer(people_app, name="account")
