"""Drives a running desk: several users at once over given pages, p50 and p95 of each."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

__all__ = ["Load", "drive"]

PATHS = (
    "/", "/clues", "/clues?violation=medical_claim", "/clues?region=5303", "/clues?source=jd",
    "/clues?goods=sanqi", "/clues?text=三七", "/clues?page=20", "/clues/1", "/shops", "/operators",
    "/api/v1/clues", "/api/v1/clues/1",
)  # fmt: skip
"""The commonest pages and calls."""


@dataclass(slots=True)
class Load:
    """What was measured of a desk: milliseconds of each answer by path, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: dict[str, str] = field(default_factory=dict)

    def p95(self) -> float:
        """The worst path's 95th percentile, in milliseconds."""
        return max((percentiles(times)[1] for times in self.times.values()), default=0.0)

    def report(self) -> str:
        """A table: path, p50 and p95 in milliseconds, answers; then what was wrong."""
        lines = [f"  {'path':<44}{'p50':>9}{'p95':>9}{'answers':>9}   ms"]
        for path, times in self.times.items():
            middle, late = percentiles(times)
            lines.append(f"  {path:<44}{middle:>9.1f}{late:>9.1f}{len(times):>9}")
        return "\n".join(lines + [f"  WRONG {path}: {what}" for path, what in self.wrong.items()])


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """The 50th and the 95th percentile."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def drive(
    base: str,
    paths: Sequence[str] = PATHS,
    users: int = 8,
    rounds: int = 10,
    token: str = "",
    cookie: str = "",
    pause: float = 0.0,
) -> Load:
    """Ask for all paths so many times by each of the users at once, who look at each page for
    `pause` seconds, more or less by half; an answer other than 200 is told as wrong."""
    load = Load()
    headers = ({"Authorization": f"Bearer {token}"} if token else {}) | (
        {"Cookie": cookie} if cookie else {}
    )

    async def user(client: httpx.AsyncClient, number: int) -> None:
        chance = random.Random(number)
        for turn in range(rounds + 1):
            for place in range(len(paths)):
                # Each user begins with another page, so that all are asked for at any time.
                path = paths[(place + number) % len(paths)]
                began = time.perf_counter()
                try:
                    answer = await client.get(path)
                    said = "" if answer.status_code == 200 else f"status {answer.status_code}"
                except httpx.HTTPError as error:
                    said = repr(error)
                if said:
                    load.wrong[path] = said
                elif turn:
                    # The first round warms up.
                    load.times[path].append((time.perf_counter() - began) * 1000)
                await asyncio.sleep(pause * (0.5 + chance.random()))

    async def all_users() -> None:
        async with httpx.AsyncClient(
            base_url=base, headers=headers, timeout=60, follow_redirects=False,
            limits=httpx.Limits(max_connections=users), trust_env=False,
        ) as client:  # fmt: skip
            await asyncio.gather(*(user(client, number) for number in range(users)))

    asyncio.run(all_users())
    return load
