"""Who opened what, and what was purged when its time was over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["Access", "Purge", "PurgeItem"]


class Access(Base):
    """An officer opened a clue, a piece of evidence or an intake record (查阅记录)."""

    __tablename__ = "access"
    __table_args__ = (Index("ix_access_what", "what", "target"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    officer: Mapped[str] = mapped_column(String(255), index=True)
    what: Mapped[str] = mapped_column(String(16))
    """clue, evidence or intake."""
    target: Mapped[str] = mapped_column(String(255))
    """Its id."""
    via: Mapped[str] = mapped_column(String(64))
    """The command or page."""
    at: Mapped[datetime]


class Purge(Base):
    """One purge, with the periods that were in force (清理记录)."""

    __tablename__ = "purge"

    id: Mapped[int] = mapped_column(primary_key=True)
    officer: Mapped[str]
    periods: Mapped[dict[str, Any]]
    """Days by kind."""
    at: Mapped[datetime]


class PurgeItem(Base):
    """What a purge took away: enough to tell afterwards that it was there."""

    __tablename__ = "purge_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    purge_id: Mapped[int] = mapped_column(ForeignKey("purge.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    """The kind in `rules/retention.yaml`."""
    what: Mapped[str]
    """The evidence file's name, or the range of rows."""
    sha256: Mapped[str]
    """Of an evidence file."""
    count: Mapped[int]
    """Records or rows in it."""
    done_at: Mapped[datetime | None]
    """None where the purge was stopped before it; the next one finishes it."""
