"""How a sweep behaves towards the sites it reads, as their own logs show it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import select

from policies import CHINA
from practice import Town
from storage import models as m
from storage import open_store
from tests.sweeps.conftest import HOUSE, env_for, swept, yunjian
from tests.sweeps.recorder import Asked, Recorder, Say, item, links
from tests.sweeps.test_revisits import FakeTown

ITEMS = [f"/item/{n}" for n in range(1, 9)]


def env_of(site: Recorder, data: Path, **more: str) -> dict[str, str]:
    return env_for(FakeTown(site.port), data, **more)  # type: ignore[arg-type]


def incidents(data: Path) -> list[tuple[str, str, str, str]]:
    with open_store(f"sqlite:///{data / 'yunjian.db'}").session() as session:
        rows = session.execute(
            select(m.Incident.kind, m.Incident.what, m.Incident.detail, m.Incident.url)
        )
        return [(r[0], r[1], r[2], r[3]) for r in rows]


def timeline(asked: list[Asked]) -> str:
    """Requests per host over time, a character for each half second."""
    begun = min(a.at for a in asked)
    rows = []
    for host in sorted({a.host for a in asked}):
        count = Counter(int((a.at - begun) * 2) for a in asked if a.host == host)
        marks = "".join(str(count[n]) if n in count else "·" for n in range(max(count) + 1))
        rows.append(f"{host.split('.')[0]:>8} {marks}")
    return "\n".join(rows)


class Street:
    """`calm` just sells; `limited` and `busy` say once, at the second item, when to come again;
    `closed` asks for an hour."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[float, float]] = {}

    def __call__(self, asked: Asked) -> Say | None:
        shop = asked.host.split(".")[0]
        if asked.path == "/":
            return Say(links(*ITEMS))
        if asked.path not in ITEMS:
            return None
        if shop not in self.told and len(asked.path) and shop != "calm":
            now = time.time()
            if shop == "limited":
                self.told[shop] = (now, now + 3)
                return Say("429", 429, {"Retry-After": "3"})
            if shop == "busy":
                until = float(int(now) + 4)
                self.told[shop] = (now, until)
                return Say("503", 503, {"Retry-After": formatdate(until, usegmt=True)})
            self.told[shop] = (now, now + 3600)
            return Say("503", 503, {"Retry-After": "3600"})
        return Say(item(f"普洱茶 {asked.path}"))


def test_the_delay_and_what_a_busy_host_asks_for_are_kept(tmp_path: Path) -> None:
    street = Street()
    shops = ("calm", "limited", "busy", "closed")
    with Recorder(street) as site:
        order = [argument for shop in shops for argument in ("--source", site.url(shop))]
        env = env_of(site, tmp_path, YUNJIAN_DOWNLOAD_DELAY="0.4", YUNJIAN_HOST_CONCURRENCY="1")
        summary = swept(*order, env=env, cwd=tmp_path)
        print(timeline(site.asked))
    for shop in shops:
        times = [a.at for a in site.asked if a.host.startswith(shop)]
        # The delay varies by half, so that no rhythm gives a load.
        assert all(b - a > 0.19 for a, b in pairwise(times)), shop
    for shop in ("limited", "busy"):
        told, until = street.told[shop]
        times = [a.at for a in site.asked if a.host.startswith(shop)]
        assert not [t for t in times if told < t < until - 0.05], "nothing until it said so"
        assert Counter(site.paths(shop))["/"] == 1
        assert {*ITEMS} <= {*site.paths(shop)}, "then all of it"
    assert summary["sources"]["limited.town.localhost"]["listings"] == len(ITEMS)
    assert summary["sources"]["busy.town.localhost"]["listings"] == len(ITEMS)
    asked = site.paths("closed")
    assert asked[:3] == ["/robots.txt", "/", "/sitemap.xml"] and len(asked) == 4, "and one item"
    waits = {d for k, w, d, _ in incidents(tmp_path) if (k, w) == ("wait", "retry_after")}
    assert any("Retry-After: 3: waited" in d for d in waits)
    assert any("longer than this sweep waits" in d for d in waits)
    assert summary["incidents"]["wait/retry_after"] == 3
    assert summary["incidents"]["block/left_alone"] == len(ITEMS) - 1
    assert summary["sources"]["calm.town.localhost"]["failures"] == 0


