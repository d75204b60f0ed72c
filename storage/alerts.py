"""The table of alerts: what was to be told, and to whom it was (告警)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.indexes import partial_index
from storage.models import Base

__all__ = ["AlertRow"]


class AlertRow(Base):
    """One thing that was told, or is to be."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("ix_alert_key_made", "key", "made_at"),
        partial_index("ix_alert_pending", "next_at", "state = 'pending'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200))
    """What is the same is told once a day; a clue once."""
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    """pending, sent, part (of one that is sent with others) or given_up."""
    made_at: Mapped[datetime]
    next_at: Mapped[datetime]
    """When it is to be sent, or tried again."""
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    reached: Mapped[list[Any]]
    """Digests of the addresses that have it."""
    error: Mapped[str] = mapped_column(default="")
    """Of the last try."""
