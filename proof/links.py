"""The links of the evidence chain, as text that is hashed.

A link is one line, `SEQUENCE TIME SHA256 ABOUT FORMER`: its number (from 1), when it was
appended, the SHA-256 of the record's payload, the SHA-256 that ties the payload to its record,
time and address (`about`), and the hash of the link before (64 zeros for the first). The hash
of a link is the SHA-256 of its line without the line's end.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["NOTHING", "Link", "about", "clock_back", "parse", "timestamp"]

NOTHING = "0" * 64
"""What stands for the link before the first."""
SLACK = 1.0
"""Seconds by which the clocks of several workers may differ; more is told."""
_LINE = re.compile(
    r"([1-9][0-9]{0,17}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)"
    r" ([0-9a-f]{64}) ([0-9a-f]{64}) ([0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Link:
    """One link; `at` is UTC."""

    sequence: int
    at: datetime
    sha256: str
    about: str
    former: str

    @property
    def line(self) -> str:
        """The text that is hashed."""
        return f"{self.sequence} {timestamp(self.at)} {self.sha256} {self.about} {self.former}"

    @property
    def hash(self) -> str:
        """SHA-256 of the line."""
        return hashlib.sha256(self.line.encode()).hexdigest()


def parse(line: str) -> Link:
    """The link that a line (without its end) states. Raises `ValueError` where it is none."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError("not a link of the chain")
    at = datetime.fromisoformat(found[2])
    return Link(int(found[1]), at.astimezone(UTC), found[3], found[4], found[5])


def timestamp(moment: datetime) -> str:
    """UTC with microseconds, as in 2026-11-11T02:03:04.005678Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def about(record_id: str, fetched_at: datetime, url: str) -> str:
    """SHA-256 of record id, time of capture and address, one to a line."""
    text = f"{record_id}\n{timestamp(fetched_at)}\n{url}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def clock_back(before: datetime, after: datetime) -> int:
    """Whole seconds (rounded up) by which the clock went back; 0 where it did not by more
    than clocks differ."""
    seconds = (before - after).total_seconds()
    return -int(-seconds // 1) if seconds > SLACK else 0
