"""The figures at one endpoint: out of the store, over real HTTP, by indexes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, insert, text

import settings
from storage import Store, open_store
from storage import models as m
from storage.runs import Run, ScheduleLease
from storage.work import LeaseRow
from tests.conftest import HOUSE
from tests.watching.test_alerts import a_clue, a_sweep, a_task
from watching.metrics import serve_metrics
from watching.standing import standing
from watching.status import status

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each test its own: the file may have been read long before."""
    monkeypatch.setattr(f"{__name__}.NOW", datetime.now(UTC))


Figures = dict[tuple[str, ...], float]


def scraped(port: int) -> Figures:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {
            (one.name.removeprefix("yunjian_"), *one.labels.values()): one.value
            for family in families
            for one in family.samples
        }


def fill(store: Store) -> None:
    counts = {"pages": 30, "listings": 20, "blocks": 1, "failures": 2}
    shut = {"pages": 4, "listings": 0, "blocks": 4, "failures": 0}
    with store.session() as session:
        a_sweep(
            session,
            "nightly",
            "done",
            NOW - timedelta(hours=9),
            taobao=shut,
            **{"a.example": counts},
        )
        last = a_sweep(
            session, "nightly", "done", NOW - timedelta(hours=3),
            taobao=counts, **{"b.example": counts, "c.example": shut},
        )  # fmt: skip
        now = a_sweep(session, "intensified", "running", NOW - timedelta(minutes=30))
        session.add_all([a_task(now, 1), a_task(now, 2), a_task(last, 1, "done")])
        a_clue(session, 1, 0.9)
        # Opened three months ago and not looked at: its deadlines are past.
        session.flush()
        session.execute(text("UPDATE clue SET opened_at = :at"), {"at": NOW - timedelta(days=90)})
        for entry, outcome in (("nightly/a", "done"), ("nightly/b", "missed")):
            session.add(
                Run(
                    entry=entry, kind="nightly", planned_at=NOW, until=NOW, outcome=outcome,
                    decided_at=NOW, sweep_id=None,
                )
            )  # fmt: skip
        session.add(
            ScheduleLease(name="scheduler", holder="host:1", beat=3, watermark=NOW - timedelta(seconds=40))
        )  # fmt: skip


def test_a_scrape_says_how_the_store_stands(store: Store, tmp_path: Path, house: Path) -> None:
    fill(store)
    vault = tmp_path / "evidence"
    vault.mkdir()
    (vault / "a.warc.gz").write_bytes(b"x" * 1234)
    server = serve_metrics(settings.load(data_dir=tmp_path, rules_dir=house / "rules"), store, 0)
    told = scraped(server.server_port)
    server.shutdown()
    assert told["up",] == 1
    assert told["sweeps", "nightly", "done"] == 2 and told["sweeps", "intensified", "running"] == 1
    assert told["last_night_age_seconds",] == pytest.approx(2 * 3600, abs=120)
    assert told["source_pages", "taobao"] == 30, "of its last sweep"
    assert told["source_pages", "shop"] == 34, "all shops of the last sweep that had some"
    assert told["source_blocks", "shop"] == 5 and told["source_blocked", "shop"] == 1
    assert told["source_blocked", "taobao"] == 0 and told["drift_alarms", "taobao"] == 0
    assert told["clues", "new", "absolute-words"] == 1
    assert told["tasks_pending",] == 2
    assert told["oldest_pending_seconds",] == pytest.approx(1800, abs=120)
    assert told["deadlines_overdue",] >= 1
    assert told["runs", "nightly", "missed"] == 1
    assert told["scheduler_behind_seconds",] == pytest.approx(40, abs=120)
    assert told["evidence_bytes",] == 1234 and told["disk_free_bytes", "data"] > 0


def test_workers_are_those_whose_claims_have_not_run_out(store: Store, tmp_path: Path) -> None:
    with store.session() as session:
        for name, holder, seconds in (
            ("source:taobao", "host-1", 600), ("host:taobao.com", "host-1/77", 600), ("source:jd", "host-2", -1),
        ):  # fmt: skip
            session.add(LeaseRow(name=name, holder=holder, until=NOW + timedelta(seconds=seconds)))
    assert standing(settings.load(data_dir=tmp_path), store).workers == 1


def test_a_store_that_is_gone_gives_up_0(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'a.db'}")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE run")
    server = serve_metrics(settings.load(data_dir=tmp_path), store, 0)
    assert scraped(server.server_port) == {("up",): 0}
    server.shutdown()


