"""Looks who is behind the shops of which something new was seen, and merges what is certain.

Only shops that a sweep touched are looked at, and only what they have in common with few others is
followed, so the work grows with what is new and not with the square of what is there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from clues.growth import insert_for
from clues.links import (
    KINDS,
    Tie,
    crowded,
    holders,
    keep_ties,
    links_between,
    strength_of,
    support,
)
from clues.merging import PROGRAM, head_of, merge, new_operator, shops_of, standing_merges, undo
from clues.names import LEGAL_FORM, core, likeness, name_keys
from clues.pictures import shared_pictures
from storage.models import Operator, Shop
from storage.operators import NameKey, ShopFact, ShopLink, UnsettledShop

__all__ = ["CERTAIN", "Settled", "decide", "reconsider", "settle"]

CERTAIN = 0.9
"""Operators are one without an officer's word from this chance on."""
NEARLY = 0.85
"""Names are alike from here on."""
_AT_ONCE = 200
_FACTS = 300
"""Of each kind so many of a shop are compared, newest first."""
_NAMES = 200
"""A key by which more names are found than this is not followed."""
_SHARED = ("uscc", "licence", "bank", "icp", "wechat", "phone", "address", "text")
Pair = tuple[int, int]


@dataclass(slots=True)
class Settled:
    """What settling did: shops looked at, merges, merges taken back (ids of their records)."""

    shops: int = 0
    merged: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    operators: set[int] = field(default_factory=set)
    """Whose shops were looked at or moved."""


def settle(session: Session, limit: int = _AT_ONCE) -> Settled:
    """Settle at most `limit` shops that wait for it; call until none is left (`shops` is 0)."""
    waiting = select(UnsettledShop.shop_id).order_by(UnsettledShop.shop_id).limit(limit)
    # Taken out first: a worker that sees one of them meanwhile puts it in again.
    shops = sorted(
        session.scalars(
            delete(UnsettledShop)
            .where(UnsettledShop.shop_id.in_(waiting))
            .returning(UnsettledShop.shop_id)
        )
    )
    done = Settled(shops=len(shops))
    if not shops:
        return done
    facts = _facts(session, shops)
    ended: list[int] = []
    touched: set[Pair] = set()
    for kind in _SHARED:
        values = {fact.value: fact for fact in facts if fact.kind == kind}
        ties, over = _shared(session, kind, values, set(shops))
        ended += crowded(session, kind, over)
        touched |= _kept(session, ties)
    ties = _names(session, [fact for fact in facts if fact.kind in ("name", "shop_name")])
    touched |= _kept(session, ties)
    touched |= _kept(session, _pictures(session, shops))
    reconsider(session, ended, done)
    reconsider(session, (), done, {fact.shop_id for fact in facts if fact.kind == "uscc"})
    for one, other in _likely(session, touched):
        decide(session, one, other, done)
    done.operators.update(
        one
        for one in session.scalars(select(Shop.operator_id).where(Shop.id.in_(shops)))
        if one is not None
    )
    return done


def _facts(session: Session, shops: Sequence[int]) -> list[ShopFact]:
    rank = func.row_number().over(
        partition_by=(ShopFact.shop_id, ShopFact.kind), order_by=ShopFact.id.desc()
    )
    ranked = select(ShopFact.id, rank.label("rank")).where(ShopFact.shop_id.in_(shops)).subquery()
    newest = select(ranked.c.id).where(ranked.c.rank <= _FACTS)
    return list(session.scalars(select(ShopFact).where(ShopFact.id.in_(newest))))


def _subject(shop_id: int, operator_id: int | None) -> int:
    return operator_id if operator_id is not None else -shop_id


def _shared(
    session: Session, kind: str, values: Collection[str], looked_at: Collection[int]
) -> tuple[list[Tie], list[str]]:
    """Ties by things of one kind that few have, and what too many have."""
    counts = holders(session, kind, values)
    few = [value for value, count in counts.items() if 1 < count <= KINDS[kind].crowd]
    over = [value for value, count in counts.items() if count > KINDS[kind].crowd]
    by_value: defaultdict[str, list[tuple[ShopFact, int]]] = defaultdict(list)
    for start in range(0, len(few), 1000):
        rows = session.execute(
            select(ShopFact, Shop.operator_id)
            .join(Shop, Shop.id == ShopFact.shop_id)
            .where(ShopFact.kind == kind, ShopFact.value.in_(few[start : start + 1000]))
            .order_by(ShopFact.id)
        )
        for fact, operator_id in rows:
            by_value[fact.value].append((fact, _subject(fact.shop_id, operator_id)))
    ties = []
    for value, users in by_value.items():
        ties += _tie(kind, value, strength_of(kind, value), users, looked_at)
    return ties, over


