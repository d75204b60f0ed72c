"""Prometheus metrics at one endpoint, computed when they are asked for: nothing is counted beside
the store, so no process and no machine is missing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from settings import Settings
from storage import Store
from watching.standing import COUNTS, Slow, free_bytes, standing

__all__ = ["StoreCollector", "serve_metrics"]

log = logging.getLogger("yunjian.metrics")


def _family(
    name: str, says: str, labels: tuple[str, ...], values: dict[Any, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"yunjian_{name}", says, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric([key] if isinstance(key, str) else list(key), value)
    return family


def _one(name: str, says: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"yunjian_{name}", says, value=value)


class StoreCollector(Collector):
    """Gives the figures of a store. One that can't be asked gives `yunjian_up 0` alone."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store = settings, store
        self.slow = Slow(settings, store)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: a registry need not ask the store before anybody wants to know."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All figures, now."""
        try:
            found = list(self._families())
        except SQLAlchemyError as error:
            log.error(
                "the store can't be asked: %s",
                type(error).__name__,
                extra={"event": "metrics.failed"},
            )
            found = []
        yield _one("up", "Whether the store could be asked.", float(bool(found)))
        yield from found

    def _families(self) -> Iterator[GaugeMetricFamily]:
        now = standing(self.settings, self.store)
        yield _family("sweeps", "Sweeps.", ("mode", "state"), now.sweeps)  # type: ignore[arg-type]
        if now.night:
            age = (now.at - now.night.ended_at).total_seconds()
            yield _one(
                "last_night_age_seconds", "Since the last nightly sweep that was finished.", age
            )
        for key in COUNTS:
            values = {name: float(counts[key]) for name, counts in now.sources.items()}
            yield _family(
                f"source_{key}", f"Of the last sweep of a source: {key}.", ("source",), values
            )
        yield _family(
            "source_blocked",
            "Sources (of `shop`: shops) whose last sweep met more blocks than half of its pages.",
            ("source",),
            {name: float(len(now.blocked.get(name, ()))) for name in now.sources},
        )
        yield _family(
            "drift_alarms",
            "Drift alarms of the last 24 hours.",
            ("source",),
            {
                name: float(len(now.drifting.get(name, ())))
                for name in {*now.sources, *now.drifting}
            },
        )
        yield _family("clues", "Clues.", ("state", "violation"), now.clues)  # type: ignore[arg-type]
        yield _one("tasks_pending", "Tasks that wait in sweeps that go on.", now.backlog.tasks)
        oldest = now.backlog.oldest
        waited = (now.at - oldest).total_seconds() if oldest else 0.0
        yield _one(
            "oldest_pending_seconds", "Since the oldest sweep with waiting tasks began.", waited
        )
        if (overdue := self.slow.overdue()) is not None:
            says = "Deadlines of open clues that are past (asked every 15 minutes)."
            yield _one("deadlines_overdue", says, overdue)
        yield _family("runs", "Planned runs by what became of them.", ("kind", "outcome"), now.runs)  # type: ignore[arg-type]
        yield _one("nights_late", "Nights still under way after their window.", len(now.late))
        if now.decided_to:
            behind = (now.at - now.decided_to).total_seconds()
            yield _one(
                "scheduler_behind_seconds", "Since a scheduler last decided what is due.", behind
            )
        yield _one("workers", "Workers at work.", now.workers)
        if (size := self.slow.evidence()) is not None:
            yield _one("evidence_bytes", "Files of evidence (asked every 15 minutes).", size)
        yield _family(
            "disk_free_bytes",
            "Free space where data and evidence are.",
            ("folder",),
            {name: float(free) for name, free in free_bytes(self.settings).items()},
        )


def serve_metrics(settings: Settings, store: Store, port: int, address: str = "127.0.0.1") -> Any:
    """Serve `/metrics` by a thread; returns the server (`shutdown()` ends it; its `server_port`
    is a free one where `port` was 0). Raises OSError where the port is taken."""
    registry = CollectorRegistry()
    registry.register(StoreCollector(settings, store))
    server, _ = start_http_server(port, address, registry)
    return server
