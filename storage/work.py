"""The tables of shared work: who holds what, what each unit of work did, where results led.

A **unit** is all that one sweep has left to ask of one source; one worker does it at a time. A
**lease** is a name (a source, a host, a sweep's end) that one holder has until a time. A **lead** is
a page of a shop that a search result led to while another worker may be at that shop.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base, Json

__all__ = ["LeadRow", "LeaseRow", "UnitRow"]


class LeaseRow(Base):
    """A name that one holder has until a time (占用)."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120))
    """"" where nobody holds it, but it rests until then."""
    until: Mapped[datetime]


class UnitRow(Base):
    """One worker's go at what a sweep has left to ask of one source (分工)."""

    __tablename__ = "unit"
    __table_args__ = (Index("ix_unit_sweep_source", "sweep_id", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"))
    source: Mapped[str] = mapped_column(String(255))
    worker: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(16))
    """running, done, waiting (for the source's hours), interrupted (it stopped in order), crashed
    (its process ended of itself) or lost (its worker did)."""
    summary: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Its share of the sweep's summary as far as the store has it."""
    note: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class LeadRow(Base):
    """A page of a shop, beside its front page, that a result led to."""

    __tablename__ = "lead"

    task_id: Mapped[int] = mapped_column(ForeignKey("task.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the canonical address."""
    url: Mapped[str]
    state: Mapped[str] = mapped_column(String(16), index=True)
    """pending or done."""
