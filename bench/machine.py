"""The machine that a figure was measured on."""

from __future__ import annotations

import os
import platform

__all__ = ["machine"]


def machine() -> str:
    """Processor, cores and Python in one line."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            model = next(
                line.split(":")[1].strip() for line in file if line.startswith("model name")
            )
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"
