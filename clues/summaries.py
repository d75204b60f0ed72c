"""Keeps what is at hand of each clue (`storage.search`): as it grows, and anew where clues are
folded, given back or were there before. Both ways come to the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clues.standing import FOLDED
from storage import Store
from storage.models import Clue, ClueEvidence, ClueSignal, Observation, Operator, Shop, SignalRow
from storage.search import ClueFacet, ClueListing, ClueSummary, ClueText, ClueWord, words_of
from storage.words import document

__all__ = ["note", "proven", "refresh", "reindex_clues", "strongest"]

SHOWN = 5
"""Words of a clue that its row shows."""
SEARCHED = 300
"""Words of a clue that are searched."""
LONGEST = 200
"""Characters of a word that are kept."""
BATCH = 500
"""Clues at a time."""
Told = list[list[Any]]


def note(session: Session, clue: Clue, signals: Sequence[int], evidence: int) -> None:
    """A clue has so many more signals (their ids) and pieces of evidence; its goods and sources
    may be others."""
    rows = session.execute(
        select(SignalRow.id, SignalRow.text, SignalRow.strength, Observation.listing_id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .where(SignalRow.id.in_(signals))
    ).all()
    _pass_over(
        session,
        ClueSummary,
        [{"clue_id": clue.id, "signals": 0, "evidence": 0, "words": [], "top": [], "due_for": ""}],
    )
    summary = session.scalars(
        select(ClueSummary).where(ClueSummary.clue_id == clue.id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()
    summary.signals += len(rows)
    summary.evidence += evidence
    best = min(((-strength, id_, listing) for id_, _, strength, listing in rows), default=None)
    if best and (not summary.top or (best[0], best[1]) < (-summary.top[0], summary.top[1])):
        summary.top, summary.listing_id = [-best[0], best[1]], best[2]
    fresh = [[text, strength, id_] for id_, text, strength, _ in rows if text]
    summary.words = strongest([*summary.words, *fresh])
    session.flush()
    pairs = [{"clue_id": clue.id, "listing_id": listing} for listing in {row[3] for row in rows}]
    _pass_over(session, ClueListing, pairs)
    _pass_over(session, ClueFacet, _facets(clue))
    words = [{"clue_id": clue.id, "word": word} for word in {t[:LONGEST] for _, t, *_ in rows if t}]
    added = _pass_over(session, ClueWord, words)
    if added or session.get(ClueText, clue.id) is None:
        _write_texts(session, [clue.id])


def proven(session: Session, clue_ids: Iterable[int]) -> None:
    """Each of these clues has one more piece of evidence."""
    session.execute(
        update(ClueSummary)
        .where(ClueSummary.clue_id.in_(list(clue_ids)))
        .values(evidence=ClueSummary.evidence + 1)
        .execution_options(synchronize_session=False)
    )


def strongest(words: Told) -> Told:
    """Of `[word, strength, signal id]` the strongest, each word once, strongest first."""
    ordered = sorted(words, key=lambda one: (-one[1], one[2]))
    best: dict[str, list[Any]] = {}
    for one in ordered:
        best.setdefault(one[0], one)
    return list(best.values())[:SHOWN]


def refresh(session: Session, clue_ids: Iterable[int]) -> None:
    """All that is at hand of these clues, anew; of a folded one nothing."""
    session.flush()
    wanted = sorted(set(clue_ids))
    for start in range(0, len(wanted), BATCH):
        ids = wanted[start : start + BATCH]
        for table in (ClueText, ClueWord, ClueFacet, ClueListing, ClueSummary):
            session.execute(
                delete(table)
                .where(table.clue_id.in_(ids))
                .execution_options(synchronize_session="fetch")
            )
        clues = session.scalars(
            select(Clue).where(Clue.id.in_(ids), Clue.subject.not_like(f"{FOLDED}%"))
        ).all()
        if clues:
            _write(session, clues)


def reindex_clues(store: Store) -> Iterator[int]:
    """What is at hand of all clues, anew, some in a transaction; yields how many are done."""
    after = done = 0
    while True:
        with store.writing() as session:
            next_ids = select(Clue.id).where(Clue.id > after).order_by(Clue.id).limit(BATCH)
            ids = session.scalars(next_ids).all()
            if not ids:
                return
            refresh(session, ids)
        after = ids[-1]
        done += len(ids)
        yield done


def _write(session: Session, clues: Sequence[Clue]) -> None:
    ids = [clue.id for clue in clues]
    held = (
        select(
            ClueSignal.clue_id, SignalRow.id, SignalRow.text, SignalRow.strength,
            Observation.listing_id,
        )
        .join(SignalRow, SignalRow.id == ClueSignal.signal_id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .where(ClueSignal.clue_id.in_(ids))
    ).subquery()  # fmt: skip
    session.execute(
        insert(ClueListing).from_select(
            ["clue_id", "listing_id"], select(held.c.clue_id, held.c.listing_id).distinct()
        )
    )
    word = func.substr(held.c.text, 1, LONGEST)
    session.execute(
        insert(ClueWord).from_select(
            ["clue_id", "word"], select(held.c.clue_id, word).where(held.c.text != "").distinct()
        )
    )
    if facets := [row for clue in clues for row in _facets(clue)]:
        session.execute(insert(ClueFacet), facets)
    summaries: dict[int, dict[str, Any]] = {
        id_: {"clue_id": id_, "signals": 0, "evidence": 0, "listing_id": None, "words": [],
              "top": [], "due_for": ""}
        for id_ in ids
    }  # fmt: skip
    for name, table in (("signals", ClueSignal), ("evidence", ClueEvidence)):
        counted = (
            select(table.clue_id, func.count())
            .where(table.clue_id.in_(ids))
            .group_by(table.clue_id)
        )
        for id_, count in session.execute(counted):
            summaries[id_][name] = count
    order = (held.c.strength.desc(), held.c.id)
    place = func.row_number().over(partition_by=(held.c.clue_id, held.c.text), order_by=order)
    firsts = select(held, place.label("place")).subquery()
    within = func.row_number().over(
        partition_by=firsts.c.clue_id, order_by=(firsts.c.strength.desc(), firsts.c.id)
    )
    ranked = select(firsts, within.label("rank")).where(firsts.c.place == 1).subquery()
    # One more: the empty text may be among them.
    for row in session.execute(
        select(ranked).where(ranked.c.rank <= SHOWN + 1).order_by(ranked.c.clue_id, ranked.c.rank)
    ):
        told = summaries[row.clue_id]
        if row.rank == 1:
            told["top"], told["listing_id"] = [row.strength, row.id], row.listing_id
        if row.text and len(told["words"]) < SHOWN:
            told["words"].append([row.text, row.strength, row.id])
    session.execute(insert(ClueSummary), list(summaries.values()))
    _write_texts(session, ids)


def _facets(clue: Clue) -> list[dict[str, Any]]:
    return [
        {"clue_id": clue.id, "kind": kind, "value": value}
        for kind, values in (("goods", clue.goods), ("source", clue.sources))
        for value in values
    ]


def _write_texts(session: Session, ids: Sequence[int]) -> None:
    """The searched words of clues, from their names and matched words."""
    said: dict[int, list[str]] = {}
    for id_, shop, operator in session.execute(
        select(Clue.id, Shop.name, Operator.name)
        .join(Shop, Shop.id == Clue.shop_id)
        .outerjoin(Operator, Operator.id == Clue.operator_id)
        .where(Clue.id.in_(ids))
    ):
        said[id_] = [shop, operator or ""]
    place = func.row_number().over(partition_by=ClueWord.clue_id, order_by=ClueWord.word)
    words = (
        select(ClueWord.clue_id, ClueWord.word, place.label("place"))
        .where(ClueWord.clue_id.in_(ids))
        .subquery()
    )
    for id_, word in session.execute(
        select(words.c.clue_id, words.c.word)
        .where(words.c.place <= SEARCHED)
        .order_by(words.c.clue_id, words.c.place)
    ):
        said[id_].append(word)
    rows = [
        {"clue_id": id_, "words": words_of(session, document(names))} for id_, names in said.items()
    ]
    put(session, ClueText, "clue_id", rows)


def put(session: Session, table: Any, key: str, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows with `words`; what is there already is written over."""
    if rows:
        made = _insert(session)(table)
        session.execute(
            made.on_conflict_do_update(index_elements=[key], set_={"words": made.excluded.words}),
            list(rows),
        )


def _insert(session: Session) -> Any:
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert if on_postgresql else sqlite.insert


def _pass_over(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> bool:
    """Write rows but those that are there already; returns whether any was written."""
    if not rows:
        return False
    key = next(iter(table.__table__.primary_key))
    made = _insert(session)(table).values(list(rows)).on_conflict_do_nothing().returning(key)
    return bool(session.execute(made).all())
