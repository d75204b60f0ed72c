"""What came in by other ways than a sweep (线索来源): files, their rows, and how clues arrived.

Consumers' personal data is masked in all of it; the file as it came is in the evidence vault.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["ClueArrival", "IntakeFile", "IntakeRecord"]


class IntakeFile(Base):
    """A file that was taken in; the same bytes of the same kind are one file."""

    __tablename__ = "intake_file"
    __table_args__ = (UniqueConstraint("kind", "sha256"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """complaint, sampling, inspection, assigned or transferred."""
    profile: Mapped[str] = mapped_column(String(64))
    """How it was read when it first came."""
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    officer: Mapped[str]
    at: Mapped[datetime]


class IntakeRecord(Base):
    """One row of such a file: a complaint, a sample, an inspection. A row that came again with
    other words is another revision; the newest one counts."""

    __tablename__ = "intake_record"
    __table_args__ = (
        UniqueConstraint("kind", "key", "revision"),
        Index("ix_intake_record_state", "state", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("intake_file.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255))
    """Its number in the system it came from, else its digest."""
    revision: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what it says, masked."""
    line: Mapped[int]
    """Of the file, from 1."""
    received_at: Mapped[datetime | None]
    content: Mapped[dict[str, Any]]
    """By field (`clues.intake.fields`), masked."""
    violations: Mapped[list[Any]]
    """`{"violation", "score", "why"}` of each."""
    signals: Mapped[list[Any]]
    """What the detectors find in the seller's words that it quotes."""
    match: Mapped[dict[str, Any]]
    """How it was matched: `{"how", "score", "candidates"}`."""
    findings: Mapped[list[Any]]
    """Of an inspection: what is online against what was declared and withdrawn."""
    state: Mapped[str] = mapped_column(String(16))
    """matched (it stands behind a clue), unmatched (whom it is about is not known), unsorted (what
    is unlawful is not known), clean (nothing amiss) or superseded (by its next revision)."""
    shop_id: Mapped[int | None] = mapped_column(ForeignKey("shop.id"))
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    settled_by: Mapped[str]
    """The officer who said whom it is about or what is unlawful, else ""."""
    at: Mapped[datetime]


class ClueArrival(Base):
    """One way by which a clue came, or came again."""

    __tablename__ = "clue_arrival"
    __table_args__ = (UniqueConstraint("clue_id", "origin"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"))
    way: Mapped[str] = mapped_column(String(16), index=True)
    """sweep, promotion, or the kind of an intake file."""
    origin: Mapped[str] = mapped_column(String(64))
    """``sweep:ID`` or ``record:ID``: nothing arrives twice by the same."""
    sweep_id: Mapped[int | None] = mapped_column(ForeignKey("sweep.id"))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("intake_record.id"), index=True)
    at: Mapped[datetime]
