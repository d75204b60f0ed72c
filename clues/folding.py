"""Moves clues when shops come under another operator. A clue is operator × violation, so where the
operator has one of the same violation already, the other is folded into it: its row stays with
all it rests on, under a subject of its own, and stands again when the shops are given back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from clues.arrivals import hand_on
from clues.log import absorb, append
from clues.standing import FOLDED
from clues.summaries import refresh
from storage.models import (
    Clue,
    ClueEvidence,
    ClueSignal,
    Evidence,
    ListingRow,
    Observation,
    Picture,
    SignalRow,
)

__all__ = ["give_back", "take_over"]

_FIELDS = ("score", "goods", "sources", "region")


def operator_in(subject: str) -> int | None:
    """The operator that a subject names, None of a shop's."""
    kind, _, number = subject.partition(":")
    return int(number) if kind == "operator" else None


def take_over(session: Session, subject: str, operator_id: int) -> list[dict[str, Any]]:
    """The clues of `subject` become the operator's; returns what happened to each, as
    `give_back` needs it."""
    heirs = f"operator:{operator_id}"
    clues = session.scalars(select(Clue).where(Clue.subject == subject).order_by(Clue.id)).all()
    told = []
    for clue in clues:
        entry: dict[str, Any] = {
            "clue": clue.id, "violation": clue.violation, "subject": subject, "heir": None, "signals": [], "evidence": [],
        }  # fmt: skip
        heir = _clue_of(session, heirs, clue.violation)
        if heir is None:
            clue.subject, clue.operator_id = heirs, operator_id
        else:
            entry |= {"heir": heir.id, "before": _state(heir)}
            entry["signals"] = _link(session, ClueSignal, heir.id, _ids(session, ClueSignal, clue.id))  # fmt: skip
            entry["evidence"] = _link(session, ClueEvidence, heir.id, _ids(session, ClueEvidence, clue.id))  # fmt: skip
            heir.score = max(heir.score, clue.score)
            heir.goods = sorted({*heir.goods, *clue.goods})
            heir.sources = sorted({*heir.sources, *clue.sources})
            heir.region = heir.region or clue.region
            heir.opened_at = min(heir.opened_at, clue.opened_at)
            heir.grown_at = max(heir.grown_at, clue.grown_at)
            entry["after"] = _state(heir)
            clue.subject = f"{FOLDED}{clue.id}"
            session.flush()
            absorb(session, heir, clue, f"经营主体查明或合并，线索 {clue.id} 并入")
            hand_on(session, clue.id, heir.id)
        session.flush()
        told.append(entry)
    refresh(session, {id_ for one in told for id_ in (one["clue"], one["heir"]) if id_})
    return told


def give_back(
    session: Session,
    subject: str,
    shops: Collection[int],
    to: str,
    entries: Iterable[dict[str, Any]] = (),
) -> list[dict[str, Any]]:
    """What the clues of `subject` owe to `shops` goes to the subject `to`.

    `entries` are what `take_over` told when the shops came: their clues stand again as they
    were, with what was found since. Returns what happened to each clue.
    """
    came = {entry["violation"]: entry for entry in entries if entry["subject"] == to}
    told: list[dict[str, Any]] = []
    clues = session.scalars(select(Clue).where(Clue.subject == subject).order_by(Clue.id)).all()
    for clue in clues:
        entry = came.get(clue.violation)
        theirs, ours = _by_shop(session, clue.id, shops)
        own = entry is not None and entry["heir"] is None and entry["clue"] == clue.id
        if not theirs and entry is None:
            continue
        if own or not ours:
            # The clue itself goes; what is not theirs stays behind in a new one.
            other = _clue_of(session, to, clue.violation)
            if other is None:
                clue.subject, clue.operator_id = to, operator_in(to)
                session.flush()
                kept = _part(session, clue, ours, subject, theirs) if ours else None
                told.append({"clue": clue.id, "violation": clue.violation, "to": to, "left": kept})
                continue
        target = _target(session, clue, to, entry, theirs)
        _unlink(
            session,
            ClueSignal,
            target.id,
            _by_shop(session, target.id, shops)[1] if entry and target.id == entry["clue"] else (),
        )
        _hand(session, clue, target, theirs, ours, entry)
        told.append({"clue": target.id, "violation": clue.violation, "to": to, "from": clue.id})
    named = ("clue", "left", "from")
    refresh(session, {one[name] for one in told for name in named if one.get(name)})
    return told


