"""Asks the store, and keeps each question: SQL that runs the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, bindparam, text
from sqlalchemy.orm import Session

from clues.standing import standing
from reports.model import Figure, Query
from reports.period import Period
from storage.models import UtcDateTime

__all__ = ["Asker", "Counts", "SUM"]

SUM = "合计"
_STANDING = str(standing().compile(compile_kwargs={"literal_binds": True}))
"""Clues that are not folded into another: `clues.standing`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A query's answer: a number for each key."""

    query: Query
    by: Mapping[str, int]

    def figure(self, key: str, name: str = "") -> Figure:
        """The number of a key, 0 where the answer has none."""
        return Figure(name or self.query.name, self.by.get(key, 0), self.query, key)

    def rest(self, known: Mapping[str, Any] | set[str], name: str) -> Figure:
        """The sum of all keys that are not known."""
        others = sorted(key for key in self.by if key not in known)
        return Figure(name, sum(self.by[key] for key in others), self.query, "、".join(others))

    @property
    def total(self) -> Figure:
        """The sum of all keys."""
        return Figure(self.query.name, sum(self.by.values()), self.query, SUM)


@dataclass(slots=True)
class Asker:
    """Asks for one county (or all) and numbers the questions."""

    session: Session
    region: str = ""
    queries: list[Query] = field(default_factory=list)

    @property
    def on_postgresql(self) -> bool:
        """Which of the two dialects."""
        return self.session.get_bind().dialect.name == "postgresql"

    def rows(self, name: str, sql: str, period: Period, **more: object) -> tuple[Query, list[Any]]:
        """The answer. Of `:start`, `:end` (UTC), `:first`, `:last` (days) and `:region` those that
        the SQL names are given; `{standing}` is the condition of clues not folded, `{region}` that
        of clues of the county."""
        sql = sql.format(
            standing=_STANDING, region=" AND clue.region LIKE :region" if self.region else ""
        )
        sql = "\n".join(line.rstrip() for line in sql.strip().splitlines())
        values: dict[str, object] = {
            "start": period.start, "end": period.end, "first": period.first, "last": period.last,
            "region": f"{self.region}%", **more,
        }  # fmt: skip
        given = {key: value for key, value in values.items() if f":{key}" in sql}
        query = self.noted(name, sql, given)
        bound = [bindparam(key, value, _type(value)) for key, value in given.items()]
        return query, list(self.session.execute(text(sql).bindparams(*bound)))

    def noted(self, name: str, sql: str = "", params: Mapping[str, object] | None = None) -> Query:
        """A question that was asked, or a way in which numbers were reckoned without one."""
        said = tuple((key, str(value)) for key, value in (params or {}).items())
        query = Query(f"Q{len(self.queries) + 1:02d}", name, sql, said)
        self.queries.append(query)
        return query

    def counts(self, name: str, sql: str, period: Period, **more: object) -> Counts:
        """An answer of two columns, key and number."""
        query, rows = self.rows(name, sql, period, **more)
        by: dict[str, int] = {}
        for key, number in rows:
            by[str(key or "")] = by.get(str(key or ""), 0) + int(number or 0)
        return Counts(query, by)

    def columns(self, name: str, sql: str, period: Period, **more: object) -> Counts:
        """An answer of one row, its columns as keys."""
        query, rows = self.rows(name, sql, period, **more)
        return Counts(query, {key: int(value or 0) for key, value in rows[0]._mapping.items()})


def _type(value: object) -> Any:
    if isinstance(value, datetime):
        return UtcDateTime()
    return Date() if isinstance(value, date) else None
