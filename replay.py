"""`yunjian replay`: a page of the evidence as it was kept, told what it is, unable to act.

The archived document stands in a sandboxed frame of one page that also says what it is, when
it was captured and its hash. Neither scripts nor anything from outside run or load: the policy
of the page and the sandbox of the frame each forbid it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawler.page import Page
from storage import Vault
from storage import models as m
from storage.vault import Archived

__all__ = ["ReplayError", "Replayed", "find", "replayed", "serve"]

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "form-action 'none'; base-uri 'none'"
)
KINDS = ("evidence", "observation", "clue")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


class ReplayError(ValueError):
    """Evidence that can't be shown: says which and why."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A finished page (HTML) with the evidence it shows."""

    evidence: m.Evidence
    html: str


def find(session: Session, wanted: str) -> list[m.Evidence]:
    """The evidence meant by an id: `12` (a row of the evidence), `observation:5`, `clue:7`
    (all that it rests on, pages first), or a record's own id.

    Raises `ReplayError` where there is none.
    """
    kind, _, number = wanted.rpartition(":")
    kind = kind or "evidence"
    if re.fullmatch(r"[0-9a-f-]{36}", wanted):
        query = select(m.Evidence).where(m.Evidence.record_id == wanted)
    elif kind not in KINDS or not re.fullmatch(r"\d{1,18}", number):
        raise ReplayError(
            f"not an id: {wanted!r} (a number of the evidence, observation:N, clue:N, or a record id)"
        )
    elif kind == "evidence":
        query = select(m.Evidence).where(m.Evidence.id == int(number))
    elif kind == "observation":
        query = (
            select(m.Evidence)
            .join(m.Observation, m.Observation.evidence_id == m.Evidence.id)
            .where(m.Observation.id == int(number))
        )
    else:
        query = (
            select(m.Evidence)
            .join(m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id)
            .where(m.ClueEvidence.clue_id == int(number))
        )
    found = list(session.scalars(query.order_by(m.Evidence.kind != "page", m.Evidence.id)))
    if not found:
        raise ReplayError(f"no evidence for {wanted}")
    return found


def replayed(session: Session, vault: Vault, evidence: m.Evidence) -> Replayed:
    """The page that shows a record.

    Raises `ReplayError` where the archived bytes are not those that were stored, `VaultError`
    where they can't be read.
    """
    kept = vault.read(evidence.warc_file, evidence.warc_offset)
    if hashlib.sha256(kept.body).hexdigest() != evidence.sha256:
        raise ReplayError(
            f"evidence {evidence.id}: the archived bytes do not have the stored SHA-256 "
            f"{evidence.sha256}: {evidence.warc_file} was altered or damaged"
        )
    rows = _facts(session, evidence)
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    html = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>证据 {evidence.id} 回放</title><style>{_STYLE}</style></head><body>"
        f"<header><h1>证据回放（不是现场网页）</h1><dl>{shown}</dl></header>"
        f"{_shown(evidence, kept)}</body></html>"
    )
    return Replayed(evidence, html)


_STYLE = (
    "html,body{margin:0;height:100%}body{display:flex;flex-direction:column;font:14px sans-serif}"
    "header{background:#7a1f1f;color:#fff;padding:8px 16px}h1{font-size:16px;margin:0 0 4px}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px;margin:0}"
    "dd{margin:0;overflow-wrap:anywhere}iframe{flex:1;border:0;width:100%;background:#fff}"
    "main{flex:1;overflow:auto}pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:8px 16px}"
)


