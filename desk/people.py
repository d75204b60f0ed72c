"""Accounts and logins: Argon2id passwords, a limit by address, lock-out by account, sessions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from desk.roles import ROLES, may
from storage import Store
from storage.people import Account, ApiToken, DeskSession, LoginTry

__all__ = [
    "SESSION_LONGEST",
    "LoggedIn",
    "PeopleError",
    "add_account",
    "end",
    "log_in",
    "named",
    "secret_key",
    "session_of",
    "set_account",
    "set_password",
    "still_here",
]

SESSION_IDLE = timedelta(hours=2)
SESSION_LONGEST = timedelta(hours=12)
LOCK_AFTER = 5
"""Wrong passwords in a row by which an account is locked …"""
LOCK_FOR = timedelta(minutes=15)
"""… and for how long."""
TRIES_OF_ADDRESS = 20
"""Wrong attempts from one address in `LOCK_FOR`, whatever the names."""
SHORTEST = 12
"""Characters of a password. NIST SP 800-63B asks for length, not for kinds of characters."""

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex())


class PeopleError(ValueError):
    """What can't be done with an account: says why, in Chinese, fit to be shown."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A session that stands: whose it is and what its forms must carry."""

    account: Account
    csrf: str
    idle: bool
    """Whether a minute has gone since its use was put down."""


def _now() -> datetime:
    return datetime.now(UTC)


def secret_key(secret: str) -> str:
    """By what a session or token is found: SHA-256 in hex."""
    return sha256(secret.encode()).hexdigest()


def _clean(name: str) -> str:
    return name.strip().lower()


def _hash(password: str) -> str:
    if len(password) < SHORTEST:
        raise PeopleError(f"口令至少 {SHORTEST} 个字符")
    if len(password) > 1000:
        raise PeopleError("口令过长")
    return _HASHER.hash(password)


def _checked(role: str, region: str) -> None:
    if role not in ROLES:
        raise PeopleError(f"没有角色 {role}；可用：{', '.join(ROLES)}")
    if region and not (region.isdigit() and len(region) in (2, 4, 6)):
        raise PeopleError(f"{region}: 应为 2、4 或 6 位区划代码")


def add_account(
    session: Session, name: str, officer: str, role: str, password: str, region: str = "", by: str = ""
) -> Account:  # fmt: skip
    """A new account; raises `PeopleError` where it can't be made."""
    name, officer = _clean(name), officer.strip() or name.strip()
    if not name or len(name) > 64 or not all(c.isalnum() or c in "._-" for c in name):
        raise PeopleError("登录名用字母、数字、点、横线，至多 64 个字符")
    if len(officer) > 100 or not officer.isprintable():
        raise PeopleError("姓名至多 100 个可见字符")
    _checked(role, region)
    if session.scalar(select(Account.id).where(Account.name == name)) is not None:
        raise PeopleError(f"登录名 {name} 已有")
    now = _now()
    account = Account(
        name=name, officer=officer, password=_hash(password), role=role, region=region,
        failures=0, created_by=by, created_at=now, password_at=now,
    )  # fmt: skip
    session.add(account)
    session.flush()
    return account


def named(session: Session, name: str) -> Account:
    """The account of a login name; raises `PeopleError` if there is none."""
    account = session.scalar(select(Account).where(Account.name == _clean(name)))
    if account is None:
        raise PeopleError(f"没有登录名 {name}")
    return account


def set_password(session: Session, account: Account, password: str) -> None:
    """A new password; all sessions and tokens of the account end, for whoever knew the former may
    have made them; a lock is lifted."""
    account.password, account.password_at = _hash(password), _now()
    account.failures, account.locked_until = 0, None
    session.execute(delete(DeskSession).where(DeskSession.account_id == account.id))
    _narrow_tokens(session, account, "")


