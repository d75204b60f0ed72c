"""The main job end to end: real HTTP, a real browser, both databases, WARC files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from listing import parse_price
from practice import Town, listings
from practice.data import offers
from storage import Store, Vault, open_store
from storage import models as m
from tests.sweeps.conftest import env_for, swept, yunjian


@pytest.fixture(scope="module")
def whole(town: Town, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """A store after a sweep of the whole town, and its summary."""
    data = tmp_path_factory.mktemp("whole")
    return data, swept(env=env_for(town, data), cwd=data)


def store_of(data: Path) -> Store:
    return open_store(f"sqlite:///{data / 'yunjian.db'}")


def count(store: Store, table: type[m.Base]) -> int:
    with store.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_every_listing_of_the_town_is_found_and_read(whole: tuple[Path, dict[str, object]]) -> None:
    data, summary = whole
    assert summary["state"] == "done"
    total = summary["total"]
    assert isinstance(total, dict)
    assert total["listings"] == total["observations_new"] == len(listings())
    assert total["blocks"] == total["failures"] == 0, summary["problems"]
    assert count(store_of(data), m.ListingRow) == len(listings())


def test_what_was_read_is_what_the_town_shows(whole: tuple[Path, dict[str, object]]) -> None:
    store = store_of(whole[0])
    known = offers()
    wrong: list[tuple[object, ...]] = []
    with store.session() as session:
        for url, content in session.execute(
            select(m.ListingRow.url, m.Observation.content).join(
                m.Observation, m.Observation.listing_id == m.ListingRow.id
            )
        ):
            id_ = url.split("id=")[-1].rsplit("/", 1)[-1].removesuffix(".html")
            shown = known[id_].listing
            if content["title"] != shown.title:
                wrong.append((id_, "title", content["title"], shown.title))
            price = parse_price(known[id_].price_text)
            if parse_price(content.get("price")) != price:
                wrong.append((id_, "price", content.get("price"), price))
            if (
                shown.attributes.get("产地")
                and content.get("attributes", {}).get("产地") != shown.attributes["产地"]
            ):
                wrong.append((id_, "产地", content.get("attributes"), shown.attributes))
    assert not wrong, wrong[:5]


def test_clues_of_at_least_seven_violations_each_with_signals_and_evidence(
    whole: tuple[Path, dict[str, object]],
) -> None:
    store = store_of(whole[0])
    with store.session() as session:
        assert len(set(session.scalars(select(m.Clue.violation)))) >= 7
        lacking = session.scalars(
            select(m.Clue.id).where(
                ~select(m.ClueSignal).where(m.ClueSignal.clue_id == m.Clue.id).exists()
                | ~select(m.ClueEvidence).where(m.ClueEvidence.clue_id == m.Clue.id).exists()
            )
        ).all()
        assert not lacking
        doubled = session.execute(
            text(
                "SELECT subject, violation FROM clue GROUP BY subject, violation HAVING count(*) > 1"
            )
        ).all()
        assert not doubled


def test_the_evidence_passes_warcio_check_and_the_clues_page_is_in_the_index(
    whole: tuple[Path, dict[str, object]],
) -> None:
    data, _ = whole
    files = sorted((data / "evidence").glob("*.warc.gz"))
    assert files and not list((data / "evidence").glob("*.open"))
    checked = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", *map(str, files)], check=False
    )
    assert checked.returncode == 0
    index = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "index", "-f", "warc-type,warc-target-uri,offset", *map(str, files)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in index.stdout.splitlines()]
    where = {(r["offset"], r.get("warc-target-uri")) for r in lines if r["warc-type"] == "response"}
    with store_of(data).session() as session:
        rows = session.execute(
            select(m.Evidence.warc_offset, m.Evidence.url).join(
                m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id
            )
        ).all()
    assert rows and all((str(offset), url) in where for offset, url in rows)


def test_the_stored_hash_is_that_of_the_archived_bytes(
    whole: tuple[Path, dict[str, object]],
) -> None:
    import hashlib

    data, _ = whole
    vault = Vault(data / "evidence")
    with store_of(data).session() as session:
        rows = session.scalars(select(m.Evidence).limit(200)).all()
    assert len(rows) == 200
    for row in rows:
        body = vault.read(row.warc_file, row.warc_offset).body
        assert hashlib.sha256(body).hexdigest() == row.sha256


def test_a_second_sweep_stores_nothing_new_and_opens_no_clue(
    town: Town, whole: tuple[Path, dict[str, object]]
) -> None:
    data, first = whole
    store = store_of(data)
    before = count(store, m.Observation), count(store, m.Clue), count(store, m.SignalRow)
    summary = swept(env=env_for(town, data), cwd=data)
    total, first_total = summary["total"], first["total"]
    assert isinstance(first_total, dict)
    assert total["observations_new"] == total["clues_opened"] == total["clues_grown"] == 0
    assert total["observations_unchanged"] == first_total["observations_new"]
    assert (count(store, m.Observation), count(store, m.Clue), count(store, m.SignalRow)) == before


def test_an_analyst_lists_filters_and_opens_clues(
    town: Town, whole: tuple[Path, dict[str, object]]
) -> None:
    data, _ = whole
    env = env_for(town, data)
    listed = yunjian(
        "clues", "--format", "json", "--violation", "absolute_claim", env=env, cwd=data
    )
    clues = json.loads(listed.stdout)
    assert clues and {c["violation"] for c in clues} == {"absolute_claim"}
    assert [c["score"] for c in clues] == sorted((c["score"] for c in clues), reverse=True)
    shown = yunjian("clue", str(clues[0]["id"]), env=env, cwd=data)
    assert "中华人民共和国广告法第九条第（三）项" in shown.stdout and "sha256 " in shown.stdout
    missing = yunjian("clue", "999999", env=env, cwd=data)
    assert missing.returncode == 1 and "no clue 999999" in missing.stderr


def test_a_picture_of_each_listing_that_opened_a_clue(town: Town, tmp_path: Path) -> None:
    env = env_for(town, tmp_path, YUNJIAN_SCREENSHOTS="true")
    summary = swept(
        "--goods",
        "三七",
        "--source",
        "taobao",
        "--source",
        town.url("jingxiang"),
        env=env,
        cwd=tmp_path,
    )
    store = store_of(tmp_path)
    with store.session() as session:
        pages = set(
            session.scalars(
                select(m.Evidence.record_id)
                .join(m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id)
                .where(m.Evidence.kind == "page")
            )
        )
        pictures = session.scalars(select(m.Evidence).where(m.Evidence.kind == "screenshot")).all()
    assert pages and {p.fingerprint for p in pictures} == pages
    assert summary["screenshots"] == len(pictures)
    vault = Vault(tmp_path / "evidence")
    for picture in pictures:
        png = vault.read(picture.warc_file, picture.warc_offset).body
        assert png.startswith(b"\x89PNG") and len(png) > 5_000


def test_a_page_that_only_scripts_fill_is_read_by_the_browser(town: Town, tmp_path: Path) -> None:
    summary = swept("--source", town.url("jingxiang"), env=env_for(town, tmp_path), cwd=tmp_path)
    store = store_of(tmp_path)
    with store.session() as session:
        rendered = session.scalar(
            select(func.count()).select_from(m.Evidence).where(m.Evidence.rendered)
        )
    known = [listing for listing in listings() if "jingxiang." in listing.url]
    assert summary["total"]["listings"] == len(known) > 5
    assert rendered and rendered >= len(known)


def test_the_same_on_postgresql(town: Town, tmp_path: Path, store_url: str) -> None:
    env = env_for(town, tmp_path, YUNJIAN_DATABASE_URL=store_url)
    order = ("--goods", "tea", "--source", "jd", "--max-pages", "2")
    first = swept(*order, env=env, cwd=tmp_path)
    again = swept(*order, env=env, cwd=tmp_path)
    assert first["total"]["observations_new"] > 20 and first["total"]["clues_opened"] > 0
    assert again["total"]["observations_new"] == again["total"]["clues_opened"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--goods", "coffee"), 2, "no such goods: coffee"),
        (("--source", "amazon"), 2, "no such source: amazon"),
        (("--mode", "hourly"), 2, "no such mode: hourly"),
        (("--resume", "77"), 2, "no sweep 77"),
        (("--max-pages", "-1"), 2, "--max-pages"),
    ],
)
def test_a_wrong_order_is_a_plain_sentence(
    town: Town, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = yunjian("sweep", *arguments, env=env_for(town, tmp_path), cwd=tmp_path)
    assert done.returncode == code and says in done.stderr and "Traceback" not in done.stderr
