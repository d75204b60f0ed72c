"""Sweeps over search engines, over real HTTP: shops found, redirects kept polite, keys kept secret."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from sqlalchemy import select

from crawler.middlewares import fingerprint
from practice import Town
from practice.data import offers
from practice.pages.qianfan import TOWN_KEY
from storage import models as m
from storage import open_store
from tests.sweeps.conftest import env_for, swept, yunjian

ENGINES = ("baidu", "sogou", "so360", "bing", "baidu_api")


def sources(data: Path) -> dict[str, m.SourceRow]:
    with open_store(f"sqlite:///{data / 'yunjian.db'}").session() as session:
        return {row.name: row for row in session.scalars(select(m.SourceRow))}


# The shops themselves are other tests' matter.
BRIEF = {"YUNJIAN_SHOP_BUDGET": "1", "YUNJIAN_IMAGES_PER_LISTING": "0"}


def on_the_disk(data: Path) -> bytes:
    """All that a sweep wrote, archives unpacked."""
    parts = []
    for path in data.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            parts.append(gzip.decompress(raw) if path.name.endswith(".gz") else raw)
    return b"".join(parts)


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_finds_every_shop_says_how_and_what_else_its_results_are(
    town: Town, tmp_path: Path, engine: str
) -> None:
    order = ("--goods", "三七", "--source", engine)
    summary = swept(*order, env=env_for(town, tmp_path, **BRIEF), cwd=tmp_path)
    assert set(summary["incidents"]) <= {"unread/entry", "unread/over_budget"}, (
        "but for the shops' budget"
    )
    selling = {
        o.seller.host for o in offers().values()
        if o.listing.goods == "sanqi" and o.seller.site == "shop"
    }  # fmt: skip
    found = {name: row for name, row in sources(tmp_path).items() if name != engine}
    assert selling <= set(found) and summary["shops_found"] == len(found)
    assert all(row.kind == "shop" for row in found.values())
    how = [row.how_found for row in found.values()]
    places = ("result", "advertisement")
    names = {"文山三七", "三七粉", "田七", "三七超细粉"}
    assert all(h.split(": ")[1].split(", ")[0] in names for h in how)
    assert all(h.split(", ")[1].split()[0] in places for h in how)
    results = summary["results"]
    assert results["news"] >= 1 and results["shop"] >= 2 and results["marketplace"] >= 1
    assert "other" not in results
    paid = [kind for kind in results if kind.endswith("/advertisement")]
    assert bool(paid) == (engine != "baidu_api")


@pytest.mark.parametrize("host", ["sogou", "so360", "bing"])
def test_a_captcha_of_an_engine_is_a_block(tmp_path: Path, host: str) -> None:
    with Town(faults={host: "captcha"}) as town:
        order = ("--goods", "三七", "--source", host)
        summary = swept(*order, env=env_for(town, tmp_path), cwd=tmp_path)
    assert set(summary["incidents"]) == {"block/captcha"}
    assert set(summary["tasks"]) == {"failed"} and summary["results"] == {}


# Hostile redirects -----------------------------------------------------------------------

RESULTS = """<div class="results">%s</div>"""
ROW = '<div class="rb"><h3 class="pt"><a href="%s">茶行 %s</a></h3>%s</div>'


class Trap(BaseHTTPRequestHandler):
    """An engine whose links lead where nobody may be sent, and everything else on its port."""

    asked: list[tuple[float, str, str, str]] = []
    protocol_version = "HTTP/1.1"

    def _page(self, body: str, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        host = self.headers["Host"]
        port = host.split(":")[1]
        type(self).asked.append(
            (time.monotonic(), host.split(":")[0], self.path, self.headers["Authorization"] or "")
        )
        leads = {
            "metadata": "http://169.254.169.254/latest/meta-data/",
            "file": "file:///etc/passwd",
            "itself": f"http://trap.town.localhost:{port}/link?url=itself",
            "captcha": f"http://trap.town.localhost:{port}/antispider/?from=x",
            "good": f"http://good.town.localhost:{port}/",
        }
        if self.path.startswith("/web"):
            names = [*leads, "script", "nowhere", "good"]
            rows = [ROW % (f"/link?url={name}", n, "") for n, name in enumerate(names)]
            rows.append(ROW % ("/link?url=x", 9, '<a data-url="http://10.1.2.3/">x</a>'))
            self._page(RESULTS % "".join(rows))
        elif self.path.startswith("/link"):
            name = self.path.partition("url=")[2]
            if name in leads:
                self._page("", 302, Location=leads[name])
            elif name == "script":
                secret = f"http://127.0.0.1:{port}/secret"
                self._page(f'<script>window.location.replace("{secret}")</script>')
            else:
                self._page("<p>这个链接已失效</p>")
        elif self.path == "/" and host.startswith("good."):
            self._page("<h1>三七粉</h1><p>价格：¥9</p><button>加入购物车</button>")
        else:
            self._page("no", 404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        host = self.headers["Host"]
        type(self).asked.append(
            (time.monotonic(), host.split(":")[0], self.path, self.headers["Authorization"] or "")
        )
        away = f"http://good.town.localhost:{host.split(':')[1]}/elsewhere"
        self._page("", 307, Location=away)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def trap() -> Iterator[int]:
    Trap.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def trapped(town: Town, data: Path, port: int, source: str, **more: str) -> dict[str, Any]:
    base = json.dumps({source: f"http://trap.town.localhost:{port}"})
    env = env_for(town, data, YUNJIAN_SOURCE_URLS=base, YUNJIAN_RETRIES="0", **more)
    return swept("--goods", "三七", "--source", source, "--max-pages", "1", env=env, cwd=data)


def test_each_redirect_is_asked_once_with_the_delay_and_leads_to_nothing_private(
    town: Town, tmp_path: Path, trap: int
) -> None:
    polite = {"YUNJIAN_DOWNLOAD_DELAY": "0.3", "YUNJIAN_HOST_CONCURRENCY": "1"}
    summary = trapped(town, tmp_path, trap, "sogou", **polite)
    links = Counter(path for _, _, path, _ in Trap.asked if path.startswith("/link"))
    assert set(links.values()) == {1} and len(links) == 7
    at = [when for when, host, _, _ in Trap.asked if host.startswith("trap.")]
    assert all(b - a > 0.14 for a, b in pairwise(at)), "Scrapy varies the delay by half"
    # Metadata address, file, loopback by script, the private one named on the page.
    assert summary["incidents"]["failure/private_address"] == 4
    assert summary["incidents"]["block/captcha"] == 1
    assert summary["incidents"]["unread/unreadable"] == 1, "leads back to itself"
    assert summary["incidents"]["failure/soft_404"] == 1, "says that it leads nowhere"
    assert set(sources(tmp_path)) == {"sogou", "good.town.localhost"}
    asked = {(host, path) for _, host, path, _ in Trap.asked}
    assert not any(path == "/secret" or path.startswith("/antispider") for _, path in asked)
    assert {host for host, _ in asked} == {"trap.town.localhost", "good.town.localhost"}
    assert summary["total"]["listings"] == 1 and summary["results"] == {"shop": 1}


# The API and its key ---------------------------------------------------------------------


def test_the_key_reaches_the_api_and_nothing_that_is_kept(town: Town, tmp_path: Path) -> None:
    env = env_for(town, tmp_path, **BRIEF)
    done = yunjian("sweep", "--goods", "三七", "--source", "baidu_api", env=env, cwd=tmp_path)
    assert done.returncode == 0 and "search results led to: " in done.stdout
    kept = on_the_disk(tmp_path)
    assert b"/v2/ai_search/web_search" in kept and b"POST /v2/ai_search" in kept
    assert "文山三七".encode() in kept and b'"search_source": "baidu_search_v2"' in kept
    assert TOWN_KEY.encode() not in kept and TOWN_KEY not in done.stdout + done.stderr
    shown = yunjian("doctor", env=env, cwd=tmp_path)
    assert TOWN_KEY not in shown.stdout + shown.stderr


def test_the_key_does_not_follow_a_redirect_to_another_host(
    town: Town, tmp_path: Path, trap: int
) -> None:
    summary = trapped(town, tmp_path, trap, "baidu_api")
    given = {host: key for _, host, path, key in Trap.asked if path != "/robots.txt"}
    assert given["trap.town.localhost"] == f"Bearer {TOWN_KEY}"
    assert given.get("good.town.localhost", "") == ""
    assert set(summary["tasks"]) == {"failed"}
    assert TOWN_KEY.encode() not in on_the_disk(tmp_path)


def test_a_wrong_key_is_named_as_such_a_block(town: Town, tmp_path: Path) -> None:
    env = env_for(town, tmp_path, YUNJIAN_BAIDU_API_KEY="another-key")
    summary = swept("--goods", "三七", "--source", "baidu_api", env=env, cwd=tmp_path)
    (asked,) = summary["tasks"].values()
    assert summary["tasks"] == {"failed": asked} and summary["incidents"] == {"block/login": asked}


def test_without_a_key_the_api_is_left_out_and_refused_by_name(town: Town, tmp_path: Path) -> None:
    env = env_for(town, tmp_path, YUNJIAN_BAIDU_API_KEY="")
    done = yunjian("sweep", "--source", "baidu_api", env=env, cwd=tmp_path)
    assert done.returncode == 2 and "set YUNJIAN_BAIDU_API_KEY" in done.stderr
    shown = yunjian("doctor", env=env, cwd=tmp_path).stdout
    assert "source baidu_api: not searched: no key set (YUNJIAN_BAIDU_API_KEY)" in shown
    assert "source sogou: unproven" in shown and "source baidu: proven" in shown


def test_two_questions_to_one_address_are_told_apart_when_a_sweep_is_resumed() -> None:
    url = "http://q.example/v2/ai_search/web_search"
    one, two = (Request(url, method="POST", body=body) for body in ("普洱茶", "三七粉"))
    assert fingerprint(one) != fingerprint(two) and fingerprint(one) == fingerprint(one.copy())
