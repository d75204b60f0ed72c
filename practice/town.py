"""Raises the town in a process of its own and ends it again."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from types import TracebackType

from practice.data import DOMAIN, HERE

__all__ = ["Town", "TownError", "environment"]

START_SECONDS = 30.0


class TownError(RuntimeError):
    """The town did not come up; says what it wrote."""


class Town:
    """The town while a `with` block runs, on a free port of loopback unless one is given.

    `faults` maps hosts (with a path's beginning, if wanted) to kinds of fault, `slow` is how
    many seconds a slow answer takes. Raises `TownError` if it does not come up.
    """

    def __init__(
        self, port: int = 0, faults: dict[str, str] | None = None, slow: float = 3.0
    ) -> None:
        self.port = port
        self.faults = dict(faults or {})
        self.slow = slow
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Town:
        command = [sys.executable, "-m", "practice", "--port", str(self.port)]
        command += ["--slow", str(self.slow), "--attached"]
        for place, kind in self.faults.items():
            command += ["--fault", f"{place}={kind}"]
        self._process = subprocess.Popen(
            command,
            cwd=HERE.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        watch = threading.Timer(START_SECONDS, self._process.kill)
        watch.start()
        said = self._process.stdout.readline()
        watch.cancel()
        if not said.startswith("http://"):
            _, problem = self._process.communicate()
            raise TownError(f"the practice town did not start: {problem.strip()[-500:]}")
        self.port = int(said.rsplit(":", 1)[1].strip().strip("/"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def wait(self) -> None:
        """Return when the town has ended, or at Ctrl-C."""
        if self._process is not None:
            with suppress(KeyboardInterrupt):
                self._process.wait()

    def url(self, name: str = "", path: str = "/") -> str:
        """The address of a page on a host, which is known by its first word (``taoji``)."""
        return f"http://{name + '.' if name else ''}{DOMAIN}:{self.port}{path}"


def environment(port: int) -> dict[str, str]:
    """The settings, as environment variables, with which a sweep walks the town."""
    sources = {
        "baidu": f"http://search.{DOMAIN}:{port}",
        "taobao": f"http://taoji.{DOMAIN}:{port}",
        "jd": f"http://jingdian.{DOMAIN}:{port}",
        "1688": f"http://pifa.{DOMAIN}:{port}",
        "pdd": f"http://pin.{DOMAIN}:{port}",
    }
    return {
        "YUNJIAN_ALLOW_PRIVATE": f"*.{DOMAIN}",
        "YUNJIAN_SOURCE_URLS": json.dumps(sources),
        # The wholesale and the group market show the goods of the first marketplace again.
        "YUNJIAN_SOURCES": "baidu,taobao,jd",
        "YUNJIAN_DOWNLOAD_DELAY": "0",
        "YUNJIAN_HOST_CONCURRENCY": "4",
        "YUNJIAN_CONTACT": "practice town",
    }
