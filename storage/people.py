"""Who may open the desk: accounts, their sessions, tokens of programs, saved searches.

Passwords are kept as Argon2id hashes, sessions and tokens as SHA-256 of what the browser or
the program holds: who reads the store can't act as anybody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models import Base

__all__ = ["Account", "ApiToken", "DeskSession", "LoginTry", "SavedSearch"]


class Account(Base):
    """An officer who uses the desk."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    """By which one logs in; lower case."""
    officer: Mapped[str] = mapped_column(String(100))
    """As it stands in the log of clues."""
    password: Mapped[str]
    role: Mapped[str] = mapped_column(String(16))
    """viewer, analyst, reviewer or administrator."""
    region: Mapped[str] = mapped_column(String(12))
    """Division code of what is seen; "" is everything."""
    active: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    """Wrong passwords since the last right one."""
    locked_until: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    password_at: Mapped[datetime]


class DeskSession(Base):
    """A browser that is logged in."""

    __tablename__ = "desk_session"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of what stands in the cookie."""
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    csrf: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    """Written at most once a minute."""


class LoginTry(Base):
    """An attempt to log in, for the limit by address."""

    __tablename__ = "login_try"
    __table_args__ = (Index("ix_login_try_address_at", "address", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    right: Mapped[bool]
    at: Mapped[datetime]


class ApiToken(Base):
    """What a program shows to the API."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    """It may never do more than this account."""
    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token."""
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    """Written at most once a minute."""
    revoked_at: Mapped[datetime | None]


class SavedSearch(Base):
    """Filters of the list of clues that an officer keeps under a name."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[str]
    """As it stands in the address after `?`."""
    created_at: Mapped[datetime]
