"""The practice town with a clock at its door: `python -m bench.watched_town LOG [of practice …]`.

Each request is written to LOG as ``host came went`` (seconds); an answer takes `LATENCY`, so that
requests that overlap are seen to.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["manners"]

LATENCY = 0.03
"""Seconds."""


def manners(log: Path) -> dict[str, tuple[int, float, int, int]]:
    """By host: the most requests at once, the shortest time between two (seconds), the most
    within one second, and how many in all."""
    visits: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    for line in log.read_text(encoding="utf-8").splitlines():
        host, came, went = line.split()
        visits[host].append((float(came), float(went)))
    found = {}
    for host, times in visits.items():
        times.sort()
        at_once = max(sum(c <= came < w for c, w in times) for came, _ in times)
        gap = min((b[0] - a[0] for a, b in pairwise(times)), default=0.0)
        busiest = max(sum(came <= c < came + 1 for c, _ in times) for came, _ in times)
        found[host] = at_once, gap, busiest, len(times)
    return found


def main() -> None:
    """Serve until ended."""
    from twisted.internet import reactor
    from twisted.web.server import NOT_DONE_YET

    from practice import server
    from practice.__main__ import main as town

    log = open(sys.argv.pop(1), "a", encoding="utf-8", buffering=1)  # noqa: SIM115
    plain = server.Streets.render

    def render(self: Any, request: Any) -> Any:
        came = time.time()
        host = (request.getHeader("host") or "?").rsplit(":", 1)[0]
        gone: list[float] = []

        def went(_: object) -> None:
            gone.append(time.time())
            log.write(f"{host} {came:.4f} {gone[0]:.4f}\n")

        request.notifyFinish().addBoth(went)

        def answer() -> None:
            if gone:
                return
            body = plain(self, request)
            if body is not NOT_DONE_YET:
                request.write(body)
                request.finish()

        reactor.callLater(LATENCY, answer)  # type: ignore[attr-defined, arg-type]
        return NOT_DONE_YET

    server.Streets.render = render  # type: ignore[method-assign]
    town()


if __name__ == "__main__":
    main()
