"""In whose jurisdiction an operator is (管辖): province, prefecture and county, by everything that
speaks of it, with a confidence; what contradicts is kept and shown, never dropped.

The digits 3–8 of a USCC are the division of the authority that registered it (GB 32100-2015), the
digits 2–7 of a food licence «JY» those of the one that licensed it (食品经营许可和备案管理办法).
Telephone area codes place nobody: the project has no table of them with a known source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clues.growth import insert_for
from clues.merging import shops_of
from detectors.places import Places, agree
from storage.models import Clue, ListingRow, Observation, Operator, Shop
from storage.operators import OperatorPlace, ShopFact
from storage.registry import RegistryEntry, RegistryResult

__all__ = ["Place", "Reason", "division_of", "place_of", "settle_place", "weigh"]

WEIGHTS = {
    "registry": 0.98,
    "uscc": 0.9,
    "licence": 0.8,
    "address": 0.75,
    "name": 0.7,
    "ship_from": 0.35,
    "shop_name": 0.2,
}
"""How sure each kind of reason makes by itself."""
TITLES = {
    "registry": "登记名录", "uscc": "信用代码登记机关", "licence": "食品经营许可证", "address": "经营地址", "name": "企业名称",
    "ship_from": "发货地", "shop_name": "店名自称",
}  # fmt: skip
_OPPOSED = 0.6
_LOOKED_AT = 50
_JY = re.compile(r"JY\d(\d{6})\d{7}$")


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for a place."""

    kind: str
    shown: str
    code: str
    weight: float
    evidence_id: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator is; `code` "" where nothing tells."""

    code: str
    confidence: float
    reasons: tuple[Reason, ...]
    contradictions: tuple[Reason, ...]
    """Those of the reasons that speak of another place."""


def division_of(digits: str, places: Places) -> str:
    """The division that six digits name, as narrow as it is known: 530000 is 53, 530100 is 5301,
    and of a county that is no more its prefecture; "" where not even the province is known."""
    for length in (6, 4, 2):
        code = digits[:length]
        if len(code) == length and code in places.names and not code.endswith("00"):
            return code
    return ""


def weigh(reasons: Iterable[Reason]) -> Place:
    """The place for which most speaks, from the province down as far as the reasons lead."""
    told = tuple(sorted(reasons, key=lambda reason: -reason.weight))
    best = ""
    for length in (2, 4, 6):
        codes = {r.code[:length] for r in told if len(r.code) >= length and r.code.startswith(best)}
        if not codes:
            break
        best = max(sorted(codes), key=lambda code: _chance(code, told))
    return Place(
        code=best,
        confidence=round(_chance(best, told), 3) if best else 0.0,
        reasons=told,
        contradictions=tuple(reason for reason in told if not agree(reason.code, best)),
    )


def _chance(code: str, reasons: Sequence[Reason]) -> float:
    for_it, against = 1.0, 1.0
    kinds: set[tuple[str, str]] = set()
    for reason in reasons:
        if (reason.kind, reason.code) in kinds:
            continue
        kinds.add((reason.kind, reason.code))
        if reason.code.startswith(code):
            for_it *= 1 - reason.weight
        elif not code.startswith(reason.code):
            against *= 1 - reason.weight
    return (1 - for_it) * (1 - _OPPOSED * (1 - against))


def place_of(session: Session, operator_id: int, places: Places) -> Place:
    """Where the operator is, by what its shops show and the register says."""
    shops = shops_of(session, operator_id)
    reasons = [*_registered(session, shops, places), *_shown(session, operator_id, shops, places)]
    sent = _sent_from(session, shops, places)
    total = sum(sent.values())
    for (code, shown), count in sent.items():
        reasons.append(
            Reason("ship_from", f"{shown}（{count}/{total}）", code, WEIGHTS["ship_from"] * count / total)
        )  # fmt: skip
    return weigh(reasons)


def settle_place(session: Session, operator_id: int, places: Places) -> Place:
    """Keep where the operator is, and let its clues say so; returns the place."""
    place = place_of(session, operator_id, places)
    row: dict[str, Any] = {
        "code": place.code,
        "confidence": place.confidence,
        "reasons": [asdict(reason) for reason in place.reasons],
        "contradictions": [asdict(reason) for reason in place.contradictions],
        "settled_at": datetime.now(UTC),
    }
    session.execute(
        insert_for(session)(OperatorPlace)
        .values(operator_id=operator_id, **row)
        .on_conflict_do_update(index_elements=["operator_id"], set_=row)
    )
    if place.code:
        session.execute(
            update(Clue)
            .where(Clue.subject == f"operator:{operator_id}", Clue.region != place.code)
            .values(region=place.code)
        )
    return place


def _registered(session: Session, shops: Sequence[int], places: Places) -> list[Reason]:
    rows = session.execute(
        select(RegistryEntry)
        .join(RegistryResult, RegistryResult.code == RegistryEntry.code)
        .where(
            RegistryResult.shop_id.in_(shops),
            RegistryResult.result.in_(("confirmed", "cancelled")),
        )
        .distinct()
    ).scalars()
    found = []
    for entry in rows:
        code = division_of(entry.district, places) or places.locate(entry.address) or division_of(entry.code[2:8], places)  # fmt: skip
        if code:
            shown = f"{entry.title or entry.name} {entry.address}".strip()
            found.append(Reason("registry", shown, code, WEIGHTS["registry"]))
    return found


def _shown(
    session: Session, operator_id: int, shops: Sequence[int], places: Places
) -> list[Reason]:
    facts = session.execute(
        select(ShopFact.kind, ShopFact.value, ShopFact.shown, ShopFact.evidence_id)
        .where(
            ShopFact.shop_id.in_(shops), ShopFact.kind.in_(("uscc", "licence", "name", "shop_name"))
        )
        .order_by(ShopFact.id)
    ).all()
    found: dict[tuple[str, str, str], Reason] = {}

    def say(kind: str, shown: str, code: str, evidence: int | None = None) -> None:
        if code.isdigit():
            reason = Reason(kind, shown, code, WEIGHTS[kind], evidence)
            found.setdefault((kind, shown, code), reason)

    for kind, value, shown, evidence in facts:
        if kind == "uscc":
            say(kind, shown, division_of(value[2:8], places), evidence)
        elif kind == "licence" and (number := _JY.match(value)):
            say(kind, shown, division_of(number[1], places), evidence)
        elif kind in ("name", "shop_name"):
            say(kind, shown, _begins_with(value, places), evidence)
    addresses = session.execute(
        select(Operator.address)
        .where(Operator.id == operator_id)
        .union(
            select(ShopFact.shown).where(ShopFact.shop_id.in_(shops), ShopFact.kind == "address")
        )
    ).scalars()
    for address in addresses:
        say("address", address, places.locate(address) or _begins_with(address, places, True))
    return list(found.values())


def _begins_with(text: str, places: Places, address: bool = False) -> str:
    named = places.named(text[:40], address)
    return named[0][2] if named and named[0][0] == 0 else ""


def _sent_from(session: Session, shops: Sequence[int], places: Places) -> Counter[tuple[str, str]]:
    rows = session.scalars(
        select(Observation.content)
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .join(Shop, Shop.id == ListingRow.shop_id)
        .where(Shop.id.in_(shops))
        .order_by(Observation.id.desc())
        .limit(_LOOKED_AT)
    )
    said: Counter[tuple[str, str]] = Counter()
    for content in rows:
        shown = str(content.get("ship_from", ""))
        code = places.locate(shown)
        if code.isdigit():
            said[code, shown] += 1
    return said
