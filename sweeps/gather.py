"""A sweep's summary out of the store: the shares of all units that worked on it, added up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage import models as m
from storage.work import UnitRow
from sweeps.summary import SourceCount, Summary

__all__ = ["gather"]


def gather(session: Session, sweep_id: int) -> Summary:
    """What was done so far. A killed unit counts with what the store has of it."""
    sweep = session.get_one(m.Sweep, sweep_id)
    total = Summary(sweep_id=sweep_id, mode=sweep.mode, state=sweep.state)
    shares = session.scalars(
        select(UnitRow.summary).where(UnitRow.sweep_id == sweep_id).order_by(UnitRow.id)
    )
    for share in shares:
        if share:
            _add(total, share)
    return total


def _add(total: Summary, share: dict[str, Any]) -> None:
    for name, counts in share["sources"].items():
        there = asdict(total.source(name))
        total.sources[name] = SourceCount(**{k: there[k] + counts.get(k, 0) for k in there})
    for name in ("results", "incidents"):
        getattr(total, name).update(share[name])
    for name in ("shops_found", "kept_pages", "screenshots"):
        setattr(total, name, getattr(total, name) + share[name])
    said = dict.fromkeys((*total.problems, *share["problems"]))
    total.problems = list(said)[:200]
    total.waiting.update(share["waiting"])
