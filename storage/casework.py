"""Tables of what officers do with clues: the log, hand-overs, joint cases, verdicts, penalties.

The log (`clue_event`) can't be changed or cut: triggers of the database refuse UPDATE and DELETE.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["ClueEvent", "FaithWatch", "JointCase", "Penalty", "Transfer", "Verdict"]


class ClueEvent(Base):
    """One step of one clue: who, when, why (日志). Written once, never changed."""

    __tablename__ = "clue_event"
    __table_args__ = (UniqueConstraint("docket", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    docket: Mapped[str] = mapped_column(String(32))
    """Whose log it is; not the clue's id, which a database may give again after a merge."""
    number: Mapped[int]
    """From 1; the clue's version after this step."""
    clue_id: Mapped[int] = mapped_column(index=True)
    """As it was then. No foreign key: the log outlives a clue that was merged into another."""
    action: Mapped[str] = mapped_column(String(16))
    from_state: Mapped[str] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(255))
    why: Mapped[str]
    at: Mapped[datetime]
    """What the clock said."""
    clock_back: Mapped[int] = mapped_column(default=0)
    """Seconds by which the clock stood before the former event's; 0 is as it should be."""
    detail: Mapped[dict[str, Any]]
    former: Mapped[str] = mapped_column(String(64))
    """Hash of the event before, "" of the first."""
    hash: Mapped[str] = mapped_column(String(64))
    """SHA-256 of all the above but the id."""


class JointCase(Base):
    """Clues that several departments look into together (联合查处)."""

    __tablename__ = "joint_case"

    id: Mapped[int] = mapped_column(primary_key=True)
    opened_by: Mapped[str] = mapped_column(String(255))
    opened_at: Mapped[datetime]
    why: Mapped[str]


class Transfer(Base):
    """A clue in the hands of one department, and its answer (移送、反馈)."""

    __tablename__ = "transfer"
    __table_args__ = (Index("ix_transfer_department", "department", "clue_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("joint_case.id"), index=True)
    department: Mapped[str] = mapped_column(String(32))
    """An id of `rules/departments.yaml`."""
    role: Mapped[str] = mapped_column(String(8))
    """lead or joint."""
    grounds: Mapped[list[Any]]
    """Why it is in charge, as it was proposed on that day."""
    sent_by: Mapped[str] = mapped_column(String(255))
    """To whom the answer returns."""
    sent_at: Mapped[datetime]
    why: Mapped[str]
    result: Mapped[str] = mapped_column(String(16), default="")
    """"" until it answered; then upheld, unfounded or declined (not its business)."""
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[str] = mapped_column(String(255), default="")
    answered_at: Mapped[datetime | None]


class Verdict(Base):
    """Whether a clue was right, by the last who decided it (甄别结论)."""

    __tablename__ = "verdict"

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True)
    right: Mapped[bool]
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]


class Penalty(Base):
    """An administrative penalty under the operator on whom it was laid (行政处罚)."""

    __tablename__ = "penalty"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_no: Mapped[str] = mapped_column(String(128), unique=True)
    """行政处罚决定书文号."""
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    clue_id: Mapped[int | None] = mapped_column(ForeignKey("clue.id"), index=True)
    violation: Mapped[str] = mapped_column(String(64))
    content: Mapped[str]
    """行政处罚内容."""
    authority: Mapped[str]
    """作出行政处罚决定的行政机关名称."""
    decided_on: Mapped[date] = mapped_column(Date())
    kind: Mapped[str] = mapped_column(String(16))
    """ordinary, minor (通报批评、较低数额罚款) or warning (仅警告, which is not published)."""
    recorded_by: Mapped[str] = mapped_column(String(255))
    recorded_at: Mapped[datetime]
    published_on: Mapped[date | None] = mapped_column(Date())
    published_by: Mapped[str] = mapped_column(String(255), default="")


class FaithWatch(Base):
    """An operator whose shops are swept with priority (失信关注名单)."""

    __tablename__ = "faith_watch"

    id: Mapped[int] = mapped_column(primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    why: Mapped[str]
    added_by: Mapped[str] = mapped_column(String(255))
    added_at: Mapped[datetime]
    dropped_by: Mapped[str] = mapped_column(String(255), default="")
    dropped_why: Mapped[str] = mapped_column(default="")
    dropped_at: Mapped[datetime | None]
