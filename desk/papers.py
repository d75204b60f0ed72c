"""The making of reports: one at a time, within the officer's county, put down when it is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

import reports
from desk.visit import Visit
from reports.model import Report

__all__ = ["TYPES", "Busy", "build_report", "report_file", "turn"]

TYPES = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pdf": "application/pdf",
}
_TURN = Lock()
"""Of whoever makes a report, which takes seconds of a processor: one at a time."""
WAIT = 60.0
"""Seconds for the turn to come."""


class Busy(RuntimeError):
    """Another's report is not done yet; says so."""


@contextmanager
def turn() -> Iterator[None]:
    """The turn to make a report; raises `Busy` where it does not come."""
    if not _TURN.acquire(timeout=WAIT):
        raise Busy("别人的报告还没有做完，请稍后再试")
    try:
        yield
    finally:
        _TURN.release()


def build_report(visit: Visit, kind: str, first: date, last: date, region: str) -> Report:
    """A report of a period and a division; raises `ReportError`."""
    with visit.reading() as session:
        return reports.build(session, kind, first, last, region, visit.office.knowledge)


def report_file(visit: Visit, made: Report, ending: str) -> bytes:
    """The report as a file of one of `TYPES`; raises `ExportError` where it can't be written.

    To be called in a thread of the pool, which has no loop of its own: Playwright wants it so.
    """
    with TemporaryDirectory(prefix="report-") as folder:
        path = Path(folder) / f"report{ending}"
        reports.write(made, path, visit.office.settings.browser)
        return path.read_bytes()
