"""What becomes of runs that are due: one defined outcome each. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from policies import CHINA
from schedule.timetable import Planned

__all__ = ["Decision", "decide"]

Outcome = Literal["run", "noted", "missed", "coalesced", "skipped"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A planned run, and what becomes of it."""

    run: Planned
    outcome: Outcome
    note: str = ""


def decide(due: Sequence[Planned], now: datetime, busy: Collection[str]) -> list[Decision]:
    """A decision for each run that is due and stands nowhere yet, in the order of time.

    Of one entry's runs the newest is begun while its time lasts; those before it are missed, but
    of a promotion they are coalesced into it: what they would have seen it sees. A run whose
    entry is under way (`busy`) is skipped. A report is noted, however late.
    """
    by_entry: defaultdict[str, list[Planned]] = defaultdict(list)
    for run in due:
        by_entry[run.entry].append(run)
    found = [one for runs in by_entry.values() for one in _of_one(runs, now, busy)]
    return sorted(found, key=lambda one: (one.run.at, one.run.entry))


def _of_one(
    runs: Sequence[Planned], now: datetime, busy: Collection[str]
) -> list[Decision]:  # fmt: skip
    *earlier, newest = sorted(runs)
    if newest.kind == "report":
        return [Decision(run, "noted") for run in (*earlier, newest)]
    missed = f"no scheduler ran until {now.astimezone(CHINA):%Y-%m-%d %H:%M} (China time)"
    if now >= newest.until:
        return [Decision(run, "missed", missed) for run in (*earlier, newest)]
    if newest.entry in busy:
        last = Decision(newest, "skipped", "the run before it is still under way")
    else:
        late = int((now - newest.at).total_seconds() // 60)
        last = Decision(newest, "run", f"begun {late} minutes late" if late > 5 else "")
    if newest.kind == "intensified":
        into = f"into the run of {newest.at.astimezone(CHINA):%Y-%m-%d %H:%M}"
        return [*(Decision(run, "coalesced", into) for run in earlier), last]
    return [*(Decision(run, "missed", missed) for run in earlier), last]
