"""Tables of the retro-hunt: which rules looked at what, and what new rules find in old pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["Hunt", "HuntClue", "HuntFind", "HuntSlice", "RuleEdition", "Superseded", "SweepEdition"]


class RuleEdition(Base):
    """The rules as they once stood: the digest of each."""

    __tablename__ = "rule_edition"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    rules: Mapped[dict[str, Any]]
    """rule id → [digest, violation]."""
    first_used: Mapped[datetime]


class SweepEdition(Base):
    """With which rules a sweep looked; one that was resumed may have two."""

    __tablename__ = "sweep_edition"

    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"), primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("rule_edition.id"), primary_key=True)


class Hunt(Base):
    """One run of rules over what was seen before (回溯)."""

    __tablename__ = "hunt"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(ForeignKey("rule_edition.id"))
    rules: Mapped[list[Any]]
    """Ids of the rules it is about, those that are gone from the rules too."""
    scope: Mapped[dict[str, Any]]
    """`goods` and `since`, empty where it is about everything."""
    state: Mapped[str] = mapped_column(String(16))
    """looking, ready (to be applied), applying or done."""
    workers: Mapped[str] = mapped_column(String(8))
    """preview or apply: what is left to workers; empty where the command's own process does it."""
    last_id: Mapped[int]
    """The newest observation when it began; what came later is the sweeps' own."""
    looked_to: Mapped[int]
    """All observations to this id were looked at."""
    applied_to: Mapped[int]
    """All finds to this observation are in the store."""
    seen: Mapped[int]
    """Observations that were looked at."""
    problems: Mapped[list[Any]]
    preview: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class HuntSlice(Base):
    """A part of a hunt that is left to workers, `after` < id <= `to`, or, where these are the
    hunt's last observation, its end."""

    __tablename__ = "hunt_slice"

    hunt_id: Mapped[int] = mapped_column(ForeignKey("hunt.id"), primary_key=True)
    after: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    to: Mapped[int]
    looked_to: Mapped[int]
    """All of its observations to this id were looked at."""
    seen: Mapped[int]
    """Observations that were looked at."""
    problems: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(8))
    """open, done or failed."""
    tries: Mapped[int]
    """How often somebody set about it since its cursor last moved."""
    note: Mapped[str]
    """Why it failed, or crashed last."""
    rests_until: Mapped[datetime | None]


class HuntFind(Base):
    """What would change at one observation; nothing but this table knows until it is applied."""

    __tablename__ = "hunt_find"

    hunt_id: Mapped[int] = mapped_column(ForeignKey("hunt.id"), primary_key=True)
    observation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Without a foreign key: a find must not keep an old observation from being pruned."""
    comes: Mapped[list[Any]]
    """New signals."""
    goes: Mapped[list[Any]]
    """[id, violation] of signals that the rules give no more."""
    keeps: Mapped[dict[str, Any]]
    """violation → ids of the signals that stay."""
    scores: Mapped[dict[str, Any]]
    """violation → score, of those that would open a clue or let it grow."""
    region: Mapped[str] = mapped_column(String(12))
    pictures: Mapped[dict[str, Any]]
    """violation → addresses of the pictures in which its new words stand."""


class HuntClue(Base):
    """Which clues an applied hunt opened and which it let grow."""

    __tablename__ = "hunt_clue"

    hunt_id: Mapped[int] = mapped_column(ForeignKey("hunt.id"), primary_key=True)
    clue_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    violation: Mapped[str] = mapped_column(String(64))
    opened: Mapped[bool]


class Superseded(Base):
    """A signal that the rules would give no more, and the hunt that said so. The signal stays."""

    __tablename__ = "superseded"

    signal_id: Mapped[int] = mapped_column(ForeignKey("signal.id"), primary_key=True)
    hunt_id: Mapped[int] = mapped_column(ForeignKey("hunt.id"), index=True)
    at: Mapped[datetime]
