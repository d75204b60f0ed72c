"""Pages aimed at whoever reads them: one sweep over a shop and a scripted shop full of them ends
in its time and memory, names each, stores the rest, and asks nobody it may not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from practice import Town, listings
from practice.hostile import HOSTILE, INNER
from storage import models as m
from storage import open_store
from tests.sweeps.conftest import HOUSE, env_for, swept
from tests.sweeps.recorder import Asked, Recorder, Say
from tests.sweeps.test_revisits import FakeTown

PLAIN = (
    "drip", "endless", "bomb", "gzipcut", "length", "short", "redirects", "refresh", "reload", "internal", "links", "deep",
)  # fmt: skip
BROWSER = ("unsettled", "dialogs", "downloads", "miner", "lateminer", "reach")
LOST = {
    "drip": "failure/timeout", "endless": "failure/too_large", "bomb": "failure/too_large",
    "gzipcut": "failure/truncated", "length": "failure/truncated", "short": "unread/cut_off",
    "redirects": "failure/redirect_loop", "refresh": "failure/redirect_loop", "reload": "unread/unreadable",
    "links": "failure/too_large", "miner": "failure/timeout", "lateminer": "failure/timeout",
}  # fmt: skip
"""What can't be read, and the name that it gets."""
READ = {"deep": "unread/cut_off", "unsettled": "wait/unsettled", "dialogs": "", "downloads": "", "internal": "", "reach": ""}  # fmt: skip
"""What is read all the same, and what is noted of it."""


def shelf(shop: str) -> list[str]:
    return [urlsplit(one.url).path for one in listings() if f"//{shop}." in one.url]


ILL = dict(zip(PLAIN, shelf("yunxiu"), strict=False)) | dict(
    zip(BROWSER, shelf("jingxiang"), strict=False)
)


@dataclass(frozen=True)
class Outcome:
    seconds: float
    peak: int
    """Bytes of memory at the most."""
    port: int
    incidents: list[tuple[str, str]]
    """(kind/what, address)."""
    counted: dict[str, int]
    read: set[str]
    sockets: list[str]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    folder = tmp_path_factory.mktemp("hostile")
    faults = {f"{'yunxiu' if kind in PLAIN else 'jingxiang'}{path}": kind for kind, path in ILL.items()}  # fmt: skip
    log = folder / "sockets.log"
    with Town(faults=faults) as town:
        env = env_for(
            town, folder, YUNJIAN_DOWNLOAD_TIMEOUT="8", YUNJIAN_RETRIES="1", YUNJIAN_IMAGES_PER_LISTING="0"
        )  # fmt: skip
        command = [
            sys.executable, "-m", "tests.sweeps.watched", str(log), "sweep", "--json",
            "--source", town.url("yunxiu"), "--source", town.url("jingxiang"),
        ]  # fmt: skip
        began = time.monotonic()
        with (folder / "out").open("w") as out:
            process = subprocess.Popen(command, env=env, cwd=HOUSE, stdout=out)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
    assert process.returncode == 0
    with open_store(f"sqlite:///{folder / 'yunjian.db'}").session() as session:
        rows = session.execute(select(m.Incident.kind, m.Incident.what, m.Incident.url)).all()
        read = {urlsplit(url).path for url in session.scalars(select(m.ListingRow.url))}
    summary = json.loads((folder / "out").read_text())
    lines = log.read_text(encoding="utf-8").splitlines()
    yield Outcome(
        seconds, used.ru_maxrss * 1024, town.port, [(f"{kind}/{what}", url) for kind, what, url in rows],
        summary["incidents"], read, lines,
    )  # fmt: skip


def said(outcome: Outcome, kind: str) -> set[str]:
    return {what for what, url in outcome.incidents if urlsplit(url).path == ILL[kind]}


def test_every_hostile_page_of_the_town_is_in_the_sweep() -> None:
    assert set(ILL) == set(HOSTILE) == LOST.keys() | READ.keys()


@pytest.mark.parametrize("kind", LOST)
def test_what_cannot_be_read_is_named(outcome: Outcome, kind: str) -> None:
    assert LOST[kind] in said(outcome, kind)
    assert outcome.counted[LOST[kind]] >= 1
    assert ILL[kind] not in outcome.read, "half a page is no listing"


