"""`yunjian scan`, `yunjian read`: files in, findings out; no store, no network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

import settings
from commands.screen import Failed, err, plain_errors
from listing import FileProblem

__all__ = ["attach"]


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
        config = settings.load()
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


def attach(app: typer.Typer) -> None:
    """Adds `scan` and `read` to the commands."""
    app.command()(scan)
    app.command()(read)
