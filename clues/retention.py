"""What is purged when its time is over (`rules/retention.yaml`), and never what a clue rests on.

An evidence file goes as a whole, when all in it is old enough and nothing in it is needed. Its
rows with their hashes stay in the store, so that it can be told what there was. A purge writes
down what it will take before it takes it; one that is stopped is finished by the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, exists, func, select, union, update
from sqlalchemy.orm import Session

from detectors.yamlfile import Lined, YamlError, read_yaml
from storage import Store, Vault
from storage import models as m
from storage.holdings import Holding, digest, holdings, remove
from storage.intake import ClueArrival, IntakeFile, IntakeRecord
from storage.privacy import Access, Purge, PurgeItem

__all__ = ["Due", "RetentionError", "load_periods", "purge"]

KINDS = ("page", "intake_file", "intake_record", "access")
ORPHAN = "orphan"
"""An intake's archive that no row refers to: its import was stopped."""


class RetentionError(RuntimeError):
    """Periods that can't be used: names the line."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something whose time is over."""

    kind: str
    what: str
    count: int
    """Records of an evidence file, or rows."""
    size: int
    """Bytes of the file, 0 of rows."""


def load_periods(rules_dir: Path) -> dict[str, int]:
    """Days by kind; raises `RetentionError` with every problem and its line."""
    path = rules_dir / "retention.yaml"
    try:
        data = read_yaml(path)
    except (OSError, YamlError) as error:
        raise RetentionError(f"{path.name}:{getattr(error, 'line', 0)}: {error}") from None
    kinds = data.get("kinds") if isinstance(data, Lined) else None
    if not isinstance(kinds, Lined):
        raise RetentionError(f"{path.name}: wants kinds: {', '.join(KINDS)}")
    problems = [f"{path.name}:{kinds.lines[k]}: no such kind: {k}" for k in kinds if k not in KINDS]
    for kind in KINDS:
        days = kinds[kind].get("days") if isinstance(kinds.get(kind), Lined) else None
        if not isinstance(days, int) or isinstance(days, bool) or days < 1:
            line = kinds.lines.get(kind, kinds.line)
            problems.append(f"{path.name}:{line}: {kind}: days is a whole number from 1")
    if problems:
        raise RetentionError("\n".join(problems))
    return {kind: int(kinds[kind]["days"]) for kind in KINDS}


def purge(
    store: Store,
    vault: Vault,
    periods: Mapping[str, int],
    officer: str,
    dry_run: bool = False,
    now: datetime | None = None,
) -> list[Due]:
    """Take away what is older than its period; returns what it was, or with `dry_run` would be.

    Raises `RetentionError` where the clock stands before the last purge.
    """
    at = now or datetime.now(UTC)
    with store.session() as session:
        last = session.scalar(select(func.max(Purge.at)))
        if last is not None and last > at:
            raise RetentionError(
                f"the clock stands at {at:%Y-%m-%d %H:%M}Z, before the last purge "
                f"({last:%Y-%m-%d %H:%M}Z): set it right first"
            )
        held = holdings(vault)
        due = [*_files(session, held, periods, at), *_orphans(session, held, at)]
        rows = _rows(session, periods, at)
        if dry_run:
            return [*due, *rows]
        if due or rows:
            _take(session, vault, periods, officer, at, due, rows)
    _finish(store, vault, at)
    return [*due, *rows]


PASSING = (
    "evidence", "observation", "task", "incident", "picture", "intake_file", "price_sample", "shop_fact",
)  # fmt: skip
"""Tables that refer to evidence without needing it, but by a clue."""


def _needed() -> object:
    """Evidence that a clue rests on, in whichever way, or that another table refers to."""
    by_signal = (
        select(m.Observation.evidence_id)
        .join(m.SignalRow, m.SignalRow.observation_id == m.Observation.id)
        .join(m.ClueSignal, m.ClueSignal.signal_id == m.SignalRow.id)
    )
    pictures = (
        select(m.Picture.evidence_id)
        .join(m.Observation, m.Observation.listing_id == m.Picture.listing_id)
        .join(m.SignalRow, m.SignalRow.observation_id == m.Observation.id)
        .join(m.ClueSignal, m.ClueSignal.signal_id == m.SignalRow.id)
    )
    files = (
        select(IntakeFile.evidence_id)
        .join(IntakeRecord, IntakeRecord.file_id == IntakeFile.id)
        .join(ClueArrival, ClueArrival.record_id == IntakeRecord.id)
    )
    others = [
        select(column)
        for table in m.Base.metadata.sorted_tables
        if table.name not in PASSING
        for column in table.columns
        if any(key.column is m.Evidence.__table__.c.id for key in column.foreign_keys)
    ]
    return union(*others, by_signal, pictures, files).subquery()


