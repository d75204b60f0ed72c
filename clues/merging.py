"""Merging and splitting operators. Every change is recorded with all that it moved, and nothing
of the record is ever changed, so that what was before can be restored."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from clues.folding import give_back, take_over
from storage.models import Operator, Shop
from storage.operators import OperatorChange, OperatorHead, ShopFact, ShopLink

__all__ = [
    "PROGRAM",
    "OperatorError",
    "head_of",
    "merge",
    "merged_with",
    "shops_of",
    "split",
    "undo",
]

PROGRAM = "yunjian"
"""Stands for the officer where a change followed from links."""


class OperatorError(RuntimeError):
    """What was asked of an operator can't be done; says why."""


def head_of(session: Session, operator_id: int) -> int:
    """The operator under which the shops of `operator_id` now stand: itself, or who took it in."""
    head = session.scalar(
        select(OperatorHead.head_id).where(OperatorHead.operator_id == operator_id)
    )
    return operator_id if head is None else head


def merged_with(session: Session, operator_id: int) -> list[int]:
    """All operators that stand as one with `operator_id`, itself among them."""
    head = head_of(session, operator_id)
    others = select(OperatorHead.operator_id).where(OperatorHead.head_id == head)
    return sorted({operator_id, head, *session.scalars(others)})


def shops_of(session: Session, operator_id: int) -> list[int]:
    """Ids of the shops under an operator."""
    return list(
        session.scalars(select(Shop.id).where(Shop.operator_id == operator_id).order_by(Shop.id))
    )


def known_operator(session: Session, operator_id: int) -> Operator:
    """The operator; raises `OperatorError` where there is none."""
    found = session.get(Operator, operator_id)
    if found is None:
        raise OperatorError(f"no operator {operator_id}; `yunjian operators` lists them")
    return found


def merge(
    session: Session,
    operator_id: int,
    other: int | Sequence[int],
    officer: str,
    reason: str,
    links: Sequence[int] = (),
) -> OperatorChange:
    """The shops of `other` (an operator, or shops that name none) come under the operator, with
    their clues; returns the record.

    Raises `OperatorError` for an operator with itself, or for one that is not there.
    """
    known_operator(session, operator_id)
    operator_id = head_of(session, operator_id)
    other_id: int | None = None
    if isinstance(other, int):
        known_operator(session, other)
        other_id = head_of(session, other)
        if other_id == operator_id:
            raise OperatorError(f"operators {operator_id} and {other} are one already")
        shops: list[Any] = [[shop, other_id] for shop in shops_of(session, other_id)]
        subjects = [f"operator:{other_id}"]
    else:
        shops = [[shop, None] for shop in sorted(other)]
        subjects = [f"shop:{shop}" for shop, _ in shops]
    told = [entry for subject in subjects for entry in take_over(session, subject, operator_id)]
    _put(session, [shop for shop, _ in shops], operator_id)
    if other_id is not None:
        session.execute(
            update(OperatorHead).where(OperatorHead.head_id == other_id).values(head_id=operator_id)
        )
        session.add(OperatorHead(operator_id=other_id, head_id=operator_id))
    return _record(session, "merge", operator_id, other_id, shops, told, officer, reason, links)


def split(
    session: Session,
    operator_id: int,
    shops: Collection[int],
    officer: str,
    reason: str,
    all_may_go: bool = False,
) -> OperatorChange:
    """Shops leave an operator, with what its clues owe to them, for the operator that their own
    pages name or, where they name none, for one that is known by them alone.

    Returns the record. Raises `OperatorError` for shops that are not the operator's, or for all
    of them.
    """
    known_operator(session, operator_id)
    has = shops_of(session, operator_id)
    if strangers := sorted(set(shops) - set(has)):
        raise OperatorError(f"not under operator {operator_id}: shops {strangers}")
    if not shops or (len(set(shops)) == len(has) and not all_may_go):
        raise OperatorError(f"some of the shops of operator {operator_id} must stay: {has}")
    to = _own_operator(session, operator_id, sorted(set(shops)))
    told = give_back(session, f"operator:{operator_id}", set(shops), f"operator:{to}")
    _put(session, shops, to)
    moved = [[shop, operator_id] for shop in sorted(set(shops))]
    return _record(session, "split", operator_id, to, moved, told, officer, reason, ())


def undo(session: Session, change_id: int, officer: str, reason: str) -> OperatorChange:
    """Take a merge back: its shops and clues are again what they were, with what was found
    since; returns the record.

    Raises `OperatorError` for what is no merge, or was taken back already.
    """
    change = session.get(OperatorChange, change_id)
    if change is None or change.kind not in ("merge", "adopt"):
        raise OperatorError(f"change {change_id} is no merge")
    if session.scalar(select(exists().where(OperatorChange.undoes_id == change_id))):
        raise OperatorError(f"change {change_id} was taken back already")
    holder = head_of(session, change.operator_id)
    here = set(shops_of(session, holder))
    returning: dict[str, list[int]] = {}
    shops: list[Any] = []
    for shop, before in change.shops:
        if shop in here:
            subject = f"shop:{shop}" if before is None else f"operator:{before}"
            returning.setdefault(subject, []).append(shop)
            shops.append([shop, holder])
    if change.other_id is not None:
        # Whom it had taken in itself goes back with it.
        session.execute(delete(OperatorHead).where(OperatorHead.operator_id == change.other_id))
        for one in _under(session, change):
            session.execute(
                update(OperatorHead)
                .where(OperatorHead.operator_id == one)
                .values(head_id=change.other_id)
            )
    told = []
    for subject, theirs in returning.items():
        told += give_back(session, f"operator:{holder}", set(theirs), subject, change.clues)
        kind, _, number = subject.partition(":")
        _put(session, theirs, int(number) if kind == "operator" else None)
    return _record(
        session, "undo", holder, change.other_id, shops, told, officer, reason, change.links, change.id
    )  # fmt: skip