def set_account(session: Session, account: Account, role: str, region: str, active: bool) -> None:
    """Another role, region, or whether it may log in; what it had open ends, and of its tokens
    what the role has not: a later role does not give it back.

    Raises `PeopleError` where no administrator would be left.
    """
    _checked(role, region)
    keeps = active and role == "administrator"
    if account.role == "administrator" and account.active and not keeps:
        others = session.scalar(
            select(func.count()).where(
                Account.role == "administrator", Account.active, Account.id != account.id
            )
        )
        if not others:
            raise PeopleError("至少要留一名管理员")
    account.role, account.region, account.active = role, region, active
    session.execute(delete(DeskSession).where(DeskSession.account_id == account.id))
    _narrow_tokens(session, account, role if active else "")


def _narrow_tokens(session: Session, account: Account, role: str) -> None:
    """Leave to the tokens of an account what the role may; those to which nothing is left end."""
    standing = select(ApiToken).where(
        ApiToken.account_id == account.id, ApiToken.revoked_at.is_(None)
    )
    for token in session.scalars(standing):
        left = [one for one in token.scopes if may(role, one)]
        if not left:
            token.revoked_at = _now()
        elif left != token.scopes:
            token.scopes = left


def log_in(store: Store, name: str, password: str, address: str) -> str | None:
    """The secret of a new session if name and password are right, else None.

    Raises `PeopleError` after too many wrong attempts from this address. A locked account, a
    wrong name and a wrong password answer alike and after the same work, so that nobody learns
    which names there are. The work is done outside of any transaction.
    """
    now, name, address = _now(), _clean(name)[:64], address[:64]
    with store.session() as session:
        wrong = session.scalar(
            select(func.count()).where(
                LoginTry.address == address, LoginTry.at > now - LOCK_FOR, ~LoginTry.right
            )
        )
        if (wrong or 0) >= TRIES_OF_ADDRESS:
            raise PeopleError("尝试次数过多，请十五分钟后再试")
        account = session.scalar(select(Account).where(Account.name == name))
    open_ = account is not None and account.active and not _locked(account, now)
    known = account.password if account is not None and open_ else _NOBODY
    try:
        right = _HASHER.verify(known, password[:1000]) and open_
    except (VerificationError, InvalidHashError):
        right = False
    with store.writing() as session:
        session.add(LoginTry(address=address, name=name, right=right, at=now))
        account = session.get(Account, account.id) if account is not None else None
        if account is None or not open_:
            return None
        if not right:
            account.failures += 1
            if account.failures >= LOCK_AFTER:
                account.locked_until, account.failures = now + LOCK_FOR, 0
            return None
        account.failures, account.locked_until = 0, None
        return _begin(session, account)


def _locked(account: Account, now: datetime) -> bool:
    return account.locked_until is not None and account.locked_until > now


def _begin(session: Session, account: Account) -> str:
    now, secret = _now(), secrets.token_urlsafe(32)
    session.execute(delete(DeskSession).where(DeskSession.begun_at < now - SESSION_LONGEST))
    session.execute(delete(LoginTry).where(LoginTry.at < now - timedelta(days=180)))
    session.add(
        DeskSession(
            key=secret_key(secret), account_id=account.id, csrf=secrets.token_urlsafe(24),
            begun_at=now, seen_at=now,
        )
    )  # fmt: skip
    return secret


def session_of(session: Session, secret: str) -> LoggedIn | None:
    """Whose session it is, or None if it is none any more."""
    now = _now()
    found = session.execute(
        select(DeskSession, Account)
        .join(Account, Account.id == DeskSession.account_id)
        .where(DeskSession.key == secret_key(secret))
    ).first()
    if found is None:
        return None
    kept, account = found
    old = kept.begun_at < now - SESSION_LONGEST or kept.seen_at < now - SESSION_IDLE
    if old or not account.active:
        return None
    return LoggedIn(account, kept.csrf, kept.seen_at < now - timedelta(minutes=1))


def still_here(session: Session, secret: str) -> None:
    """Put down that the session is in use."""
    session.execute(
        update(DeskSession).where(DeskSession.key == secret_key(secret)).values(seen_at=_now())
    )


def end(session: Session, secret: str) -> None:
    """Log out."""
    session.execute(delete(DeskSession).where(DeskSession.key == secret_key(secret)))
