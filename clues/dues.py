"""When the next thing is due for each clue, kept beside it so that a list can be in that order.

By `clues.deadlines`, which knows the periods and the days; what is kept is reckoned anew where a
clue, or the file of periods, is another by now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version

from sqlalchemy import String, cast, literal, select, update
from sqlalchemy.orm import Session

from clues.deadlines import Periods, began_of
from clues.standing import standing
from clues.workdays import after, day_of
from storage.models import Clue
from storage.search import ClueSummary

__all__ = ["dues_of", "settle_dues"]

BATCH = 2000
"""Clues at a time."""


def settle_dues(session: Session, periods: Periods) -> int:
    """Reckon what is due for the clues that took a step since it was reckoned last; returns how
    many those were. To be called before a list is asked for in the order of deadlines."""
    # Other periods, or holidays that were announced since, make other days.
    known = f"{periods.deadlines!r} {version('chinesecalendar')}"
    edition = hashlib.sha256(known.encode()).hexdigest()[:12]
    mark = literal(f"{edition}:") + cast(Clue.version, String)
    stale = (
        select(Clue)
        .join(ClueSummary, ClueSummary.clue_id == Clue.id)
        .where(standing(), ClueSummary.due_for != mark)
        .order_by(Clue.id)
        .limit(BATCH)
    )
    done = 0
    while clues := session.scalars(stale).all():
        dues = dues_of(session, periods, clues)
        session.execute(
            update(ClueSummary),
            [
                {"clue_id": one.id, "due": dues.get(one.id), "due_for": f"{edition}:{one.version}"}
                for one in clues
            ],
        )
        done += len(clues)
    return done


def dues_of(session: Session, periods: Periods, clues: Sequence[Clue]) -> dict[int, date]:
    """The first day on which something is due, by clue; those for which nothing is are left out."""
    began = began_of(session, [one.docket for one in clues if one.version])
    dues: dict[int, date] = {}
    for one in clues:
        entered = began.get((one.docket, one.state), one.opened_at)
        opened = began.get((one.docket, "reopen"), one.opened_at)
        days = [
            after(day_of(entered if period.entered else opened), period.working_days).day
            for period in periods.deadlines
            if one.state != "closed" and period.binds(one.state, one.intake)
        ]
        if days:
            dues[one.id] = min(days)
    return dues