@pytest.mark.parametrize("kind", READ)
def test_what_can_be_read_is_read_and_what_may_be_missing_is_noted(
    outcome: Outcome, kind: str
) -> None:
    assert ILL[kind] in outcome.read
    assert said(outcome, kind) == ({READ[kind]} if READ[kind] else set())


def test_everything_else_is_stored(outcome: Outcome) -> None:
    well = {path for shop in ("yunxiu", "jingxiang") for path in shelf(shop)} - set(ILL.values())
    assert len(well) == 41 + 34 - len(ILL)
    assert well <= outcome.read


def test_it_ends_in_its_time_and_memory(outcome: Outcome) -> None:
    assert outcome.seconds < 180
    # The rules and dictionaries alone are some 600 MB, the reader of pictures another 200.
    assert outcome.peak < 1_300 * 2**20


def test_each_way_to_a_private_address_is_named_and_not_gone(outcome: Outcome) -> None:
    away = {urlsplit(url).path: what for what, url in outcome.incidents if "/item/away" in url}
    inner = {url for what, url in outcome.incidents if what == "failure/private_address"}
    for number, target in enumerate(INNER):
        named = away.get(f"/item/away{number}.html", "")
        assert named in ("failure/private_address", "failure/http_302") or target in inner, target
    allowed = {f"connect ('127.0.0.1', {outcome.port})"}
    assert {line for line in outcome.sockets if line.startswith("connect (")} == allowed


def test_a_million_links_are_followed_within_the_budget(tmp_path: Path) -> None:
    faults = {f"zixu{shelf('zixu')[0]}": "links"}
    with Town(faults=faults) as town:
        env = env_for(town, tmp_path, YUNJIAN_MAX_BODY="50000000", YUNJIAN_SHOP_BUDGET="80")
        command = [sys.executable, "-m", "cli", "sweep", "--json", "--source", town.url("zixu")]
        began = time.monotonic()
        with (tmp_path / "out").open("w") as out:
            process = subprocess.Popen(command, env=env, cwd=HOUSE, stdout=out)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 and time.monotonic() - began < 120
    summary = json.loads((tmp_path / "out").read_text())
    assert summary["incidents"]["unread/over_budget"] == 1
    assert summary["total"]["pages"] <= 82
    assert used.ru_maxrss * 1024 < 2_000 * 2**20, "the document itself is 32 MB"


def scripted(asked: Asked) -> Say | None:
    """A shop that a browser must read, whose scripts and redirects lead to the bare address."""
    bare = f"http://127.0.0.1:{asked.headers['Host'].split(':')[1]}/secret"
    if asked.path.startswith("/jump") or asked.path == "/item/9":
        return Say(status=302, headers={"Location": bare})
    script = (
        f"for (const url of ['{bare}', '/jump']) {{ fetch(url, {{mode: 'no-cors'}}).catch(() => 0);"
        " const frame = document.createElement('iframe'); frame.src = url; document.body.append(frame); }"
        f" new WebSocket('{bare}'.replace('http', 'ws'));"
        " document.getElementById('app').innerHTML = `<h1>普洱茶</h1><p>价格：¥98.00</p>"
        "<button>加入购物车</button><a href='/item/9'>另一款</a>`;"
    )
    return Say(f"<meta charset=utf-8><div id=app></div><script>{script}</script>")


def test_a_browser_reaches_no_private_address_by_script_or_redirect(tmp_path: Path) -> None:
    with Recorder(scripted) as site:
        env = env_for(FakeTown(site.port), tmp_path)  # type: ignore[arg-type]
        summary = swept("--source", site.url("lure"), env=env, cwd=tmp_path)
    assert any(asked.path.startswith("/jump") for asked in site.asked), "its scripts did run"
    assert "/item/9" in site.paths("lure")
    assert not [asked for asked in site.asked if not asked.host.endswith(".town.localhost")]
    assert summary["incidents"]["failure/private_address"] == 1, "that of the page itself"