def _clue_of(session: Session, subject: str, violation: str) -> Clue | None:
    return session.scalar(select(Clue).where(Clue.subject == subject, Clue.violation == violation))


def _state(clue: Clue) -> dict[str, Any]:
    said: dict[str, Any] = {name: getattr(clue, name) for name in _FIELDS}
    return said | {"opened_at": clue.opened_at.isoformat(), "grown_at": clue.grown_at.isoformat()}


def _column(table: type[ClueSignal] | type[ClueEvidence]) -> Any:
    return table.signal_id if table is ClueSignal else ClueEvidence.evidence_id


def _ids(session: Session, table: type[ClueSignal] | type[ClueEvidence], clue_id: int) -> list[int]:
    column = _column(table)
    return list(session.scalars(select(column).where(table.clue_id == clue_id).order_by(column)))


def _link(
    session: Session,
    table: type[ClueSignal] | type[ClueEvidence],
    clue_id: int,
    ids: Sequence[int],
) -> list[int]:
    """Tie these to the clue; returns those that were new to it."""
    known = set(_ids(session, table, clue_id))
    fresh = [id_ for id_ in ids if id_ not in known]
    if fresh:
        name = _column(table).key
        session.execute(insert(table), [{"clue_id": clue_id, name: id_} for id_ in fresh])
    return fresh


def _unlink(
    session: Session,
    table: type[ClueSignal] | type[ClueEvidence],
    clue_id: int,
    ids: Collection[int],
) -> None:
    wanted = sorted(ids)
    for start in range(0, len(wanted), 5000):
        session.execute(
            delete(table).where(
                table.clue_id == clue_id, _column(table).in_(wanted[start : start + 5000])
            )
        )


