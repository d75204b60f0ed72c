"""Deadlines by `rules/deadlines.yaml`: what is due when, by which law, and what is overdue."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.filters import in_region
from clues.lifecycle import STATES
from clues.rulefile import Ground, RuleFile
from clues.standing import standing
from clues.workdays import after, between, day_of
from detectors.yamlfile import Lined
from storage.casework import ClueEvent, Penalty, Transfer
from storage.models import Clue, Operator, Shop

__all__ = [
    "Deadline",
    "Periods",
    "Publication",
    "Reminder",
    "basis_of",
    "began_of",
    "clue_reminders",
    "load_periods",
    "penalty_reminders",
]

INTAKES = ("sweep", "promotion", "complaint", "sampling", "onsite", "assigned", "transferred")
"""The seven ways of the plan's 四(一); others that the store holds count as none of them."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A period that runs in some states of a clue."""

    id: str
    title: str
    when: tuple[str, ...]
    intake: tuple[str, ...]
    not_intake: tuple[str, ...]
    entered: bool
    """Whether it runs from when the state was entered, not from when the clue was opened."""
    working_days: int
    basis: str

    def binds(self, state: str, intake: str) -> bool:
        """Whether it runs for a clue in this state that came in this way."""
        return (
            state in self.when
            and (not self.intake or intake in self.intake)
            and intake not in self.not_intake
        )


@dataclass(frozen=True, slots=True)
class Publication:
    """A period for publishing a penalty; `where`: any, inside or outside our province."""

    id: str
    title: str
    working_days: int
    where: str
    basis: str


@dataclass(frozen=True, slots=True)
class Periods:
    """The whole file."""

    deadlines: tuple[Deadline, ...]
    publication: tuple[Publication, ...]
    watch_penalties: int
    watch_days: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """What is due, for a clue or a penalty."""

    due: date
    certain: bool
    """False where the holidays of some day counted are not announced yet."""
    left: int
    """Working days that are left; negative if it is overdue."""
    what: str
    clue_id: int | None
    state: str
    who: str
    """The operator or shop, or the department that owes an answer."""
    basis: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"due": self.due.isoformat()}


def basis_of(grounds: list[Ground], house: str) -> str:
    """The grounds in one line, with what must be looked up marked as such."""
    said = [
        f"{g['law']}（条文须人工核对）" if g.get("unverified") else f"{g['law']}{g['article']}"
        for g in grounds
    ]
    return "；".join([*said, *([house] if house else [])])


def load_periods(folder: Path) -> Periods:
    """The periods; raises `RuleError` with every mistake, by line."""
    file = RuleFile(folder, "deadlines.yaml")
    common = ("id", "title", "working_days")
    entries = file.entries(
        file.data,
        "deadlines",
        [*common, "when", "from"],
        ["intake", "not_intake", "ground", "house"],
    )
    file.unique(entries)
    deadlines = []
    for entry in entries:
        if entry["from"] not in ("opened", "entered"):
            file.wrong(f"from: opened or entered, not {entry['from']!r}", entry, "from")
        deadlines.append(
            Deadline(
                str(entry["id"]),
                str(entry["title"]),
                tuple(file.known(entry, "when", list(STATES))),
                tuple(file.known(entry, "intake", INTAKES)),
                tuple(file.known(entry, "not_intake", INTAKES)),
                entry["from"] == "entered",
                file.number(entry, "working_days"),
                _basis(file, entry),
            )
        )
    published = file.entries(file.data, "publication", [*common, "where"], ["ground", "house"])
    file.unique(published)
    publication = []
    for entry in published:
        if entry["where"] not in ("any", "inside", "outside"):
            file.wrong(f"where: any, inside or outside, not {entry['where']!r}", entry, "where")
        days = file.number(entry, "working_days")
        publication.append(
            Publication(
                str(entry["id"]),
                str(entry["title"]),
                days,
                str(entry["where"]),
                _basis(file, entry),
            )
        )
    watch = file.data.get("watch")
    if not isinstance(watch, Lined):
        file.wrong("watch: penalties and within_days are wanted", file.data, "watch")
        watch = Lined(1)
    count, days = file.number(watch, "penalties"), file.number(watch, "within_days")
    file.done()
    return Periods(tuple(deadlines), tuple(publication), count, days)


def _basis(file: RuleFile, entry: Lined) -> str:
    grounds = file.grounds(entry) if "ground" in entry else []
    house = str(entry.get("house", ""))
    if not grounds and not house:
        file.wrong("a period wants a ground, or says in `house` that no law sets it", entry)
    return basis_of(grounds, house)


