"""From detections to rows of signals, and to what clues grow from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from clues import Finding, Jurisdiction
from detectors import Detection, Detector
from storage import models as m
from storage.observations import Found, Recorded

__all__ = ["Detected", "finding_of", "write_signals"]

Detected = tuple[Found, Recorded, Detection]


def write_signals(
    session: Session, detector: Detector, detected: Sequence[Detected]
) -> list[list[int]]:
    """Keep the signals; returns their ids, of each detection in the order of its signals."""
    rows = [
        {"observation_id": row.observation_id}
        | {"rule_digest": detector.edition[1][signal.rule][0]}
        | signal.to_dict()
        for _, row, detection in detected
        for signal in detection.signals
    ]
    made = insert(m.SignalRow).returning(m.SignalRow.id, sort_by_parameter_order=True)
    stored: Iterator[int] = iter(session.scalars(made, rows).all() if rows else ())
    return [[next(stored) for _ in detection.signals] for _, _, detection in detected]


def finding_of(detected: Detected, ids: Sequence[int], jurisdiction: Jurisdiction) -> Finding:
    """What a detection, whose signals have these ids, gives to clues."""
    found, row, detection = detected
    by_violation: dict[str, list[int]] = {violation: [] for violation in detection.violations}
    for id_, signal in zip(ids, detection.signals, strict=True):
        if signal.violation in by_violation:
            by_violation[signal.violation].append(id_)
    return Finding(
        shop_id=row.shop_id,
        operator_id=row.operator_id,
        source=found.listing.source,
        goods=found.goods,
        region=jurisdiction.of(found.listing),
        evidence_id=found.evidence_id,
        # A page may be years old; its clue opens or grows now.
        seen_at=datetime.now(UTC),
        violations={
            violation: (detection.scores[violation], signals)
            for violation, signals in by_violation.items()
        },
        pictures=_pictures_of(found, detection),
    )


def _pictures_of(found: Found, detection: Detection) -> dict[str, list[int]]:
    """Evidence ids of the pictures, and of the shop's own pages, in which the words of each
    violation stand."""
    pictures: dict[str, list[int]] = {}
    for signal in detection.signals:
        place = found.listing.in_picture(signal.field).get("image", -1)
        if place in found.pictures:
            pictures.setdefault(signal.violation, []).append(found.pictures[place])
        if signal.field in found.pages:
            pictures.setdefault(signal.violation, []).append(found.pages[signal.field])
    return pictures
