"""The tables. Prices are CNY fen (whole numbers), times are UTC.

One listing has many observations (one per change of what it says), an observation has
signals and stands on evidence; clues gather signals and evidence by operator (or shop)
and violation.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storage.indexes import partial_index

__all__ = [
    "Base",
    "Clue",
    "ClueEvidence",
    "ClueSignal",
    "Evidence",
    "Incident",
    "ListingRow",
    "Observation",
    "Operator",
    "Picture",
    "PictureBand",
    "Shop",
    "SignalRow",
    "SourceRow",
    "Sweep",
    "TaskRow",
]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on both databases (SQLite keeps no zone of its own)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC on the way in; a time without a zone is a mistake."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC on the way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
Id = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    """All tables of the store; names of constraints are fixed so that migrations find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
        int: Id,
        str: Text,
    }


class SourceRow(Base):
    """A site that can be swept, built in or found on the way (来源)."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    """`baidu`, `taobao`, …; of an independent shop its host name."""
    kind: Mapped[str] = mapped_column(String(32))
    title: Mapped[str]
    home: Mapped[str]
    how_found: Mapped[str]
    added_at: Mapped[datetime]


class Sweep(Base):
    """One run over a plan (巡检)."""

    __tablename__ = "sweep"
    __table_args__ = (Index("ix_sweep_mode_state_ended", "mode", "state", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    """running, done, interrupted, or waiting (for the hours of a source)."""
    plan: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class TaskRow(Base):
    """The part of a sweep that one worker does: one source, one query, some pages (任务)."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("sweep_id", "key"),
        # Few tasks are pending of all that ever were.
        partial_index("ix_task_pending", "sweep_id", "state = 'pending'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"))
    key: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what is asked of whom: no task stands twice in a sweep."""
    source: Mapped[str] = mapped_column(String(255))
    reader: Mapped[str] = mapped_column(String(64))
    goods: Mapped[str] = mapped_column(String(64))
    query: Mapped[str]
    start_url: Mapped[str]
    pages: Mapped[int]
    priority: Mapped[int] = mapped_column(default=0)
    """What is higher is asked first."""
    item: Mapped[bool] = mapped_column(default=False)
    """Whether `start_url` is one item page, and nothing else is asked."""
    state: Mapped[str] = mapped_column(String(16))
    """pending, done or failed."""
    note: Mapped[str]
    answers: Mapped[int] = mapped_column(default=0)
    """Pages that came and were no block."""
    items: Mapped[int] = mapped_column(default=0)
    """Listings or results that they named."""
    whole: Mapped[bool] = mapped_column(default=True)
    """Whether it went to its end, not to that of a budget."""
    poorest_url: Mapped[str] = mapped_column(default="")
    """Of its pages the one with the fewest items."""
    poorest_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))


class Operator(Base):
    """The legal person behind one or more shops (经营主体), as the pages state it."""

    __tablename__ = "operator"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255), unique=True)
    """USCC where a well-formed one is shown, else the name."""
    name: Mapped[str]
    uscc: Mapped[str] = mapped_column(String(32))
    licence_no: Mapped[str]
    phone: Mapped[str]
    address: Mapped[str]
    first_seen: Mapped[datetime]


class Shop(Base):
    """A storefront on a source (网店)."""

    __tablename__ = "shop"
    __table_args__ = (UniqueConstraint("source", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(255))
    name: Mapped[str]
    url: Mapped[str]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"), index=True)
    first_seen: Mapped[datetime]


class ListingRow(Base):
    """One product page of one shop (商品页); what it said is in its observations."""

    __tablename__ = "listing"
    __table_args__ = (UniqueConstraint("source", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(512))
    """Canonical address, shortened by its hash where it is very long."""
    url: Mapped[str]
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), index=True)
    goods: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str]
    price_fen: Mapped[int | None]
    content_hash: Mapped[str] = mapped_column(String(64))
    """Of the newest observation."""
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]


class Evidence(Base):
    """A record in the vault (证据): a page or a screenshot, with its SHA-256."""

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_sweep_fingerprint", "sweep_id", "fingerprint"),
        Index("ix_evidence_fingerprint", "fingerprint"),
        UniqueConstraint("record_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int | None] = mapped_column(ForeignKey("sweep.id"))
    kind: Mapped[str] = mapped_column(String(16))
    """page, redirect, block, robots, picture (of a listing), screenshot (of a page), wire (what
    the server sent to the browser) or certificate (the chain that a site showed)."""
    url: Mapped[str]
    status: Mapped[int]
    content_type: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the payload as it was received."""
    size: Mapped[int]
    warc_file: Mapped[str]
    warc_offset: Mapped[int]
    record_id: Mapped[str] = mapped_column(String(64))
    rendered: Mapped[bool]
    """Whether it is the document after a browser ran its scripts."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Of the request, so that a resumed sweep does not ask again."""
    fetched_at: Mapped[datetime]
    etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[str] = mapped_column(default="")
    original_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    """Of a page found unchanged: the record that has its payload."""


