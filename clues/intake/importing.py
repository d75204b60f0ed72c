"""A file of complaints, samples, inspections or handed-over clues taken in: all of it or nothing.

The file goes into the vault, its good rows into the store in one transaction, its bad rows back
beside it. Rows that are there already change nothing. Memory does not grow with the file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from clues.arrivals import FILED
from clues.intake.books import is_book, open_book
from clues.intake.matching import Matcher
from clues.intake.platforms import load_platforms
from clues.intake.problems import IntakeError
from clues.intake.profile import Layout, Profile, load_profiles
from clues.intake.reading import Entry, RowReader
from clues.intake.rejects import Rejects
from clues.intake.sorting import Sorting, load_sorting
from clues.intake.tables import Row, Table, open_csv
from clues.intake.writing import Known, known_records, write
from clues.jurisdiction import Jurisdiction
from detectors import Detector
from storage import EvidenceRef, Store, Vault
from storage import models as m
from storage.intake import IntakeFile, IntakeRecord

__all__ = ["Taken", "take_in"]

BATCH = 2_000
"""Rows per round trip."""
SHOWN = 100
"""Changed and bad rows that are named in the result; all are counted."""


@dataclass(slots=True)
class Taken:
    """What became of a file's rows."""

    kind: str
    profile: str
    file: str
    sha256: str = ""
    rows: int = 0
    new: int = 0
    unchanged: int = 0
    changed: int = 0
    older: int = 0
    """Rows that were superseded by a later file already; the later ones stand."""
    bad: int = 0
    states: Counter[str] = field(default_factory=Counter)
    """Of the new and changed ones."""
    matched_by: Counter[str] = field(default_factory=Counter)
    shops_made: int = 0
    clues_opened: int = 0
    clues_grown: int = 0
    bad_file: str = ""
    told: list[str] = field(default_factory=list)
    """What an officer should know: columns that are not used, changed rows, a clock set back."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"states": dict(self.states), "matched_by": dict(self.matched_by)}


def take_in(
    store: Store,
    vault: Vault,
    detector: Detector,
    rules_dir: Path,
    kind: str,
    path: Path,
    officer: str,
    profile: str = "",
    now: datetime | None = None,
    progress: Callable[[Taken], None] = lambda taken: None,
) -> Taken:
    """Take a file in; `profile` is found by its headings where none is named.

    Raises `IntakeError` for a file that can't be used, `StoreError` or `VaultError`; nothing of
    it is in the store then.
    """
    if kind not in FILED:
        raise IntakeError(f"no such kind: {kind} (known: {', '.join(FILED)})")
    profiles = _profiles(rules_dir, kind, profile)
    sorting = load_sorting(rules_dir, detector)
    platforms = load_platforms(rules_dir)
    at = now or datetime.now(UTC)
    try:
        with path.open("rb") as file, path.open("rb") as original:
            table = _table(path, file, profiles)
            chosen, layout = _chosen(path, table, profiles)
            taken = Taken(kind, chosen.id, path.name, told=table.notes)
            taken.sha256 = hashlib.file_digest(original, "sha256").hexdigest()
            if layout.ignored:
                taken.told.append(f"columns that are not used: {', '.join(layout.ignored)[:500]}")
            headings = [next(iter(names), "") for names in table.headings]
            rejects = Rejects(path, table.form, headings)
            kept: list[Path] = []
            try:
                with store.session() as session:
                    latest = _clock(session, at, taken)
                    reader = RowReader(table, chosen, layout, latest + timedelta(days=1))
                    file_id, evidence_id = _known_file(session, kind, taken.sha256)
                    if not file_id:
                        ref = _keep(vault, original, table.form, taken.sha256, at)
                        kept.append(vault.folder / ref.warc_file)
                        file_id, evidence_id = _write_file(session, ref, chosen, path, officer, at)
                    _Import(
                        session, Matcher(session, platforms), sorting,
                        Jurisdiction(detector.knowledge.places), taken, file_id, evidence_id, at,
                    ).run(table.rows, reader, rejects, progress)  # fmt: skip
            except BaseException:
                for archive in kept:
                    archive.unlink(missing_ok=True)
                raise
            # Not before all is in: a run that is killed leaves nothing beside the file either.
            taken.bad_file = _give_back(rejects)
    except OSError as error:
        raise IntakeError(f"{error.filename or path}: {error.strerror or error}") from None
    return taken


def _give_back(rejects: Rejects) -> str:
    try:
        kept = rejects.keep()
    except OSError as error:
        raise IntakeError(
            f"{rejects.path}: the good rows are in, but the bad ones can't be written there "
            f"({error.strerror or error}); take the file in again to have them"
        ) from None
    finally:
        rejects.close()
    return str(kept) if kept else ""


def _profiles(rules_dir: Path, kind: str, name: str) -> list[Profile]:
    every = load_profiles(rules_dir)
    if name:
        if name not in every or every[name].kind != kind:
            fits = [one.id for one in every.values() if one.kind == kind]
            raise IntakeError(f"no profile {name} for {kind} (known: {', '.join(fits)})")
        return [every[name]]
    return [one for one in every.values() if one.kind == kind]


def _says(headings: Any, profile: Profile) -> int:
    return len(profile.layout(headings).columns)


def _table(path: Path, file: IO[bytes], profiles: list[Profile]) -> Table:
    head = file.read(8)
    file.seek(0)
    if not head:
        raise IntakeError(f"{path}: is empty")

    def score(headings: Any) -> int:
        return max((_says(headings, one) for one in profiles), default=0)

    return (open_book if is_book(head) else open_csv)(path, file, score)


def _chosen(path: Path, table: Table, profiles: list[Profile]) -> tuple[Profile, Layout]:
    """The profile that knows most of the headings and misses none."""
    laid = [(one, one.layout(table.headings)) for one in profiles]
    laid.sort(key=lambda pair: (len(pair[1].missing), -len(pair[1].columns), pair[0].id))
    profile, layout = laid[0]
    if layout.missing:
        wanted = "; ".join(
            f"{name} ({', '.join(n for n, f in profile.names.items() if f == name)})"
            for name in layout.missing
        )
        raise IntakeError(f"{path}: profile {profile.id} misses columns: {wanted}")
    return profile, layout


def _clock(session: Session, at: datetime, taken: Taken) -> datetime:
    """The latest time that is known to have been; says so where the clock stands before it."""
    times = [
        session.scalar(select(func.max(IntakeFile.at))),
        session.scalar(select(func.max(m.Clue.grown_at))),
    ]
    newest = max((one for one in times if one is not None), default=at)
    if newest > at + timedelta(minutes=1):
        taken.told.append(
            f"the clock jumped back: it stands at {at:%Y-%m-%d %H:%M}Z, and the store has work of "
            f"{newest:%Y-%m-%d %H:%M}Z; check it. Nothing was lost."
        )
    return max(newest, at)


def _known_file(session: Session, kind: str, sha256: str) -> tuple[int, int]:
    """Ids of the file and its evidence, (0, 0) where it never came before."""
    known = session.execute(
        select(IntakeFile.id, IntakeFile.evidence_id).where(
            IntakeFile.kind == kind, IntakeFile.sha256 == sha256
        )
    ).one_or_none()
    return (known[0], known[1]) if known else (0, 0)


_MEDIA = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _keep(vault: Vault, file: BufferedReader, form: str, sha256: str, at: datetime) -> EvidenceRef:
    """The file in the vault, in an archive of its own, so that it can be purged alone."""
    with vault.writer("intake") as writer:
        return writer.file(f"urn:intake:{sha256}", file, _MEDIA[form], at)


def _write_file(
    session: Session, ref: EvidenceRef, profile: Profile, path: Path, officer: str, at: datetime
) -> tuple[int, int]:  # fmt: skip
    row = asdict(ref) | {
        "sweep_id": None, "kind": "intake", "fingerprint": "", "rendered": False, "etag": "",
        "last_modified": "", "original_id": None,
    }  # fmt: skip
    evidence_id = session.scalars(insert(m.Evidence).values(row).returning(m.Evidence.id)).one()
    file_id = session.scalars(
        insert(IntakeFile)
        .values(
            kind=profile.kind, profile=profile.id, name=path.name, sha256=ref.sha256,
            evidence_id=evidence_id, officer=officer, at=at,
        )
        .returning(IntakeFile.id)
    ).one()  # fmt: skip
    return file_id, evidence_id


@dataclass(slots=True)
class _Import:
    """The rows of one file on their way into the store."""

    session: Session
    matcher: Matcher
    sorting: Sorting
    jurisdiction: Jurisdiction
    taken: Taken
    file_id: int
    evidence_id: int
    at: datetime
    back: list[tuple[Row, dict[int, str]]] = field(default_factory=list)
    """Bad rows of the batch, with what is wrong by the place of the cell."""
    opened: set[int] = field(default_factory=set)
    grown: set[int] = field(default_factory=set)

    def run(
        self, rows: Iterator[Row], reader: RowReader, rejects: Rejects, progress: Callable[[Taken], None]
    ) -> None:  # fmt: skip
        while batch := list(islice(rows, BATCH)):
            good: list[tuple[Row, Entry]] = []
            for row in batch:
                self.taken.rows += 1
                entry, wrong = reader.read(row)
                if entry is not None:
                    good.append((row, entry))
                else:
                    self.back.append((row, wrong))
            self._write(good, reader)
            for row, wrong in sorted(self.back, key=lambda one: one[0].line):
                rejects.add(row.line, reader.shown(row), wrong)
            self.taken.bad += len(self.back)
            self.back.clear()
            progress(self.taken)
        self.taken.clues_opened = len(self.opened)
        self.taken.clues_grown = len(self.grown - self.opened)

    def _write(self, good: list[tuple[Row, Entry]], reader: RowReader) -> None:
        kind = self.taken.kind
        known = known_records(self.session, kind, [entry.key for _, entry in good])
        here: dict[str, Entry] = {}
        entries: list[tuple[Entry, Known | None]] = []
        for row, entry in good:
            revisions = known.get(entry.key, [])
            newest = revisions[-1] if revisions else None
            twin = here.get(entry.key)
            if (twin is not None and twin.digest == entry.digest) or (
                newest is not None and newest.digest == entry.digest
            ):
                self.taken.unchanged += 1
            elif any(one.digest == entry.digest for one in revisions):
                self.taken.older += 1
            elif (other := twin or self._elsewhere(newest, entry)) is not None:
                line = other.line
                number = reader.layout.columns.get("number", -1)
                self.back.append((row, {number: f"编号在本文件第 {line} 行已有，内容不同"}))
            else:
                here[entry.key] = entry
                entries.append((entry, newest))
        for entry, before in entries:
            if before is None:
                self.taken.new += 1
            else:
                self.taken.changed += 1
                self._tell_change(entry, before)
        written, tally = write(
            self.session, self.file_id, self.evidence_id, kind, entries, self.matcher, self.sorting,
            self.jurisdiction, self.at,
        )  # fmt: skip
        for one in written:
            self.taken.states[one.state] += 1
            self.taken.matched_by[one.how or "nobody"] += 1
            self.taken.shops_made += one.new_shop
        self.opened |= tally.opened
        self.grown |= tally.grown

    def _elsewhere(self, newest: Known | None, entry: Entry) -> Known | None:
        """The record, where another row of this very file made it."""
        if newest is None or newest.file_id != self.file_id or newest.line == entry.line:
            return None
        return newest

    def _tell_change(self, entry: Entry, before: Known) -> None:
        if self.taken.changed > SHOWN:
            return
        old = self.session.get_one(IntakeRecord, before.id).content
        names = sorted(
            name for name in {*old, *entry.kept} if old.get(name) != entry.kept.get(name)
        )
        self.taken.told.append(
            f"line {entry.line}: {entry.key} changed since record {before.id}: {', '.join(names)}"
        )