def _facts(session: Session, evidence: m.Evidence) -> list[tuple[str, str]]:
    """What the banner says."""
    at = evidence.fetched_at
    china = at + timedelta(hours=8)
    rows = [
        ("网址", evidence.url),
        ("采集时间", f"{at:%Y-%m-%d %H:%M:%S} UTC（北京时间 {china:%Y-%m-%d %H:%M:%S}）"),
        ("SHA-256", f"{evidence.sha256}（已核对，与存档一致）"),
        ("存档", f"{evidence.warc_file}@{evidence.warc_offset}  记录 {evidence.record_id}"),
        ("说明", _KIND.get(evidence.kind, evidence.kind) + f"，HTTP {evidence.status}"),
        ("限制", "脚本、外部图片和样式一律不加载，链接不可用；所见版式可能与当时不同，以截图为准"),
    ]
    if evidence.rendered:
        rows.insert(5, ("渲染", "浏览器执行脚本之后的文档；服务器发送的原文另存一条记录"))
    if (chain := _chain(session, evidence)) is not None:
        rows.insert(5, ("TLS 证书链", f"证据 {chain.id}  SHA-256 {chain.sha256}"))
    return rows


_KIND = {
    "page": "网页", "block": "拦截页面", "redirect": "跳转", "robots": "robots.txt", "picture": "商品图片",
    "screenshot": "截图", "wire": "服务器发送的原文", "certificate": "TLS 证书链",
}  # fmt: skip


def _chain(session: Session, evidence: m.Evidence) -> m.Evidence | None:
    scheme, _, rest = evidence.url.partition("://")
    if scheme != "https":
        return None
    address = f"urn:certificates:https://{rest.split('/')[0].split('?')[0].lower()}"
    return session.scalars(
        select(m.Evidence)
        .where(
            m.Evidence.kind == "certificate",
            m.Evidence.url == address,
            m.Evidence.sweep_id == evidence.sweep_id,
        )
        .order_by(m.Evidence.id.desc())
        .limit(1)
    ).first()


def _shown(evidence: m.Evidence, kept: Archived) -> str:
    kind = evidence.content_type.split(";")[0].strip().lower()
    if kind in _PICTURES:
        data = base64.b64encode(kept.decoded_body()).decode()
        return f'<main><img alt="" src="data:{kind};base64,{data}"></main>'
    charset = evidence.content_type.partition("charset=")[2].split(";")[0].strip(" \"'")
    text = Page(evidence.url, kept.decoded_body(), "utf-8" if evidence.rendered else charset).text
    if "html" not in kind and text.lstrip()[:1] != "<":
        return f"<main><pre>{escape(text)}</pre></main>"
    # No policy keeps a browser from looking up or greeting hosts that <link> names in advance;
    # what else a <link> loads is forbidden anyway.
    text = re.sub(r"<(/?)link\b", r"<\1x-link", text, flags=re.IGNORECASE)
    return f'<iframe sandbox="" referrerpolicy="no-referrer" srcdoc="{escape(text)}"></iframe>'


# On loopback ------------------------------------------------------------------------------


def serve(pages: list[Replayed], port: int, say: Callable[[str, Replayed], None]) -> None:
    """Serve the pages on loopback until Ctrl-C; `say` is given each address first.

    The address holds a secret, so that other users of the machine can't guess it. Raises
    `ReplayError` where the port is taken.
    """
    secret = secrets.token_urlsafe(12)
    known = {f"/{secret}/{page.evidence.id}": page.html.encode() for page in pages}

    class Shown(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = known.get(self.path)
            # By its number only: a name that leads here may be anybody's.
            if body is None or self.headers.get("Host") != f"127.0.0.1:{server.server_port}":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", f"{POLICY}; frame-ancestors 'none'")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("X-DNS-Prefetch-Control", "off")
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Shown)
    except OSError as error:
        raise ReplayError(f"port {port} can't be had: {error.strerror}") from None
    with server:
        for path, page in zip(known, pages, strict=True):
            say(f"http://127.0.0.1:{server.server_port}{path}", page)
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def write(page: Replayed, path: Path) -> None:
    """Write the page as one file. Raises `ReplayError` where that can't be done."""
    try:
        path.write_text(page.html, encoding="utf-8", errors="replace")
    except OSError as error:
        raise ReplayError(f"{path}: {error.strerror or error}") from None
