"""Values as callers send them: the schema says exactly what is taken."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

__all__ = [
    "MOST", "Body", "Day", "Fen", "Id", "Limit", "Moment", "Name", "Number", "Offset", "Said", "Whole", "WholeId",
    "day_of", "moment_of",
]  # fmt: skip

MOST = 200
"""Rows of one page."""
BIGGEST = 2**53 - 1
"""The highest number that every JSON reader keeps exactly."""
SKIP = 1_000_000

Name = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00]*$")]
"""An id of the rules, a source, a code. The databases take no NUL."""
Said = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Number = Annotated[int, Field(ge=1, le=BIGGEST)]
Id = Annotated[int, Path(ge=1, le=BIGGEST)]
Fen = Annotated[int, Field(ge=0, le=BIGGEST, description="fen (hundredths of a yuan)")]
Limit = Annotated[int, Query(ge=1, le=MOST, description=f"at most so many, {MOST} at most")]
Offset = Annotated[int, Query(ge=0, le=SKIP, description="so many are passed over")]


def moment_of(text: str) -> datetime:
    """A moment as ISO 8601 says it; a bare date is midnight in China, as on the command line."""
    typed = datetime.fromisoformat(text)
    try:
        if typed.tzinfo is None:
            typed = (typed - timedelta(hours=8)).replace(tzinfo=UTC)
        return typed.astimezone(UTC)
    except OverflowError:
        # In the year 1 or 9999, beside the end of the calendar.
        return typed.replace(tzinfo=UTC)


def day_of(text: str) -> date:
    """A day as ISO 8601 says it."""
    return date.fromisoformat(text)


def _a_moment(text: str) -> str:
    moment_of(text)
    return text


def _a_day(text: str) -> str:
    day_of(text)
    return text


def _schema(*formats: str) -> Any:
    kinds = [{"type": "string", "format": one} for one in formats]
    return WithJsonSchema(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


Moment = Annotated[
    str, StringConstraints(max_length=40), AfterValidator(_a_moment), _schema("date", "date-time")
]
"""Text, for pydantic would take any number as a moment too."""
Day = Annotated[str, StringConstraints(max_length=10), AfterValidator(_a_day), _schema("date")]


def _whole(value: Any) -> Any:
    # 3.0 is a whole number to JSON Schema, and to many a program that writes JSON.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = BeforeValidator(_whole)

WholeId = Annotated[int, Field(ge=1, le=BIGGEST), Whole]
"""An id in a body."""


class Body(BaseModel):
    """What is sent to us: nothing unknown, no number as a text."""

    model_config = ConfigDict(strict=True, extra="forbid")
