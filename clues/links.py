"""Links between shops: what two of them have in common, how much it says, and what an officer
said of it.

A link says that two shops may be one operator's. Its strength is the chance (0–1) that one such
thing alone makes them so; the things in common count as independent, but one number that is
both telephone and 微信号 counts once. What more operators have than `crowd` links nobody: the
telephone of a call centre, the address of a warehouse, a stock picture. The strengths are
set by judgement, and measured on the practice town by `python -m bench.operators`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from clues.growth import insert_for
from clues.merging import OperatorError
from storage.models import Shop
from storage.operators import LinkVerdict, ShopFact, ShopLink

__all__ = ["KINDS", "Kind", "Support", "Tie", "judge", "keep_ties", "support"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing that shops have in common."""

    title: str
    strength: float
    crowd: int
    """How many operators may have the same; with more of them it links nobody."""
    most: float = 0.0
    """What many of this kind together come to; 0 where only one counts."""


KINDS = {
    "uscc": Kind("统一社会信用代码", 0.99, 1000),
    "licence": Kind("许可证号", 0.9, 50),
    "bank": Kind("收款账户", 0.9, 20),
    "icp": Kind("备案主体", 0.85, 20),
    "wechat": Kind("微信号", 0.75, 12),
    "phone": Kind("电话", 0.7, 12),
    "name": Kind("名称", 0.8, 12),
    "alike": Kind("名称近似", 0.4, 12),
    "address": Kind("地址", 0.5, 10),
    "picture": Kind("相同图片", 0.2, 20, most=0.5),
    "text": Kind("相同文案", 0.15, 8, most=0.35),
    "officer": Kind("人工认定", 1.0, 0),
}
_SERVICE = ("400", "800", "95", "96")
"""How numbers of call centres begin."""
SERVICE_STRENGTH = 0.3
_LIVE = ("found", "confirmed")
_SLICE = 5000