def _tie(
    kind: str,
    value: str,
    strength: float,
    users: Iterable[tuple[ShopFact, int]],
    looked_at: Collection[int],
) -> list[Tie]:
    """One tie for each two operators, between the first shop of either that shows the thing."""
    first: dict[int, ShopFact] = {}
    ours: set[int] = set()
    for fact, subject in users:
        first.setdefault(subject, fact)
        if fact.shop_id in looked_at:
            ours.add(subject)
    return [
        _between(fact, first[other], kind, value, strength)
        for subject, fact in first.items()
        if subject in ours
        for other in first
        if other != subject and (other not in ours or subject < other)
    ]


def _between(one: ShopFact, other: ShopFact, kind: str, value: str, strength: float) -> Tie:
    left, right = sorted((one, other), key=lambda fact: fact.shop_id)
    return Tie(
        left.shop_id, right.shop_id, kind, value, strength,
        {
            "one": left.shown, "other": right.shown,
            "observations": [left.observation_id, right.observation_id],
            "evidence": [left.evidence_id, right.evidence_id],
        },
    )  # fmt: skip


def _names(session: Session, facts: Sequence[ShopFact]) -> list[Tie]:
    """Ties by names that are equal or nearly so; names that many have say nothing."""
    keys = {fact.value: set(name_keys(fact.value)) for fact in facts}
    found: defaultdict[str, set[str]] = defaultdict(set)
    wanted = sorted(set().union(*keys.values())) if keys else []
    for start in range(0, len(wanted), 1000):
        # A key that many names have (云南特产) tells none of them.
        telling = (
            select(NameKey.key)
            .where(NameKey.key.in_(wanted[start : start + 1000]))
            .group_by(NameKey.key)
            .having(func.count() <= _NAMES)
        )
        part = select(NameKey.key, NameKey.value).where(NameKey.key.in_(telling))
        for key, value in session.execute(part):
            found[key].add(value)
    near: dict[str, dict[str, float]] = {}
    for value, own in keys.items():
        candidates = set().union(*(found[key] for key in own), {value})
        scored = {other: likeness(value, other) for other in candidates}
        near[value] = {other: score for other, score in scored.items() if score >= NEARLY}
    by_value: defaultdict[str, list[tuple[ShopFact, int]]] = defaultdict(list)
    names = sorted({other for others in near.values() for other in others})
    for start in range(0, len(names), 1000):
        rows = session.execute(
            select(ShopFact, Shop.operator_id)
            .join(Shop, Shop.id == ShopFact.shop_id)
            .where(
                ShopFact.kind.in_(("name", "shop_name")),
                ShopFact.value.in_(names[start : start + 1000]),
            )
            .order_by(ShopFact.id)
        )
        for row, operator_id in rows:
            by_value[row.value].append((row, _subject(row.shop_id, operator_id)))
    operators = operators_of(session, {fact.shop_id for fact in facts})
    ties = []
    for fact in facts:
        mine = _subject(fact.shop_id, operators[fact.shop_id])
        others = [
            (theirs, subject, score)
            for other, score in near[fact.value].items()
            for theirs, subject in by_value[other]
            if subject != mine
        ]
        if len({subject for _, subject, _ in others}) < KINDS["name"].crowd:
            ties += [_by_name(fact, theirs, score) for theirs, _, score in others]
    return ties


def _by_name(one: ShopFact, other: ShopFact, score: float) -> Tie:
    """An equal registered name says much, a shop's name or one that is only like it less."""
    registered = one.kind == other.kind == "name" and LEGAL_FORM.search(one.value)
    full = registered and len(core(one.value)) >= 4
    value = min(one.value, other.value) if score == 1 else "~".join(sorted((one.value, other.value)))  # fmt: skip
    kind = "name" if score == 1 and full else "alike"
    return _between(one, other, kind, value[:255], KINDS[kind].strength * min(1.0, score))


def _pictures(session: Session, shops: Sequence[int]) -> list[Tie]:
    ties = []
    for shop_id in shops:
        for other, phash, evidence in shared_pictures(session, shop_id):
            detail: dict[str, Any] = {"one": phash, "other": phash, "evidence": evidence}
            ties.append(Tie(shop_id, other, "picture", phash, KINDS["picture"].strength, detail))
    return ties


def _kept(session: Session, ties: Sequence[Tie]) -> set[Pair]:
    keep_ties(session, ties)
    return {(min(tie.one, tie.other), max(tie.one, tie.other)) for tie in ties}


