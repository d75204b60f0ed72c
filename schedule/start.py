"""How a sweep that stands in the store gets going: a process on this machine, or the workers.

This is the one seam between the scheduler and whatever does the work.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from settings import HOUSE

__all__ = ["OneMachine", "Starter", "Workers"]


class Starter(Protocol):
    """Gets planned sweeps going."""

    host: str
    """The machine on which they run; "" where it is not ours to know."""

    def alive(self, sweep_id: int) -> bool:
        """Whether somebody is at work on the sweep."""

    def start(self, sweep_id: int) -> bool:
        """Get it going; False where there is no room now."""

    def stop(self) -> None:
        """Let what we started come to an orderly end."""


class Workers:
    """Leaves sweeps to whoever runs `yunjian worker`, on this machine or another."""

    host = ""

    def __init__(self, leave: Callable[[int], None]) -> None:
        self.leave = leave

    def alive(self, sweep_id: int) -> bool:
        """Workers look after their own dead."""
        return True

    def start(self, sweep_id: int) -> bool:
        """Leave it to them."""
        self.leave(sweep_id)
        return True

    def stop(self) -> None:
        """Nothing to do."""


class OneMachine:
    """Processes of `yunjian sweep --resume ID`, at most `limit` at once.

    Each holds a lock on a file of its sweep for as long as it lives, whoever started it: so a
    scheduler that was killed and comes back does not start the same sweep a second time.
    """

    def __init__(
        self,
        folder: Path,
        limit: int = 1,
        patience: float = 60.0,
        command: Sequence[str] = (),
    ) -> None:
        self.host = socket.gethostname()
        self.folder = folder
        self.limit = limit
        self.patience = patience
        """Seconds that sweeps get to stop in order."""
        self.command = tuple(command) or (
            sys.executable,
            "-m",
            "cli",
            "sweep",
            "--json",
            "--resume",
        )
        self.children: dict[int, subprocess.Popen[bytes]] = {}

    def alive(self, sweep_id: int) -> bool:
        """Whether a process of this machine holds the sweep."""
        child = self.children.get(sweep_id)
        if child is not None:
            if child.poll() is None:
                return True
            del self.children[sweep_id]
        handle = self._lock(sweep_id)
        if handle is None:
            return True
        os.close(handle)
        return False

    def start(self, sweep_id: int) -> bool:
        """Start its process; False where as many run as may, or one holds it already."""
        living = [one for one in self.children if self.alive(one)]
        if len(living) >= self.limit or (handle := self._lock(sweep_id)) is None:
            return False
        try:
            with (self.folder / f"sweep-{sweep_id}.log").open("ab") as log:
                self.children[sweep_id] = subprocess.Popen(
                    [*self.command, str(sweep_id)], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, pass_fds=[handle], start_new_session=True,
                    env=os.environ | {"PYTHONPATH": str(HOUSE)},
                )  # fmt: skip
        finally:
            # The child has it too: the lock lasts as long as the last of both.
            os.close(handle)
        return True

    def stop(self) -> None:
        """Ask our processes to stop (they keep what they have), and wait for them a while."""
        living = [child for child in self.children.values() if child.poll() is None]
        for child in living:
            child.send_signal(signal.SIGTERM)
        ends = time.monotonic() + self.patience
        for child in living:
            try:
                child.wait(max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                # What it stored is safe; the next start resumes it.
                child.kill()
                child.wait()
        self.children.clear()

    def _lock(self, sweep_id: int) -> int | None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder / f"sweep-{sweep_id}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return None
        return handle