@dataclass(frozen=True, slots=True)
class Tie:
    """One thing that two shops have in common, before it is kept."""

    one: int
    other: int
    kind: str
    value: str
    strength: float
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for two operators being one."""

    chance: float
    links: tuple[int, ...]
    kinds: tuple[str, ...]
    apart: bool
    """An officer said that they are not."""
    confirmed: bool


def strength_of(kind: str, value: str) -> float:
    """How much one thing of this kind says by itself."""
    if kind == "phone" and value.startswith(_SERVICE):
        return SERVICE_STRENGTH
    return KINDS[kind].strength


def keep_ties(session: Session, ties: Iterable[Tie]) -> None:
    """Keep links; one that is there already stays as it is, with what was said of it."""
    now = datetime.now(UTC)
    rows = {
        (min(tie.one, tie.other), max(tie.one, tie.other), tie.kind, tie.value): {
            "one_id": min(tie.one, tie.other),
            "other_id": max(tie.one, tie.other),
            "kind": tie.kind,
            "value": tie.value,
            "strength": tie.strength,
            "detail": tie.detail,
            "state": "found",
            "found_at": now,
        }
        for tie in ties
    }
    if rows:
        insert = insert_for(session)(ShopLink).on_conflict_do_nothing()
        session.execute(insert, [rows[key] for key in sorted(rows)])


def crowded(session: Session, kind: str, values: Collection[str]) -> list[int]:
    """What too many have no longer links anybody; returns the links that end by it."""
    ended: list[int] = []
    wanted = sorted(values)
    for start in range(0, len(wanted), _SLICE):
        ended += session.scalars(
            update(ShopLink)
            .where(
                ShopLink.kind == kind,
                ShopLink.value.in_(wanted[start : start + _SLICE]),
                ShopLink.state == "found",
            )
            .values(state="crowded")
            .returning(ShopLink.id)
        ).all()
    return ended


def links_between(
    session: Session, ones: Collection[int], others: Collection[int]
) -> list[ShopLink]:
    """The links between any of the one shops and any of the other, crowded ones too."""
    mine, theirs = sorted(ones), sorted(others)
    found: list[ShopLink] = []
    for a in range(0, len(mine), 400):
        for b in range(0, len(theirs), 400):
            left, right = mine[a : a + 400], theirs[b : b + 400]
            found += session.scalars(
                select(ShopLink).where(
                    or_(
                        and_(ShopLink.one_id.in_(left), ShopLink.other_id.in_(right)),
                        and_(ShopLink.one_id.in_(right), ShopLink.other_id.in_(left)),
                    )
                )
            )
    return sorted(found, key=lambda link: (-link.strength, link.id))


def support(links: Iterable[ShopLink]) -> Support:
    """How much these links say that their two sides are one operator."""
    told = list(links)
    live = [link for link in told if link.state in _LIVE]
    # One number may be telephone and 微信号 at once: the same thing counts once.
    best: dict[str, ShopLink] = {}
    for link in live:
        if link.value not in best or link.strength > best[link.value].strength:
            best[link.value] = link
    by_kind: defaultdict[str, list[float]] = defaultdict(list)
    for link in best.values():
        by_kind[link.kind].append(1.0 if link.state == "confirmed" else link.strength)
    against = 1.0
    for kind, strengths in by_kind.items():
        miss = 1.0
        for strength in strengths:
            miss *= 1 - strength
        most = KINDS[kind].most or max(strengths)
        against *= max(miss, 1 - max(most, max(strengths)))
    return Support(
        chance=1 - against if best else 0.0,
        links=tuple(link.id for link in live),
        kinds=tuple(sorted(by_kind)),
        apart=any(link.kind == "officer" and link.state == "cut" for link in told),
        confirmed=any(link.state == "confirmed" for link in live),
    )


def judge(session: Session, link_id: int, verdict: str, officer: str, reason: str) -> ShopLink:
    """An officer's word on a link (``confirm`` or ``cut``), kept for good; returns the link.

    Raises `OperatorError` for a link that is not there, or without a name or a reason.
    """
    link = session.get(ShopLink, link_id)
    if link is None:
        raise OperatorError(f"no link {link_id}; `yunjian operator ID` shows them")
    if not officer.strip() or not reason.strip():
        raise OperatorError("a verdict needs an officer's name and a reason")
    link.state = {"confirm": "confirmed", "link": "confirmed", "cut": "cut"}[verdict]
    session.add(
        LinkVerdict(
            link_id=link.id, verdict=verdict, officer=officer.strip(), reason=reason.strip(), at=datetime.now(UTC)
        )
    )  # fmt: skip
    session.flush()
    return link


def said_by_officer(
    session: Session, one: int, other: int, verdict: str, officer: str, reason: str
) -> ShopLink:
    """An officer's own link between two shops: that they belong together, or that they don't."""
    if one == other:
        raise OperatorError("a shop can't be linked with itself")
    tie = Tie(one, other, "officer", "officer", 1.0, {"one": reason, "other": reason})
    keep_ties(session, [tie])
    link_id = session.scalars(
        select(ShopLink.id).where(
            ShopLink.one_id == min(one, other),
            ShopLink.other_id == max(one, other),
            ShopLink.kind == "officer",
        )
    ).one()
    return judge(session, link_id, verdict, officer, reason)


def holders(session: Session, kind: str, values: Collection[str]) -> dict[str, int]:
    """How many operators (shops, where none is known) have each of these."""
    whom = func.coalesce(Shop.operator_id, -Shop.id)
    found: dict[str, int] = {}
    wanted = sorted(values)
    for start in range(0, len(wanted), _SLICE):
        rows = session.execute(
            select(ShopFact.value, func.count(whom.distinct()))
            .join(Shop, Shop.id == ShopFact.shop_id)
            .where(ShopFact.kind == kind, ShopFact.value.in_(wanted[start : start + _SLICE]))
            .group_by(ShopFact.value)
        )
        found.update({value: count for value, count in rows})
    return found
