"""New clues reach the programs that want them: over real sockets, signed, once, and again after a failure."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

import settings
from cli import app
from crawler.addresses import Guard, PrivateAddress
from storage import Store
from storage.models import Clue
from storage.webhooks import Delivery, Webhook
from tests.clues.casework import a_clue
from watching import posting
from watching.posting import PostError, post
from watching.webhooks import TRIES, WebhookError, add_webhook, collect, drop_webhook, send_due

OPEN = settings.load(allow_private=("localhost", "127.0.0.1"))
SHUT = settings.load(allow_private=())


class Listener(ThreadingHTTPServer):
    """A program that listens on loopback, and answers as it is told to."""

    status = 204
    drip = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_address[1]}/clues?of=yunjian"


class _Answer(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        if self.server.drip:
            for _ in range(20):
                try:
                    self.wfile.write(b"H")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.1)
        self.send_response(self.server.status)
        self.send_header("location", self.server.url)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def hook(store: Store, url: str, **more: Any) -> str:
    """An address made yesterday, for the clues of tests are opened at a fixed time; its secret."""
    with store.writing() as session:
        made = add_webhook(session, OPEN, url, "王芳", **more)
        made.created_at = datetime(2026, 1, 1, tzinfo=UTC)
        return made.secret


def rows(store: Store) -> list[Delivery]:
    with store.session() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def test_a_new_clue_is_told_once_with_a_signature_that_holds(store: Store, listener: Listener) -> None:  # fmt: skip
    secret = hook(store, listener.url)
    clue = a_clue(store)
    assert (collect(store), collect(store)) == (1, 0)
    assert (send_due(OPEN, store).sent, send_due(OPEN, store).sent) == (1, 0)
    ((headers, body),) = listener.got
    said = json.loads(body)
    assert (said["event"], said["clue"]["id"], said["clue"]["violation"]) == ("clue.opened", clue, "counterfeit")  # fmt: skip
    assert said["clue"]["opened_at"].endswith("Z")
    signed = hmac.new(secret.encode(), headers["x-yunjian-timestamp"].encode() + b"." + body, hashlib.sha256)  # fmt: skip
    assert headers["x-yunjian-signature"] == f"sha256={signed.hexdigest()}"
    assert abs(int(headers["x-yunjian-timestamp"]) - time.time()) < 60
    (row,) = rows(store)
    assert (row.state, row.tries, headers["x-yunjian-delivery"]) == ("sent", 1, str(row.id))


def test_clues_that_were_there_before_are_not_told(store: Store, listener: Listener) -> None:
    a_clue(store)
    with store.writing() as session:
        add_webhook(session, OPEN, listener.url, "王芳")
    assert collect(store) == 0


def test_only_what_was_asked_for_is_told(store: Store, listener: Listener) -> None:
    for asked in (
        {"violation": "false_claim"}, {"goods": "no-such"}, {"region": "5328"}, {"min_score": 0.99},
    ):  # fmt: skip
        hook(store, listener.url, **asked)
    hook(store, listener.url, violation="counterfeit", min_score=0.5)
    a_clue(store)
    assert collect(store) == 1
    (row,) = rows(store)
    with store.session() as session:
        assert session.get_one(Webhook, row.webhook_id).violation == "counterfeit"


def test_a_failure_is_tried_again_with_growing_pauses_and_then_given_up(store: Store, listener: Listener) -> None:  # fmt: skip
    hook(store, listener.url)
    a_clue(store)
    collect(store)
    listener.status = 500
    now, pauses = datetime.now(UTC), []
    for _ in range(TRIES + 3):
        told = send_due(OPEN, store, now)
        (row,) = rows(store)
        if told.failed:
            pauses.append(round((row.next_at - now).total_seconds() / 60))
        assert send_due(OPEN, store, now).failed == 0, "not before its time"
        now = row.next_at
    assert pauses == [1, 3, 9, 27, 81, 243, 360, 360]
    assert (row.state, row.tries, row.error, len(listener.got)) == ("given_up", TRIES, "HTTP 500", TRIES)  # fmt: skip


def test_what_failed_once_arrives_later(store: Store, listener: Listener) -> None:
    hook(store, listener.url)
    a_clue(store)
    collect(store)
    listener.status = 302
    now = datetime.now(UTC)
    assert send_due(OPEN, store, now).failed == 1
    assert len(listener.got) == 1, "no redirect is followed"
    listener.status = 200
    assert send_due(OPEN, store, now + timedelta(minutes=2)).sent == 1
    assert rows(store)[0].error == ""


def test_a_silent_address_does_not_hold_up_the_rest(store: Store, listener: Listener) -> None:
    with store.writing() as session:
        gone = add_webhook(session, OPEN, "http://localhost:9/", "王芳")
        gone.created_at = datetime(2026, 1, 1, tzinfo=UTC)
    hook(store, listener.url)
    for number in (1, 2, 3):
        a_clue(store, number)
    assert collect(store) == 6
    told = send_due(OPEN, store)
    assert (told.sent, told.failed) == (3, 1), "of the silent one the rest waits"


def test_an_address_that_drips_is_left_in_time(listener: Listener) -> None:
    listener.drip = True
    begun = time.monotonic()
    with pytest.raises(PostError, match="no answer in time"):
        post(listener.url, b"{}", Guard(("localhost",)), {}, seconds=0.4)
    assert time.monotonic() - begun < 1.5
    assert posting.SECONDS == 10


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost:8700/", "http://10.0.0.8/", "http://[::1]/", "http://169.254.169.254/",
        "ftp://example.com/", "http://", "javascript:alert(1)", "https://a:b@example.com/", "http://example.com:0/",
        "http://example.com:99999/", "http://exa mple.com/", "http://例子.com/\nx",
    ],
)  # fmt: skip
def test_an_address_that_leads_inward_is_refused(store: Store, url: str) -> None:
    with store.writing() as session, pytest.raises(WebhookError, match="地址不能用"):
        add_webhook(session, SHUT, url, "王芳")


def test_the_guard_is_asked_again_when_it_is_sent(store: Store, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    # The name was public when it was typed, and resolves inward now.
    with store.writing() as session:
        made = add_webhook(session, SHUT, "http://hooks.example/", "王芳")
        made.created_at = datetime(2026, 1, 1, tzinfo=UTC)
    found = [(2, 1, 6, "", ("127.0.0.1", listener.server_address[1]))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    a_clue(store)
    collect(store)
    assert send_due(SHUT, store).failed == 1 and not listener.got
    assert "not public" in rows(store)[0].error
    with pytest.raises(PrivateAddress):
        post("http://hooks.example/", b"", Guard(), {})


def test_a_clue_that_was_folded_meanwhile_is_not_told(store: Store, listener: Listener) -> None:
    hook(store, listener.url)
    a_clue(store)
    collect(store)
    with store.writing() as session:
        session.execute(update(Clue).values(subject="folded:1"))
    assert send_due(OPEN, store).sent == 0
    assert rows(store)[0].state == "gone" and not listener.got


def test_a_stopped_address_waits_and_a_dropped_one_is_forgotten(store: Store, listener: Listener) -> None:  # fmt: skip
    hook(store, listener.url)
    a_clue(store)
    collect(store)
    with store.writing() as session:
        session.execute(update(Webhook).values(active=False))
    assert send_due(OPEN, store).sent == 0 and rows(store)[0].tries == 0
    with store.writing() as session:
        drop_webhook(session, session.scalars(select(Webhook)).one())
    assert rows(store) == []


def test_the_commands_add_list_and_send(store: Store, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    url = store.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("YUNJIAN_DATABASE_URL", url)
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("YUNJIAN_ALLOW_PRIVATE", "localhost")
    run = CliRunner()
    refused = run.invoke(app, ["webhooks", "add", "http://127.0.0.1/"])
    assert refused.exit_code == 2 and "Traceback" not in refused.output
    made = run.invoke(app, ["webhooks", "add", listener.url, "--violation", "counterfeit"])
    assert made.exit_code == 0 and len(made.output.split()[-1]) == 64
    with store.writing() as session:
        session.execute(update(Webhook).values(created_at=datetime(2026, 1, 1, tzinfo=UTC)))
    a_clue(store)
    assert run.invoke(app, ["webhooks", "send"]).output == "1 new, 1 sent, 0 not sent\n"
    listed = run.invoke(app, ["webhooks", "list"]).output
    assert listener.url in listed and "counterfeit" in listed and "1 sent" in listed
    listener.status = 500
    a_clue(store, 2)
    failed = run.invoke(app, ["webhooks", "send"])
    assert failed.exit_code == 1 and "1 new, 0 sent, 1 not sent" in failed.output
