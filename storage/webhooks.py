"""Programs that are told of new clues, and what of it has arrived."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.indexes import partial_index
from storage.models import Base

__all__ = ["Delivery", "Webhook"]


class Webhook(Base):
    """An address that new clues are sent to."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]
    secret: Mapped[str] = mapped_column(String(64))
    """Signs what is sent, so it must be kept as it is; it opens nothing here."""
    violation: Mapped[str] = mapped_column(String(64))
    """Of this one alone; "" is all."""
    goods: Mapped[str] = mapped_column(String(64))
    region: Mapped[str] = mapped_column(String(12))
    """Division code; those below count too."""
    min_score: Mapped[float]
    active: Mapped[bool] = mapped_column(default=True)
    cursor: Mapped[int] = mapped_column(default=0)
    """The highest clue id that was looked at."""
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    """Clues that were opened before are not told."""


class Delivery(Base):
    """One clue for one address."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_id", "clue_id"),
        partial_index("ix_webhook_delivery_pending", "next_at", "state = 'pending'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))
    clue_id: Mapped[int]
    """No foreign key: it is kept when the clue is folded into another or purged."""
    state: Mapped[str] = mapped_column(String(16))
    """pending, sent, given_up, or gone (there is no such clue any more)."""
    made_at: Mapped[datetime]
    next_at: Mapped[datetime]
    """When it is to be sent, or tried again."""
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(default="")
    """Of the last try."""
