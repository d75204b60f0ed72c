"""Further ways into a sweep: more marketplaces, handed-over files, open APIs, officers' sessions."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from doctor import checks
from practice import Town
from practice.data import offers
from practice.search import find
from settings import load
from storage import models as m
from storage import open_store
from sweeps import SweepError
from sweeps.order import SweepOrder
from sweeps.run import plan_sweep
from tests.sweeps.conftest import env_for, swept, yunjian


def stored(data: Path, source: str) -> dict[str, dict[str, Any]]:
    """What the newest observation of each listing of a source says, by the listing's id."""
    store = open_store(f"sqlite:///{data / 'yunjian.db'}")
    with store.session() as session:
        rows = session.execute(
            select(m.Observation.content)
            .join(m.ListingRow, m.ListingRow.id == m.Observation.listing_id)
            .where(m.ListingRow.source == source)
        )
        found = {row.content["id"]: row.content for row in rows}
    store.close()
    return found


def archived(data: Path) -> dict[str, tuple[str, bytes, str]]:
    """Every record of the vault by its address: type, body, request headers."""
    found = {}
    for path in (data / "evidence").iterdir():
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                uri = record.rec_headers.get_header("WARC-Target-URI") or ""
                headers = str(record.http_headers) if record.rec_type == "request" else ""
                found[f"{record.rec_type} {uri}"] = (
                    record.rec_type,
                    record.content_stream().read(),
                    headers,
                )
    return found


# Marketplaces ---------------------------------------------------------------------------


def test_the_wholesale_and_the_group_market_are_swept(town: Town, tmp_path: Path) -> None:
    env = env_for(town, tmp_path, YUNJIAN_IMAGES_PER_LISTING="0")
    summary = swept(
        "--source", "1688", "--source", "pdd", "--goods", "sanqi", env=env, cwd=tmp_path
    )
    assert summary["incidents"] == {} and summary["problems"] == []
    terms = {row["query"] for row in tasks(tmp_path)}
    every = {o.id for term in terms for o in find(term, ["taoji"])}
    first = {o.id for term in terms for o in find(term, ["taoji"])[:20]}
    wholesale, group = stored(tmp_path, "1688"), stored(tmp_path, "pdd")
    assert set(wholesale) == every
    assert set(group) == first, "20 goods per query, as the site gives them"
    for id_, said in wholesale.items():
        truth = offers()[id_].listing
        assert said["title"] == truth.title and said.get("attributes", {}) == truth.attributes
        assert said.get("price") == (None if truth.price is None else str(truth.price))
        assert said["operator_name"] == (truth.operator_name or truth.shop_name)
    for id_, said in group.items():
        truth = offers()[id_].listing
        assert said["title"] == truth.title and said["shop_name"] == truth.shop_name
        assert said.get("text", "").split() == truth.text.split()


def tasks(data: Path) -> list[dict[str, Any]]:
    store = open_store(f"sqlite:///{data / 'yunjian.db'}")
    with store.session() as session:
        rows = [
            {"query": r.query, "state": r.state, "source": r.source, "note": r.note}
            for r in session.scalars(select(m.TaskRow))
        ]
    store.close()
    return rows


def test_a_sweep_that_names_no_source_asks_those_of_the_settings(
    town: Town, tmp_path: Path
) -> None:
    env = env_for(town, tmp_path, YUNJIAN_SOURCES="pdd", YUNJIAN_IMAGES_PER_LISTING="0")
    summary = swept("--goods", "sanqi", env=env, cwd=tmp_path)
    assert set(summary["sources"]) == {"pdd"}


# Handed-over files ----------------------------------------------------------------------


def test_a_handed_over_file_is_evidence_and_opens_clues(
    town: Town, tmp_path: Path, shared: Path
) -> None:
    table = tmp_path / "报送.csv"
    table.write_bytes(
        "平台,商品ID,商品名称,商品描述,售价,店铺名称,经营主体\n"
        "taobao,1,文山三七粉,治疗高血压 三天见效 根治糖尿病,99,虚构三七店,文山虚构三七有限公司\n"
        "taobao,2,,没有名称,1,店,\n"
        ",3,普洱茶饼,云南大叶种,128,虚构茶店,\n".encode("gb18030")
    )
    recorded = shared / "pages" / "item-api-tb.json.gz"
    order = ("--source", f"file:{table}", "--source", f"file:{recorded}")
    env = env_for(town, tmp_path)
    summary = swept(*order, env=env, cwd=tmp_path)
    assert summary["total"]["listings"] == 3 and summary["tasks"] == {"done": 2}
    assert summary["violations"].get("medical_claim") == 1
    assert (
        summary["incidents"] == {"unread/entry": 1} and "offer 2: title" in summary["problems"][0]
    )
    assert set(stored(tmp_path, "taobao")) == {"1", "16793826526"}
    assert set(stored(tmp_path, "file:报送.csv")) == {"3"}, "what names no platform is the file's"

    kept = {name: body for name, (_, body, _) in archived(tmp_path).items() if "file:" in name}
    assert kept[f"resource {table.as_uri()}"] == table.read_bytes()
    assert kept[f"resource {recorded.resolve().as_uri()}"] == recorded.read_bytes()
    clue = json.loads(yunjian("clue", "1", "--json", env=env, cwd=tmp_path).stdout)
    assert clue["detail"]["evidence"][0]["kind"] == "file"

    again = swept(*order, env=env, cwd=tmp_path)
    assert again["total"]["observations_new"] == 0 and again["total"]["clues_opened"] == 0


