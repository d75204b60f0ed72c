"""The health file: what a supervisor, a container or a person looks at first."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schedule.service import Service

__all__ = ["HEALTH", "read_health", "write_health"]

HEALTH = "scheduler.json"
"""Its name below `data_dir`."""


def write_health(path: Path, service: Service, now: datetime) -> None:
    """Replace the health file; a reader never sees half of one."""
    following = service.timetable.following(now)
    said = {
        "state": service.state,
        "name": service.name,
        "at": now.isoformat(timespec="seconds"),
        "pid": os.getpid(),
        "next": following and {"entry": following.entry, "at": following.at.isoformat()},
        "under_way": [
            {"entry": run.entry, "planned_at": run.planned_at.isoformat(), "sweep": run.sweep_id, "outcome": run.outcome}
            for run in service.ledger.open_runs()
        ],
        "alerts": [
            {"at": one.at.isoformat(timespec="seconds"), "kind": one.kind, "text": one.text}
            for one in service.alerts
        ],
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(said, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(path)


def read_health(path: Path, longest: float) -> tuple[bool, dict[str, Any]]:
    """Whether the scheduler gave a sign within `longest` seconds and is not stopped, and what
    its file says ({} where there is none that can be read)."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        age = (datetime.now(UTC) - datetime.fromisoformat(said["at"])).total_seconds()
    except (OSError, ValueError, KeyError, TypeError):
        return False, {}
    return age <= longest and said.get("state") != "stopped", said
