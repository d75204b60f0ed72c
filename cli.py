"""The command `yunjian`, gathered from `commands/`.

Exit codes: 0 fine, 1 something failed and was named, 2 wrong usage.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
# In the order in which `yunjian --help` lists them.
for _part in (
    "sweep", "clues", "replay", "files", "rules", "start", "alerts", "casework", "credit", "db", "desk", "evidence",
    "intake", "metrics", "operators", "platforms", "privacy", "registry", "report", "retrohunt", "schedule", "verdicts",
    "webhooks", "worker",
):  # fmt: skip
    import_module(f"commands.{_part}").attach(app)


def main() -> None:
    """The console command."""
    # Pages speak Chinese, whatever the terminal's locale says.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
