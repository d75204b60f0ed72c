"""New clues, sent to the addresses that want them: written down first, then sent, so that none is lost.

What could not be sent is tried again with growing pauses, `TRIES` times in all. Each message is
signed; the address is asked under the guard of the crawler, so that nobody makes us reach into
our own network.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.orm import Session

from clues.filters import ClueFilter, conditions
from clues.query import ClueView, one_clue
from clues.standing import FOLDED
from crawler.addresses import Guard, PrivateAddress
from settings import Settings
from storage import Store
from storage.models import Clue
from storage.webhooks import Delivery, Webhook
from watching.posting import PostError, post

__all__ = ["TRIES", "Told", "WebhookError", "add_webhook", "after_sweep", "collect", "drop_webhook", "send_due", "signature"]  # fmt: skip

TRIES = 8
PAUSE = timedelta(minutes=1)
"""Before the second try; three times as long each time, `LONGEST` at most: some 20 hours in all."""
LONGEST = timedelta(hours=6)
LOOK_BACK = 1000
"""Clue ids below the cursor that are looked at again: a transaction with a lower id may end later."""
BATCH = 500
"""Deliveries that are written or sent at one time."""
KEPT = timedelta(days=90)
MOST = 50
"""Addresses of one installation."""
log = logging.getLogger("yunjian.webhooks")


class WebhookError(ValueError):
    """An address that can't be told: says why."""


@dataclass(slots=True)
class Told:
    """What became of the deliveries that were due."""

    fresh: int = 0
    sent: int = 0
    failed: int = 0


