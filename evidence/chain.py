"""The hash chain over all evidence: appending to it, and checking the whole of it.

Links are appended in short transactions of their own right after the evidence was stored: the
lock on the chain's end is then never held while pages are read, and several workers take turns.
What a killed process did not link, the next one does.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from proof.chain import stated_by
from proof.links import NOTHING, Link, about, clock_back, timestamp
from proof.signing import is_signed, public_key
from storage import Store
from storage.chain import ChainHead, EvidenceLink, EvidenceSeal
from storage.models import Evidence

__all__ = ["Extended", "Fault", "check_store", "extend", "lock_head"]

_AT_ONCE = 5_000
"""Links per transaction; also as many parameters as SQLite surely takes."""


@dataclass(frozen=True, slots=True)
class Extended:
    """What was appended; `clock_back` are sentences about a clock that went back."""

    links: int
    clock_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in the store's chain. `breaks` is False for what is only to be known."""

    place: str
    why: str
    breaks: bool = True


def _now() -> datetime:
    return datetime.now(UTC)


def extend(
    store: Store, ids: Sequence[int] | None = None, now: Callable[[], datetime] = _now
) -> Extended:
    """Append a link for each evidence row that has none (of `ids`, or of all).

    Safe with any number of workers. Run again it changes nothing.
    """
    links = 0
    told: list[str] = []
    parts = [ids[n : n + _AT_ONCE] for n in range(0, len(ids), _AT_ONCE)] if ids else [None]
    if ids is not None and not ids:
        return Extended(0)
    for part in parts:
        while True:
            with store.session() as session:
                added, back = _append(session, part, now)
            links += added
            told += back
            if part is not None or added < _AT_ONCE:
                break
    return Extended(links, tuple(told))


def lock_head(session: Session) -> tuple[int, str]:
    """Sequence and hash of the chain's end, locked until the transaction ends.

    An UPDATE comes first of all: it takes the lock on both databases before anything is read.
    """
    row = session.execute(
        update(ChainHead)
        .where(ChainHead.id == 1)
        .values(sequence=ChainHead.sequence)
        .returning(ChainHead.sequence, ChainHead.hash)
    ).one()
    return row[0], row[1]


def _append(
    session: Session, ids: Sequence[int] | None, now: Callable[[], datetime]
) -> tuple[int, list[str]]:
    sequence, former = lock_head(session)
    query = (
        select(Evidence.id, Evidence.sha256, Evidence.record_id, Evidence.fetched_at, Evidence.url)
        .outerjoin(EvidenceLink, EvidenceLink.evidence_id == Evidence.id)
        .where(EvidenceLink.sequence.is_(None))
        .order_by(Evidence.id)
        .limit(_AT_ONCE)
    )
    if ids is not None:
        query = query.where(Evidence.id.in_(ids))
    found = session.execute(query).all()
    if not found:
        return 0, []
    before = session.scalar(select(EvidenceLink.at).where(EvidenceLink.sequence == sequence))
    rows, told = [], []
    for id_, sha256, record_id, fetched_at, url in found:
        at = now()
        sequence += 1
        link = Link(sequence, at, sha256, about(record_id, fetched_at, url), former)
        # Nothing is stored before it was captured, either.
        back = max(clock_back(before, at) if before else 0, clock_back(fetched_at, at))
        if back:
            told.append(f"the clock went back by {back} s before link {sequence} ({timestamp(at)})")
        rows.append(
            {
                "sequence": sequence, "evidence_id": id_, "at": at, "sha256": sha256,
                "about": link.about, "former": former, "hash": link.hash, "clock_back": back,
            }
        )  # fmt: skip
        before, former = at, link.hash
    session.execute(insert(EvidenceLink), rows)
    session.execute(
        update(ChainHead).where(ChainHead.id == 1).values(sequence=sequence, hash=former)
    )
    return len(rows), told


