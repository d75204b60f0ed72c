"""Sessions that officers saved: cut down to their own site, and named clearly where they are no good."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from crawler.sessions import SessionError, load_session

DOMAINS = ("s.taobao.com", "taobao.com")


def cookie(domain: str, expires: float = -1, name: str = "a") -> dict[str, Any]:
    return {"name": name, "value": "secret", "domain": domain, "path": "/", "expires": expires}


def saved(folder: Path, *cookies: dict[str, Any], **more: object) -> Path:
    path = folder / "taobao.json"
    path.write_text(json.dumps({"cookies": list(cookies), **more}), encoding="utf-8")
    return path


def test_only_what_belongs_to_the_site_is_used(tmp_path: Path) -> None:
    origins = [{"origin": "https://login.taobao.com"}, {"origin": "https://bank.example"}]
    path = saved(
        tmp_path, cookie(".taobao.com"), cookie("bank.example"), cookie("nottaobao.com"), origins=origins
    )  # fmt: skip
    session = load_session("taobao", path, DOMAINS)
    assert [c["domain"] for c in session.state["cookies"]] == [".taobao.com"]
    assert session.state["origins"] == origins[:1]
    assert session.serves("https://item.taobao.com/item.htm?id=1")
    for other in ("https://nottaobao.com/", "https://taobao.com.bank.example/", "http://127.0.0.1/", "x"):  # fmt: skip
        assert not session.serves(other)


def test_expired_cookies_are_left_and_a_stale_file_says_since_when(tmp_path: Path) -> None:
    old = cookie("taobao.com", 1_600_000_000)
    session = load_session(
        "taobao", saved(tmp_path, old, cookie("taobao.com", time.time() + 60, "b")), DOMAINS
    )
    assert [c["name"] for c in session.state["cookies"]] == ["b"]
    with pytest.raises(SessionError, match=r"taobao\.json: expired on 2020-09-13 12:26 UTC: open"):
        load_session("taobao", saved(tmp_path, old), DOMAINS)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "No such file"),
        ("no json", "not a Playwright storage state"),
        ("[]", "not a Playwright storage state"),
        ('{"cookies": [1]}', "not a Playwright storage state"),
        ('{"cookies": []}', "has no cookie for s.taobao.com, taobao.com"),
    ],
)
def test_a_file_that_is_no_session_is_named(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "taobao.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(SessionError, match=rf"session of taobao: .*taobao\.json: {why}"):
        load_session("taobao", path, DOMAINS)


def test_a_session_in_the_checkout_is_refused(house: Path) -> None:
    with pytest.raises(SessionError, match="outside of the program's own folder"):
        load_session("taobao", house / "taobao.json", DOMAINS)
