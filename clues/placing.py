"""In whose jurisdiction an operator is (管辖): province, prefecture and county, by everything that
speaks of it, with a confidence; what contradicts is kept and shown, never dropped.

The digits 3–8 of a USCC are the division of the authority that registered it (GB 32100-2015), the
digits 2–7 of a food licence «JY» those of the one that licensed it (食品经营许可和备案管理办法).
Telephone area codes place nobody: the project has no table of them with a known source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clues.growth import insert_for
from detectors.places import Places, agree
from storage.models import Clue, ListingRow, Observation, Operator, Shop
from storage.operators import OperatorPlace, ShopFact
from storage.registry import RegistryEntry, RegistryResult

__all__ = ["Place", "Reason", "division_of", "places_of", "settle_places", "weigh"]

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
"""Newest looks at a shop's listings by which it is told from where it sends."""
_AT_ONCE = 500
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


def places_of(session: Session, operators: Sequence[int], places: Places) -> dict[int, Place]:
    """Where each of some hundred operators is, by what its shops show and the register says."""
    under = {
        shop: operator_id
        for shop, operator_id in session.execute(
            select(Shop.id, Shop.operator_id).where(Shop.operator_id.in_(operators))
        )
        if operator_id is not None
    }
    reasons: dict[int, list[Reason]] = {operator_id: [] for operator_id in operators}
    for shop, reason in _registered(session, list(under), places):
        if reason not in reasons[under[shop]]:
            reasons[under[shop]].append(reason)
    for operator_id, reason in _shown(session, operators, under, places):
        if not any(reason.kind == r.kind and reason.code == r.code for r in reasons[operator_id]):
            reasons[operator_id].append(reason)
    sent = _sent_from(session, under, places)
    total: Counter[int] = Counter()
    for (operator_id, _, _), count in sent.items():
        total[operator_id] += count
    for (operator_id, code, shown), count in sent.items():
        share = count / total[operator_id]
        reasons[operator_id].append(
            Reason("ship_from", f"{shown}（{count}/{total[operator_id]}）", code, round(WEIGHTS["ship_from"] * share, 3))
        )  # fmt: skip
    return {operator_id: weigh(told) for operator_id, told in reasons.items()}


def settle_places(session: Session, operators: Collection[int], places: Places) -> None:
    """Keep where the operators are, and let their clues say so."""
    wanted = sorted(operators)
    for start in range(0, len(wanted), _AT_ONCE):
        found = places_of(session, wanted[start : start + _AT_ONCE], places)
        write = insert_for(session)(OperatorPlace)
        names = ("code", "confidence", "reasons", "contradictions", "settled_at")
        session.execute(
            write.on_conflict_do_update(
                index_elements=["operator_id"], set_={name: write.excluded[name] for name in names}
            ),
            [
                {
                    "operator_id": operator_id,
                    "code": place.code,
                    "confidence": place.confidence,
                    "reasons": [asdict(reason) for reason in place.reasons],
                    "contradictions": [asdict(reason) for reason in place.contradictions],
                    "settled_at": datetime.now(UTC),
                }
                for operator_id, place in found.items()
            ],
        )
        clues = select(Clue).where(Clue.subject.in_([f"operator:{one}" for one in found]))
        for clue in session.scalars(clues):
            place = found[int(clue.subject.partition(":")[2])]
            if place.code and clue.region != place.code:
                clue.region = place.code


def _registered(
    session: Session, shops: Sequence[int], places: Places
) -> Iterator[tuple[int, Reason]]:
    rows = session.execute(
        select(RegistryResult.shop_id, RegistryEntry)
        .join(RegistryEntry, RegistryResult.code == RegistryEntry.code)
        .where(
            RegistryResult.shop_id.in_(shops),
            RegistryResult.result.in_(("confirmed", "cancelled")),
        )
    )
    for shop, entry in rows:
        code = (
            division_of(entry.district, places)
            or places.locate(entry.address)
            or division_of(entry.code[2:8], places)
        )
        if code:
            shown = f"{entry.title or entry.name} {entry.address}".strip()
            yield shop, Reason("registry", shown, code, WEIGHTS["registry"])


def _shown(
    session: Session, operators: Sequence[int], under: Mapping[int, int], places: Places
) -> Iterator[tuple[int, Reason]]:
    facts = session.execute(
        select(ShopFact.shop_id, ShopFact.kind, ShopFact.value, ShopFact.shown, ShopFact.evidence_id)
        .where(
            ShopFact.shop_id.in_(list(under)),
            ShopFact.kind.in_(("uscc", "licence", "name", "shop_name", "address")),
        )
        .order_by(ShopFact.id)
    )  # fmt: skip
    for shop, kind, value, shown, evidence in facts:
        code = ""
        if kind == "uscc":
            code = division_of(value[2:8], places)
        elif kind == "licence" and (number := _JY.match(value)):
            code = division_of(number[1], places)
        elif kind in ("name", "shop_name"):
            code = _begins_with(value, places)
        elif kind == "address":
            code = _address(shown, places)
        if code.isdigit():
            yield under[shop], Reason(kind, shown, code, WEIGHTS[kind], evidence)
    # An address without a door is no fact to link by, and yet tells the place.
    rows = session.execute(
        select(Operator.id, Operator.address).where(
            Operator.id.in_(operators), Operator.address != ""
        )
    )
    for operator_id, address in rows:
        if (code := _address(address, places)).isdigit():
            yield operator_id, Reason("address", address, code, WEIGHTS["address"])


def _address(address: str, places: Places) -> str:
    return places.locate(address) or _begins_with(address, places, True)


def _begins_with(text: str, places: Places, address: bool = False) -> str:
    named = places.named(text[:40], address)
    return named[0][2] if named and named[0][0] == 0 else ""


def _sent_from(
    session: Session, under: Mapping[int, int], places: Places
) -> Counter[tuple[int, str, str]]:
    """How often each operator's newest listings are sent from where."""
    rank = func.row_number().over(partition_by=ListingRow.shop_id, order_by=Observation.id.desc())
    ranked = (
        select(Observation.id, ListingRow.shop_id, rank.label("rank"))
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .where(ListingRow.shop_id.in_(list(under)))
        .subquery()
    )
    rows = session.execute(
        select(ranked.c.shop_id, Observation.content["ship_from"].as_string())
        .join(Observation, Observation.id == ranked.c.id)
        .where(ranked.c.rank <= _LOOKED_AT)
    )
    said: Counter[tuple[int, str, str]] = Counter()
    for shop, shown in rows:
        if shown and (code := places.locate(shown)).isdigit():
            said[under[shop], code, shown] += 1
    return said
