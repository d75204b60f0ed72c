"""What all commands share: the screen, known errors as sentences, the store, dates as typed."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import typer
from rich.console import Console

import settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from storage import Store

__all__ = [
    "KNOWN",
    "Failed",
    "err",
    "officer_name",
    "out",
    "plain_errors",
    "printable",
    "say",
    "store_of",
    "store_session",
    "typed_day",
    "typed_moment",
]

out = Console(highlight=False, width=None if sys.stdout.isatty() else 130)
err = Console(stderr=True, highlight=False)

KNOWN = {
    "clues.exports.ExportError": 1,
    "clues.intake.problems.IntakeError": 1,
    "clues.log.CaseError": 1,
    "clues.merging.OperatorError": 1,
    "clues.registry.RegistryError": 1,
    "clues.retention.RetentionError": 1,
    "crawler.plan.PlanError": 2,
    "desk.people.PeopleError": 1,
    "detectors.errors.RuleError": 1,
    "evidence.errors.EvidenceError": 1,
    "replay.ReplayError": 1,
    "reports.model.ReportError": 2,
    "schedule.calendar.CalendarError": 1,
    "settings.SettingsError": 2,
    "spiders.recorded.RecordedError": 1,
    "storage.archives.ArchiveError": 1,
    "storage.backup.BackupError": 1,
    "storage.bucket.VaultError": 1,
    "storage.store.StoreError": 1,
    "sweeps.order.SweepError": 2,
    "sweeps.retrohunt.HuntError": 2,
}
"""Errors whose message is a sentence for the user, with the exit code. By name, so that a command
loads no package only to be able to catch its errors."""


class Failed(Exception):
    """Something failed; the message names it. Exit code 1 (or `code`)."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def plain_errors() -> Iterator[None]:
    """Known errors as one plain sentence, without a trace."""
    try:
        yield
    except Exception as error:
        code = error.code if isinstance(error, Failed) else _code(type(error))
        if not code:
            raise
        err.print(f"yunjian: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(code) from None


def _code(kind: type[BaseException]) -> int:
    names = (f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)
    return next((KNOWN[name] for name in names if name in KNOWN), 0)


def printable(text: str) -> str:
    """Without control characters: a hostile title must not steer the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def say(text: str) -> None:
    """One line on standard output, as it is but for control characters, never wrapped."""
    out.print(printable(text), markup=False, soft_wrap=True)


def store_of(config: settings.Settings) -> Store:
    """The store that the settings name, migrated; the caller closes it."""
    from storage import open_store

    return open_store(config.store_url)


@contextmanager
def store_session() -> Iterator[Session]:
    """One transaction on the configured store."""
    store = store_of(settings.load())
    try:
        with store.session() as session:
            yield session
    finally:
        store.close()


def officer_name(named: str) -> str:
    """The officer who acts: as named, else the user of the system."""
    return named.strip() or getpass.getuser()


def typed_day(text: str, option: str, other: date | None = None) -> date:
    """A day as typed, or the `other` for nothing; raises `Failed` that names the option."""
    if not text and other:
        return other
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Failed(f"{option}: not a date: {text!r} (as in 2026-11-01)", 2) from None


def typed_moment(text: str, option: str) -> datetime | None:
    """A moment as typed, None for nothing; a bare date is midnight in China. Raises `Failed`."""
    if not text:
        return None
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        raise Failed(f"{option}: not a date or time: {text!r} (as in 2026-11-01)", 2) from None
    return (typed - timedelta(hours=8)).replace(tzinfo=UTC) if typed.tzinfo is None else typed
