"""Registers of enterprises that bureaus hand over (企业登记名录), and what comparing with them said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["RegistryEntry", "RegistryFile", "RegistryResult"]


class RegistryFile(Base):
    """A file that was loaded."""

    __tablename__ = "registry_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    covers: Mapped[str] = mapped_column(String(12))
    """The division whose enterprises it holds without exception; "" where none is vouched for."""
    rows: Mapped[int]
    rejected: Mapped[int]
    columns: Mapped[dict[str, Any]]
    loaded_at: Mapped[datetime]


class RegistryEntry(Base):
    """An enterprise or trader as it is registered."""

    __tablename__ = "registry_entry"
    __table_args__ = (Index("ix_registry_entry_name", "name"),)

    code: Mapped[str] = mapped_column(String(18), primary_key=True)
    """USCC."""
    name: Mapped[str]
    """As it is compared (`clues.names.plain`)."""
    title: Mapped[str]
    """As the file writes it, where that differs; else ""."""
    status: Mapped[str] = mapped_column(String(32))
    address: Mapped[str]
    district: Mapped[str] = mapped_column(String(12))
    """Division code that the file gives, or ""."""
    file_id: Mapped[int] = mapped_column(ForeignKey("registry_file.id"))


class RegistryResult(Base):
    """What the register says of a name and code that a shop shows."""

    __tablename__ = "registry_result"

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), primary_key=True)
    fact_id: Mapped[int] = mapped_column(ForeignKey("shop_fact.id"), primary_key=True)
    """The name or code that was looked up, with the page that shows it."""
    result: Mapped[str] = mapped_column(String(16), index=True)
    """confirmed, other_name, cancelled, unknown_code, unknown_name or bad_code."""
    code: Mapped[str] = mapped_column(String(18))
    """Of the entry that was found, or ""."""
    file_id: Mapped[int | None] = mapped_column(ForeignKey("registry_file.id"))
    says: Mapped[str]
    checked_at: Mapped[datetime]
