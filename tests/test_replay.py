"""`yunjian replay`: the page as it was kept, and nothing else happens."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import insert
from typer.testing import CliRunner

from cli import app
from crawler.browser import launch_options
from storage import Vault, open_store
from storage import models as m
from sweeps.rows import evidence_row

NOW = datetime(2026, 11, 11, 2, 3, 4, tzinfo=UTC)
GBK = [("Content-Type", "text/html; charset=gb2312")]


class Lure(BaseHTTPRequestHandler):
    """What the archived page would like to reach."""

    asked: list[str] = []

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def lure() -> Iterator[str]:
    Lure.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Lure)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def hostile(lure: str) -> str:
    """A page that tries each way out."""
    return f"""<html><head><meta charset=gb2312><title>茶</title>
    <link rel="stylesheet" href="{lure}/css"><link rel=preconnect href="{lure}"><LINK rel=prefetch href="{lure}/pre">
    <meta http-equiv="refresh" content="0;url={lure}/refresh"><base href="{lure}/">
    <style>@import url("{lure}/import"); body {{background: url("{lure}/background")}}</style></head>
    <body onload="document.title='run'"><h1>全网最好的普洱茶 "&amp;quot;</h1><img src="{lure}/img"><img src=x onerror="new Image().src='{lure}/err'">
    <script>document.body.innerHTML = 'run'; fetch('{lure}/fetch'); top.location = '{lure}/top'</script>
    <iframe src="{lure}/frame"></iframe><object data="{lure}/object"></object><video src="{lure}/video"></video>
    <a id=out href="{lure}/click">出去</a><form action="{lure}/form"><button id=send>发送</button></form></body></html>"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lure: str) -> list[m.Evidence]:
    """The evidence of one clue: a hostile page and the picture of it."""
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    with Vault(tmp_path / "evidence").writer("t") as writer:
        page = writer.response("http://cha.example/item/1", 200, GBK, hostile(lure).encode("gbk"), NOW)  # fmt: skip
        shot = writer.screenshot("http://cha.example/item/1", b"\x89PNG\r\n", NOW, page.record_id)
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        rows = [evidence_row(page, 1, "page"), evidence_row(shot, 1, "screenshot")]
        session.execute(insert(m.Sweep).values(id=1, mode="ad-hoc", state="done", plan={}, summary=None, started_at=NOW, ended_at=NOW))  # fmt: skip
        ids = session.scalars(insert(m.Evidence).returning(m.Evidence.id), rows).all()
        session.execute(insert(m.Shop).values(id=1, source="x", key="x", name="x", url="", first_seen=NOW))  # fmt: skip
        session.execute(
            insert(m.Clue).values(
                id=7, subject="shop:1", shop_id=1, violation="absolute_claim", state="new", score=0.9, goods=[],
                sources=[], region="", intake="sweep", opened_at=NOW, grown_at=NOW,
            )
        )  # fmt: skip
        session.execute(insert(m.ClueEvidence), [{"clue_id": 7, "evidence_id": id_} for id_ in ids])
        session.execute(insert(m.ListingRow).values(id=1, source="x", key="x", url="", shop_id=1, goods="", title="茶", content_hash="", first_seen=NOW, last_seen=NOW))  # fmt: skip
        session.execute(insert(m.Observation).values(id=5, listing_id=1, evidence_id=ids[0], content_hash="", content={}, seen_at=NOW))  # fmt: skip
        return [session.get_one(m.Evidence, id_) for id_ in ids]


def written(wanted: str, to: Path) -> str:
    done = CliRunner().invoke(app, ["replay", wanted, "--out", str(to)])
    assert done.exit_code == 0, done.stderr
    return to.read_text(encoding="utf-8")


def test_the_banner_says_what_when_and_its_hash(kept: list[m.Evidence], tmp_path: Path) -> None:
    page = kept[0]
    for wanted in (str(page.id), "observation:5", "clue:7", page.record_id):
        html = written(wanted, tmp_path / "out.html")
        for said in (
            "http://cha.example/item/1", "2026-11-11 02:03:04 UTC（北京时间 2026-11-11 10:03:04）", page.sha256,
            f"{page.warc_file}@{page.warc_offset}", page.record_id, "全网最好的普洱茶",
        ):  # fmt: skip
            assert said in html
    shot = written(f"evidence:{kept[1].id}", tmp_path / "shot.html")
    assert 'src="data:image/png;base64,iVBORw0K"' in shot


def test_altered_evidence_is_not_shown(kept: list[m.Evidence], tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        session.get_one(m.Evidence, kept[0].id).sha256 = "0" * 64
    done = CliRunner().invoke(app, ["replay", "clue:7", "--out", str(tmp_path / "out.html")])
    assert done.exit_code == 1 and "altered or damaged" in " ".join(done.stderr.split())
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize("wanted", ["999", "clue:8", "observation:1", "page:1", "../x", "clue:"])
def test_what_is_not_there_is_a_plain_sentence(kept: list[m.Evidence], wanted: str) -> None:
    done = CliRunner().invoke(app, ["replay", wanted])
    assert done.exit_code == 1 and ("no evidence for" in done.stderr or "not an id" in done.stderr)


@pytest.fixture
def served(kept: list[m.Evidence], house: Path) -> Iterator[list[str]]:
    """The addresses that the command prints for the clue."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "replay", "clue:7"], cwd=house, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    assert process.stdout is not None
    yield [process.stdout.readline().split()[0] for _ in kept]
    process.terminate()
    process.communicate()


def test_in_a_browser_nothing_runs_and_nothing_outside_is_asked(
    served: list[str], kept: list[m.Evidence], tmp_path: Path
) -> None:
    written("clue:7", tmp_path / "out.html")
    done: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(""))
        for address in (served[0], (tmp_path / "out.html").as_uri()):
            page = browser.new_page()
            page.on("requestfinished", lambda request: done.append(request.url))
            page.goto(address)
            frame = page.frames[1]
            assert frame.inner_text("h1") == '全网最好的普洱茶 "&quot;'
            frame.click("#out", no_wait_after=True)
            page.wait_for_timeout(500)
            assert page.url == address and page.title().startswith("证据")
            page.close()
        browser.close()
    assert Lure.asked == []
    assert {url for url in done if "favicon" not in url} <= {
        served[0],
        (tmp_path / "out.html").as_uri(),
    }


def test_the_server_shows_the_pages_alone_and_to_its_own_address_only(served: list[str]) -> None:
    with urllib.request.urlopen(served[0]) as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "script" not in answer.headers["Content-Security-Policy"]
    base = re.match(r"http://127\.0\.0\.1:\d+/", served[0])
    assert base is not None and len(served[0]) > len(base.group()) + 16, "a secret stands in it"
    for url, host in ((base.group(), ""), (base.group() + "1", ""), (served[0], "evil.example")):
        request = urllib.request.Request(url, headers={"Host": host} if host else {})
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(request)


def test_pages_of_any_encoding_are_read(kept: list[m.Evidence], tmp_path: Path) -> None:
    import brotli
    from backports import zstd

    for name, packed in (("br", brotli.compress), ("zstd", zstd.compress)):
        head = [("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", name)]
        with Vault(tmp_path / "evidence").writer(name) as writer:
            ref = writer.response("http://x.example/", 200, head, packed("<p>白茶".encode()), NOW)
        with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
            session.execute(insert(m.Evidence).values(evidence_row(ref, 1, "page")))
        assert "白茶" in written(ref.record_id, tmp_path / "out.html")