def _files(
    session: Session, held: Mapping[str, Holding], periods: Mapping[str, int], at: datetime
) -> list[Due]:
    needed: Any = _needed()
    ids = select(needed.c[0]).where(needed.c[0].is_not(None))
    gone = set(session.scalars(select(PurgeItem.what).where(PurgeItem.kind.in_(("page", "intake_file")))))  # fmt: skip
    kept = set(
        session.scalars(select(m.Evidence.warc_file).where(m.Evidence.id.in_(ids)).distinct())
    )
    kept |= set(
        session.scalars(
            select(m.Evidence.warc_file)
            .join(m.Sweep, m.Sweep.id == m.Evidence.sweep_id)
            .where(m.Sweep.state != "done")
            .distinct()
        )
    )
    counted = session.execute(
        select(
            m.Evidence.warc_file, m.Evidence.kind, func.count(), func.max(m.Evidence.fetched_at)
        ).group_by(m.Evidence.warc_file, m.Evidence.kind)
    )
    due: dict[str, Due] = {}
    for name, holds, count, newest in counted:
        kind = "intake_file" if holds == "intake" else "page"
        if newest >= at - timedelta(days=periods[kind]):
            kept.add(name)
        elif name not in gone and name in held:
            before = due[name].count if name in due else 0
            due[name] = Due(kind, name, before + count, held[name].size)
    for name in kept:
        due.pop(name, None)
    return sorted(_unreferred(session, due).values(), key=lambda one: one.what)


def _unreferred(session: Session, due: dict[str, Due]) -> dict[str, Due]:
    """Without files that hold the payload of a page which a file that stays found unchanged."""
    original = m.Evidence.__table__.alias("original")
    pairs = session.execute(
        select(m.Evidence.warc_file, original.c.warc_file)
        .join(original, original.c.id == m.Evidence.original_id)
        .distinct()
    ).all()
    while holding := {of for by, of in pairs if of in due and by not in due}:
        for name in holding:
            del due[name]
    return due


def _orphans(session: Session, held: Mapping[str, Holding], at: datetime) -> list[Due]:
    """Archives of imports that were killed."""
    found = []
    for file in sorted(name for name in held if name.startswith("intake-")):
        name = file.removesuffix(".open")
        old = held[file].at < at - timedelta(days=1)
        if old and not session.scalar(select(exists().where(m.Evidence.warc_file == name))):
            found.append(Due(ORPHAN, file, 0, held[file].size))
    return found


def _forgotten(before: datetime) -> object:
    return (
        (IntakeRecord.at < before)
        & (IntakeRecord.state != "purged")
        & ~exists().where(ClueArrival.record_id == IntakeRecord.id)
    )


def _rows(session: Session, periods: Mapping[str, int], at: datetime) -> list[Due]:
    before = {kind: at - timedelta(days=days) for kind, days in periods.items()}
    found = []
    for kind, table, where in (
        ("intake_record", IntakeRecord, _forgotten(before["intake_record"])),
        ("access", Access, Access.at < before["access"]),
    ):
        count, first, last = session.execute(
            select(func.count(), func.min(table.id), func.max(table.id)).where(where)  # type: ignore[arg-type]
        ).one()
        if count:
            found.append(Due(kind, f"{kind} {first}–{last}", count, 0))
    return found


def _take(
    session: Session, vault: Vault, periods: Mapping[str, int], officer: str, at: datetime,
    files: list[Due], rows: list[Due],
) -> None:  # fmt: skip
    """Write the purge down; rows go with it, files after it."""
    run = Purge(officer=officer, periods=dict(periods), at=at)
    session.add(run)
    session.flush()
    for one in files:
        sha256 = digest(vault, one.what)
        session.add(PurgeItem(purge_id=run.id, kind=one.kind, what=one.what, sha256=sha256, count=one.count, done_at=None))  # fmt: skip
    for one in rows:
        session.add(PurgeItem(purge_id=run.id, kind=one.kind, what=one.what, sha256="", count=one.count, done_at=at))  # fmt: skip
    if any(one.kind == "intake_record" for one in rows):
        session.execute(
            update(IntakeRecord)
            .where(_forgotten(at - timedelta(days=periods["intake_record"])))  # type: ignore[arg-type]
            .values(content={}, violations=[], signals=[], match={}, findings=[], state="purged")
            .execution_options(synchronize_session=False)
        )
    session.execute(delete(Access).where(Access.at < at - timedelta(days=periods["access"])))


def _finish(store: Store, vault: Vault, at: datetime) -> None:
    """Files that purges wrote down are taken away."""
    with store.session() as session:
        for item in session.scalars(select(PurgeItem).where(PurgeItem.done_at.is_(None))):
            remove(vault, item.what)
            item.done_at = at