def add_webhook(
    session: Session, settings: Settings, url: str, by: str, violation: str = "", goods: str = "",
    region: str = "", min_score: float = 0.0,
) -> Webhook:  # fmt: skip
    """A new address with a secret of its own. Clues that are there already are not told.

    Raises `WebhookError` where the address is none of the web, or private.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
        Guard(settings.allow_private).check_url(url)
    except (PrivateAddress, ValueError) as error:
        raise WebhookError(f"地址不能用：{error}") from None
    if parts.username or parts.password or port == 0 or not url.isascii() or not url.isprintable() or " " in url:  # fmt: skip
        raise WebhookError("地址不能用：只能是不含用户名、口令、空格的 http 或 https 地址")
    if (session.scalar(select(func.count()).select_from(Webhook)) or 0) >= MOST:
        raise WebhookError(f"至多 {MOST} 个推送地址")
    made = Webhook(
        url=url, secret=secrets.token_hex(32), violation=violation, goods=goods, region=region,
        min_score=min_score, active=True, cursor=session.scalar(select(func.max(Clue.id))) or 0,
        created_by=by, created_at=datetime.now(UTC),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def drop_webhook(session: Session, webhook: Webhook) -> None:
    """Take an address away, with what waits for it."""
    session.execute(delete(Delivery).where(Delivery.webhook_id == webhook.id))
    session.delete(webhook)


def collect(store: Store, now: datetime | None = None) -> int:
    """Write down which new clues are to be sent where; returns how many that makes."""
    now, count = now or datetime.now(UTC), 0
    with store.session() as session:
        if session.scalar(select(Webhook.id).where(Webhook.active).limit(1)) is None:
            return 0
    with store.writing() as session:
        highest = session.scalar(select(func.max(Clue.id))) or 0
        for hook in session.scalars(select(Webhook).where(Webhook.active).order_by(Webhook.id)):
            fresh = _fresh(session, hook)
            session.add_all(
                Delivery(
                    webhook_id=hook.id, clue_id=id_, state="pending", made_at=now, next_at=now,
                    sent_at=None, tries=0, error="",
                )
                for id_ in fresh
            )  # fmt: skip
            count += len(fresh)
            hook.cursor = fresh[-1] if len(fresh) == BATCH else max(hook.cursor, highest)
            session.flush()
            session.execute(
                delete(Delivery).where(
                    Delivery.webhook_id == hook.id, Delivery.clue_id < hook.cursor - LOOK_BACK,
                    Delivery.state != "pending", Delivery.made_at < now - KEPT,
                )
            )  # fmt: skip
    return count


def _fresh(session: Session, hook: Webhook) -> list[int]:
    wanted = ClueFilter(
        violation=hook.violation, goods=hook.goods, region=hook.region, min_score=hook.min_score,
        opened_since=hook.created_at,
    )  # fmt: skip
    known = exists().where(Delivery.webhook_id == hook.id, Delivery.clue_id == Clue.id)
    query = select(Clue.id).where(
        Clue.id > hook.cursor - LOOK_BACK, *conditions(session, wanted), ~known
    )
    return list(session.scalars(query.order_by(Clue.id).limit(BATCH)))


def send_due(settings: Settings, store: Store, now: datetime | None = None) -> Told:
    """Send what is due. Each is claimed before, so two processes don't both send it; one that
    dies in between costs a second message at worst (the same `X-Yunjian-Delivery`)."""
    told = Told()
    with store.session() as session:
        hooks = session.scalars(select(Webhook.id).where(Webhook.active).order_by(Webhook.id)).all()
    for hook_id in hooks:
        for id_ in _due(store, hook_id, now or datetime.now(UTC)):
            # Of an address that does not answer the rest waits: ten seconds each would add up.
            if not _deliver(settings, store, id_, now or datetime.now(UTC), told):
                break
    return told


def _due(store: Store, hook_id: int, now: datetime) -> Sequence[int]:
    due = (
        select(Delivery.id)
        .where(text("state = 'pending'"), Delivery.webhook_id == hook_id, Delivery.next_at <= now)
        .order_by(Delivery.next_at, Delivery.id)
        .limit(BATCH)
    )
    with store.session() as session:
        return session.scalars(due).all()


def _deliver(settings: Settings, store: Store, id_: int, now: datetime, told: Told) -> bool:
    """Whether the address could be reached."""
    claimed = _claimed(store, id_, now)
    if claimed is None:
        return True
    row, hook, view = claimed
    error, reached = "", True
    if view is not None:
        try:
            error = _send(settings, hook, row, view)
        except (PostError, PrivateAddress) as wrong:
            error, reached = str(wrong)[:500], False
    if error:
        state = "given_up" if row.tries >= TRIES else "pending"
    else:
        state = "sent" if view is not None else "gone"
    with store.writing() as session:
        kept = session.get(Delivery, id_)
        if kept is not None:
            kept.state, kept.error, kept.sent_at = state, error, now if state == "sent" else None
    about = {"webhook": hook.id, "clue": row.clue_id, "tries": row.tries}
    if error:
        told.failed += 1
        log.error("not sent: %s", error, extra=about | {"event": "webhook.failed"})
    elif state == "sent":
        told.sent += 1
        log.info("sent", extra=about | {"event": "webhook.sent"})
    return reached


def _claimed(
    store: Store, id_: int, now: datetime
) -> tuple[Delivery, Webhook, ClueView | None] | None:
    with store.writing() as session:
        row = session.get(Delivery, id_)
        if row is None or row.state != "pending" or row.next_at > now:
            return None
        hook = session.get_one(Webhook, row.webhook_id)
        row.tries += 1
        row.next_at = now + min(PAUSE * 3 ** (row.tries - 1), LONGEST)
        clue = session.get(Clue, row.clue_id)
        there = clue is not None and not clue.subject.startswith(FOLDED)
        return row, hook, one_clue(session, row.clue_id, most=1) if there else None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a full stop and the body, in hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _send(settings: Settings, hook: Webhook, row: Delivery, view: ClueView) -> str:
    """Returns what went wrong, "" if it arrived; raises where the address is not reached."""
    said = {"event": "clue.opened", "delivery": row.id, "clue": _clue(view)}
    body = json.dumps(said, ensure_ascii=False, default=_plain).encode()
    at = str(int(datetime.now(UTC).timestamp()))
    status = post(
        hook.url, body, Guard(settings.allow_private),
        {
            "Content-Type": "application/json", "User-Agent": "Yunjian-Webhook/1",
            "X-Yunjian-Event": "clue.opened", "X-Yunjian-Delivery": str(row.id),
            "X-Yunjian-Timestamp": at, "X-Yunjian-Signature": f"sha256={signature(hook.secret, at, body)}",
        },
    )  # fmt: skip
    return "" if 200 <= status < 300 else f"HTTP {status}"


def _clue(view: ClueView) -> dict[str, Any]:
    return {key: value for key, value in asdict(view).items() if key != "detail"}


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def after_sweep(settings: Settings, store: Store) -> Told:
    """Collect and send. Never an error of the sweep."""
    try:
        fresh = collect(store)
        told = send_due(settings, store)
        told.fresh = fresh
        return told
    except Exception as error:
        log.error("webhooks: %s", type(error).__name__, extra={"event": "webhook.failed"})
        return Told()