def test_a_file_that_is_none_is_named(town: Town, tmp_path: Path) -> None:
    env = env_for(town, tmp_path)
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "cut.json.gz").write_bytes(b"\x1f\x8b\x08\x00\x00")
    summary = swept("--source", "file:odd.csv", "--source", "file:cut.json.gz", env=env, cwd=tmp_path)  # fmt: skip
    assert summary["tasks"] == {"failed": 2}
    assert summary["incidents"] == {"unread/unreadable": 1, "unread/file": 1}
    assert {t["note"] for t in tasks(tmp_path)} == {
        "no column for the title among a, b", "the gzip file is cut off",
    }  # fmt: skip


# A server that wants to know who asks ---------------------------------------------------


class Doorkeeper(BaseHTTPRequestHandler):
    """An API behind a token and a 淘宝 search behind a login."""

    seen: list[tuple[str, str, str]]

    def do_GET(self) -> None:
        host, parts = str(self.headers["Host"]).split(":")[0], urlsplit(self.path)
        cookie, token = self.headers.get("Cookie", ""), self.headers.get("Authorization", "")
        self.seen.append((f"{host}{parts.path}", cookie, token))
        if parts.path == "/robots.txt":
            return self.answer(404, "")
        if parts.path == "/goods":
            if token != "Bearer opensesame":
                return self.answer(401, "{}")
            page = int(parse_qs(parts.query)["page"][0])
            rows = [{"title": f"三七粉 {page}-{n}", "id": f"{page}{n}"} for n in range(2)]
            return self.answer(200, json.dumps({"items": rows if page < 3 else []}))
        if host == "shop.localhost":
            other = "<title>x</title><script>fetch('http://other.localhost:PORT/beacon')</script>"
            if parts.path == "/member/login.jhtml":
                return self.answer(200, "<form>login</form>")
            if "sid=officer" not in cookie:
                return self.answer(302, "/member/login.jhtml")
            if parts.path == "/search":
                port = self.headers["Host"].split(":")[1]
                config = {"mods": {"itemlist": {"data": {"auctions": [
                    {"nid": "1", "raw_title": "三七", "view_price": "9", "detail_url": f"http://shop.localhost:{port}/item.htm?id=1"},
                    {"nid": "2", "raw_title": "三七片", "view_price": "8", "detail_url": f"http://other.localhost:{port}/item.htm?id=2"},
                ]}}}}  # fmt: skip
                return self.answer(200, other.replace("PORT", port) + f"<script>g_page_config = {json.dumps(config)};</script>")  # fmt: skip
        return self.answer(200, '<h3 class="tb-main-title" data-title="三七 详情"></h3>')

    def answer(self, status: int, body: str) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", body)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"" if status == 302 else body.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def doorkeeper() -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    seen: list[tuple[str, str, str]] = []
    handler = type("Handler", (Doorkeeper,), {"seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], seen
    finally:
        server.shutdown()
        server.server_close()


def test_an_open_api_is_swept_with_its_token_which_stays_out_of_the_evidence(
    town: Town, tmp_path: Path
) -> None:
    with doorkeeper() as (port, seen):
        apis = {"open": {"url": f"http://api.localhost:{port}/goods?q={{query}}&page={{page}}", "token": "opensesame"}}  # fmt: skip
        env = env_for(town, tmp_path, YUNJIAN_APIS=json.dumps(apis), YUNJIAN_ALLOW_PRIVATE="*.localhost")  # fmt: skip
        summary = swept("--source", "open", "--goods", "sanqi", env=env, cwd=tmp_path)
        assert summary["incidents"] == {}
        assert set(stored(tmp_path, "open")) == {"10", "11", "20", "21"}
        assert {token for path, _, token in seen if path.endswith("/goods")} == {
            "Bearer opensesame"
        }
        evidence = b"".join(p.read_bytes() for p in (tmp_path / "evidence").iterdir())
        requests = [h for kind, _, h in archived(tmp_path).values() if kind == "request"]
    assert (
        requests and not any("opensesame" in h for h in requests) and b"opensesame" not in evidence
    )
    assert "opensesame" not in (tmp_path / "yunjian.db").read_bytes().decode("latin-1")


def state(folder: Path, *cookies: tuple[str, str, float]) -> Path:
    path = folder / "session.json"
    rows = [
        {"name": "sid", "value": value, "domain": domain, "path": "/", "expires": expires,
         "httpOnly": True, "secure": False, "sameSite": "Lax"}
        for domain, value, expires in cookies
    ]  # fmt: skip
    path.write_text(json.dumps({"cookies": rows, "origins": []}), encoding="utf-8")
    path.chmod(0o600)
    return path


def session_env(town: Town, data: Path, port: int, path: Path) -> dict[str, str]:
    return env_for(
        town, data, YUNJIAN_ALLOW_PRIVATE="*.localhost", YUNJIAN_MAX_PAGES="1",
        YUNJIAN_SOURCE_URLS=json.dumps({"taobao": f"http://shop.localhost:{port}"}),
        YUNJIAN_SESSIONS=json.dumps({"taobao": str(path)}), YUNJIAN_IMAGES_PER_LISTING="0",
    )  # fmt: skip


@pytest.mark.timeout(200)
def test_a_saved_session_opens_its_own_site_and_goes_nowhere_else(
    town: Town, tmp_path: Path
) -> None:
    with doorkeeper() as (port, seen):
        path = state(tmp_path, ("shop.localhost", "officer", -1), ("other.localhost", "private", -1))  # fmt: skip
        env = session_env(town, tmp_path, port, path)
        summary = swept("--source", "taobao", "--goods", "sanqi", env=env, cwd=tmp_path)
    assert summary["sources"]["taobao"]["blocks"] == 0, summary["problems"]
    assert {"三七 详情"} == {c["title"] for c in stored(tmp_path, "taobao").values()}
    assert len(stored(tmp_path, "taobao")) == 2
    assert any("sid=officer" in cookie for where, cookie, _ in seen if where == "shop.localhost/search")  # fmt: skip
    elsewhere = [cookie for where, cookie, _ in seen if where.startswith("other.localhost")]
    assert elsewhere and not any(elsewhere), "no cookie of the session leaves its site"
    kept = b"".join(p.read_bytes() for p in (tmp_path / "evidence").iterdir())
    requests = [h for kind, _, h in archived(tmp_path).values() if kind == "request"]
    assert not any("officer" in header for header in requests) and b"sid=officer" not in kept


@pytest.mark.timeout(200)
def test_a_session_that_the_site_no_longer_takes_is_named(town: Town, tmp_path: Path) -> None:
    with doorkeeper() as (port, _):
        path = state(tmp_path, ("shop.localhost", "yesterday", -1))
        env = session_env(town, tmp_path, port, path)
        summary = swept("--source", "taobao", "--goods", "sanqi", env=env, cwd=tmp_path)
    assert summary["incidents"].get("block/login")
    assert "session.json is no longer accepted: open and save it again" in summary["problems"][0]


def refused(folder: Path, source: str, **settings: Any) -> str:
    """Why a sweep of `source` is not even planned."""
    config = load(data_dir=folder, **settings)
    store = open_store(config.store_url)
    try:
        with pytest.raises(SweepError) as why:
            plan_sweep(config, store, SweepOrder(sources=(source,) if source else ()))
        with store.session() as session:
            assert session.scalar(select(m.Sweep.id)) is None
    finally:
        store.close()
    return str(why.value)


def test_what_cannot_be_swept_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    gone, old = tmp_path / "gone.json", state(tmp_path, (".taobao.com", "x", 1e9))
    said = refused(tmp_path, "taobao", sessions={"taobao": gone})
    assert said.startswith(f"session of taobao: {gone}: No such file")
    said = refused(tmp_path, "taobao", sessions={"taobao": old})
    assert "expired on 2001-09-09 01:46 UTC: open and save it again" in said
    assert "gone.csv" in refused(tmp_path, f"file:{tmp_path / 'gone.csv'}")
    assert refused(tmp_path, "", sources="amazon").startswith(
        "no such source: amazon (known: baidu"
    )
    assert refused(tmp_path, "shops").startswith("no such source: shops")
    api = {"url": "https://api.example/{query}", "profile": tmp_path / "no.yaml"}
    assert "no.yaml: can't be read" in refused(tmp_path, "open", apis={"open": api})


def test_the_doctor_names_a_session_that_is_no_good_and_what_is_unproven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = state(tmp_path, (".taobao.com", "x", 1e9))
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("YUNJIAN_SESSIONS", json.dumps({"taobao": str(old), "amazon": "x"}))
    said = {check.name: (check.state, check.says) for check in checks()}
    assert (
        said["session taobao"][0] == "bad" and "expired on 2001-09-09" in said["session taobao"][1]
    )
    assert said["session amazon"] == ("bad", "there is no such source")
    assert said["source pdd"][0] == "warn" and said["source pdd"][1].startswith("unproven; ")
    assert said["source 1688"][0] == "ok" and "no item page" in said["source 1688"][1]
