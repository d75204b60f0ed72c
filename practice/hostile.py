"""Faults that are aimed at whoever reads the page, or would ruin them all the same.

``drip`` (a byte every fifth of a second, for ever), ``endless`` (a body without end), ``bomb``
(5 MB of gzip that unpack to 5 GB), ``gzipcut`` (gzip cut off), ``length`` and ``short``
(Content-Length too large, too small), ``redirects`` (10,000 different ones), ``refresh`` (two
pages that refresh to each other), ``reload`` (a page that refreshes to itself), ``internal``
(links that lead, by redirects, to private addresses), ``links`` (1,000,000 links), ``deep`` (the
page 5,000 levels down).

For a browser: ``unsettled`` (timers and fetches without end), ``dialogs``, ``downloads``,
``miner`` (its script never returns), ``lateminer`` (begins when the page is loaded), ``reach``
(scripts that fetch private addresses, also by redirects).
"""

from __future__ import annotations

import gzip
from functools import cache

from practice.pages.html import Answer, Query, document, e, script_json

__all__ = [
    "HOSTILE", "INNER", "LINKS", "REDIRECTS", "STREAMED", "page",
]  # fmt: skip

STREAMED = ("drip", "endless", "length", "short")
"""Those that are no whole answer."""
HOSTILE = (
    *STREAMED, "bomb", "gzipcut", "redirects", "refresh", "reload", "internal", "links", "deep",
    "unsettled", "dialogs", "downloads", "miner", "lateminer", "reach",
)  # fmt: skip
REDIRECTS = 10_000
LINKS = 1_000_000
LEVELS = 5_000
INNER = (
    "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:9/", "http://10.1.2.3/",
    "http://[::1]:9/", "http://localhost:9/", "http://intranet.internal/", "http://neibu.test/",
    "file:///etc/passwd",
)  # fmt: skip
"""Where no page may lead us; ``neibu.test`` is a name that its owner's DNS puts at 10.9.8.7."""


def page(kind: str, path: str, query: Query, whole: Answer) -> Answer:
    """The answer of a fault that is one; `whole` is what the page says without it."""
    if kind == "redirects":
        return _redirects(path, query, whole)
    if kind == "refresh":
        turn = 2 if query.get("turn") == "1" else 1
        return _refreshed(f"{path}?fault=refresh&turn={turn}")
    if kind == "reload":
        return _refreshed(path)
    if kind == "internal":
        return _internal(path, query, whole)
    if kind == "links":
        return Answer(_million())
    if kind == "deep":
        body = whole.body.replace(b"<body>", b"<body>" + b"<div>" * LEVELS)
        return Answer(body.replace(b"</body>", b"</div>" * LEVELS + b"</body>"), 200, whole.headers)
    if kind == "bomb":
        return _bomb()
    if kind == "gzipcut":
        return _cut_gzip(whole)
    return _scripted(kind, path, query, whole)


def _redirects(path: str, query: Query, whole: Answer) -> Answer:
    hop = int(query.get("hop", "0"))
    if hop >= REDIRECTS:
        return whole
    return Answer.redirect(f"{path}?fault=redirects&hop={hop + 1}")


def _refreshed(url: str) -> Answer:
    head = f'<meta http-equiv="refresh" content="0;url={e(url)}">'
    return Answer.page(document("正在跳转", "<p>正在跳转，请稍候。</p>", head))


def _internal(path: str, query: Query, whole: Answer) -> Answer:
    if (to := query.get("to", "")).isdigit() and int(to) < len(INNER):
        return Answer.redirect(INNER[int(to)])
    own = [f"/item/away{n}.html?fault=internal&to={n}" for n in range(len(INNER))]
    links = "".join(f'<a href="{e(url)}">商品</a>' for url in (*own, *INNER)).encode()
    return Answer(whole.body.replace(b"</body>", links + b"</body>"), whole.status, whole.headers)


@cache
def _million() -> bytes:
    links = "\n".join(f"<a href=/item/{n}>{n}</a>" for n in range(LINKS))
    return document("全部商品", links).encode()


@cache
def _bomb() -> Answer:
    """5 GB of blanks in 5 MB; gzip may have any number of members (RFC 1952, 2.2)."""
    member = gzip.compress(b" " * (10 * 2**20), 9)
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip"}
    return Answer(gzip.compress(b"<html><body>") + member * 500, 200, headers)


def _cut_gzip(whole: Answer) -> Answer:
    """Three fifths of the page's gzip, with the length that this has."""
    packed = gzip.compress(whole.body)
    headers = whole.headers | {"Content-Encoding": "gzip"}
    return Answer(packed[: len(packed) * 3 // 5], whole.status, headers)


_SCRIPTS = {
    "unsettled": "let n = 0; setInterval(() => fetch('/img/tick.svg?' + n++), 40);",
    "dialogs": "onbeforeunload = (event) => { event.preventDefault(); event.returnValue = '别走'; };"
    " let n = 0; setInterval(() => { alert('优惠' + n++); confirm('领券？'); prompt('手机号'); }, 200);"
    " for (let i = 0; i < 20; i++) alert('恭喜中奖' + i);",
    "downloads": "let n = 0; const save = () => { const a = document.createElement('a');"
    " a.href = location.pathname + '?fault=downloads&file=' + n++; a.download = 'shop.apk'; a.click(); };"
    " setInterval(save, 100); save();",
    "miner": "for (let n = 1; ; n = (n * 48271) % 2147483647) { if (n === 0) break; }",
    "lateminer": "onload = () => setTimeout(() => { for (;;); }, 300);"
    " new Worker(URL.createObjectURL(new Blob(['for (;;);'])));",
    "reach": "for (const url of INNER) { fetch(url, {mode: 'no-cors'}).catch(() => 0);"
    " new Image().src = url; try { new WebSocket(url.replace('http', 'ws')); } catch {}"
    " const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }"
    " for (let n = 0; n < INNER.length; n++) {"
    " const url = location.pathname + '?fault=reach&to=' + n; fetch(url, {mode: 'no-cors'}).catch(() => 0);"
    " const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }",
}
"""What the pages' scripts do beside drawing the page."""


def _scripted(kind: str, path: str, query: Query, whole: Answer) -> Answer:
    if "file" in query:
        headers = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}
        return Answer(b"\0" * 2**20, 200, headers)
    if (to := query.get("to", "")).isdigit() and int(to) < len(INNER):
        return Answer.redirect(INNER[int(to)])
    script = f"const INNER = {script_json(INNER)}; {_SCRIPTS[kind]}"
    # Behind the page's own script, which draws it: what can be read is read.
    added = f"<script>{script}</script>\n</body>".encode()
    return Answer(whole.body.replace(b"</body>", added), whole.status, whole.headers)
