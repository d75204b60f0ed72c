"""Alerts over real HTTP: told once a day, tried again where nobody took them, clues once."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

import settings
from storage import Store
from storage import models as m
from storage.alerts import AlertRow
from storage.runs import Run
from watching.alerts import Watch, after_sweep, put, send_due, send_test
from watching.concerns import Concern, concerns

NOW = datetime.now(UTC)
DISK = Concern("disk/data", "disk", "1.2 GB are free for data")


class Receiver(HTTPServer):
    """Takes what Apprise posts; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.got: list[dict[str, Any]] = []
        self.arrived = threading.Event()
        self.url = f"json://127.0.0.1:{self.server_port}/t0ken"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status == 200:
            self.server.got.append(body)
            self.server.arrived.set()
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def config(folder: Path, *to: Receiver, **more: Any) -> settings.Settings:
    return settings.load(
        data_dir=folder, alert_urls=[one.url for one in to], **{"alert_disk": 0, **more}
    )


def texts(receiver: Receiver) -> list[str]:
    return [one["message"] for one in receiver.got]


def test_the_same_is_told_once_a_day(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    told = config(tmp_path, receiver)
    for minutes in (0, 1, 60, 23 * 60):
        at = NOW + timedelta(minutes=minutes)
        put(store, [DISK], at)
        send_due(told, store, at)
    assert texts(receiver) == ["1.2 GB are free for data"]
    assert receiver.got[0]["title"] == "云鉴 disk" and receiver.got[0]["type"] == "warning"
    put(store, [DISK], NOW + timedelta(hours=25))
    send_due(told, store, NOW + timedelta(hours=25))
    assert len(receiver.got) == 2


def test_what_nobody_took_is_in_the_log_and_tried_again(
    store: Store, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told = config(tmp_path, receiver)
    receiver.status = 503
    put(store, [DISK], NOW)
    with caplog.at_level(logging.INFO, "yunjian.alerts"):
        assert send_due(told, store, NOW).failed == 1
    assert "address 1 (json) took it not" in caplog.text and "t0ken" not in caplog.text
    assert send_due(told, store, NOW + timedelta(seconds=30)).failed == 0, "not yet tried again"
    receiver.status = 200
    assert send_due(told, store, NOW + timedelta(seconds=61)).sent == 1
    assert texts(receiver) == ["1.2 GB are free for data"]


def test_who_has_it_already_does_not_get_it_again_with_the_others(
    store: Store, receiver: Receiver, tmp_path: Path
) -> None:
    other = Receiver()
    thread = threading.Thread(target=other.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    other.status = 500
    told = config(tmp_path, receiver, other)
    put(store, [DISK], NOW)
    assert send_due(told, store, NOW).failed == 1
    other.status = 200
    assert send_due(told, store, NOW + timedelta(minutes=2)).sent == 1
    other.shutdown()
    other.server_close()
    assert (len(receiver.got), len(other.got)) == (1, 1)


def test_what_could_not_be_sent_for_a_day_is_given_up(
    store: Store, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.status = 500
    put(store, [DISK], NOW)
    for hours in (0, 1, 26, 27):
        send_due(config(tmp_path, receiver), store, NOW + timedelta(hours=hours))
    with store.session() as session:
        row = session.scalars(select(AlertRow)).one()
    assert (row.state, row.tries) == ("given_up", 3)


def a_clue(session: Any, number: int, score: float) -> None:
    shop = m.Shop(
        source="taobao", key=str(number), name="虚构茶行", url="http://x.example", operator_id=None,
        first_seen=NOW,
    )  # fmt: skip
    session.add(shop)
    session.flush()
    session.add(
        m.Clue(
            subject=f"shop:{shop.id}", shop_id=shop.id, violation="absolute-words", state="new",
            score=score, goods=["tea"], sources=["taobao"], region="", intake="sweep", opened_at=NOW,
            grown_at=NOW,
        )
    )  # fmt: skip


def test_severe_clues_are_told_once_ever_in_one_message_without_names(
    store: Store, receiver: Receiver, tmp_path: Path
) -> None:
    told = config(tmp_path, receiver, alert_score=0.9)
    with store.session() as session:
        for number, score in enumerate([0.97, 0.95, 0.89, 0.95, 0.94, 0.93, 0.92, 0.91]):
            a_clue(session, number, score)
    after_sweep(told, store)
    after_sweep(told, store)
    assert texts(receiver) == [
        "7 severe: clue 1 absolute-words 0.97; clue 2 absolute-words 0.95; clue 4 absolute-words 0.95; "
        "clue 5 absolute-words 0.94; clue 6 absolute-words 0.93 and 2 more"
    ]
    with store.session() as session:
        session.execute(update(m.Clue).where(m.Clue.id == 3).values(score=0.99))
    after_sweep(told, store)
    assert texts(receiver)[1:] == ["1 severe: clue 3 absolute-words 0.99"]


def a_sweep(session: Any, mode: str, state: str, began: datetime, **sources: Any) -> int:
    total = {"pages": 40, "listings": 30, "clues_opened": 2}
    sweep = m.Sweep(
        mode=mode, state=state, plan={}, started_at=began, ended_at=began + timedelta(hours=1),
        summary={"sources": sources, "total": total},
    )  # fmt: skip
    session.add(sweep)
    session.flush()
    return int(sweep.id)


def a_task(sweep_id: int, number: int, state: str = "pending") -> m.TaskRow:
    return m.TaskRow(
        sweep_id=sweep_id, key=str(number), source="baidu", reader="baidu", goods="tea", query="茶",
        start_url="", pages=1, state=state, note="",
    )  # fmt: skip


def test_each_of_the_troubles_is_found(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    blocked = {"pages": 10, "listings": 0, "blocks": 9, "failures": 0}
    well = {"pages": 30, "listings": 30, "blocks": 2, "failures": 0}
    with store.session() as session:
        old = a_sweep(
            session, "nightly", "done", NOW - timedelta(hours=41), taobao=well, jd=blocked
        )
        new = a_sweep(
            session, "ad-hoc", "running", NOW - timedelta(hours=30), jd=well, baidu=blocked
        )
        session.add_all([a_task(new, 1), a_task(new, 2), a_task(new, 3, "done")])
        session.add(
            m.Incident(
                sweep_id=new, source="taobao", host="taobao.com", kind="drift", what="nothing",
                detail="7 pages came, and not one item was read", url="", at=NOW,
            )
        )  # fmt: skip
        session.add(
            Run(
                entry="nightly/night", kind="nightly", planned_at=NOW - timedelta(hours=9),
                until=NOW - timedelta(hours=4), outcome="begun", decided_at=NOW, sweep_id=old,
            )
        )  # fmt: skip
    found = {
        one.key.split("/2")[0]: one.text
        for one in concerns(config(tmp_path, alert_disk=1e9), store)
    }
    assert sorted(found) == [
        "backlog", "blocked/baidu", "disk/data", "disk/evidence", "drift/taobao", "night",
        "night/nightly/night",
    ]  # fmt: skip
    assert found["night"].startswith("no nightly sweep was finished for 40 hours")
    assert "still under way after its window" in found["night/nightly/night"]
    assert found["backlog"].startswith("2 tasks wait")
    assert found["blocked/baidu"] == f"baidu blocked in sweep {new}: 9 blocks, 10 pages"
    assert found["drift/taobao"] == "drift: taobao: 7 pages came, and not one item was read"


def test_a_night_that_ended_in_part_is_no_backlog(store: Store, tmp_path: Path) -> None:
    with store.session() as session:
        sweep = a_sweep(session, "nightly", "waiting", NOW - timedelta(days=3))
        session.add(a_task(sweep, 1))
        session.add(
            Run(
                entry="nightly/night", kind="nightly", planned_at=NOW - timedelta(days=3), until=NOW,
                outcome="partial", decided_at=NOW, sweep_id=sweep, ended_at=NOW,
            )
        )  # fmt: skip
    assert concerns(config(tmp_path), store) == []


def test_a_service_tells_what_it_is_told_at_once(
    store: Store, receiver: Receiver, tmp_path: Path
) -> None:
    watch = Watch(config(tmp_path, receiver), store, every=600)
    watch.start()
    watch.tell("missed", "夜间巡检: 1 missed, planned 2026-11-24 01:00 (China time)")
    assert receiver.arrived.wait(20)
    watch.stop()
    assert texts(receiver) == ["夜间巡检: 1 missed, planned 2026-11-24 01:00 (China time)"]


def test_with_nobody_to_be_told_nothing_is_written(store: Store, tmp_path: Path) -> None:
    watch = Watch(config(tmp_path), store)
    watch.tell("missed", "夜间巡检")
    after_sweep(config(tmp_path), store)
    with store.session() as session:
        assert session.scalar(select(AlertRow.id)) is None


def test_a_trouble_with_alerts_is_none_of_the_sweep(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.close()
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE alert")
    nobody = settings.load(data_dir=tmp_path, alert_urls="json://127.0.0.1:9/")
    after_sweep(nobody, store)
    assert "alerts: " in caplog.text


def test_a_test_names_the_address_that_does_not_work(receiver: Receiver, tmp_path: Path) -> None:
    assert send_test(config(tmp_path, receiver)) == ""
    unknown = settings.load(data_dir=tmp_path, alert_urls=f"{receiver.url}, nosuch://k3y")
    assert send_test(unknown) == "address 2 (nosuch) is none that Apprise knows"
    assert texts(receiver) == ["test: alerts of Yunjian arrive here"] * 2