def test_no_question_reads_what_grows_each_night_from_end_to_end(
    store: Store, tmp_path: Path
) -> None:
    with store.session() as session:
        sweep = a_sweep(session, "nightly", "running", NOW)
        session.execute(
            insert(m.TaskRow),
            [
                {
                    "sweep_id": sweep, "key": str(n), "source": "jd", "reader": "jd", "goods": "", "query": "",
                    "start_url": "", "pages": 1, "state": "done" if n % 1000 else "pending", "note": "",
                }
                for n in range(20_000)
            ],
        )  # fmt: skip
        session.execute(
            insert(m.Incident),
            [
                {
                    "sweep_id": sweep, "source": "jd", "host": "jd.com", "kind": "failure" if n % 1000 else "drift",
                    "what": "x", "detail": "", "url": "", "at": NOW,
                }
                for n in range(20_000)
            ],
        )  # fmt: skip
    asked: list[tuple[str, Any]] = []
    postgresql = store.engine.dialect.name == "postgresql"
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")

    @event.listens_for(store.engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    found = standing(settings.load(data_dir=tmp_path), store)
    event.remove(store.engine, "before_cursor_execute", note)
    assert found.backlog.tasks == 20 and len(found.drifting["jd"]) == 20
    plans = []
    with store.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.lstrip().startswith("SELECT"):
                how = "EXPLAIN" if postgresql else "EXPLAIN QUERY PLAN"
                rows = connection.exec_driver_sql(f"{how} {statement}", parameters)
                plans.append("\n".join(str(row[-1]) for row in rows))
    whole = r"Seq Scan on (task|incident|evidence|observation|signal|listing)|SCAN (task|incident|evidence|observation|signal|listing|clue)(?! USING (COVERING|INDEX ix_task_pending))"
    assert [plan for plan in plans if re.search(whole, plan)] == []
    assert any("ix_task_pending" in plan for plan in plans)
    assert any("ix_incident_drift" in plan for plan in plans)


# The commands ----------------------------------------------------------------------------


def yunjian(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments], capture_output=True, text=True, timeout=120, cwd=HOUSE,
        env=os.environ | {"YUNJIAN_DATA_DIR": str(folder)} | env,
    )  # fmt: skip


def test_the_command_serves_on_loopback_until_it_is_ended(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "metrics", "--port", "0"], stderr=subprocess.PIPE, text=True,
        cwd=HOUSE, env=os.environ | {"YUNJIAN_DATA_DIR": str(tmp_path)},
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = process.stderr.readline()
        port = re.search(r"http://127\.0\.0\.1:(\d+)/metrics", said)
        assert port, said
        assert scraped(int(port[1]))["up",] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_alerts_without_an_address_are_a_wrong_usage_and_a_list_is_empty(tmp_path: Path) -> None:
    refused = yunjian(tmp_path, "alerts", "send")
    assert refused.returncode == 2 and "set alert_urls" in refused.stderr
    assert json.loads(yunjian(tmp_path, "alerts", "list", "--json").stdout) == []


def test_alerts_that_nobody_takes_fail_by_name_and_stand_in_the_list(tmp_path: Path) -> None:
    # Nothing listens at port 9 of loopback.
    env = {"YUNJIAN_ALERT_URLS": "json://127.0.0.1:9/t0ken", "YUNJIAN_ALERT_DISK": "1000000000"}
    tried = yunjian(tmp_path, "alerts", "send", **env)
    assert tried.returncode == 1 and "2 new, 0 sent, 2 not sent" in tried.stdout
    assert "t0ken" not in tried.stdout + tried.stderr
    rows = json.loads(yunjian(tmp_path, "alerts", "list", "--json").stdout)
    assert [(row["kind"], row["state"], row["tries"]) for row in rows] == [
        ("disk", "pending", 1)
    ] * 2
    tested = yunjian(tmp_path, "alerts", "test", **env)
    assert tested.returncode == 1 and "address 1 (json) took it not" in tested.stderr


def test_the_doctor_tells_last_night_backlog_scheduler_workers_and_disk(
    store: Store, tmp_path: Path
) -> None:
    fill(store)
    told = {
        what: (state, said) for state, what, said in status(settings.load(data_dir=tmp_path), store)
    }
    assert told["last night"][0] == "ok"
    assert "sweep 2, 40 pages, 30 listings, 2 clues" in told["last night"][1]
    assert told["backlog"][0] == "ok" and told["backlog"][1].startswith(
        "2 tasks, the oldest since "
    )
    assert told["sources lately"] == ("warn", "shop is blocked")
    assert told["scheduler"][0] == "ok" and told["scheduler"][1].startswith("host:1 holds")
    assert "at work just now" in told["workers"][1] and "GB free" in told["disk"][1]
    assert told["alerts"] == ("warn", "nobody is told (alert_urls is empty)")


def test_the_doctor_warns_of_a_dead_scheduler(store: Store, tmp_path: Path) -> None:
    with store.session() as session:
        session.add(
            ScheduleLease(name="scheduler", holder="", beat=1, watermark=NOW - timedelta(hours=2))
        )
    told = {
        what: (state, said) for state, what, said in status(settings.load(data_dir=tmp_path), store)
    }
    assert told["scheduler"][0] == "warn" and told["scheduler"][1].startswith("nobody holds")
