"""Operators as officers see them: the list, one with all that is known of it, and the steps that
`yunjian operator` takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from clues.links import KINDS, judge, links_between, said_by_officer, support
from clues.merging import OperatorError, head_of, known_operator, shops_of, split, undo
from clues.placing import settle_places
from clues.settling import Settled, decide, reconsider, settle
from clues.standing import standing
from detectors.places import Places
from storage import Store
from storage.models import Clue, Operator, Shop
from storage.operators import (
    LinkVerdict,
    OperatorChange,
    OperatorHead,
    OperatorPlace,
    ShopFact,
    ShopLink,
)
from storage.registry import RegistryResult

__all__ = [
    "OperatorFilter",
    "OperatorRow",
    "confirm_link",
    "cut_link",
    "find_operators",
    "link_operators",
    "one_operator",
    "settle_operators",
    "split_operator",
]

SHOWN = 200
"""Links of one operator that are shown, strongest first."""


@dataclass(frozen=True, slots=True)
class OperatorFilter:
    """What an officer asks for; a field left as it is asks nothing."""

    text: str = ""
    """In the operator's name or code, its shops' names, or a telephone or 微信号 that they show."""
    region: str = ""
    min_shops: int = 0
    registry: str = ""
    """A result of comparing with the register: confirmed, other_name, cancelled, …"""
    limit: int = 0


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """An operator as a row of the list."""

    id: int
    name: str
    uscc: str
    shops: int
    clues: int
    region: str
    confidence: float


def settle_operators(store: Store, places: Places) -> Settled:
    """Settle every shop that waits for it, in transactions of some shops each, and the places
    of their operators; returns what was done in all. Killed, it goes on where it was."""
    total = Settled()
    while True:
        with store.session() as session:
            done = settle(session)
            heads = {head_of(session, one) for one in done.operators}
            settle_places(session, heads, places)
        if not done.shops:
            return total
        total.shops += done.shops
        total.merged += done.merged
        total.undone += done.undone
        total.operators |= heads


def find_operators(session: Session, wanted: OperatorFilter) -> list[OperatorRow]:
    """The operators that fit and have shops, those with most shops first."""
    shops = select(Shop.operator_id, func.count().label("n")).group_by(Shop.operator_id).subquery()
    clues = (
        select(Clue.operator_id, func.count().label("n"))
        .where(standing(), Clue.operator_id.is_not(None))
        .group_by(Clue.operator_id)
        .subquery()
    )
    query = (
        select(
            Operator.id, Operator.name, Operator.uscc, shops.c.n, func.coalesce(clues.c.n, 0),
            func.coalesce(OperatorPlace.code, ""), func.coalesce(OperatorPlace.confidence, 0.0),
        )
        .join(shops, shops.c.operator_id == Operator.id)
        .outerjoin(clues, clues.c.operator_id == Operator.id)
        .outerjoin(OperatorPlace, OperatorPlace.operator_id == Operator.id)
        .order_by(shops.c.n.desc(), Operator.id)
    )  # fmt: skip
    if wanted.text:
        shown = exists().where(
            ShopFact.shop_id == Shop.id,
            Shop.operator_id == Operator.id,
            ShopFact.kind != "text",
            or_(
                ShopFact.shown.contains(wanted.text, autoescape=True),
                ShopFact.value == wanted.text.lower(),
            ),
        )
        query = query.where(or_(Operator.name.contains(wanted.text, autoescape=True), Operator.uscc == wanted.text.upper(), shown))  # fmt: skip
    if wanted.region:
        query = query.where(OperatorPlace.code.startswith(wanted.region, autoescape=True))
    if wanted.min_shops:
        query = query.where(shops.c.n >= wanted.min_shops)
    if wanted.registry:
        query = query.where(
            exists().where(
                RegistryResult.shop_id == Shop.id,
                Shop.operator_id == Operator.id,
                RegistryResult.result == wanted.registry,
            )
        )
    if wanted.limit:
        query = query.limit(wanted.limit)
    return [OperatorRow(*row) for row in session.execute(query)]


def one_operator(session: Session, operator_id: int) -> dict[str, Any]:
    """All that is known of an operator, or of the one that took it in: `shops`, `facts` (by kind,
    each with the shops and evidence that show it), `links` to other operators, `place`,
    `registry`, `clues`, `changes` and `contradictions`.

    Raises `OperatorError` where there is none.
    """
    known_operator(session, operator_id)
    head = head_of(session, operator_id)
    operator = known_operator(session, head)
    shops = session.scalars(select(Shop).where(Shop.operator_id == head).order_by(Shop.id)).all()
    ids = [shop.id for shop in shops]
    facts = _facts(session, ids)
    place = session.get(OperatorPlace, head)
    return {
        "id": head,
        "asked": operator_id,
        "name": operator.name,
        "uscc": operator.uscc,
        "merged": list(session.scalars(select(OperatorHead.operator_id).where(OperatorHead.head_id == head))),
        "shops": [{"id": s.id, "source": s.source, "name": s.name, "url": s.url} for s in shops],
        "facts": facts,
        "contradictions": [
            {"kind": kind, "shown": [fact["shown"] for fact in facts[kind]]}
            for kind in ("uscc", "bad_uscc", "name", "address")
            if len(facts.get(kind, [])) > (kind != "bad_uscc")
        ],
        "links": _links(session, head, ids),
        "place": None
        if place is None
        else {
            "code": place.code,
            "confidence": place.confidence,
            "reasons": place.reasons,
            "contradictions": place.contradictions,
        },
        "registry": [
            {"result": r.result, "code": r.code, "says": r.says, "shop": r.shop_id, "checked_at": r.checked_at}
            for r in session.scalars(select(RegistryResult).where(RegistryResult.shop_id.in_(ids)))
        ],
        "clues": [
            {"id": c.id, "violation": c.violation, "state": c.state, "score": c.score}
            for c in session.scalars(
                select(Clue)
                .where(Clue.subject == f"operator:{head}")
                .order_by(Clue.score.desc(), Clue.id)
            )
        ],
        "changes": _changes(session, head),
    }  # fmt: skip


def _facts(session: Session, shops: Collection[int]) -> dict[str, list[dict[str, Any]]]:
    rows = session.scalars(
        select(ShopFact)
        .where(ShopFact.shop_id.in_(shops), ShopFact.kind != "text")
        .order_by(ShopFact.id)
    )
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(
            (row.kind, row.value), {"shown": row.shown, "shops": [], "evidence": []}
        )
        entry["shops"].append(row.shop_id)
        if row.evidence_id is not None:
            entry["evidence"].append(row.evidence_id)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for (kind, _), entry in found.items():
        by_kind.setdefault(kind, []).append(entry)
    return by_kind


def _links(session: Session, head: int, shops: Collection[int]) -> list[dict[str, Any]]:
    """Its links to others and, marked `inside`, among its own shops."""
    one, other = aliased(Shop), aliased(Shop)
    rows = session.execute(
        select(ShopLink, one, other)
        .join(one, one.id == ShopLink.one_id)
        .join(other, other.id == ShopLink.other_id)
        .where(or_(ShopLink.one_id.in_(shops), ShopLink.other_id.in_(shops)))
        .order_by(ShopLink.strength.desc(), ShopLink.id)
        .limit(SHOWN)
    ).all()
    verdicts: dict[int, list[dict[str, Any]]] = {}
    for said in session.scalars(
        select(LinkVerdict)
        .where(LinkVerdict.link_id.in_([link.id for link, _, _ in rows]))
        .order_by(LinkVerdict.id)
    ):
        told = {"verdict": said.verdict, "officer": said.officer, "reason": said.reason, "at": said.at}  # fmt: skip
        verdicts.setdefault(said.link_id, []).append(told)
    found = []
    for link, left, right in rows:
        ours, theirs = (left, right) if left.operator_id == head else (right, left)
        found.append({
            "id": link.id, "kind": link.kind, "title": KINDS[link.kind].title, "strength": link.strength,
            "state": link.state, "value": link.value, "detail": link.detail, "ours": ours.name,
            "theirs": theirs.name, "shop": theirs.id, "operator": theirs.operator_id,
            "inside": left.operator_id == right.operator_id, "verdicts": verdicts.get(link.id, []),
        })  # fmt: skip
    return found


def _changes(session: Session, head: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(OperatorChange)
        .where(or_(OperatorChange.operator_id == head, OperatorChange.other_id == head))
        .order_by(OperatorChange.id)
    )
    return [
        {
            "id": c.id, "kind": c.kind, "operator": c.operator_id, "other": c.other_id, "shops": [s for s, _ in c.shops],
            "clues": len(c.clues), "officer": c.officer, "reason": c.reason, "at": c.at, "undoes": c.undoes_id,
        }
        for c in rows
    ]  # fmt: skip


# Officers' steps --------------------------------------------------------------------------


def confirm_link(session: Session, link_id: int, officer: str, reason: str) -> Settled:
    """An officer says that a link is right: its operators become one, unless their sound codes
    say that they are two; returns what followed."""
    link = judge(session, link_id, "confirm", officer, reason)
    done = Settled()
    decide(session, link.one_id, link.other_id, done, officer, reason)
    return done


def cut_link(session: Session, link_id: int, officer: str, reason: str) -> Settled:
    """An officer says that a link is wrong: it counts no more, and what the program merged on it
    is taken back where the rest does not carry it; returns what followed."""
    link = judge(session, link_id, "cut", officer, reason)
    done = Settled()
    reconsider(session, [link.id], done)
    return done


def link_operators(session: Session, one: int, other: int, officer: str, reason: str) -> Settled:
    """An officer says that two operators belong together, by what no page shows; merges them as
    a confirmed link does."""
    heads = [head_of(session, known_operator(session, each).id) for each in (one, other)]
    if heads[0] == heads[1]:
        raise OperatorError(f"operators {one} and {other} are one already")
    sides = [shops_of(session, head) for head in heads]
    if not all(sides):
        raise OperatorError("an operator without a shop can't be linked")
    said_by_officer(session, sides[0][0], sides[1][0], "link", officer, reason)
    done = Settled()
    decide(session, sides[0][0], sides[1][0], done, officer, reason)
    return done


def split_operator(
    session: Session, operator_id: int, shops: Collection[int], change_id: int, officer: str, reason: str
) -> OperatorChange:  # fmt: skip
    """Shops leave an operator, or (`change_id`) a merge is taken back; the program does not merge
    the two again of itself."""
    head = head_of(session, known_operator(session, operator_id).id)
    if change_id:
        change = undo(session, change_id, officer, reason)
        if change.operator_id != head:
            raise OperatorError(f"change {change_id} is none of operator {operator_id}")
    else:
        change = split(session, head, shops, officer, reason)
    gone = [shop for shop, _ in change.shops]
    stayed = shops_of(session, head)
    if gone and stayed:
        said_by_officer(session, stayed[0], gone[0], "cut", officer, reason)
    return change


def chance_between(session: Session, one: int, other: int) -> float:
    """How likely two operators are one, by the links that stand (0–1)."""
    return support(links_between(session, shops_of(session, one), shops_of(session, other))).chance
