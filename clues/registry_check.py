"""Compares what shops show of their operators with the loaded registers: confirms names, finds
forged and cancelled ones, settles the district, and opens clues for what does not hold.

A name's absence says something only where a register vouches for a whole division (`covers`).
A shop that shows somebody else's code leaves that operator: the clue is against the shop, and
not against whose code it shows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clues.growth import Finding, grow
from clues.merging import PROGRAM, split
from clues.names import LEGAL_FORM, likeness, plain
from clues.placing import division_of, settle_places
from clues.registry import covered
from detectors.places import Places
from storage import Store
from storage.models import ListingRow, Observation, Operator, Shop, SignalRow
from storage.operators import ShopFact
from storage.registry import RegistryEntry, RegistryFile, RegistryResult

__all__ = ["Checked", "check_registry"]

_OVER = re.compile("注销|吊销|撤销|歇业清算|解散")
_SAME = 0.9
"""Names at least so alike are one, written with a slip."""
_SHOPS = 2000
_FORGED = ["ecommerce-law-15", "unfair-competition-law-6", "unfair-competition-law-2025"]
_UNLAWFUL = ["ecommerce-law-10", "ecommerce-law-15"]
ACCUSES: dict[str, tuple[str, float, list[str]]] = {
    "other_name": ("forged_name", 0.8, _FORGED),
    "unknown_name": ("forged_name", 0.75, _FORGED),
    "cancelled": ("unlawful_operator", 0.85, _UNLAWFUL),
    "unknown_code": ("unlawful_operator", 0.8, _UNLAWFUL),
}
"""Results for which a clue opens: violation, strength, law."""


@dataclass(slots=True)
class Checked:
    """What a comparison found: shops compared, results by kind, clues opened and grown."""

    shops: int = 0
    results: Counter[str] = field(default_factory=Counter)
    opened: set[int] = field(default_factory=set)
    grown: set[int] = field(default_factory=set)
    separated: int = 0
    """Shops that left the operator whose code they show under another name."""


@dataclass(frozen=True, slots=True)
class _Result:
    fact: ShopFact
    result: str
    says: str
    code: str = ""
    file_id: int | None = None


def check_registry(store: Store, places: Places) -> Checked:
    """Compare every shop with the registers; doing it again changes nothing but the dates."""
    done = Checked()
    last = 0
    while True:
        with store.session() as session:
            shops = session.scalars(
                select(Shop).where(Shop.id > last).order_by(Shop.id).limit(_SHOPS)
            ).all()
            if not shops:
                return done
            last = shops[-1].id
            _check(session, shops, places, done)


def _check(session: Session, shops: Sequence[Shop], places: Places, done: Checked) -> None:
    facts: dict[int, list[ShopFact]] = {}
    ids = [shop.id for shop in shops]
    for fact in session.scalars(
        select(ShopFact)
        .where(ShopFact.shop_id.in_(ids), ShopFact.kind.in_(("uscc", "bad_uscc", "name")))
        .order_by(ShopFact.id)
    ):
        facts.setdefault(fact.shop_id, []).append(fact)
    told = [fact for own in facts.values() for fact in own]
    by_code = _entries(session, RegistryEntry.code, {f.value for f in told if f.kind == "uscc"})
    by_name = _entries(session, RegistryEntry.name, {f.value for f in told if f.kind == "name"})
    cover = _Cover(session, places)
    session.execute(delete(RegistryResult).where(RegistryResult.shop_id.in_(ids)))
    keys = dict(
        session.execute(
            select(Operator.id, Operator.key).where(Operator.id.in_({s.operator_id for s in shops}))
        )
        .tuples()
        .all()
    )
    operators: set[int | None] = set()
    rows: list[dict[str, Any]] = []
    for shop in shops:
        own = facts.get(shop.id, [])
        found = _compare(own, by_code, by_name, cover)
        done.shops += bool(own)
        if not found:
            continue
        rows += [_row(shop.id, one) for one in found]
        done.results.update(one.result for one in found)
        _separate(session, shop, keys, found, done)
        for one in found:
            if one.result in ACCUSES:
                _accuse(session, shop, one, cover, done)
        operators.add(shop.operator_id)
    if rows:
        session.execute(insert(RegistryResult), rows)
    settle_places(session, {one for one in operators if one is not None}, places)


def _entries(session: Session, column: Any, values: set[str]) -> dict[str, list[RegistryEntry]]:
    found: dict[str, list[RegistryEntry]] = {}
    wanted = sorted(values)
    for start in range(0, len(wanted), 1000):
        part = column.in_(wanted[start : start + 1000])
        for entry in session.scalars(select(RegistryEntry).where(part)):
            found.setdefault(getattr(entry, column.key), []).append(entry)
    return found


class _Cover:
    """Which divisions a loaded register vouches for; asked again and again."""

    def __init__(self, session: Session, places: Places) -> None:
        self.session = session
        self.places = places
        self._known: dict[str, RegistryFile | None] = {}

    def of(self, code: str) -> RegistryFile | None:
        """The register that holds every enterprise of the division, or None."""
        if code not in self._known:
            self._known[code] = covered(self.session, code)
        return self._known[code]

    def named(self, name: str) -> str:
        """The division with which a name begins, or ""."""
        named = self.places.named(name[:40])
        return named[0][2] if named and named[0][0] == 0 else ""


def _compare(
    facts: Sequence[ShopFact],
    by_code: dict[str, list[RegistryEntry]],
    by_name: dict[str, list[RegistryEntry]],
    cover: _Cover,
) -> list[_Result]:
    names = [fact for fact in facts if fact.kind == "name"]
    codes = [fact for fact in facts if fact.kind == "uscc"]
    found = []
    for fact in codes:
        entry = next(iter(by_code.get(fact.value, ())), None)
        found += _by_code(fact, entry, names, cover)
    if not codes:
        bad = next((fact for fact in facts if fact.kind == "bad_uscc"), None)
        for fact in names:
            found += _by_name(fact, by_name.get(fact.value, []), bad, cover)
    return found


def _by_code(
    fact: ShopFact, entry: RegistryEntry | None, names: Sequence[ShopFact], cover: _Cover
) -> list[_Result]:
    if entry is None:
        register = cover.of(division_of(fact.value[2:8], cover.places))
        if register is None:
            return []
        says = f"信用代码 {fact.value} 在涵盖 {register.covers} 的名录“{register.name}”中查无"
        return [_Result(fact, "unknown_code", says, file_id=register.id)]
    title = entry.title or entry.name
    found = []
    other = [n for n in names if likeness(n.value, entry.name) < _SAME]
    if names and len(other) == len(names):
        for name in other:
            says = f"公示的信用代码 {entry.code} 登记在“{title}”名下，而页面称“{name.shown}”"
            found.append(_Result(name, "other_name", says, entry.code, entry.file_id))
    elif _OVER.search(entry.status):
        says = f"“{title}”登记状态为“{entry.status}”"
        found.append(_Result(fact, "cancelled", says, entry.code, entry.file_id))
    else:
        with_name = "名称与信用代码一致" if names else "信用代码在册，页面未示名称"
        found.append(
            _Result(fact, "confirmed", f"{with_name}：“{title}”", entry.code, entry.file_id)
        )
    return found


def _by_name(
    fact: ShopFact, entries: Sequence[RegistryEntry], bad: ShopFact | None, cover: _Cover
) -> list[_Result]:
    if entries:
        entry = entries[0]
        if bad is not None:
            says = f"“{fact.shown}”登记的信用代码为 {entry.code}，页面公示的“{bad.shown}”校验不成立"
            return [_Result(fact, "bad_code", says, entry.code, entry.file_id)]
        if all(_OVER.search(one.status) for one in entries):
            says = f"“{fact.shown}”登记状态为“{entry.status}”"
            return [_Result(fact, "cancelled", says, entry.code, entry.file_id)]
        # Anybody can write a name that is registered: it is found, and no more.
        says = f"名称在册（{len(entries)} 条），页面未公示信用代码"
        return [_Result(fact, "name_only", says, entry.code, entry.file_id)]
    if not LEGAL_FORM.search(fact.value):
        return []
    register = cover.of(cover.named(plain(fact.shown)))
    if register is None:
        return []
    says = f"名称“{fact.shown}”在涵盖 {register.covers} 的名录“{register.name}”中查无"
    return [_Result(fact, "unknown_name", says, file_id=register.id)]


def _row(shop_id: int, one: _Result) -> dict[str, Any]:
    return {
        "shop_id": shop_id, "fact_id": one.fact.id, "result": one.result, "code": one.code, "file_id": one.file_id,
        "says": one.says, "checked_at": datetime.now(UTC),
    }  # fmt: skip


def _separate(
    session: Session, shop: Shop, keys: dict[int, str], found: Sequence[_Result], done: Checked
) -> None:
    """A shop under somebody else's code leaves that operator with its clues."""
    if shop.operator_id is None:
        return
    key = keys.get(shop.operator_id, "")
    borrowed = next((o for o in found if o.result == "other_name" and o.code == key), None)
    if borrowed is not None:
        split(session, shop.operator_id, [shop.id], PROGRAM, borrowed.says, all_may_go=True)
        session.refresh(shop)
        done.separated += 1


