"""Faults, kills and hostile addresses: the rest goes on, nothing is lost, nothing private is asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bench.kills import until_page
from practice import Town, listings
from storage import models as m
from storage import open_store
from tests.sweeps.conftest import env_for, swept, yunjian


def test_each_fault_is_named_and_what_can_be_read_is_read(tmp_path: Path) -> None:
    faults = {
        "jingdian": "captcha", "yunxiu": "500", "wuyou": "truncated", "laojie": "charset", "mengze": "huge",
    }  # fmt: skip
    with Town(faults=faults) as town:
        env = env_for(town, tmp_path, YUNJIAN_RETRIES="1", YUNJIAN_MAX_BODY="2000000")
        summary = swept(
            "--goods", "茶叶", "--goods", "food-drug", "--goods", "三七", env=env, cwd=tmp_path
        )
    seen = summary["incidents"]
    assert seen["block/login"] >= 1 and seen["failure/http_500"] >= 1
    assert seen["failure/truncated"] >= 1 and seen["failure/too_large"] >= 1
    assert summary["sources"]["jd"]["blocks"] >= 1 and summary["sources"]["jd"]["listings"] == 0
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        titles = set(
            session.scalars(select(m.ListingRow.title).where(m.ListingRow.source.like("laojie%")))
        )
        kept = session.execute(
            select(m.Incident.what, m.Evidence.kind)
            .join(m.Evidence, m.Evidence.id == m.Incident.evidence_id)
            .where(m.Incident.kind == "block")
        ).all()
    wanted = {
        o.title for o in listings() if "laojie." in o.url and o.goods in ("tea", "food-drug", "sanqi")
    }  # fmt: skip
    assert wanted <= titles, "a wrong charset declaration loses no listing"
    assert kept and all(kind == "block" for _, kind in kept), "the block page is kept as evidence"


def test_a_host_that_blocks_again_and_again_is_left_alone(tmp_path: Path) -> None:
    with Town(faults={"taoji": "captcha"}) as town:
        env = env_for(
            town,
            tmp_path,
            YUNJIAN_BLOCK_BACKOFF="2",
            YUNJIAN_DOWNLOAD_DELAY="0.2",
            YUNJIAN_HOST_CONCURRENCY="1",
        )
        summary = swept("--source", "taobao", env=env, cwd=tmp_path)
    assert summary["incidents"]["block/captcha"] <= 3, "two in a row, and what was under way"
    assert summary["incidents"]["block/left_alone"] >= 10
    assert summary["tasks"] == {"failed": sum(summary["tasks"].values())}


def test_an_endless_calendar_ends(tmp_path: Path) -> None:
    with Town(faults={"zixu/rili": "calendar"}) as town:
        env = env_for(town, tmp_path, YUNJIAN_SHOP_BUDGET="60")
        summary = swept("--source", town.url("zixu") + "rili?fault=calendar", env=env, cwd=tmp_path)
    assert summary["state"] == "done" and summary["total"]["pages"] <= 62


DUMP = """
SELECT l.source, l.key, o.content_hash, count(*) FROM listing l JOIN observation o ON o.listing_id = l.id
GROUP BY l.source, l.key, o.content_hash ORDER BY 1, 2
"""
CLUES = """
SELECT c.violation, s.source, s.key, count(DISTINCT cs.signal_id) FROM clue c JOIN shop s ON s.id = c.shop_id
JOIN clue_signal cs ON cs.clue_id = c.id GROUP BY c.id ORDER BY 1, 2, 3
"""


def portless(rows: Sequence[tuple[object, ...]]) -> list[str]:
    import re

    return sorted(re.sub(r":\d{4,5}", "", repr(row)) for row in rows)


def content(data: Path) -> tuple[list[str], int]:
    store = open_store(f"sqlite:///{data / 'yunjian.db'}")
    with store.session() as session:
        observed = [(r[0], r[1], r[3]) for r in session.execute(text(DUMP))]
        clues = session.execute(text("SELECT violation, subject FROM clue")).all()
    store.close()
    assert len(clues) == len(set(clues))
    return portless(observed), len(clues)


def test_killed_at_random_and_resumed_the_store_equals_an_undisturbed_one(
    town: Town, tmp_path: Path
) -> None:
    order = ("--goods", "tea", "--goods", "sanqi")
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    swept(*order, env=env_for(town, calm), cwd=tmp_path)
    resume: tuple[str, ...] = ()
    kills = 0
    for wait in (0.3, 1.0, 2.0, 3.0):
        command = [sys.executable, "-m", "cli", "sweep", "--json", *(resume or order)]
        process = subprocess.Popen(
            command, env=env_for(town, rough), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )  # fmt: skip
        try:
            # However long it takes to begin: a kill before that is bench.kills' matter.
            until_page(process, rough)
            process.wait(timeout=wait)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
        resume = ("--resume", "1")
    assert kills >= 2
    last = yunjian("sweep", "--json", *(resume or order), env=env_for(town, rough), cwd=tmp_path)
    assert last.returncode == 0 or "is done" in last.stderr, last.stderr
    assert content(rough) == content(calm)


def test_a_finished_shop_is_not_walked_again_when_the_search_for_it_is_resumed(
    town: Town, tmp_path: Path
) -> None:
    env = env_for(town, tmp_path)
    first = swept("--goods", "sanqi", "--source", "baidu", env=env, cwd=tmp_path)
    assert first["total"]["listings"] > 10 and first["tasks"]["done"] > 3
    store = open_store(f"sqlite:///{tmp_path / 'yunjian.db'}")
    with store.session() as session:
        session.get_one(m.Sweep, 1).state = "interrupted"
        searches = session.scalars(select(m.TaskRow).where(m.TaskRow.source == "baidu")).all()
        for task in searches:
            task.state = "pending"
    again = swept("--resume", "1", env=env, cwd=tmp_path)
    assert again["tasks"] == first["tasks"] and again["shops_found"] == 0
    assert again["total"]["listings"] == again["total"]["failures"] == 0
    assert again["kept_pages"] < first["total"]["pages"], "only the search's own pages are read"


class Secret(BaseHTTPRequestHandler):
    """A machine that no page may make us ask."""

    asked: list[str] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        if self.headers["Host"].startswith("lure.town.localhost"):
            self.send_response(302)
            self.send_header(
                "Location", f"http://127.0.0.1:{self.headers['Host'].split(':')[1]}/secret"
            )
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"secret")

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def secret() -> Iterator[int]:
    Secret.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Secret)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_a_private_address_is_not_asked(town: Town, tmp_path: Path, secret: int) -> None:
    for url in (f"http://127.0.0.1:{secret}/", f"http://localhost:{secret}/"):
        summary = swept("--source", url, env=env_for(town, tmp_path), cwd=tmp_path)
        assert summary["incidents"] == {"failure/private_address": 1}, url
    # Some resolvers take a number for an address, some don't know it: neither asks.
    odd = swept(
        "--source", f"http://2130706433:{secret}/", env=env_for(town, tmp_path), cwd=tmp_path
    )
    assert set(odd["incidents"]) <= {"failure/private_address", "failure/dns"}
    assert Secret.asked == []


def test_a_redirect_to_a_private_address_is_not_followed(
    town: Town, tmp_path: Path, secret: int
) -> None:
    summary = swept(
        "--source",
        f"http://lure.town.localhost:{secret}/",
        env=env_for(town, tmp_path),
        cwd=tmp_path,
    )
    assert summary["incidents"] == {"failure/private_address": 1}
    assert "/secret" not in Secret.asked and Secret.asked


class Strict(BaseHTTPRequestHandler):
    """A shop whose robots.txt keeps everybody out of /private, and that loops."""

    asked: list[tuple[float, str, str]] = []

    def do_GET(self) -> None:
        type(self).asked.append((time.monotonic(), self.path, self.headers["User-Agent"]))
        if self.path == "/loop":
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
            return
        body = b"<a href='/item/1'>1</a><a href='/item/2'>2</a><a href='/private/item/3'>3</a><a href='/item/404'>4</a><a href='/loop'>loop</a>"
        if self.path == "/robots.txt":
            body = b"User-agent: *\nDisallow: /private\n"
        elif self.path.startswith("/item/"):
            body = "<meta charset=utf-8><h1>普洱茶</h1><p>价格：面议</p><button>加入购物车</button>".encode()
        self.send_response(404 if self.path.endswith("404") else 200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


def test_robots_txt_the_delay_and_an_honest_name_are_kept(town: Town, tmp_path: Path) -> None:
    Strict.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    env = env_for(
        town, tmp_path, YUNJIAN_DOWNLOAD_DELAY="0.4", YUNJIAN_HOST_CONCURRENCY="1", YUNJIAN_CONTACT="officer@example.org"
    )  # fmt: skip
    summary = swept("--source", f"http://strict.town.localhost:{port}/", env=env, cwd=tmp_path)
    server.shutdown()
    paths = [path for _, path, _ in Strict.asked]
    assert paths[0] == "/robots.txt" and not any(p.startswith("/private") for p in paths)
    assert (
        summary["incidents"]["block/robots"] == 1 and summary["incidents"]["failure/http_404"] == 1
    )
    assert summary["incidents"]["failure/redirect_loop"] == 1
    assert summary["total"]["listings"] == 2
    times = [at for at, _, _ in Strict.asked]
    # Scrapy varies the delay by half, so that no rhythm gives a load.
    assert all(b - a > 0.19 for a, b in pairwise(times))
    assert all(
        "Yunjian" in agent and "officer@example.org" in agent for _, _, agent in Strict.asked
    )


def test_a_shop_that_is_not_there_is_named(town: Town, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = env_for(town, tmp_path, YUNJIAN_RETRIES="0")
    summary = swept("--source", f"http://gone.town.localhost:{port}/", env=env, cwd=tmp_path)
    (kind,) = summary["incidents"]
    assert kind.startswith("failure/") and summary["tasks"] == {"failed": 1}
    assert json.dumps(summary)
