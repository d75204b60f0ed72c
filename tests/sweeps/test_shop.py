"""An independent shop that nobody described, over real HTTP: every way in, and what it says of itself."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from practice import Town
from storage import models as m
from storage import open_store
from tests.sweeps.conftest import env_for, swept

FOOT = '<div id="foot"><a href="/page?x=1">联系我们</a> <a href="/shuoming">退换货说明</a> <p>滇ICP备2099000017号-1</p></div>'
HEAD = '<div id="head"><a href="/">首页</a><form action="/so"><input name="keyword"></form></div>'


def item(n: int) -> str:
    return f"<h1>虚构普洱茶 {n}</h1><p>售价：¥{n}.00</p><button>加入购物车</button><div class='intro'>第{n}号茶。</div>"


def card(n: int) -> str:
    return f'<div class="one"><a href="/w/x/y/{n}"><img src="/{n}.gif"></a><b>¥{n}.00</b></div>'


PAGES = {
    "/": "<h2>虚构茶</h2>" + card(1) + card(2) + '<a href="/fenlei/3">下一页</a>',
    "/fenlei/3": "<h2>虚构茶</h2>" + card(3) + card(4),
    "/so": "<h2>结果</h2>" + card(5) + card(6),
    "/page?x=1": "<h2>联系我们</h2><p>企业名称：昆明虚构商贸有限公司</p><p>统一社会信用代码：91530102MA0000000N</p><p>联系电话：0871-00000001</p>",
    "/shuoming": "<h2>退换货说明</h2><p>商品售出概不退换，不支持七天无理由退货。</p>",
    **{f"/w/x/y/{n}": item(n) for n in range(1, 9)},
}
INDEX = "<sitemapindex><sitemap><loc>{0}/deep.xml.gz</loc></sitemap><sitemap><loc>http://169.254.169.254/s.xml</loc></sitemap></sitemapindex>"
URLS = "<urlset><url><loc>{0}/w/x/y/7</loc></url><url><loc>{0}/goods/8</loc></url><url><loc>http://169.254.169.254/goods/9</loc></url></urlset>"


class Stall(BaseHTTPRequestHandler):
    """The shop; `asked` are the paths it was asked for, `ill` what answers 500."""

    asked: list[str] = []
    ill: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        """A page, a sitemap, robots.txt."""
        base = f"http://{self.headers['Host']}"
        path = unquote(self.path)
        self.asked.append(path)
        kind = "text/html; charset=utf-8"
        if path in self.ill:
            return self.answer(500, b"", kind)
        if path == "/robots.txt":
            return self.answer(200, f"User-agent: *\nDisallow: /geheim\nSitemap: {base}/way.xml".encode(), "text/plain")  # fmt: skip
        if path == "/way.xml":
            return self.answer(200, INDEX.format(base).encode(), "application/xml")
        if path == "/deep.xml.gz":
            return self.answer(200, gzip.compress(URLS.format(base).encode()), "application/gzip")
        path = path.replace("/goods/8", "/w/x/y/8").split("?keyword")[0]
        if path not in PAGES:
            return self.answer(404, b"<h1>404</h1>", kind)
        html = f"<html><head><title>虚构茶铺</title></head><body>{HEAD}{PAGES[path]}{FOOT}</body></html>"
        return self.answer(200, html.encode(), kind)

    def answer(self, status: int, body: bytes, kind: str) -> None:
        """Bytes with their length."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture
def stall() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stall)
    Stall.asked, Stall.ill = [], frozenset()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://stall.localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def sweep(stall: str, town: Town, folder: Path, **more: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:  # fmt: skip
    env = env_for(town, folder, YUNJIAN_ALLOW_PRIVATE="stall.localhost", **more)
    summary = swept("--source", stall, "--goods", "tea", env=env, cwd=folder)
    with open_store(f"sqlite:///{folder / 'yunjian.db'}").session() as session:
        return summary, list(session.scalars(select(m.Observation.content)))


def test_cards_pages_search_and_sitemap_lead_to_every_item(
    stall: str, town: Town, tmp_path: Path
) -> None:
    summary, found = sweep(stall, town, tmp_path)
    assert {one["title"] for one in found} == {f"虚构普洱茶 {n}" for n in range(1, 9)}
    assert summary["incidents"] == {}, summary["problems"]
    assert len(Stall.asked) == len(set(Stall.asked)), "nothing is asked twice"
    assert any(path.startswith("/so?keyword=") for path in Stall.asked)


def test_what_the_shop_says_of_itself_is_joined_to_its_items_and_is_evidence(
    stall: str, town: Town, tmp_path: Path
) -> None:
    _, found = sweep(stall, town, tmp_path)
    for one in found:
        assert one["operator_name"] == "昆明虚构商贸有限公司"
        assert (one["uscc"], one["phone"]) == ("91530102MA0000000N", "0871-00000001")
        assert one["attributes"]["ICP备案"] == "滇ICP备2099000017号-1"
        assert one["terms"] == "退换货说明\n商品售出概不退换，不支持七天无理由退货。"
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        pages = session.scalars(
            select(m.Evidence.url)
            .join(m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id)
            .join(m.Clue, m.Clue.id == m.ClueEvidence.clue_id)
            .where(m.Clue.violation == "return_refusal")
        ).all()
    assert any(url.endswith("/shuoming") for url in pages), "the page with the words is evidence"


def test_without_its_own_pages_and_sitemap_the_items_are_read_all_the_same(
    stall: str, town: Town, tmp_path: Path
) -> None:
    Stall.ill = frozenset({"/page?x=1", "/shuoming", "/way.xml"})
    summary, found = sweep(stall, town, tmp_path, YUNJIAN_RETRIES="0")
    assert {one["title"] for one in found} == {f"虚构普洱茶 {n}" for n in range(1, 7)}
    assert summary["incidents"] == {"failure/http_500": 3}, "and it is said what was not seen"


def test_the_walk_ends_in_its_budget(stall: str, town: Town, tmp_path: Path) -> None:
    summary, _ = sweep(stall, town, tmp_path, YUNJIAN_SHOP_BUDGET="6")
    # Two of its own pages, a sitemap and a search are asked before it is counted.
    assert summary["total"]["pages"] <= 10
    assert any("budget of 6 pages" in problem for problem in summary["problems"])
