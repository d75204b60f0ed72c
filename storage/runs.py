"""Tables of the schedule: each planned run with its outcome, who acts, and sampled prices."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["PriceSample", "Run", "ScheduleLease"]


class Run(Base):
    """One planned moment of the calendar and what became of it; none stands twice."""

    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("entry", "planned_at"), Index("ix_run_outcome", "outcome"))

    id: Mapped[int] = mapped_column(primary_key=True)
    entry: Mapped[str] = mapped_column(String(64))
    """Of the calendar: `nightly/shops`, `double-11`, `double-11/prices`, …"""
    kind: Mapped[str] = mapped_column(String(16))
    planned_at: Mapped[datetime]
    until: Mapped[datetime]
    """The latest time at which it may still begin; of a nightly run, its window's end."""
    outcome: Mapped[str] = mapped_column(String(16))
    """queued, begun; ended: done, partial, failed, noted; never begun: missed, coalesced, skipped."""
    note: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    sweep_id: Mapped[int | None] = mapped_column(ForeignKey("sweep.id"), unique=True)
    tries: Mapped[int] = mapped_column(default=0)
    """Starts that did not follow on a clean stop."""
    tried_at: Mapped[datetime | None]
    host: Mapped[str] = mapped_column(String(255), default="")
    """The machine whose process does the sweep; "" where workers do."""


class ScheduleLease(Base):
    """Which of several schedulers acts. `beat` counts its renewals: who sees it stand still for
    long enough takes over, by compare-and-set; no two clocks are compared."""

    __tablename__ = "schedule_lease"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(255))
    """"" where it was given back."""
    beat: Mapped[int]
    watermark: Mapped[datetime]
    """All runs planned up to here have been decided."""


class PriceSample(Base):
    """The lowest price at which a listing was seen on a day of China, changed or not."""

    __tablename__ = "price_sample"

    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    price_fen: Mapped[int]
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    """The page that showed it."""
    seen_at: Mapped[datetime]
