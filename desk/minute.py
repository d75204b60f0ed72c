"""What is counted in full is kept for a minute: many officers open the same page in the morning."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Request

__all__ = ["Minute", "minute_of"]

T = TypeVar("T")
SECONDS = 60.0
MOST = 500
"""Answers that are kept; more are of pages that nobody opened twice."""


class Minute:
    """Answers by key. While one who asks counts anew, the others are told what was kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[Any, ...], tuple[float, Any]] = {}

    def of(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What `make` answered within the last minute, or answers now."""
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and now - kept[0] < SECONDS:
            known: T = kept[1]
            return known
        if kept is not None:
            with self._lock:
                self._kept[key] = now, kept[1]
        try:
            made = make()
        except BaseException:
            with self._lock:
                self._kept.pop(key, None)
            raise
        with self._lock:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[key] = now, made
        return made


def minute_of(request: Request) -> Minute:
    """What the office that the request came to keeps."""
    kept: Minute = request.app.state.office.kept
    return kept
