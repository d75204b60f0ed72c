"""Tables of sealed evidence: the hash chain, its seals, and who had the evidence in hand.

What is hashed and how is stated in `proof.links`; rows are only ever added.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["ChainHead", "Custody", "EvidenceLink", "EvidenceSeal"]


class ChainHead(Base):
    """The one row (id 1) that says where the chain ends; whoever appends locks it first."""

    __tablename__ = "chain_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    """Of the last link; 0 while there is none."""
    hash: Mapped[str] = mapped_column(String(64))


class EvidenceLink(Base):
    """One link of the chain over all evidence (证据链)."""

    __tablename__ = "evidence_link"

    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    evidence_id: Mapped[int] = mapped_column(unique=True)
    """No foreign key: the chain outlives what is purged by its term, and then says so."""
    at: Mapped[datetime]
    """What the clock said; `clock_back` tells where it is not to be trusted."""
    sha256: Mapped[str] = mapped_column(String(64))
    about: Mapped[str] = mapped_column(String(64))
    former: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    clock_back: Mapped[int] = mapped_column(default=0)
    """Seconds by which the clock stood before the former link's, or before the record's own
    capture; 0 is as it should be."""


class EvidenceSeal(Base):
    """A signed, and where an authority is set time-stamped, statement of the chain's end."""

    __tablename__ = "evidence_seal"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1, without gaps."""
    sequence: Mapped[int]
    """The last link below it."""
    statement: Mapped[str]
    signature: Mapped[str]
    """Base 64."""
    key: Mapped[str]
    """The public key as PEM."""
    stamp: Mapped[str]
    """The authority's answer (DER) in base 64; "" where there is none."""
    no_stamp: Mapped[str]
    """Why there is none."""
    sealed_at: Mapped[datetime]


class Custody(Base):
    """Who did what with a clue's evidence, and when (保管链)."""

    __tablename__ = "custody"
    __table_args__ = (Index("ix_custody_clue_id", "clue_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    clue_id: Mapped[int]
    """No foreign key: it outlives a clue that was merged into another."""
    act: Mapped[str] = mapped_column(String(16))
    """opened or exported."""
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]
    detail: Mapped[str]
