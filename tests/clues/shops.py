"""Shops as a sweep records them, for tests of operators; every name and number is made up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from clues import Finding, grow, keep_facts, keep_pictures, settle_operators
from clues.settling import Settled
from detectors.places import Places
from listing import Listing
from storage import Store
from storage import models as m
from storage.observations import Found, Recorded, record

NOW = datetime(2026, 11, 11, 2, tzinfo=UTC)
ONE_CODE = "91530102MA6HYLW34Y"
OTHER_CODE = "91532822MA1GK6YX58"
PLACES = Places(
    {
        "53": "云南省", "5301": "昆明市", "530102": "五华区", "530103": "盘龙区", "5328": "西双版纳傣族自治州",
        "532822": "勐海县", "5326": "文山壮族苗族自治州", "44": "广东省", "4401": "广州市", "440103": "荔湾区",
    }
)  # fmt: skip


def shop(store: Store, name: str, number: int = 1, own_site: bool = False, **said: Any) -> Recorded:
    """A look at a listing of a shop that shows this of its operator."""
    listing = Listing.from_dict(
        {"title": f"{name}的茶{number}", "source": "taobao", "shop_name": name, **said}
    )
    host = f"{name}.example" if own_site else ""
    found = Found(listing, f"http://x.example/{name}/{number}", host, "tea", None, NOW)
    with store.session() as session:
        (row,) = record(session, None, [found])
        keep_pictures(session, [(found, row)])
        keep_facts(session, [(found, row)], PLACES)
    return row


def settled(store: Store) -> Settled:
    return settle_operators(store, PLACES)


def operator_of(store: Store, row: Recorded) -> int | None:
    with store.session() as session:
        return session.scalars(select(m.Shop.operator_id).where(m.Shop.id == row.shop_id)).one()


def accuse(store: Store, row: Recorded, violation: str = "false_claim", strength: float = 0.8, text: str = "茶") -> int:  # fmt: skip
    """A clue's id, opened or grown by a signal on this look."""
    with store.session() as session:
        signal = session.scalars(
            insert(m.SignalRow)
            .values(
                observation_id=row.observation_id, rule="r", rule_version=1, violation=violation, field="title",
                start=0, end=1, text=text, strength=strength, reason="", disguise=[], law=[],
            )
            .returning(m.SignalRow.id)
        ).one()  # fmt: skip
        whose = session.scalars(select(m.Shop.operator_id).where(m.Shop.id == row.shop_id)).one()
        finding = Finding(row.shop_id, whose, "taobao", "tea", "", None, NOW, {violation: (strength, [signal])})  # fmt: skip
        tally = grow(session, None, [finding])
        (clue,) = tally.opened | tally.grown
    return clue


def state(store: Store) -> dict[str, Any]:
    """All shops, clues and what clues rest on, to be compared with a later state."""
    with store.session() as session:
        return {
            "shops": sorted(session.execute(select(m.Shop.id, m.Shop.operator_id)).tuples()),
            "clues": sorted(
                session.execute(
                    select(
                        m.Clue.id, m.Clue.subject, m.Clue.operator_id, m.Clue.shop_id, m.Clue.violation, m.Clue.state,
                        m.Clue.score, m.Clue.opened_at, m.Clue.grown_at,
                    )
                ).tuples()
            ),
            "goods": [tuple(g) for g in session.scalars(select(m.Clue.goods).order_by(m.Clue.id))],
            "signals": sorted(session.execute(select(m.ClueSignal.clue_id, m.ClueSignal.signal_id)).tuples()),
            "evidence": sorted(session.execute(select(m.ClueEvidence.clue_id, m.ClueEvidence.evidence_id)).tuples()),
        }  # fmt: skip
