"""The morning page: what the night brought, what is due, where the clues are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.counts import COUNTY, clues_by_county, clues_by_day, count_clues
from clues.filters import ClueFilter, in_region
from clues.query import find_clues
from clues.standing import standing
from clues.workdays import day_of
from desk.health import (
    folded,
    health,
    last_sweeps,
    missed_runs,
    night_of,
)
from desk.minute import minute_of
from desk.office import Office
from desk.pictures import county_map, heat_map, trend_line
from desk.screen import draw
from desk.visit import Reads
from schedule import Timetable, load_calendar
from schedule.timetable import Span
from storage import models as m
from storage.runs import Run
from storage.search import ClueFacet
from watching.standing import named_sources, source_title

__all__ = ["clues_href", "router"]

SOON = timedelta(days=7)
"""What is due in this time is told."""
DUE = 8
"""Clues that are due, as many as are shown."""
AHEAD = timedelta(days=400)
"""So far the next promotion is looked for: each comes every year."""
router = APIRouter()


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion that runs or comes next. Days are those of China."""

    title: str
    first: date
    last: date
    starts_in: int
    """Days; 0 where it runs."""
    intensified: date
    """From when it is swept more often."""
    prices: date | None
    """From when prices are looked at every day."""
    runs: int
    """Sweeps of it in the next 24 hours."""
    watched: int
    """Item pages that the last price watch looked at."""


def clues_href(**asked: object) -> str:
    """The list of clues that a figure counts."""
    return "/clues?" + urlencode({k: str(v) for k, v in asked.items() if v not in (None, "")})


@router.get("/")
def morning(request: Request, visit: Reads) -> HTMLResponse:
    """The first page of the day."""
    kept, region, now = minute_of(request), visit.region, datetime.now(UTC)
    today = day_of(now)
    visit.office.reckon_dues()
    since = _midnight(today - timedelta(days=1))
    with visit.reading() as session:
        nights = kept.of(("nights",), lambda: _nights(visit.office, session, now))
        new = kept.of(("new", region, today), lambda: clues_by_county(session, since, region))
        days = kept.of(("days", region, today), lambda: clues_by_day(session, now, 30, region))
        everywhere = kept.of(("counties", region), lambda: clues_by_county(session, None, region))
        heat = kept.of(("heat", region), lambda: goods_by_violation(session, region))
        promotion = kept.of(("promotion", today), lambda: _promotion(visit.office, session, now))
        overdue = ClueFilter(due_until=today - timedelta(days=1), region=region)
        soon = ClueFilter(due_until=today + SOON, region=region, sort="deadline", limit=DUE)
        due = kept.of(("due", region, today), lambda: count_clues(session, soon))
        late = kept.of(("late", region, today), lambda: count_clues(session, overdue))
        first_due = kept.of(("first due", region, today), lambda: find_clues(session, soon))
    counties = summed(everywhere)
    office = visit.office
    pictures = kept.of(
        ("pictures", region, today),
        lambda: {
            "trend": trend_line(days, region),
            "map": county_map(office.counties, counties, region),
            "heat": heat_map(heat, office, region),
        },
    )
    yesterday = today - timedelta(days=1)
    return draw(
        request, visit, "morning.html", nights=nights, since=yesterday,
        day=today, new_violations=_by_violation(new), new_counties=summed(new),
        new_total=sum(n for *_, n in new), due=due, late=late, late_day=overdue.due_until,
        soon_day=soon.due_until, first_due=first_due, days=days, promotion=promotion,
        counties=counties, heat=heat, href=clues_href, pictures=pictures,
        total=sum(n for *_, n in everywhere), source_title=source_title, one_day=timedelta(days=1),
    )  # fmt: skip


def _midnight(day: date) -> datetime:
    """When a day of China begins, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)


def _nights(office: Office, session: Session, now: datetime) -> dict[str, Any]:
    sweeps = night_of(last_sweeps(session), now)
    rows = folded(health(session, sweeps, now), named_sources(office.settings))
    return {"sweeps": sweeps, "sources": rows, "missed": missed_runs(session, now)}


def _by_violation(rows: list[tuple[str, str, int]]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for violation, _, n in rows:
        found[violation] = found.get(violation, 0) + n
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def summed(rows: list[tuple[str, str, int]]) -> list[tuple[str, int]]:
    """Clues by county, whatever their violation, most first."""
    found: dict[str, int] = {}
    for _, county, n in rows:
        found[county[:COUNTY]] = found.get(county[:COUNTY], 0) + n
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def goods_by_violation(session: Session, region: str = "") -> dict[tuple[str, str], int]:
    """Clues by goods group and violation, of a division; one of two groups counts under both."""
    query = (
        select(ClueFacet.value, m.Clue.violation, func.count())
        .join(m.Clue, m.Clue.id == ClueFacet.clue_id)
        .where(ClueFacet.kind == "goods", standing())
    )
    if region:
        query = query.where(in_region(m.Clue.region, region))
    rows = session.execute(query.group_by(ClueFacet.value, m.Clue.violation))
    return {(goods, violation): n for goods, violation, n in rows}


@cache
def timetable_of(rules_dir: Path) -> Timetable:
    """The project's calendar; read once, as the rules are."""
    return Timetable(load_calendar(rules_dir))


def _promotion(office: Office, session: Session, now: datetime) -> Promotion | None:
    table, today = timetable_of(office.settings.rules_dir), day_of(now)
    spans = [one for one in table.spans(today, today + AHEAD) if one.occasion.kind == "promotion"]
    if not spans:
        return None
    span: Span = min(spans)
    one = span.occasion
    lead = timedelta(days=one.lead.days if one.lead else 0)
    watch = one.price_watch
    planned = table.between(now, now + timedelta(days=1))
    last = session.scalars(
        select(Run.sweep_id)
        .where(Run.kind == "price-watch", Run.sweep_id.is_not(None))
        .order_by(Run.id.desc())
        .limit(1)
    ).first()
    pages = select(func.count()).where(m.TaskRow.sweep_id == last, m.TaskRow.item)
    return Promotion(
        one.title, span.first, span.last, max(0, (span.first - today).days), span.first - lead,
        span.first - lead - timedelta(days=watch.days) if watch else None,
        sum(run.entry.split("/")[0] == one.id for run in planned),
        (session.scalar(pages) or 0) if last is not None else 0,
    )  # fmt: skip
