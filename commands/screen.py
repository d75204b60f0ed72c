"""What the commands on operators and registers share with the screen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

__all__ = ["err", "failing", "out", "printable"]

out = Console(highlight=False, width=None if sys.stdout.isatty() else 130)
err = Console(stderr=True, highlight=False)


def printable(text: str) -> str:
    """Without control characters: a hostile title must not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


@contextmanager
def failing() -> Iterator[None]:
    """Known errors as one plain sentence, those of operators and registers too."""
    from cli import Failed, plain_errors
    from clues.merging import OperatorError
    from clues.registry import RegistryError

    with plain_errors():
        try:
            yield
        except (OperatorError, RegistryError) as error:
            raise Failed(str(error)) from None
