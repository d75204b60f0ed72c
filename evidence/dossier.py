"""The clue as a Chinese document: HTML with everything escaped, printed to PDF by Chromium."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Route, sync_playwright

from crawler.browser import launch_options
from evidence.custody import KINDS, Act
from evidence.errors import EvidenceError
from evidence.words import china

__all__ = ["dossier", "print_pdf"]

_STYLE = """
@page { size: A4; margin: 18mm 16mm; }
body { font: 11pt/1.6 "Noto Sans CJK SC", "Noto Serif CJK SC", "Source Han Sans SC", sans-serif; }
h1 { font-size: 18pt; text-align: center; } h2 { font-size: 13pt; border-bottom: 1px solid #888; }
table { border-collapse: collapse; width: 100%; } td, th { border: 1px solid #999; padding: 2px 6px;
  text-align: left; vertical-align: top; overflow-wrap: anywhere; } th { white-space: nowrap; }
mark { background: #ffe100; font-weight: bold; } code { font-size: 8pt; overflow-wrap: anywhere; }
.acts td:nth-child(-n+2) { white-space: nowrap; }
blockquote { margin: 4px 0; padding: 4px 10px; border-left: 4px solid #c00; background: #f7f7f7;
  overflow-wrap: anywhere; } figure { margin: 8px 0; break-inside: avoid; }
img { max-width: 100%; max-height: 230mm; border: 1px solid #999; }
"""
_ACTS = {
    "collected": "采集", "stored": "入链", "sealed": "封存", "opened": "查阅", "exported": "导出",
}  # fmt: skip
_STATES = {
    "new": "新建", "triaged": "已分拣", "verifying": "核查中", "confirmed": "属实",
    "rejected": "不属实", "transferred": "已移送", "answered": "已反馈", "closed": "办结",
}  # fmt: skip


def _row(name: str, value: object) -> str:
    return f"<tr><th>{escape(name)}</th><td>{escape(str(value) or '—')}</td></tr>"


def dossier(
    clue: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    acts: Sequence[Act],
    fingerprint: str,
) -> str:
    """The document. `clue` is from `clue_data`, `records` are the rows of the pack."""
    parts = [
        "<!doctype html><html lang='zh-CN'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' "
        "content=\"default-src 'none'; img-src 'self'; style-src 'unsafe-inline'\">"
        f"<title>线索 {clue['id']}</title><style>{_STYLE}</style></head><body>"
        f"<h1>网络交易违法线索证据卷</h1><h2>一、线索</h2><table>",
        _row("线索编号", clue["id"]),
        _row("违法类型", f"{clue['title_of_violation']}（{clue['violation']}）"),
        _row("状态", _STATES.get(clue["state"], clue["state"])),
        _row("经营主体", clue["operator"] or "未知"),
        _row("统一社会信用代码", clue["detail"]["uscc"]),
        _row("地址", clue["detail"]["address"]),
        _row("网店", f"{clue['shop']} {clue['detail']['shop_url']}"),
        _row("来源", "、".join(clue["sources"])),
        _row("首次发现", china(clue["opened_at"])),
        "</table><h2>二、涉嫌违法的内容</h2>",
        *map(_signal, clue["signals"]),
        "<h2>三、法律条文（页面采集当日有效的版本）</h2>",
        *map(_law, clue["laws"]),
        "<h2>四、证据清单</h2>",
        *map(_record, records),
        "<h2>五、保管链</h2><table class='acts'>",
        *(
            f"<tr><td>{china(act.at)}</td><td>{_ACTS.get(act.act, escape(act.act))}</td>"
            f"<td>{escape(act.by)}</td><td>{escape(act.what)}</td></tr>"
            for act in acts
        ),
        "</table><h2>六、核验</h2><p>本卷由下列公钥（Ed25519，指纹为其 DER 的 SHA-256）签名："
        f"<br><code>{escape(fingerprint)}</code><br>核验：<code>yunjian evidence verify</code>，"
        "或按 docs/evidence.md 仅用 openssl 与 sha256sum。</p></body></html>",
    ]
    return "\n".join(parts)


def _signal(signal: Mapping[str, Any]) -> str:
    before, words, after = signal["context"]
    disguise = f"，变体写法：{escape('、'.join(signal['disguise']))}" if signal["disguise"] else ""
    return (
        f"<p><b>{escape(signal['listing'])}</b><br>{escape(signal['url'])}<br>"
        f"采集时间 {china(signal['seen_at'])}；位置 {escape(signal['field'])}"
        f"[{signal['start']}:{signal['end']}]{disguise}</p>"
        f"<blockquote>{escape(before)}<mark>{escape(words)}</mark>{escape(after)}</blockquote>"
        f"<p>{escape(signal['reason'])}（规则 {escape(signal['rule'])}@{signal['rule_version']}，"
        f"强度 {signal['strength']:.2f}，记录 {escape(signal['record_id'] or '—')}）</p>"
    )


def _law(law: Mapping[str, Any]) -> str:
    told = _article(law)
    if penalty := law.get("penalty_law"):
        told += "<p>罚则：</p>" + _article(penalty)
    return told


def _article(law: Mapping[str, Any]) -> str:
    mark = "（须人工核对条文）" if law.get("unverified") else ""
    version = f"（{law['version']} 版）" if law.get("version") else ""
    return (
        f"<p><b>{escape(str(law.get('law', law['id'])))}{escape(str(law.get('article', '')))}"
        f"{escape(version)}{mark}</b></p><blockquote>{escape(str(law.get('text', '')))}</blockquote>"
    )


def _record(row: Mapping[str, Any]) -> str:
    if "missing" in row:
        return f"<p>缺失：记录 {escape(row['record_id'])}，{escape(row['url'])}：{escape(row['missing'])}</p>"
    told = (
        f"<p>{escape(KINDS.get(row['kind'], row['kind']))}　{escape(row['url'])}<br>"
        f"采集 {china(datetime.fromisoformat(row['fetched_at']))}；"
        f"记录 {escape(row['record_id'])}；证据链第 {row['link']} 环<br>"
        f"<code>SHA-256 {escape(row['sha256'])}</code></p>"
    )
    if row.get("file"):
        told += f"<figure><img src='../{escape(row['file'])}' alt='截图'></figure>"
    return told


def print_pdf(html: str, pictures: Mapping[str, bytes], browser: str) -> bytes:
    """The document as PDF; `pictures` by their path in the pack. Nothing else is loaded.

    Raises `EvidenceError` where the browser can't do it.
    """
    home = "http://dossier.invalid/"

    def serve(route: Route) -> None:
        name = route.request.url.removeprefix(home)
        if name == "clue/clue.html":
            route.fulfill(status=200, content_type="text/html; charset=utf-8", body=html)
        elif name in pictures:
            route.fulfill(status=200, content_type="image/png", body=pictures[name])
        else:
            route.abort()

    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(**launch_options(browser))
            try:
                context = chromium.new_context(java_script_enabled=False, offline=False)
                context.route("**/*", serve)
                page = context.new_page()
                page.goto(home + "clue/clue.html", wait_until="load", timeout=60_000)
                return page.pdf(format="A4", print_background=True)
            finally:
                chromium.close()
    except PlaywrightError as error:
        raise EvidenceError(f"no PDF: the browser failed: {error.message[:300]}") from None
