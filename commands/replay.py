"""`yunjian replay`: a page of the evidence as it was kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import settings
from commands.screen import err, plain_errors, printable, store_of

__all__ = ["attach"]


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
        config = settings.load()
        vault = Vault(config.vault_dir, config.evidence_bucket)
        with store_of(config).session() as session:
            found = replaying.find(session, wanted)
            pages = [replaying.replayed(session, vault, one) for one in found]
        if to is not None:
            replaying.write(pages[0], to)
            for page in pages[1:]:
                err.print(f"{wanted} also rests on evidence {page.evidence.id}", markup=False)
            return

        def say(address: str, page: replaying.Replayed) -> None:
            print(f"{address}  {page.evidence.kind}  {printable(page.evidence.url)}", flush=True)

        replaying.serve(pages, port, say)


def attach(app: typer.Typer) -> None:
    """Adds `replay` to the commands."""
    app.command()(replay)
