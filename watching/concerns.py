"""What people should hear of, from how things stand: a late night, a source that drifts or is
blocked, a backlog, a full disk, a severe clue.

A text names numbers, sources and violations, never an operator, a shop's customer or a word of a
page: it goes out by other people's services.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, cast, literal, select

from clues.standing import standing as unfolded
from policies import CHINA
from settings import Settings
from storage import Store
from storage import models as m
from storage.alerts import AlertRow
from watching.standing import LATELY, Standing, free_bytes, standing

__all__ = ["Concern", "concerns"]

FEW = 5
"""Names or numbers that a text holds."""
STILL = timedelta(minutes=10)
"""A scheduler that decided nothing for so long is not at work."""
OPEN = ("new", "triaged", "verifying", "confirmed", "transferred", "answered")


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to tell; what has the same key is told once a day, a clue (`once`) once."""

    key: str
    kind: str
    text: str
    once: tuple[str, ...] = ()
    """Keys that are told with it and never again."""


def concerns(settings: Settings, store: Store) -> list[Concern]:
    """All that is to be told now, told before or not."""
    now = standing(settings, store)
    return [
        *_nights(settings, now),
        *_sources(now),
        *_backlog(settings, now),
        *_disk(settings),
        *_clues(settings, store, now.at),
    ]


def _china(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}"


def _nights(settings: Settings, now: Standing) -> Iterator[Concern]:
    for run in now.late:
        yield Concern(
            f"night/{run.entry}/{run.planned_at:%Y%m%d}",
            "night",
            f"{run.entry} of {_china(run.planned_at)} is still under way after its window (sweep {run.sweep_id})",
        )
    if now.night and now.at - now.night.ended_at > timedelta(hours=settings.alert_night):
        hours = (now.at - now.night.ended_at).total_seconds() / 3600
        yield Concern(
            "night",
            "night",
            f"no nightly sweep was finished for {hours:.0f} hours; the last was {now.night.sweep_id}, {_china(now.night.ended_at)} (China time)",
        )
    if now.decided_to and now.at - now.decided_to > STILL:
        yield Concern(
            "scheduler",
            "night",
            f"no scheduler has decided anything since {_china(now.decided_to)} (China time)",
        )


def _sources(now: Standing) -> Iterator[Concern]:
    for source, alarms in now.drifting.items():
        said = alarms[0] if source != "shop" else f"{len(alarms)} shops, as {alarms[0]}"
        yield Concern(f"drift/{source}", "drift", f"drift: {said}")
    for source, names in now.blocked.items():
        counts = now.sources[source]
        who = source if source != "shop" else f"{len(names)} shops ({_few(names)})"
        yield Concern(
            f"blocked/{source}",
            "blocked",
            f"{who} blocked in sweep {counts['sweep']}: {counts['blocks']} blocks, {counts['pages']} pages",
        )


def _few(names: list[str]) -> str:
    return ", ".join(names[:FEW]) + (", …" if len(names) > FEW else "")


def _backlog(settings: Settings, now: Standing) -> Iterator[Concern]:
    oldest = now.backlog.oldest
    if oldest and now.at - oldest > timedelta(hours=settings.alert_backlog):
        yield Concern(
            "backlog",
            "backlog",
            f"{now.backlog.tasks} tasks wait, the oldest since {_china(oldest)} (China time)",
        )


def _disk(settings: Settings) -> Iterator[Concern]:
    for name, free in free_bytes(settings).items():
        if free < settings.alert_disk * 1e9:
            yield Concern(f"disk/{name}", "disk", f"{free / 1e9:.1f} GB are free for {name}")


def _clues(settings: Settings, store: Store, now: datetime) -> Iterator[Concern]:
    """Those that opened or grew lately and were never told, in one text."""
    key = literal("clue/") + cast(m.Clue.id, String)
    with store.session() as session:
        rows = session.execute(
            select(m.Clue.id, m.Clue.violation, m.Clue.score)
            .where(m.Clue.score >= settings.alert_score, m.Clue.grown_at > now - LATELY)
            .where(m.Clue.state.in_(OPEN), unfolded())
            .where(~select(AlertRow.id).where(AlertRow.key == key).exists())
            .order_by(m.Clue.score.desc(), m.Clue.id)
        ).all()
    if not rows:
        return
    first = "; ".join(f"clue {id_} {violation} {score:.2f}" for id_, violation, score in rows[:FEW])
    more = f" and {len(rows) - FEW} more" if len(rows) > FEW else ""
    keys = tuple(f"clue/{id_}" for id_, *_ in rows)
    yield Concern(keys[0], "clue", f"{len(rows)} severe: {first}{more}", keys[1:])
