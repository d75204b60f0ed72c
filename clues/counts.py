"""How many clues there are: that fit a filter, by what they are about, and on the morning page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from clues.filters import COUNTY, ClueFilter, conditions, in_region
from clues.standing import standing
from clues.workdays import day_of
from storage.models import Clue
from storage.search import ClueFacet

__all__ = ["COUNTY", "Facets", "clue_facets", "clues_by_county", "clues_by_day", "count_clues"]


def count_clues(session: Session, wanted: ClueFilter) -> int:
    """How many clues fit, exactly; `limit` and `offset` do not count."""
    asked = conditions(session, wanted)
    return session.scalar(select(func.count()).select_from(Clue).where(*asked)) or 0


@dataclass(frozen=True, slots=True)
class Facets:
    """Clues that fit a filter, by what they are about: each most first. A clue of two goods groups
    counts under both."""

    total: int
    violations: dict[str, int]
    states: dict[str, int]
    goods: dict[str, int]
    sources: dict[str, int]
    counties: dict[str, int]
    """By the first six digits of the division code; "" where it is not known."""


def clue_facets(session: Session, wanted: ClueFilter) -> Facets:
    """The clues that fit, counted, exactly; `limit` and `offset` do not count."""
    county = func.substr(Clue.region, 1, COUNTY).label("county")
    fit = (
        select(Clue.id, Clue.violation, Clue.state, county)
        .where(*conditions(session, wanted))
        .cte("fit")
    )
    counts = [
        select(literal(name).label("kind"), column.label("value"), func.count().label("n")).group_by(column)
        for name, column in (("violation", fit.c.violation), ("state", fit.c.state), ("county", fit.c.county))
    ]  # fmt: skip
    counts.append(
        select(ClueFacet.kind, ClueFacet.value, func.count())
        .join(fit, fit.c.id == ClueFacet.clue_id)
        .group_by(ClueFacet.kind, ClueFacet.value)
    )
    found: dict[str, dict[str, int]] = {}
    rows = session.execute(union_all(*counts)).all()
    for kind, value, count in sorted(rows, key=lambda row: (-row[2], row[1])):
        found.setdefault(kind, {})[value] = count
    states = found.get("state", {})
    return Facets(
        sum(states.values()), found.get("violation", {}), states, found.get("goods", {}),
        found.get("source", {}), found.get("county", {}),
    )  # fmt: skip


def clues_by_county(
    session: Session, since: datetime | None = None, region: str = ""
) -> list[tuple[str, str, int]]:
    """Violation, county (six digits, "" where it is not known) and how many clues, most first;
    of those opened at a time or later, in a division. Read from an index alone."""
    county = func.substr(Clue.region, 1, COUNTY)
    query = select(Clue.violation, county, func.count()).where(standing())
    if since is not None:
        query = query.where(Clue.opened_at >= since)
    if region:
        query = query.where(in_region(Clue.region, region))
    rows = session.execute(query.group_by(Clue.violation, county))
    return sorted(((v, c, n) for v, c, n in rows), key=lambda row: (-row[2], row[0], row[1]))


def clues_by_day(
    session: Session, now: datetime, days: int = 30, region: str = ""
) -> list[tuple[date, int]]:
    """Clues opened on each of the last so many days (of China), oldest day first, today last."""
    first = day_of(now) - timedelta(days=days - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(hours=8)
    day: Any
    if session.get_bind().dialect.name == "postgresql":
        day = cast(func.timezone("Asia/Shanghai", Clue.opened_at), Date)
    else:
        day = func.date(Clue.opened_at, "+8 hours")
    query = select(day, func.count()).where(standing(), Clue.opened_at >= since)
    if region:
        query = query.where(in_region(Clue.region, region))
    counted = {str(at): count for at, count in session.execute(query.group_by(day))}
    each = [first + timedelta(days=n) for n in range(days)]
    return [(one, counted.get(one.isoformat(), 0)) for one in each]