def china(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime("%H:%M:%S")


def sources(**policies: dict[str, Any]) -> dict[str, str]:
    return {
        "YUNJIAN_POLICIES": json.dumps(
            {f"{name}.town.localhost": policy for name, policy in policies.items()}
        )
    }


def test_outside_its_hours_a_source_waits_and_the_summary_says_so(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    closed = f"{china(now + timedelta(hours=2))}-{china(now + timedelta(hours=4))}"
    order: tuple[str, ...]
    with Recorder(Street()) as site:
        order = ("--source", site.url("calm", "/"), "--source", site.url("calm2", "/"))
        env = env_of(site, tmp_path, **sources(calm={"window": closed}))
        done = yunjian("sweep", *order, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"waiting: calm.town.localhost: window {closed} (China time), opens " in done.stdout
        assert "go on with: yunjian sweep --resume 1" in done.stdout
        assert site.paths("calm") == [], "not even its robots.txt"
        assert len(site.paths("calm2")) > len(ITEMS)
        open_now = f"{china(now - timedelta(hours=1))}-{china(now + timedelta(hours=2))}"
        env = env_of(site, tmp_path, **sources(calm={"window": open_now}))
        resumed = swept("--resume", "1", env=env, cwd=tmp_path)
    assert resumed["state"] == "done" and resumed["tasks"] == {"done": 2}
    assert resumed["sources"]["calm.town.localhost"]["listings"] == len(ITEMS)


def test_a_window_that_closes_in_the_middle_stops_the_task_and_loses_nothing(
    tmp_path: Path,
) -> None:
    with Recorder(Street()) as site:
        end = datetime.now(UTC) + timedelta(seconds=14)
        window = f"{china(end - timedelta(hours=1))}-{china(end)}"
        env = env_of(
            site, tmp_path, YUNJIAN_DOWNLOAD_DELAY="4", YUNJIAN_HOST_CONCURRENCY="1", **sources(calm={"window": window})
        )  # fmt: skip
        first = swept("--source", site.url("calm"), env=env, cwd=tmp_path)
        assert first["state"] == "waiting" and first["tasks"] == {"pending": 1}
        # What waits for its host's turn when the window closes is taken back.
        assert max((a.at for a in site.asked), default=0) < end.timestamp() + 0.5
        resumed = swept("--resume", "1", env=env_of(site, tmp_path), cwd=tmp_path)
    assert resumed["state"] == "done"
    had = Counter(path for path in site.paths("calm") if path in ITEMS)
    assert had == Counter(ITEMS), "what was had is not asked for again"
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        assert len(session.scalars(select(m.Observation.id)).all()) == len(ITEMS)


def robots(asked: Asked) -> Say | None:
    """`strict` forbids all, `broken` has a robots.txt that fails, `none` has none."""
    if asked.path == "/robots.txt":
        shop = asked.host.split(".")[0]
        if shop.startswith("strict"):
            return Say("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"})
        return Say("no", 500 if shop == "broken" else 404)
    return Say(links(*ITEMS) if asked.path == "/" else item(f"普洱茶 {asked.path}"))


ORDER = {"officer": "李某(虚构)", "order": "虚构监检〔2026〕7号", "date": "2026-11-01"}


def test_robots_txt_is_obeyed_but_for_a_named_order_whose_every_use_is_put_down(
    tmp_path: Path,
) -> None:
    shops = ("strict", "strict2", "strict3", "broken", "none")
    with Recorder(robots) as site:
        order = [argument for shop in shops for argument in ("--source", site.url(shop))]
        policies = sources(
            strict={"robots_exception": ORDER},
            strict2={"robots_exception": ORDER | {"date": "2099-01-01"}},
        )
        env = env_of(site, tmp_path, YUNJIAN_RETRIES="0", **policies)
        summary = swept(*order, env=env, cwd=tmp_path)
        doctor = yunjian("doctor", env=env, cwd=tmp_path)
    for shop in ("strict2", "strict3", "broken"):
        assert set(site.paths(shop)) == {"/robots.txt"}, shop
    whole = {"/robots.txt", "/", "/sitemap.xml", *ITEMS}
    assert set(site.paths("none")) == whole, "RFC 9309: 404 means there is none"
    assert set(site.paths("strict")) == whole
    assert summary["incidents"]["block/robots"] == 3
    seen = incidents(tmp_path)
    uses = [(detail, url) for kind, what, detail, url in seen if kind == "exception"]
    assert {url.split("localhost", 1)[1].split("/", 1)[1] for _, url in uses} == {
        path.removeprefix("/") for path in ["/", "/sitemap.xml", *ITEMS]
    }
    for detail, _ in uses:
        assert "虚构监检〔2026〕7号 of 2026-11-01" in detail and "李某(虚构)" in detail
    (broken,) = [d for k, _, d, url in seen if k == "block" and "//broken." in url]
    assert "robots.txt answered 500" in broken
    assert "not obeyed at strict.town.localhost: order 虚构监检〔2026〕7号" in doctor.stdout


def test_the_user_agent_says_who_asks_and_where_to_write(tmp_path: Path) -> None:
    with Recorder(robots) as site:
        env = env_of(site, tmp_path, YUNJIAN_CONTACT="jiancha@example.org")
        swept("--source", site.url("none"), env=env, cwd=tmp_path)
        agents = {a.headers["User-Agent"] for a in site.asked}
    assert agents == {"Yunjian/0.1 (market surveillance of online shops; jiancha@example.org)"}


def test_what_a_page_is_instead_of_an_offer_is_told_apart(tmp_path: Path) -> None:
    faults = {
        "taoji": "empty", "jingdian": "captcha", "yunxiu": "soft404", "wuyou": "429", "laojie": "503",
        "mengze": "captcha", "zixu": "empty", "jingxiang": "500",
    }  # fmt: skip
    with Town(faults=faults) as town:
        shops = [s for s in faults if s not in ("taoji", "jingdian")]
        order = [argument for shop in shops for argument in ("--source", town.url(shop))]
        env = env_for(town, tmp_path, YUNJIAN_RETRIES="2")
        summary = swept(
            "--goods",
            "sanqi",
            "--source",
            "taobao",
            "--source",
            "jd",
            *order,
            env=env,
            cwd=tmp_path,
        )
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        rows = session.execute(
            select(m.Incident.source, m.Incident.kind, m.Incident.what, m.Evidence.kind).outerjoin(
                m.Evidence, m.Evidence.id == m.Incident.evidence_id
            )
        ).all()
    kinds: dict[str, set[str]] = {}
    for source, kind, what, kept in rows:
        kinds.setdefault(source.split(".")[0], set()).add(f"{kind}/{what}")
        if kind in ("empty", "drift") or what in ("soft_404", "captcha", "login"):
            assert kept, (source, what, "the page is kept")
    assert kinds["taobao"] == {"empty/result", "drift/nothing"}
    assert kinds["jd"] <= {"block/login", "block/left_alone"} and "block/login" in kinds["jd"]
    assert kinds["yunxiu"] == {"failure/soft_404"}
    assert kinds["wuyou"] == kinds["laojie"] == {"wait/retry_after"}
    assert kinds["mengze"] == {"block/captcha"}
    assert kinds["zixu"] == {"empty/page"}
    assert kinds["jingxiang"] == {"failure/http_500"}
    for shop in ("wuyou", "laojie"):
        assert summary["sources"][f"{shop}.town.localhost"]["listings"] > 0, "read after the wait"


def lure(asked: Asked) -> Say | None:
    """A shop whose links, redirects and pictures lead where nobody may be made to go."""
    if asked.path == "/":
        return Say(
            links(
                "/item/1", "/item/metadata", "/item/loopback", "/item/inner", "/item/file",
                "http://169.254.169.254/latest/meta-data/item/1", "http://10.0.0.8/item/2",
                "http://192.168.1.1:8080/item/3", "http://[::1]:9/item/4", "file:///etc/passwd",
                "http://localhost:9/item/5", "http://2130706433/item/6", "ftp://127.0.0.1/item/7",
            )
        )  # fmt: skip
    away = {
        "/item/metadata": "http://169.254.169.254/latest/meta-data/", "/item/loopback": "http://127.0.0.1:9/",
        "/item/inner": "http://10.1.2.3/", "/item/file": "file:///etc/passwd",
    }  # fmt: skip
    if asked.path in away:
        return Say(status=302, headers={"Location": away[asked.path]})
    if asked.path == "/item/1":
        return Say(item("普洱茶") + '<img src="http://169.254.169.254/a.png">')
    return None


def test_not_one_socket_is_opened_to_an_address_outside_the_allowed_ones(
    town: Town, tmp_path: Path
) -> None:
    log = tmp_path / "sockets.log"
    with Recorder(lure) as site:
        env = env_for(town, tmp_path)
        command = [
            sys.executable, "-m", "tests.sweeps.watched", str(log), "sweep", "--json", "--goods", "sanqi",
            "--source", "baidu", "--source", "taobao", "--source", site.url("lure"),
        ]  # fmt: skip
        done = subprocess.run(
            command, env=env, cwd=HOUSE, text=True, capture_output=True, check=False, timeout=280
        )
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert summary["total"]["listings"] > 20, "it did sweep"
    seen = {(f"{kind}/{what}", url) for kind, what, _, url in incidents(tmp_path)}
    private = {url for kind, url in seen if kind == "failure/private_address"}
    assert private == {
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:9/", "http://10.1.2.3/",
        "http://169.254.169.254/a.png",
    }  # fmt: skip
    assert ("failure/http_302", site.url("lure", "/item/file")) in seen, "not followed at all"
    lines = log.read_text(encoding="utf-8").splitlines()
    connected = {line for line in lines if line.startswith("connect (")}
    allowed = {f"connect ('127.0.0.1', {port})" for port in (town.port, site.port)}
    assert connected == allowed
    outside = [line for line in lines if line.startswith("lookup") and "127.0.0.1" not in line]
    assert not [line for line in outside if "localhost" not in line], outside