def _by_shop(session: Session, clue_id: int, shops: Collection[int]) -> tuple[list[int], list[int]]:
    """The clue's signals that stand on listings of these shops, and the others."""
    rows = session.execute(
        select(SignalRow.id, ListingRow.shop_id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .where(ClueSignal.clue_id == clue_id)
        .order_by(SignalRow.id)
    ).all()
    theirs = [id_ for id_, shop in rows if shop in shops]
    return theirs, [id_ for id_, shop in rows if shop not in shops]


def _rests_on(session: Session, clue_id: int, signals: Sequence[int]) -> set[int]:
    """Of a clue's evidence what these signals' listings are on: pages, pictures, screenshots."""
    found: set[int] = set()
    for start in range(0, len(signals), 5000):
        seen = (
            select(Observation.evidence_id, Observation.listing_id, ListingRow.url)
            .join(SignalRow, SignalRow.observation_id == Observation.id)
            .join(ListingRow, ListingRow.id == Observation.listing_id)
            .where(SignalRow.id.in_(signals[start : start + 5000]))
        ).subquery()
        found.update(session.scalars(
            select(ClueEvidence.evidence_id)
            .join(Evidence, Evidence.id == ClueEvidence.evidence_id)
            .where(
                ClueEvidence.clue_id == clue_id,
                Evidence.id.in_(select(seen.c.evidence_id))
                | Evidence.url.in_(select(seen.c.url))
                | Evidence.id.in_(
                    select(Picture.evidence_id).where(
                        Picture.listing_id.in_(select(seen.c.listing_id)),
                        Picture.evidence_id.is_not(None),
                    )
                ),
            )
        ))  # fmt: skip
    return found


def _target(
    session: Session, clue: Clue, to: str, entry: dict[str, Any] | None, theirs: Sequence[int]
) -> Clue:
    """The clue that takes what goes: the folded one, the one that is there, or a new one."""
    if entry is not None and entry["heir"] is not None:
        folded = session.get(Clue, entry["clue"])
        if folded is not None and folded.subject.startswith(FOLDED):
            folded.subject = to
            session.flush()
            return folded
    return _clue_of(session, to, clue.violation) or _fresh(session, clue, to, theirs)


def _fresh(session: Session, like: Clue, subject: str, signals: Sequence[int]) -> Clue:
    shops = session.execute(
        select(ListingRow.shop_id)
        .join(Observation, Observation.listing_id == ListingRow.id)
        .join(SignalRow, SignalRow.observation_id == Observation.id)
        .where(SignalRow.id.in_(list(signals)[:5000]))
        .order_by(SignalRow.id)
        .limit(1)
    ).scalar()
    made = Clue(
        subject=subject, operator_id=operator_in(subject), shop_id=shops or like.shop_id, violation=like.violation,
        state=like.state, score=like.score, goods=like.goods, sources=like.sources, region=like.region, intake=like.intake,
        sweep_id=like.sweep_id, opened_at=like.opened_at, grown_at=like.grown_at,
    )  # fmt: skip
    session.add(made)
    session.flush()
    if like.version:
        # Its state came of steps that stand in the other's log.
        made.version = 1
        session.flush()
        append(
            session, made, "split", "new", "system", f"自线索 {like.id} 分出",
            {"clue_id": like.id, "docket": like.docket, "version": like.version},
        )  # fmt: skip
    return made


def _part(
    session: Session, clue: Clue, signals: Sequence[int], subject: str, others: Sequence[int]
) -> int:
    """Leave `signals` of the clue behind for `subject`; returns the clue that has them."""
    rest = _clue_of(session, subject, clue.violation) or _fresh(session, clue, subject, signals)
    _hand(session, clue, rest, signals, others, None)
    return rest.id


def _hand(
    session: Session,
    clue: Clue,
    target: Clue,
    theirs: Sequence[int],
    ours: Sequence[int],
    entry: dict[str, Any] | None,
) -> None:
    """From one clue to the other: signals, and the evidence that they alone are on."""
    fresh = not _ids(session, ClueSignal, target.id)
    going = _rests_on(session, clue.id, theirs)
    staying = _rests_on(session, clue.id, ours)
    loose = set(_ids(session, ClueEvidence, clue.id)) - going - staying
    brought = set(entry["evidence"]) if entry else set()
    strongest = _strongest(session, theirs), _strongest(session, ours)
    known = set(_ids(session, ClueSignal, target.id))
    found_since = [id_ for id_ in theirs if id_ not in known]
    _link(session, ClueSignal, target.id, found_since)
    # What can't be told apart is evidence of both, but for what is known to have come along.
    shared = loose if fresh else loose & brought
    _link(session, ClueEvidence, target.id, sorted(going | shared))
    _unlink(session, ClueSignal, clue.id, theirs)
    _unlink(session, ClueEvidence, clue.id, (going - staying) | (loose & brought))
    if entry and entry["heir"] == clue.id and _state(clue) == entry["after"]:
        before = entry["before"]
        for name in _FIELDS:
            setattr(clue, name, before[name])
        clue.opened_at = datetime.fromisoformat(before["opened_at"])
        clue.grown_at = datetime.fromisoformat(before["grown_at"])
    else:
        if strongest[1] < strongest[0]:
            clue.score = min(clue.score, strongest[1])
        _refit(session, clue)
    if found_since:
        if fresh:
            target.score = clue_score(target.score, strongest)
        else:
            target.score = max(target.score, _strongest(session, found_since))
            target.grown_at = max(target.grown_at, clue.grown_at)
        _refit(session, target)
    session.flush()


def clue_score(score: float, strongest: tuple[float, float]) -> float:
    """Of a new clue that takes part of another's signals: that of the other where it has the
    strongest of them, else no more than its own strongest."""
    mine, others = strongest
    return score if mine >= others else min(score, mine)


def _strongest(session: Session, signals: Sequence[int]) -> float:
    return max(
        (
            session.scalar(
                select(func.max(SignalRow.strength)).where(
                    SignalRow.id.in_(list(signals)[start : start + 5000])
                )
            )
            or 0.0
            for start in range(0, len(signals), 5000)
        ),
        default=0.0,
    )


def _refit(session: Session, clue: Clue) -> None:
    """Goods and sources of a clue by the signals that it has left."""
    rows = session.execute(
        select(ListingRow.goods, ListingRow.source)
        .join(Observation, Observation.listing_id == ListingRow.id)
        .join(SignalRow, SignalRow.observation_id == Observation.id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .where(ClueSignal.clue_id == clue.id)
        .distinct()
    ).all()
    if rows:
        clue.goods = sorted({goods for goods, _ in rows if goods})
        clue.sources = sorted({source for _, source in rows})
