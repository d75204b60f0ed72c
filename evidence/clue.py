"""A clue as a pack tells it: plain data, with words in context and the law of the day."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clues import one_clue
from evidence.errors import EvidenceError
from evidence.words import context_of, in_force
from storage.models import ClueSignal, Evidence, ListingRow, Observation, Shop, SignalRow

__all__ = ["clue_data", "packed"]


def clue_data(
    session: Session,
    clue_id: int,
    laws: Mapping[str, Mapping[str, Any]],
    violations: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """All that the store knows of a clue. Raises `EvidenceError` where there is none."""
    view = one_clue(session, clue_id)
    if view is None:
        raise EvidenceError(f"no clue {clue_id}; `yunjian clues` lists them")
    told: dict[str, Any] = asdict(view)
    told["title_of_violation"] = violations.get(view.violation, {}).get("title", view.violation)
    told["signals"] = _signals(session, clue_id)
    cited = {
        id_: signal["seen_at"] for signal in reversed(told["signals"]) for id_ in signal["law"]
    }
    told["laws"] = []
    for id_, seen_at in sorted(cited.items()):
        law = laws.get(id_)
        if law is None or not in_force(law, seen_at):
            continue
        penalty = laws.get(str(law.get("penalty", "")))
        told["laws"].append(
            dict(law)
            | {"on": seen_at}
            | ({"penalty_law": dict(penalty)} if penalty and in_force(penalty, seen_at) else {})
        )
    return told


def _signals(session: Session, clue_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(SignalRow, Observation, ListingRow, Shop.name, Evidence.record_id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .join(Observation, Observation.id == SignalRow.observation_id)
        .join(ListingRow, ListingRow.id == Observation.listing_id)
        .join(Shop, Shop.id == ListingRow.shop_id)
        .outerjoin(Evidence, Evidence.id == Observation.evidence_id)
        .where(ClueSignal.clue_id == clue_id)
        .order_by(SignalRow.strength.desc(), SignalRow.id)
    )
    return [
        {
            "rule": signal.rule,
            "rule_version": signal.rule_version,
            "listing": seen.content.get("title", listing.title),
            "url": listing.url,
            "shop": shop,
            "field": signal.field,
            "start": signal.start,
            "end": signal.end,
            "text": signal.text,
            "context": context_of(
                seen.content, signal.field, signal.start, signal.end, signal.text
            ),
            "strength": signal.strength,
            "disguise": signal.disguise,
            "reason": signal.reason,
            "law": signal.law,
            "seen_at": seen.seen_at,
            "record_id": record_id or "",
        }
        for signal, seen, listing, shop, record_id in rows
    ]


def packed(data: object) -> bytes:
    """As JSON; times as text."""
    return json.dumps(data, ensure_ascii=False, indent=1, default=str).encode(
        "utf-8", "surrogatepass"
    )