def _likely(session: Session, touched: Collection[Pair]) -> list[Pair]:
    """Of the pairs of shops one for each two operators that are one by their links: most pairs
    have far too little in common, and are told apart here together."""
    under = operators_of(session, {shop for pair in touched for shop in pair})
    heads = sorted({one for one in under.values() if one is not None})
    side = {shop: _subject(shop, operator_id) for shop, operator_id in under.items()}
    for start in range(0, len(heads), 1000):
        rows = session.execute(
            select(Shop.id, Shop.operator_id).where(
                Shop.operator_id.in_(heads[start : start + 1000])
            )
        )
        side.update({shop: _subject(shop, operator_id) for shop, operator_id in rows})
    between: defaultdict[Pair, list[ShopLink]] = defaultdict(list)
    shops = sorted(side)
    for start in range(0, len(shops), 1000):
        for link in session.scalars(
            select(ShopLink).where(ShopLink.one_id.in_(shops[start : start + 1000]))
        ):
            if link.other_id in side and side[link.one_id] != side[link.other_id]:
                ends = sorted((side[link.one_id], side[link.other_id]))
                between[ends[0], ends[1]].append(link)
    likely: dict[Pair, Pair] = {}
    for one, other in sorted(touched):
        ends = sorted((side[one], side[other]))
        pair = ends[0], ends[1]
        if pair not in likely and support(between[pair]).chance >= CERTAIN:
            likely[pair] = one, other
    return list(likely.values())


def operators_of(session: Session, shops: Collection[int]) -> dict[int, int | None]:
    """Under which operator each shop stands now."""
    found: dict[int, int | None] = {}
    wanted = sorted(shops)
    for start in range(0, len(wanted), 1000):
        rows = session.execute(
            select(Shop.id, Shop.operator_id).where(Shop.id.in_(wanted[start : start + 1000]))
        )
        found.update({shop: operator_id for shop, operator_id in rows})
    return found


def decide(
    session: Session, one: int, other: int, done: Settled, officer: str = PROGRAM, reason: str = ""
) -> None:
    """Merge the operators of two shops where that is certain, or an officer has just said so."""
    under = operators_of(session, (one, other))
    sides = [under[one], under[other]]
    if sides[0] is not None and sides[0] == sides[1]:
        return
    groups = [
        shops_of(session, side) if side is not None else [shop]
        for side, shop in zip(sides, (one, other), strict=True)
    ]
    told = support(links_between(session, *groups))
    if told.apart or told.chance < CERTAIN or contradicting(session, *groups):
        return
    heir, joins = _heir(session, sides, groups)
    titles = "、".join(KINDS[kind].title for kind in told.kinds)
    reason = reason or f"{titles}相同，合计 {told.chance:.2f}"
    change = merge(session, heir, joins, officer, reason, told.links)
    done.merged.append(change.id)
    done.operators.add(heir)


def _heir(
    session: Session, sides: Sequence[int | None], groups: Sequence[Sequence[int]]
) -> tuple[int, int | list[int]]:
    """Who takes in whom: the one with a sound code, with a name, that is older."""
    named = [side for side in sides if side is not None]
    if not named:
        shops = sorted([*groups[0], *groups[1]])
        return new_operator(session, f"shop:{shops[0]}", "", shops[0]), shops
    if len(named) == 1:
        shops = list(groups[0] if sides[0] is None else groups[1])
        return named[0], shops
    rows = [session.get_one(Operator, side) for side in named]
    first, second = sorted(rows, key=lambda row: (not codes_of(session, [row.id]), not row.name, row.id))  # fmt: skip
    return first.id, second.id


def codes_of(session: Session, operators: Collection[int]) -> set[str]:
    """The sound codes under which these operators are known."""
    keys = session.scalars(select(Operator.key).where(Operator.id.in_(operators)))
    return {key for key in keys if ":" not in key}


def contradicting(session: Session, ones: Collection[int], others: Collection[int]) -> bool:
    """Whether the shops of both sides show sound codes, and none in common: two codes are two
    legal persons, whatever else they share."""
    left, right = (
        set(
            session.scalars(
                select(ShopFact.value).where(ShopFact.kind == "uscc", ShopFact.shop_id.in_(side))
            )
        )
        for side in (list(ones)[:_FACTS], list(others)[:_FACTS])
    )
    return bool(left and right and not left & right)


def reconsider(
    session: Session, ended: Sequence[int], done: Settled, shops: Collection[int] = ()
) -> None:
    """Take back merges that the links which are left would not have made, and those of `shops`
    whose codes turned out to be two; their shops are then looked at again."""
    if not ended and not shops:
        return
    for change in standing_merges(session, ended, shops):
        moved = {shop for shop, _ in change.shops}
        holder = head_of(session, change.operator_id)
        stayed = set(shops_of(session, holder)) - moved
        if stayed:
            left = support(links_between(session, moved, stayed))
        else:
            left = support(session.scalars(select(ShopLink).where(ShopLink.id.in_(change.links))))
        two = bool(stayed) and contradicting(session, moved, stayed)
        if two or (ended and left.chance < CERTAIN):
            why = "信用代码不同" if two else f"所据关联已不成立，余 {left.chance:.2f}"
            done.undone.append(undo(session, change.id, PROGRAM, why).id)
            done.operators.add(holder)
            # What they still have in common was not looked for while they were one.
            waiting = insert_for(session)(UnsettledShop).on_conflict_do_nothing()
            session.execute(waiting, [{"shop_id": shop} for shop in sorted(moved)])