def _under(session: Session, change: OperatorChange) -> list[int]:
    """The operators that had come under the merged one before this merge, and still were."""
    undone = aliased(OperatorChange)
    rows = session.execute(
        select(OperatorChange.operator_id, OperatorChange.other_id)
        .where(
            OperatorChange.kind == "merge",
            OperatorChange.id < change.id,
            OperatorChange.other_id.is_not(None),
            ~exists().where(undone.undoes_id == OperatorChange.id),
        )
        .order_by(OperatorChange.id.desc())
    ).all()
    under = {change.other_id}
    for taker, taken in rows:
        if taker in under:
            under.add(taken)
    return sorted(one for one in under - {change.other_id} if one is not None)


def standing_merges(
    session: Session, links: Collection[int] = (), shops: Collection[int] = ()
) -> list[OperatorChange]:
    """Merges of the program's own that rest on any of these links, or by which any of these shops
    came or stayed, and were not taken back, newest first."""
    wanted, about = set(links), set(shops)
    ends = session.execute(
        select(ShopLink.one_id, ShopLink.other_id).where(ShopLink.id.in_(wanted))
    )
    heads = set(
        session.scalars(
            select(Shop.operator_id).where(
                Shop.id.in_({shop for pair in ends for shop in pair} | about),
                Shop.operator_id.is_not(None),
            )
        )
    )
    under = session.scalars(select(OperatorHead.operator_id).where(OperatorHead.head_id.in_(heads)))
    undone = aliased(OperatorChange)
    rows = session.scalars(
        select(OperatorChange)
        .where(
            OperatorChange.operator_id.in_(heads | set(under)),
            OperatorChange.kind == "merge",
            OperatorChange.automatic,
            ~exists().where(undone.undoes_id == OperatorChange.id),
        )
        .order_by(OperatorChange.id.desc())
    )
    return [change for change in rows if about or wanted & set(change.links)]


def _put(session: Session, shops: Collection[int], operator_id: int | None) -> None:
    wanted = sorted(shops)
    for start in range(0, len(wanted), 5000):
        session.execute(
            update(Shop)
            .where(Shop.id.in_(wanted[start : start + 5000]))
            .values(operator_id=operator_id),
            # Whoever needs to know where a shop is asks the store.
            execution_options={"synchronize_session": False},
        )


def _own_operator(session: Session, operator_id: int, shops: Sequence[int]) -> int:
    """Of shops that leave an operator: the one that their pages name, else a new one."""
    names = session.execute(
        select(ShopFact.kind, ShopFact.value, ShopFact.shown)
        .where(ShopFact.shop_id.in_(shops), ShopFact.kind.in_(("uscc", "name")))
        .order_by(ShopFact.kind.desc(), ShopFact.id)
    ).all()
    given = session.get_one(Operator, operator_id).key
    for kind, value, shown in names:
        key = value if kind == "uscc" else f"name:{shown}"[:255]
        own = session.scalar(select(Operator.id).where(Operator.key == key)) if key != given else None  # fmt: skip
        # One that stands under somebody else, or is who they are to leave, is not theirs.
        if own is not None and own != operator_id and head_of(session, own) == own:
            return own
    shown = next((shown for kind, _, shown in names if kind == "name"), "")
    key = f"name:{shown}"[:255] if shown else f"shop:{shops[0]}"
    if session.scalar(select(exists().where(Operator.key == key))):
        key = f"shop:{shops[0]}"
    return new_operator(session, key, shown, shops[0])


def new_operator(session: Session, key: str, name: str, shop_id: int) -> int:
    """An operator that is known by its shops; of the same key the one that is there."""
    found = session.scalar(select(Operator.id).where(Operator.key == key))
    if found is not None:
        return found
    facts = dict(
        session.execute(
            select(ShopFact.kind, ShopFact.shown)
            .where(ShopFact.shop_id == shop_id, ShopFact.kind.in_(("licence", "phone", "address")))
            .order_by(ShopFact.id.desc())
        )
        .tuples()
        .all()
    )
    made = Operator(
        key=key, name=name, uscc="", licence_no=facts.get("licence", ""), phone=facts.get("phone", ""),
        address=facts.get("address", ""), first_seen=datetime.now(UTC),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def _record(
    session: Session,
    kind: str,
    operator_id: int,
    other_id: int | None,
    shops: list[Any],
    told: list[dict[str, Any]],
    officer: str,
    reason: str,
    links: Sequence[int],
    undoes: int | None = None,
) -> OperatorChange:
    if not officer.strip() or not reason.strip():
        raise OperatorError("a change needs an officer's name and a reason")
    change = OperatorChange(
        kind=kind, operator_id=operator_id, other_id=other_id, shops=shops, clues=told, links=list(links),
        officer=officer.strip(), reason=reason.strip(), at=datetime.now(UTC), undoes_id=undoes,
        automatic=officer == PROGRAM,
    )  # fmt: skip
    session.add(change)
    session.flush()
    return change
