"""The health file: what a supervisor, a container or a person looks at first."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["HEALTH", "read_health", "write_health"]

HEALTH = "scheduler.json"
"""Its name below `data_dir`."""


def write_health(path: Path, said: Mapping[str, Any]) -> None:
    """Replace the health file; a reader never sees half of one."""
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
