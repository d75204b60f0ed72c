"""Who is behind the shops: what they show of themselves, the links between them, and the record
of every merge and split. Links stand between shops, which never change hands; an operator is
the shops that point to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = [
    "LinkVerdict",
    "NameKey",
    "OperatorChange",
    "OperatorHead",
    "OperatorPlace",
    "ShopFact",
    "ShopLink",
    "UnsettledShop",
]


class ShopFact(Base):
    """One thing by which a shop can be known (识别信息), as one of its pages first showed it."""

    __tablename__ = "shop_fact"
    __table_args__ = (
        UniqueConstraint("shop_id", "kind", "value"),
        Index("ix_shop_fact_kind_value", "kind", "value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    kind: Mapped[str] = mapped_column(String(16))
    """uscc, bad_uscc, licence, icp, wechat, bank, phone, address, name, shop_name or text."""
    value: Mapped[str] = mapped_column(String(255))
    """As it is compared."""
    shown: Mapped[str]
    """As the page writes it."""
    observation_id: Mapped[int] = mapped_column(ForeignKey("observation.id"))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    first_seen: Mapped[datetime]


class NameKey(Base):
    """By what names that are nearly the same are found without comparing all pairs."""

    __tablename__ = "name_key"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(255), primary_key=True)
    """The name as it is compared (`ShopFact.value`)."""


class UnsettledShop(Base):
    """A shop of which something new was seen since its links were last looked for."""

    __tablename__ = "unsettled_shop"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), primary_key=True)


class ShopLink(Base):
    """What two shops have in common (关联)."""

    __tablename__ = "shop_link"
    __table_args__ = (
        UniqueConstraint("one_id", "other_id", "kind", "value"),
        Index("ix_shop_link_other", "other_id"),
        Index("ix_shop_link_kind_value", "kind", "value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    one_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    """The shop with the smaller id."""
    other_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    kind: Mapped[str] = mapped_column(String(16))
    """A kind of fact, `picture`, or `officer` where an officer said so."""
    value: Mapped[str] = mapped_column(String(255))
    strength: Mapped[float] = mapped_column(Float)
    detail: Mapped[dict[str, Any]]
    """What each side shows (`one`, `other`), and the observations and evidence (`observations`,
    `evidence`) that it stands on."""
    state: Mapped[str] = mapped_column(String(16))
    """found, crowded (too many have it: it links nobody), confirmed or cut."""
    found_at: Mapped[datetime]


class LinkVerdict(Base):
    """What an officer said of a link; only ever added to."""

    __tablename__ = "link_verdict"

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("shop_link.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(16))
    """link, confirm or cut."""
    officer: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class OperatorHead(Base):
    """Under which operator the shops of a merged one now stand."""

    __tablename__ = "operator_head"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), primary_key=True)
    head_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)


class OperatorChange(Base):
    """A merge or a split (合并、拆分); only ever added to, and enough to restore what was."""

    __tablename__ = "operator_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """adopt (a page named the operator), merge, split or undo."""
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), index=True)
    """Who took the shops in, or who gave them away."""
    other_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"), index=True)
    """From whom they came, or to whom they went; None of shops that named nobody."""
    shops: Mapped[list[Any]]
    """The shops that moved, each as `[id, the operator that it was under before, or None]`."""
    clues: Mapped[list[Any]]
    """What became of each clue: see `clues.folding`."""
    links: Mapped[list[Any]]
    """Ids of the links that it stands on."""
    officer: Mapped[str]
    """An officer's name, or `yunjian` where it followed from links."""
    reason: Mapped[str]
    at: Mapped[datetime]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("operator_change.id"), unique=True)
    """Of an undo: the merge that it takes back, which can be taken back once."""
    automatic: Mapped[bool] = mapped_column(Boolean)


class OperatorPlace(Base):
    """In whose jurisdiction an operator is (管辖), with what speaks for it and against it."""

    __tablename__ = "operator_place"

    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(12), index=True)
    confidence: Mapped[float] = mapped_column(Float)
    reasons: Mapped[list[Any]]
    contradictions: Mapped[list[Any]]
    settled_at: Mapped[datetime]
