"""`yunjian evidence`: sealing, packing and checking evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.screen import Failed, officer_name, plain_errors, say

__all__ = ["app", "attach", "looked_at"]

app = typer.Typer(no_args_is_help=True, help="Seal evidence, pack it, check it.")


def _sealer(config: Any) -> Any:
    from evidence import Sealer

    return Sealer(config.evidence_key, config.tsa_url, config.tsa_ca)


@app.command()
def key() -> None:
    """Make the office's signing key where the setting evidence_key says, or show its public half."""
    import settings
    from evidence.keys import load_key, make_key
    from proof.signing import fingerprint, public_pem

    with plain_errors():
        path = settings.load().evidence_key
        if path is None:
            raise Failed("evidence_key is not set: name a file outside the checkout", 2)
        fresh = not path.exists()
        public = (make_key(path) if fresh else load_key(path)).public_key()
        say(f"{'made' if fresh else 'there already'}: {path} (keep it safe; publish what follows)")
        print(public_pem(public).decode(), end="")
        say(f"fingerprint {fingerprint(public)}")


@app.command()
def seal() -> None:
    """Link all evidence that is not yet, sign the chain's end, and have it time-stamped."""
    import settings
    from storage import open_store

    with plain_errors():
        config = settings.load()
        done = _sealer(config).seal(open_store(config.store_url))
        say(f"seal {done.number}: {done.sequence} links, {done.extended.links} of them new")
        for told in done.extended.clock_back:
            say(f"note: {told}")
        if done.no_stamp:
            say(f"note: no time stamp: {done.no_stamp}")


@app.command()
def check(
    vault: Annotated[
        bool, typer.Option("--vault", help="read every record in the vault too")
    ] = False,
) -> None:
    """Check the whole chain, its seals and, if asked, every record against the store."""
    import settings
    from evidence import check_store
    from evidence.archive import check_vault
    from storage import Vault, open_store

    with plain_errors():
        config = settings.load()
        store = open_store(config.store_url)
        broken = 0
        with store.session() as session:
            faults = list(check_store(session))
            if vault:
                faults += check_vault(session, Vault(config.vault_dir, config.evidence_bucket))
        for fault in faults:
            broken += fault.breaks
            say(f"{'broken' if fault.breaks else 'note'}: {fault.place}: {fault.why}")
        say(f"{broken} broken")
        if broken:
            raise typer.Exit(1)


@app.command()
def export(
    clue_id: Annotated[int, typer.Argument(metavar="ID", help="of the clue")],
    to: Annotated[
        Path | None, typer.Option("--out", help="file to write; else clue-ID.wacz")
    ] = None,
    by: Annotated[str, typer.Option(help="who exports; else the system's user")] = "",
    without_missing: Annotated[
        bool, typer.Option("--without-missing", help="pack the rest where records are missing")
    ] = False,
) -> None:
    """Pack a clue with its evidence as a sealed WACZ file."""
    import settings
    from detectors.ruleset import load_rules
    from evidence.pack import export as pack
    from storage import Vault, open_store

    with plain_errors():
        config = settings.load()
        rules = load_rules(config.rules_dir)
        done = pack(
            open_store(config.store_url), Vault(config.vault_dir, config.evidence_bucket), _sealer(config), clue_id,
            to or Path(f"clue-{clue_id}.wacz"), officer_name(by), rules.laws, rules.violations,
            config.browser, without_missing,
        )  # fmt: skip
        say(f"{done.path}: {done.records} records, under seal {done.seal}")
        say(f"signed by {done.key}")
        for told in done.notes:
            say(f"note: {told}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    key: Annotated[str, typer.Option(help="who must have signed: fingerprint or PEM file")] = "",
    tsa_ca: Annotated[
        Path | None, typer.Option(help="root certificates of the time authority (PEM)")
    ] = None,
) -> None:
    """Check a pack offline: 0 intact, 1 broken and named, 2 nothing to check."""
    from proof.__main__ import run

    raise typer.Exit(run(file, key, tsa_ca))


def looked_at(session: Any, clue_id: int, officer: str) -> None:
    """Write down in the chain of custody that an officer looked at a clue's evidence."""
    from evidence.custody import note

    note(session, clue_id, "opened", officer)


def attach(commands: typer.Typer) -> None:
    """Adds `evidence` to the commands."""
    commands.add_typer(app, name="evidence")