def clue_reminders(
    session: Session,
    periods: Periods,
    now: datetime,
    known: Mapping[str, Any] = MappingProxyType({}),
    only: Collection[int] | None = None,
) -> Iterator[Reminder]:
    """What is due for each clue (of these, or of all) that is not closed, in no order; `known` are
    the departments by id, to call those that owe an answer by their names."""
    query = (
        select(Clue, Shop.name, Operator.name)
        .join(Shop, Shop.id == Clue.shop_id)
        .outerjoin(Operator, Operator.id == Clue.operator_id)
        .where(Clue.state != "closed", standing())
    )
    dockets = None
    if only is not None:
        query = query.where(Clue.id.in_(only))
        dockets = session.scalars(select(Clue.docket).where(Clue.id.in_(only))).all()
    began = began_of(session, dockets)
    owing = _owing(session, only)
    rows = session.execute(query)
    today = day_of(now)
    for clue, shop, operator in rows:
        entered = began.get((clue.docket, clue.state), clue.opened_at)
        opened = began.get((clue.docket, "reopen"), clue.opened_at)
        for one in periods.deadlines:
            if not one.binds(clue.state, clue.intake):
                continue
            due = after(day_of(entered if one.entered else opened), one.working_days)
            who = operator or shop
            if clue.state == "transferred":
                names = (getattr(known.get(id_), "name", id_) for id_ in owing.get(clue.id, []))
                who = f"{'、'.join(names)} · {who}"
            left = between(today, due.day)
            yield Reminder(
                due.day, due.certain, left, one.title, clue.id, clue.state, who, one.basis
            )


def began_of(
    session: Session, dockets: Collection[str] | None = None
) -> dict[tuple[str, str], datetime]:
    """When each log (of these, or of all) last entered each state, and was last reopened.

    By the latest time that the log had seen by then: a clock that was set back must not take days
    from a period.
    """
    until_then = func.max(ClueEvent.at).over(
        partition_by=ClueEvent.docket, order_by=ClueEvent.number, rows=(None, 0)
    )
    steps = select(
        ClueEvent.docket, ClueEvent.action, ClueEvent.from_state, ClueEvent.to_state,
        until_then.label("moment"),
    )  # fmt: skip
    if dockets is not None:
        steps = steps.where(ClueEvent.docket.in_(dockets))
    events = steps.subquery()
    rows = session.execute(
        select(events.c.docket, events.c.action, events.c.to_state, func.max(events.c.moment))
        .where(events.c.from_state != events.c.to_state)
        .group_by(events.c.docket, events.c.action, events.c.to_state)
    )
    began: dict[tuple[str, str], datetime] = {}
    for docket, action, state, at in rows:
        keys = [(docket, state), *([(docket, "reopen")] if action == "reopen" else [])]
        for key in keys:
            began[key] = max(at, began.get(key, at))
    return began


def _owing(session: Session, only: Collection[int] | None) -> dict[int, list[str]]:
    owing: dict[int, list[str]] = {}
    query = select(Transfer.clue_id, Transfer.department).where(Transfer.answered_at.is_(None))
    if only is not None:
        query = query.where(Transfer.clue_id.in_(only))
    for clue_id, department in session.execute(query.order_by(Transfer.id)):
        owing.setdefault(clue_id, []).append(department)
    return owing


def penalty_reminders(
    session: Session, periods: Periods, now: datetime, province: str, region: str = ""
) -> Iterator[Reminder]:
    """Penalties that must still be published, in no order; `province` is our division code. With
    a `region` those alone that came of its clues."""
    query = (
        select(Penalty, Operator)
        .join(Operator, Operator.id == Penalty.operator_id)
        .where(Penalty.published_on.is_(None), Penalty.kind != "warning")
    )
    if region:
        query = query.join(Clue, Clue.id == Penalty.clue_id).where(in_region(Clue.region, region))
    rows = session.execute(query)
    today = day_of(now)
    for penalty, operator in rows:
        home = registered_in(operator)
        for one in periods.publication:
            # Where the registration is not known, both are told.
            if one.where == "inside" and home and home != province:
                continue
            if one.where == "outside" and (not home or home == province):
                continue
            due = after(penalty.decided_on, one.working_days)
            left = between(today, due.day)
            what = f"{one.title}：{penalty.decision_no}"
            yield Reminder(
                due.day, due.certain, left, what, penalty.clue_id, "", operator.name, one.basis
            )


def registered_in(operator: Operator) -> str:
    """The province code in the operator's USCC (GB 32100: digits 3 to 8 are the division), or ""
    (also where the national authority registered it: 10)."""
    code = operator.uscc[2:4] if len(operator.uscc) == 18 else ""
    return "" if code == "10" else code
