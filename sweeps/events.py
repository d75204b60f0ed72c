"""What sweeps tell the log: numbers and names of sources, never what a page says."""

from __future__ import annotations

import logging

from crawler.addresses import host_of
from crawler.tasks import Incident, Task
from sweeps.summary import Summary

__all__ = ["sweep_begun", "sweep_ended", "task_ended", "unseen"]

log = logging.getLogger("yunjian.sweep")


def sweep_begun(summary: Summary, tasks: int) -> None:
    """A sweep, or a further run of it, begins."""
    about = {"event": "sweep.begun", "sweep": summary.sweep_id, "mode": summary.mode}
    log.info("sweep begun", extra=about | {"tasks": tasks})


def sweep_ended(summary: Summary) -> None:
    """Its numbers, by source too, and its alarms."""
    for name, count in sorted(summary.sources.items()):
        about = {"event": "source.ended", "sweep": summary.sweep_id, "source": name}
        numbers = {
            "pages": count.pages, "listings": count.listings, "clues": count.clues_opened,
            "blocks": count.blocks, "failures": count.failures,
        }  # fmt: skip
        log.info("source ended", extra=about | numbers)
    for alarm in summary.drift:
        source = alarm.split(": ")[1]
        about = {"event": "source.drift", "sweep": summary.sweep_id, "source": source}
        log.warning("source drifts: %s", alarm.split(" ", 1)[0].rstrip(":"), extra=about)
    total = summary.total()
    log.info(
        "sweep ended",
        extra={
            "event": "sweep.ended", "sweep": summary.sweep_id, "mode": summary.mode, "state": summary.state,
            "seconds": summary.seconds, "pages": total.pages, "listings": total.listings,
            "clues": total.clues_opened, "blocks": total.blocks, "failures": total.failures,
        },
    )  # fmt: skip


def task_ended(sweep_id: int, task: Task, ok: bool) -> None:
    """All requests of a task have come to an end."""
    about = {"event": "task.ended", "sweep": sweep_id, "source": task.source, "task": task.id}
    log.info("task ended", extra=about | {"goods": task.goods, "state": "done" if ok else "failed"})


def unseen(sweep_id: int, incident: Incident) -> None:
    """Something could not be seen; the store has the address."""
    about = {"event": f"incident.{incident.kind}", "sweep": sweep_id, "task": incident.task.id}
    log.info(
        "%s/%s at %s", incident.kind, incident.what, host_of(incident.url),
        extra=about | {"source": incident.task.source},
    )  # fmt: skip
