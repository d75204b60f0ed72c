"""Evidence files that a killed process left open are made whole and get their final names."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from storage.members import whole_members

__all__ = ["NEW", "OPEN", "recover"]

OPEN = ".open"
"""The end of the name of a file in work; its writer holds a lock on it."""
NEW = ".new"
"""After that: a file that is not locked yet and holds nothing."""


def recover(folder: Path) -> list[str]:
    """Close what killed processes left open in `folder`; returns the final names.

    What follows the last whole record is cut off. Files in work are left alone, by whatever
    process, also of another machine where the folder's file system passes locks on (NFSv4 does).
    """
    closed = []
    for path in sorted(folder.glob("*" + OPEN)):
        # Its writer, or another's `recover`, may finish a file while we look at it.
        with suppress(FileNotFoundError, BlockingIOError), path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                continue
            file.truncate(whole_members(file))
            path.rename(path.with_name(path.name.removesuffix(OPEN)))
            closed.append(path.name.removesuffix(OPEN))
    return closed