def check_store(session: Session) -> Iterator[Fault]:
    """What is wrong with the store's chain, its evidence rows and its seals, in order.

    Gaps, changed links, evidence that is not what was chained, a cut end, seals that do not
    hold; and, without breaking it, clocks that went back and evidence that has no link yet.
    """
    seals = session.scalars(select(EvidenceSeal).order_by(EvidenceSeal.id)).all()
    sealed = {seal.sequence for seal in seals}
    hashes: dict[int, str] = {}
    expected, before = 1, None
    links = session.execute(
        select(EvidenceLink, Evidence)
        .outerjoin(Evidence, Evidence.id == EvidenceLink.evidence_id)
        .order_by(EvidenceLink.sequence)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row, kept in links:
        if row.sequence > expected:
            gap = f"{expected}–{row.sequence - 1}" if row.sequence - expected > 1 else f"{expected}"
            yield Fault(f"link {gap}", "missing: a gap in the chain")
        yield from _link_faults(row, kept, before if row.sequence == expected else None)
        before, expected = row, row.sequence + 1
        if row.sequence in sealed:
            hashes[row.sequence] = row.hash
    head = session.get_one(ChainHead, 1)
    last = before.sequence if before else 0
    if (head.sequence, head.hash) != (last, before.hash if before else NOTHING):
        yield Fault(
            f"link {head.sequence}", f"the end of the chain was cut or changed: it ends at {last}"
        )
    yield from _seal_faults(seals, hashes)
    unlinked = session.scalars(
        select(Evidence.id)
        .outerjoin(EvidenceLink, EvidenceLink.evidence_id == Evidence.id)
        .where(EvidenceLink.sequence.is_(None))
        .limit(1)
    ).first()
    if unlinked is not None:
        yield Fault(f"evidence {unlinked}", "not in the chain yet (`yunjian evidence seal`)", False)


def _link_faults(
    row: EvidenceLink, kept: Evidence | None, before: EvidenceLink | None
) -> Iterator[Fault]:
    place = f"link {row.sequence}"
    if Link(row.sequence, row.at, row.sha256, row.about, row.former).hash != row.hash:
        yield Fault(place, "was changed: its hash is not that of its line")
    if before is None:
        if row.sequence == 1 and row.former != NOTHING:
            yield Fault(place, "the first link continues something")
    else:
        if row.former != before.hash:
            yield Fault(place, f"does not continue link {before.sequence}")
    if row.clock_back:
        yield Fault(place, f"the clock had gone back by {row.clock_back} s", False)
    if kept is None:
        yield Fault(place, f"its evidence {row.evidence_id} is no longer in the store", False)
    elif (kept.sha256, about(kept.record_id, kept.fetched_at, kept.url)) != (row.sha256, row.about):
        yield Fault(f"evidence {kept.id}", f"is not what {place} has: it was changed in the store")


def _seal_faults(seals: Sequence[EvidenceSeal], hashes: dict[int, str]) -> Iterator[Fault]:
    from hashlib import sha256

    former, expected = NOTHING, 1
    for seal in seals:
        place = f"seal {seal.id}"
        text = seal.statement.encode()
        try:
            sequence, link, said_former, _ = stated_by(text)
            signed = is_signed(
                public_key(seal.key.encode()), text, base64.b64decode(seal.signature)
            )
        except (ValueError, binascii.Error) as error:
            yield Fault(place, str(error))
            continue
        if seal.id != expected or said_former != former:
            yield Fault(place, "does not continue the seal before it: one is missing or changed")
        if not signed:
            yield Fault(place, "its signature does not hold")
        elif sequence and hashes.get(sequence) != link:
            yield Fault(f"link {sequence}", f"is not the link that {place} signs: it was rewritten")
        if seal.no_stamp:
            yield Fault(place, f"has no time stamp: {seal.no_stamp}", False)
        former, expected = sha256(text).hexdigest(), seal.id + 1
