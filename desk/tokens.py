"""Tokens of programs: made and shown once, kept as SHA-256, bounded by their account."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from desk.people import PeopleError, secret_key
from desk.roles import PERMISSIONS, may
from storage.people import Account, ApiToken

__all__ = ["LONGEST", "make_token", "revoke_token", "token_of", "token_used", "tokens_of"]

PREFIX = "yj_"
"""By which a token that leaked is found."""
LONGEST = 366
"""Days that a token may be good for."""
MOST = 50
"""Of one account that stand at once."""


def make_token(
    session: Session, account: Account, name: str, scopes: Sequence[str], days: int
) -> tuple[ApiToken, str]:
    """A new token of an account, and its secret, which is kept nowhere.

    Raises `PeopleError` for a scope that the account's role has not.
    """
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise PeopleError("令牌名称：1 至 100 个可见字符")
    wanted = [one for one in PERMISSIONS if one in scopes]
    if not wanted or set(scopes) - set(wanted):
        raise PeopleError(f"权限从中选择：{', '.join(PERMISSIONS)}")
    if over := [one for one in wanted if not may(account.role, one)]:
        raise PeopleError(f"您的角色没有这些权限：{', '.join(over)}")
    if not 1 <= days <= LONGEST:
        raise PeopleError(f"有效期 1 至 {LONGEST} 天")
    now, secret = datetime.now(UTC), PREFIX + secrets.token_urlsafe(32)
    standing = select(func.count()).where(
        ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    if (session.scalar(standing) or 0) >= MOST:
        raise PeopleError(f"一个账户至多 {MOST} 个有效令牌，请先撤销不用的")
    made = ApiToken(
        account_id=account.id, name=name, key=secret_key(secret), scopes=wanted, created_at=now,
        expires_at=now + timedelta(days=days), used_at=None, revoked_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made, secret


def tokens_of(session: Session, account_id: int) -> list[ApiToken]:
    """The last hundred tokens of an account, newest first."""
    query = select(ApiToken).where(ApiToken.account_id == account_id)
    return list(session.scalars(query.order_by(ApiToken.id.desc()).limit(100)))


def revoke_token(session: Session, account_id: int, token_id: int) -> None:
    """End a token of an account; raises `PeopleError` if it has none such that stands."""
    ended = session.execute(
        update(ApiToken)
        .where(
            ApiToken.id == token_id, ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None)
        )
        .values(revoked_at=datetime.now(UTC))
    )  # fmt: skip
    if ended.rowcount != 1:  # type: ignore[attr-defined]
        raise PeopleError("没有这个令牌，或已撤销")


def token_of(session: Session, secret: str) -> tuple[ApiToken, Account] | None:
    """The token and its account, or None where it opens nothing (any more)."""
    found = session.execute(
        select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.key == secret_key(secret))
    ).first()
    if found is None:
        return None
    token, account = found
    late = token.expires_at is not None and token.expires_at <= datetime.now(UTC)
    if late or token.revoked_at is not None or not account.active:
        return None
    return token, account


def token_used(session: Session, token_id: int) -> None:
    """Put down that a token is in use."""
    session.execute(
        update(ApiToken).where(ApiToken.id == token_id).values(used_at=datetime.now(UTC))
    )
