"""The examples of docs/api.md are run, against a desk that listens on loopback."""

from __future__ import annotations

import json
import re
import shlex
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from desk.app import make_app
from desk.office import Office
from desk.people import add_account
from desk.tokens import make_token
from detectors import Detector
from tests.clues.casework import a_clue
from tests.desk.conftest import PASSWORD
from watching.webhooks import signature


@pytest.fixture
def live(office: Office, detector: Detector) -> Iterator[dict[str, str]]:
    """A desk with three clues on a free port, and what the examples call it."""
    office.detector = detector
    for number in (1, 2, 3):
        a_clue(office.store, number)
    with office.store.writing() as session:
        account = add_account(session, "program", "王芳", "reviewer", PASSWORD)
        scopes = ["read", "judge", "export", "settle"]
        _, secret = make_token(session, account, "docs", scopes, 1)
    config = uvicorn.Config(make_app(office), port=0, log_level="warning")
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([socket],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield {"TOKEN": secret, "DESK": f"http://127.0.0.1:{socket.getsockname()[1]}"}
    server.should_exit = True
    thread.join(10)


def asked(line: str, names: dict[str, str]) -> httpx.Response:
    """Do what a line of curl says; only the options that the examples use are known."""
    for name, value in names.items():
        line = line.replace(f"${name}", value)
    words = shlex.split(line)
    assert words.pop(0) == "curl"
    method, headers, body, url = "GET", {}, None, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            key, value = words.pop(0).split(": ", 1)
            headers[key] = value
        elif word == "-d":
            body = words.pop(0).encode()
        elif word == "-o":
            words.pop(0)
        else:
            assert not url and not word.startswith("-"), line
            url = word
    if body is not None:
        headers["Content-Type"] = "application/json"
    return httpx.request(method, url, headers=headers, content=body, trust_env=False, timeout=30)


def like(shown: Any, got: Any) -> bool:
    """Whether an answer holds what the document shows of it; "…" stands for any text."""
    if isinstance(shown, dict):
        return isinstance(got, dict) and all(k in got and like(v, got[k]) for k, v in shown.items())
    if isinstance(shown, list):
        if not shown or not isinstance(got, list) or len(got) < len(shown):
            return bool(shown == got)
        return all(like(*pair) for pair in zip(shown, got, strict=False))
    return bool(shown == got or (shown == "…" and isinstance(got, str) and got))


def test_every_example_answers_as_shown(live: dict[str, str], house: Path) -> None:
    text = (house / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(sh|json)\n(.+?)^```", text, re.MULTILINE | re.DOTALL)
    last: httpx.Response | None = None
    ran = compared = 0
    for kind, said in blocks:
        if kind == "sh":
            for line in said.strip().splitlines():
                assert last is None or last.status_code < 400, last.text
                last = asked(line, live)
                ran += 1
        else:
            assert last is not None
            shown = json.loads(said)
            assert ("detail" in shown and len(shown) == 1) == (last.status_code >= 400), last.text
            assert like(shown, last.json()), (shown, last.text)
            compared += 1
            last = None
    assert (ran, compared) == (27, 14)


def test_files_of_the_examples_are_files(live: dict[str, str], house: Path) -> None:
    text = (house / "docs" / "api.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("curl") and " -o " in line]
    assert len(lines) == 2
    for line in lines:
        answer = asked(line, live)
        assert answer.status_code == 200 and answer.content[:2] == b"PK", line


def test_the_check_of_a_signature_is_right(house: Path) -> None:
    text = (house / "docs" / "api.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.+?)^```", text, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)
    body = '{"clue": "茶"}'.encode()
    signed = "sha256=" + signature("k" * 64, "1793930000", body)
    assert found["genuine"]("k" * 64, "1793930000", signed, body)
    assert not found["genuine"]("k" * 64, "1793930001", signed, body)
    assert not found["genuine"]("k" * 64, "1793930000", signed, body + b" ")


def test_every_path_of_the_document_is_one(house: Path, live: dict[str, str]) -> None:
    text = (house / "docs" / "api.md").read_text(encoding="utf-8")
    document = asked('curl -H "Authorization: Bearer $TOKEN" $DESK/api/v1/openapi.json', live).json()  # fmt: skip
    known = {re.sub(r"\{\w+\}", "1", path) for path in document["paths"]}
    said = set(
        re.findall(
            r"`(?:POST |DELETE )?(/(?:clues|webhooks|people|looks|cases|answers|deadlines|verdicts|penalties|exports|operators|watchlist|searches)[\w/]*)`",
            text,
        )
    )
    assert len(said) >= 20 and said <= known
