"""A page that did not change is asked about, not fetched again, and is never kept twice."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from storage import Vault, open_store
from storage import models as m
from tests.sweeps.conftest import env_for, swept
from tests.sweeps.recorder import Asked, Recorder, Say, item, links

SINCE = "Tue, 10 Nov 2026 02:00:00 GMT"


class FakeTown:
    """What `env_for` wants to know of a town."""

    def __init__(self, port: int) -> None:
        self.port = port


class Shop:
    """Four items: known by tag, by date, by neither; the fourth says something new each night."""

    night = 1

    def __call__(self, asked: Asked) -> Say | None:
        if asked.path == "/":
            return Say(links("/item/1", "/item/2", "/item/3", "/item/4"))
        if asked.path == "/item/1":
            if asked.headers.get("If-None-Match") == '"tea-1"':
                return Say(status=304, headers={"ETag": '"tea-1"'})
            return Say(item("普洱茶饼 357克"), headers={"ETag": '"tea-1"'})
        if asked.path == "/item/2":
            if asked.headers.get("If-Modified-Since") == SINCE:
                return Say(status=304)
            return Say(item("滇红茶 250克"), headers={"Last-Modified": SINCE})
        if asked.path == "/item/3":
            return Say(item("三七粉 100克"))
        if asked.path == "/item/4":
            return Say(item("月光白 200克", 100 + self.night))
        return None


def pages(data: Path, sweep: int) -> dict[str, m.Evidence]:
    with open_store(f"sqlite:///{data / 'yunjian.db'}").session() as session:
        rows = session.scalars(
            select(m.Evidence).where(m.Evidence.sweep_id == sweep, m.Evidence.kind == "page")
        )
        return {"/" + row.url.split("/", 3)[3]: row for row in rows}


def sweep_it(site: Recorder, data: Path) -> dict[str, Any]:
    env = env_for(FakeTown(site.port), data)  # type: ignore[arg-type]
    return swept("--source", site.url("cha"), env=env, cwd=data)


def test_unchanged_pages_answer_304_or_are_not_stored_twice(tmp_path: Path) -> None:
    shop = Shop()
    with Recorder(shop) as site:
        first = sweep_it(site, tmp_path)
        assert first["total"]["listings"] == first["total"]["observations_new"] == 4
        assert first["total"]["pages_unchanged"] == 0
        site.asked.clear()
        shop.night = 2
        second = sweep_it(site, tmp_path)
        asked = {a.path: a.headers for a in site.asked}
        assert asked["/item/1"]["If-None-Match"] == '"tea-1"'
        assert asked["/item/2"]["If-Modified-Since"] == SINCE
        assert not {"If-None-Match", "If-Modified-Since"} & asked["/item/3"].keys()
        shop.night = 3
        third = sweep_it(site, tmp_path)
    # The front page and items 1 to 3 are as they were; item 4 has a new price; no sitemap.
    for summary in (second, third):
        assert summary["total"]["pages"] == 6 and summary["total"]["pages_unchanged"] == 4
        assert summary["total"]["observations_unchanged"] == 3
        assert summary["total"]["observations_new"] == 1 and summary["total"]["listings"] == 4

    before, after, last = (pages(tmp_path, sweep) for sweep in (1, 2, 3))
    vault = Vault(tmp_path / "evidence")
    for path in ("/", "/item/1", "/item/2", "/item/3"):
        for later in (after[path], last[path]):
            assert later.original_id == before[path].id, "always the one that has the payload"
            assert (later.sha256, later.size) == (before[path].sha256, before[path].size)
            again = vault.read(later.warc_file, later.warc_offset)
            assert again == vault.read(before[path].warc_file, before[path].warc_offset)
    assert [after[p].status for p in ("/item/1", "/item/2", "/item/3")] == [304, 304, 200]
    assert after["/item/4"].original_id is None
    assert (
        "102" in vault.read(after["/item/4"].warc_file, after["/item/4"].warc_offset).body.decode()
    )
    files = sorted(map(str, (tmp_path / "evidence").glob("*.warc.gz")))
    done = subprocess.run([sys.executable, "-m", "warcio.cli", "check", *files], check=False)
    assert done.returncode == 0


def test_a_page_whose_record_is_damaged_is_fetched_whole_again(tmp_path: Path) -> None:
    with Recorder(Shop()) as site:
        sweep_it(site, tmp_path)
        for file in (tmp_path / "evidence").glob("*.warc.gz"):
            file.write_bytes(b"\0" * file.stat().st_size)
        site.asked.clear()
        second = sweep_it(site, tmp_path)
        item_1 = [a.headers.get("If-None-Match") for a in site.asked if a.path == "/item/1"]
    assert item_1 == ['"tea-1"', None]
    assert second["total"]["listings"] == 4
    page = pages(tmp_path, 2)["/item/1"]
    assert page.status == 200
    kept = Vault(tmp_path / "evidence").read(page.warc_file, page.warc_offset)
    assert "普洱茶饼" in kept.body.decode()
