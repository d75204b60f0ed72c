"""Alerts by Apprise: written into the store first, then sent, so that none is lost and none storms.

The same alert is written at most once a day, by whichever process sees it first. What could not
be sent is tried again, at the addresses that don't have it yet, for a day.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.exc import SQLAlchemyError

from settings import Settings
from storage import Store
from storage.alerts import AlertRow
from watching.concerns import Concern, concerns
from watching.webhooks import after_sweep as tell_programs

__all__ = ["Sent", "Watch", "after_sweep", "put", "send_due", "send_test"]

AGAIN = timedelta(days=1)
"""The same is not told sooner; what could not be sent for so long is given up."""
PAUSE = timedelta(minutes=1)
"""Before the second try; doubled each time, an hour at most."""
TITLE = "云鉴"
log = logging.getLogger("yunjian.alerts")


@dataclass(slots=True)
class Sent:
    """What became of alerts that were due: how many each."""

    sent: int = 0
    failed: int = 0


def put(store: Store, found: Sequence[Concern], now: datetime | None = None) -> int:
    """Write down what was not told lately; returns how many alerts that makes."""
    now, count = now or datetime.now(UTC), 0
    if not found:
        return 0
    with store.writing() as session:
        for one in found:
            lately = AlertRow.made_at > now - AGAIN
            ever = one.key.startswith("clue/")
            told = select(AlertRow.id).where(AlertRow.key == one.key[:200])
            if session.scalar((told if ever else told.where(lately)).limit(1)) is not None:
                continue
            count += 1
            for key in (one.key, *one.once):
                state = "pending" if key == one.key else "part"
                session.add(
                    AlertRow(
                        key=key[:200], kind=one.kind, text=one.text if state == "pending" else "",
                        state=state, made_at=now, next_at=now, sent_at=None, tries=0, reached=[],
                        error="",
                    )
                )  # fmt: skip
    return count


def send_due(settings: Settings, store: Store, now: datetime | None = None) -> Sent:
    """Send what is due. Each is claimed before, so two processes don't both send it; one that
    dies in between costs a second message at worst."""
    told = Sent()
    if not settings.alert_urls:
        return told
    now = now or datetime.now(UTC)
    for id_ in _due(store, now):
        row = _claimed(store, id_, now)
        if row is None:
            continue
        reached, error = _deliver(settings, row.kind, row.text, row.reached)
        given_up = bool(error) and now - row.made_at > AGAIN
        state = "sent" if not error else "given_up" if given_up else "pending"
        with store.session() as session:
            session.execute(
                update(AlertRow)
                .where(AlertRow.id == id_)
                .values(state=state, reached=reached, error=error, sent_at=None if error else now)
            )
        about = {"alert": row.kind, "tries": row.tries}
        if error:
            told.failed += 1
            what = "given up" if given_up else "tried again later"
            log.error("not sent, %s: %s", what, error, extra=about | {"event": "alert.failed"})
        else:
            told.sent += 1
            log.info("sent: %s", row.text, extra=about | {"event": "alert.sent"})
    return told


def _due(store: Store, now: datetime) -> list[int]:
    with store.session() as session:
        return list(
            session.scalars(
                select(AlertRow.id)
                .where(text("alert.state = 'pending'"), AlertRow.next_at <= now)
                .order_by(AlertRow.id)
            )
        )


def _claimed(store: Store, id_: int, now: datetime) -> AlertRow | None:
    with store.writing() as session:
        row = session.get_one(AlertRow, id_)
        if row.state != "pending" or row.next_at > now:
            return None
        row.tries += 1
        row.next_at = now + min(PAUSE * 2 ** min(row.tries - 1, 10), timedelta(hours=1))
        return row


def _deliver(
    settings: Settings, kind: str, body: str, reached: Sequence[str]
) -> tuple[list[str], str]:
    """Digests of all addresses that have it now, and what went wrong: addresses stand in no
    message, they may hold keys."""
    import apprise

    level = apprise.NotifyType.INFO if kind in ("report", "test") else apprise.NotifyType.WARNING
    done, wrong = list(reached), []
    for number, secret in enumerate(settings.alert_urls, 1):
        url = secret.get_secret_value()
        digest = hashlib.sha256(url.encode()).hexdigest()[:16]
        if digest in done:
            continue
        name = f"address {number} ({url.split(':')[0]})"
        to = apprise.Apprise()
        if not to.add(url):
            wrong.append(f"{name} is none that Apprise knows")
        elif to.notify(body=body, title=f"{TITLE} {kind}", notify_type=level):
            done.append(digest)
        else:
            wrong.append(f"{name} took it not")
    return done, "; ".join(wrong)


def send_test(settings: Settings) -> str:
    """Send a test to every address, now; returns what went wrong, "" if nothing."""
    return _deliver(settings, "test", "test: alerts of Yunjian arrive here", ())[1]


def after_sweep(settings: Settings, store: Store) -> None:
    """Tell what a sweep brought up, if anybody is to be told. Never an error of the sweep."""
    if not settings.alert_urls:
        return
    try:
        put(store, concerns(settings, store))
        send_due(settings, store)
    except Exception as error:
        log.error("alerts: %s", type(error).__name__, extra={"event": "alert.failed"})


class Watch:
    """A thread that looks and tells for as long as a service runs."""

    def __init__(self, settings: Settings, store: Store, every: float = 60.0) -> None:
        self.settings, self.store, self.every = settings, store, every
        self._stop = threading.Event()
        self._new = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)

    def start(self) -> None:
        """Look for the first time, at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is under way."""
        self._stop.set()
        self._new.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def tell(self, kind: str, said: str) -> None:
        """A further thing to tell, from the service itself; an error here is in the log alone."""
        if not self.settings.alert_urls:
            return
        try:
            put(self.store, [Concern(f"{kind}/{said}", kind, said)])
        except SQLAlchemyError as error:
            log.error("not written: %s", type(error).__name__, extra={"event": "alert.failed"})
        self._new.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._new.clear()
            after_sweep(self.settings, self.store)
            tell_programs(self.settings, self.store)
            self._new.wait(self.every)
