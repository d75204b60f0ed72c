"""The process that units are forked from: it has read the rules, and does nothing else.

Imported by `multiprocessing`'s fork server only. To read the rules takes seconds, and what is
read takes hundreds of megabytes, which forked processes share.
"""

from __future__ import annotations

import gc
from pathlib import Path

import detectors
import settings
import sweeps.nursery  # noqa: F401
from detectors import Detector

__all__ = ["detector_of"]

_read: dict[Path, Detector] = {}


def detector_of(rules: Path) -> Detector:
    """The detector with the rules of a folder. Raises `RuleError`."""
    if rules not in _read:
        _read[rules] = detectors.load(rules)
    return _read[rules]


def _prepare() -> None:
    try:
        detector_of(settings.load().rules_dir)
    except ValueError:
        # Whoever needs it says what is wrong.
        return
    # What is never collected is never copied.
    gc.freeze()


_prepare()