def _accuse(session: Session, shop: Shop, one: _Result, cover: _Cover, done: Checked) -> None:
    violation, strength, law = ACCUSES[one.result]
    rule = f"registry-{one.result.replace('_', '-')}"
    fact = one.fact
    observation, goods = session.execute(
        select(Observation, ListingRow.goods)
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .where(Observation.id == fact.observation_id)
    ).one()
    signal = session.scalar(
        select(SignalRow.id).where(
            SignalRow.observation_id == observation.id,
            SignalRow.rule == rule,
            SignalRow.text == fact.shown,
        )
    )
    if signal is None:
        signal = session.scalars(
            insert(SignalRow)
            .values(
                observation_id=observation.id, rule=rule, rule_version=1, violation=violation,
                field="operator_name" if fact.kind == "name" else "uscc", start=0, end=len(fact.shown), text=fact.shown,
                strength=strength, reason=one.says, disguise=[], law=law,
            )
            .returning(SignalRow.id)
        ).one()  # fmt: skip
    region = division_of(one.code[2:8], cover.places) if one.result == "cancelled" else cover.named(fact.shown)  # fmt: skip
    tally = grow(
        session, None,
        [
            Finding(
                shop_id=shop.id, operator_id=shop.operator_id, source=shop.source, goods=goods, region=region,
                evidence_id=fact.evidence_id, seen_at=observation.seen_at, violations={violation: (strength, [signal])},
            )
        ],
    )  # fmt: skip
    done.opened |= tally.opened
    done.grown |= tally.grown - done.opened
