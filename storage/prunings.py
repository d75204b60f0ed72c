"""The record of what was pruned: nothing leaves the store without a trace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["Pruning"]


class Pruning(Base):
    """One run of `yunjian db prune`."""

    __tablename__ = "pruning"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    before: Mapped[datetime]
    """Observations before this time were looked at."""
    state: Mapped[str] = mapped_column(String(16))
    """running or done."""
    removed: Mapped[dict[str, Any]]
    """Rows by table, and the first and the last observation that went."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 chained over «id content_hash\\n» of each observation that went, in order."""