class Observation(Base):
    """A listing as it stood at one time (快照)."""

    __tablename__ = "observation"
    __table_args__ = (Index("ix_observation_listing_seen", "listing_id", "seen_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    sweep_id: Mapped[int | None] = mapped_column(ForeignKey("sweep.id"), index=True)
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    content_hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    price_fen: Mapped[int | None]
    seen_at: Mapped[datetime]


class Picture(Base):
    """A picture that a listing showed, by its perceptual hash (图片)."""

    __tablename__ = "picture"

    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), primary_key=True)
    phash: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    url: Mapped[str]
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))


class PictureBand(Base):
    """Parts of perceptual hashes: hashes that are nearly the same have a part in common."""

    __tablename__ = "picture_band"

    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    phash: Mapped[str] = mapped_column(String(64), primary_key=True)


class SignalRow(Base):
    """One detector's finding in one observation (信号)."""

    __tablename__ = "signal"

    id: Mapped[int] = mapped_column(primary_key=True)
    observation_id: Mapped[int] = mapped_column(ForeignKey("observation.id"), index=True)
    rule: Mapped[str] = mapped_column(String(128))
    rule_version: Mapped[int]
    rule_digest: Mapped[str] = mapped_column(String(16), default="")
    """Of the rule as it stood then (`detectors.editions`)."""
    violation: Mapped[str] = mapped_column(String(64))
    field: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[str]
    strength: Mapped[float]
    reason: Mapped[str]
    disguise: Mapped[list[Any]]
    law: Mapped[list[Any]]


class Clue(Base):
    """One operator (or shop) × one violation (线索)."""

    __tablename__ = "clue"
    __table_args__ = (
        UniqueConstraint("subject", "violation"),
        Index("ix_clue_state_score", "state", "score"),
        Index("ix_clue_state_violation", "state", "violation"),
        # The order of the list: its first page is read without looking at every clue.
        Index("ix_clue_score_grown_at", "score", "grown_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    """`operator:ID` where the operator is known, else `shop:ID`."""
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    """The shop where it was first seen."""
    violation: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16))
    score: Mapped[float]
    goods: Mapped[list[Any]]
    sources: Mapped[list[Any]]
    region: Mapped[str] = mapped_column(String(12), index=True)
    """Administrative division code as far as it is known, else ""."""
    intake: Mapped[str] = mapped_column(String(16))
    sweep_id: Mapped[int | None] = mapped_column(ForeignKey("sweep.id"))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    grown_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=0)
    """How many steps officers took with it; the number of its last `ClueEvent`."""
    docket: Mapped[str] = mapped_column(
        String(32), index=True, unique=True, default=lambda: uuid4().hex
    )
    """By which its log is kept; never given twice."""


class ClueSignal(Base):
    """Which signals a clue rests on."""

    __tablename__ = "clue_signal"

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True)
    signal_id: Mapped[int] = mapped_column(ForeignKey("signal.id"), primary_key=True, index=True)


class ClueEvidence(Base):
    """Which evidence a clue rests on."""

    __tablename__ = "clue_evidence"

    clue_id: Mapped[int] = mapped_column(ForeignKey("clue.id"), primary_key=True)
    evidence_id: Mapped[int] = mapped_column(
        ForeignKey("evidence.id"), primary_key=True, index=True
    )


class Incident(Base):
    """What a sweep could not see, and why: a block, a failure, a page that can't be read; and
    what it waited for, what an officer's order let it see, what makes a source doubtful."""

    __tablename__ = "incident"
    __table_args__ = (partial_index("ix_incident_drift", "at", "kind = 'drift'"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweep.id"), index=True)
    source: Mapped[str] = mapped_column(String(255))
    host: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    """block, failure, unread, empty, wait, exception or drift."""
    what: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str]
    url: Mapped[str]
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    at: Mapped[datetime]


# Tables in files of their own, so that whoever has these has all.
from storage import alerts as _alerts  # noqa: E402, F401
from storage import casework as _casework  # noqa: E402, F401
from storage import chain as _chain  # noqa: E402, F401
from storage import hunts as _hunts  # noqa: E402, F401
from storage import intake as _intake  # noqa: E402, F401
from storage import people as _people  # noqa: E402, F401
from storage import privacy as _privacy  # noqa: E402, F401
from storage import prunings as _prunings  # noqa: E402, F401
from storage import runs as _runs  # noqa: E402, F401
from storage import search as _search  # noqa: E402, F401
from storage import webhooks as _webhooks  # noqa: E402, F401
from storage import work as _work  # noqa: E402, F401
