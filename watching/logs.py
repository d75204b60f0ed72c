"""One line per event, plain or JSON, to standard error or to a file that turns over by itself.

Whoever has something to tell uses the standard library's loggers below `yunjian`, with `event`
and what it is about (`FIELDS`) in `extra`. Nothing else of a record is written: keys and
passwords of the settings are struck out, consumers' numbers and addresses masked.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from listing.masks import mask_text
from settings import Settings

__all__ = ["FIELDS", "JsonLines", "PlainLines", "TurningFile", "begin_logging", "secrets_of"]

FIELDS = (
    "sweep", "mode", "state", "source", "reader", "task", "goods", "run", "hunt", "after", "worker", "unit", "pages",
    "listings", "clues", "blocks", "failures", "seconds", "tries", "tasks", "alert",
    "webhook", "clue",
)  # fmt: skip
"""What a line may say beside time, level, event and message, in this order."""
LARGEST = 10 * 1024 * 1024
"""Bytes of a log file; the next line opens a new one."""
KEPT = 5
"""Older log files, `.1` the newest."""


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """What must not stand in any log: keys, tokens, the store's password, addresses of alerts."""
    found = [settings.baidu_api_key.get_secret_value()]
    found += [api.token.get_secret_value() for api in settings.apis.values()]
    found += [url.get_secret_value() for url in settings.alert_urls]
    with suppress(ArgumentError):
        found.append(str(make_url(settings.store_url).password or ""))
    return tuple(sorted(filter(None, found), key=len, reverse=True))


class _Lines(logging.Formatter):
    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self.secrets = tuple(secrets)

    def said(self, text: str) -> str:
        """Text as it may be written."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return mask_text(text)

    def message(self, record: logging.LogRecord) -> str:
        """What was said, with the error that it was about."""
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return self.said(text)

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        """What it is about."""
        values = ((name, getattr(record, name, None)) for name in FIELDS)
        return {
            name: self.said(value) if isinstance(value, str) else value
            for name, value in values
            if value is not None
        }


class PlainLines(_Lines):
    """For eyes: time (UTC), level, message, what it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        about = " ".join(f"{name}={value}" for name, value in self.fields(record).items())
        at = datetime.fromtimestamp(record.created, UTC)
        line = f"{at:%Y-%m-%d %H:%M:%S}Z {record.levelname} {self.message(record)}"
        return f"{line}  [{about}]" if about else line


class JsonLines(_Lines):
    """For programs: one JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; `event` is the logger's name where the record has none."""
        at = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
            "message": self.message(record),
            "pid": record.process,
            **self.fields(record),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


class TurningFile(logging.Handler):
    """Appends to a file that several processes write to, and turns it over once it is large.

    A line is one write, so lines never mix; who turns it over holds a lock, the others see that
    the name leads to a new file.
    """

    def __init__(self, path: Path, largest: int = LARGEST, kept: int = KEPT) -> None:
        super().__init__()
        self.path, self.largest, self.kept = path, largest, kept
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._opened()

    def _opened(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line."""
        try:
            line = (self.format(record) + "\n").encode(errors="backslashreplace")
            if not self._ours():
                os.close(self._file)
                self._file = self._opened()
            if os.fstat(self._file).st_size + len(line) > self.largest:
                self._turn()
            os.write(self._file, line)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Give the file back."""
        with suppress(OSError):
            os.close(self._file)
        super().close()

    def _ours(self) -> bool:
        """Whether the name still leads to the file that we have."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._file))  # noqa: PTH116
        except FileNotFoundError:
            return False

    def _turn(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        # Another may have turned it over while we waited for the lock.
        if self._ours() and os.fstat(self._file).st_size:
            for number in range(self.kept, 0, -1):
                older = self.path.with_name(f"{self.path.name}.{number - 1}")
                source = older if number > 1 else self.path
                if source.exists():
                    source.replace(self.path.with_name(f"{self.path.name}.{number}"))
        os.close(self._file)
        self._file = self._opened()


def begin_logging(settings: Settings, service: bool = False) -> None:
    """From now on events are written as the settings say; asked again, nothing is doubled.

    A command of a person at a terminal (no `service`) tells only warnings there, unless
    `log_format` or `log_file` asks for more. Of other libraries warnings are told.
    """
    asked = settings.log_format == "json" or settings.log_file is not None
    handler = (
        TurningFile(settings.log_file) if settings.log_file else logging.StreamHandler(sys.stderr)
    )
    lines = JsonLines if settings.log_format == "json" else PlainLines
    handler.setFormatter(lines(secrets_of(settings)))
    handler.set_name("yunjian")
    ours, root = logging.getLogger("yunjian"), logging.getLogger()
    for logger in (ours, root):
        for old in [one for one in logger.handlers if one.get_name() == "yunjian"]:
            logger.removeHandler(old)
            old.close()
    ours.setLevel(logging.INFO if service or asked else logging.WARNING)
    ours.addHandler(handler)
    ours.propagate = False
    if service:
        root.addHandler(handler)
        # They say at length what we say in a line.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    # What Apprise logs may name the address that an alert goes to, with its key.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
