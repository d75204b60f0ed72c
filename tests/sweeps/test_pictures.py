"""Words that stand only in pictures, in a sweep of the town."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from practice import Town
from storage import Store, Vault, open_store
from storage import models as m
from tests.sweeps.conftest import env_for, swept, yunjian

ORDER = ("--goods", "茶叶", "--source", "taobao", "--max-pages", "2")
PAINTED = "620000004810"
"""A listing with two painted pictures: 全球首选 茶中至尊 / 销量冠军 遥遥领先."""


@pytest.fixture(scope="module")
def tea(town: Town, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store after a sweep of one marketplace's tea, and its summary."""
    data = tmp_path_factory.mktemp("tea")
    return data, swept(*ORDER, env=env_for(town, data), cwd=data)


def store_of(data: Path) -> Store:
    return open_store(f"sqlite:///{data / 'yunjian.db'}")


def test_an_offence_in_a_picture_becomes_a_clue_that_shows_where(
    town: Town, tea: tuple[Path, dict[str, Any]]
) -> None:
    data, _ = tea
    with store_of(data).session() as session:
        clue_id = session.scalars(
            select(m.ClueSignal.clue_id)
            .join(m.SignalRow, m.SignalRow.id == m.ClueSignal.signal_id)
            .join(m.Observation, m.Observation.id == m.SignalRow.observation_id)
            .join(m.ListingRow, m.ListingRow.id == m.Observation.listing_id)
            .where(m.ListingRow.url.contains(PAINTED), m.SignalRow.text == "销量冠军")
        ).one()
    env = env_for(town, data)
    clue = json.loads(yunjian("clue", str(clue_id), "--json", env=env, cwd=data).stdout)
    (signal,) = [s for s in clue["detail"]["signals"] if s["text"] == "销量冠军"]
    assert signal["field"] == "image_text[1]" and signal["image"] == 1
    assert signal["image_url"] == town.url("taoji", f"/img/{PAINTED}-1.png")
    left, top, right, bottom = signal["box"]
    # The line is painted from (24, 20) on, 9 characters of 30 pixels.
    assert 10 < left < 35 and 15 < top < 35 and 250 < right < 300 and 50 < bottom < 75
    shown = yunjian("clue", str(clue_id), env=env, cwd=data).stdout
    assert f"图片2  ({left},{top})–({right},{bottom})  {signal['image_url']}" in shown


def test_the_picture_is_evidence_of_the_clue_but_no_page(
    town: Town, tea: tuple[Path, dict[str, Any]]
) -> None:
    data, summary = tea
    with store_of(data).session() as session:
        pictures = session.scalars(
            select(m.Evidence)
            .join(m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id)
            .where(m.Evidence.kind == "picture", m.Evidence.url.contains(PAINTED))
        ).all()
        kept = {row.evidence_id for row in session.scalars(select(m.Picture))}
        pages = session.scalars(select(m.Evidence.id).where(m.Evidence.kind == "page")).all()
    assert len(pictures) == 2 and {picture.id for picture in pictures} <= kept
    assert summary["total"]["pages"] == len(pages)
    for picture in pictures:
        body = Vault(data / "evidence").read(picture.warc_file, picture.warc_offset).body
        assert body.startswith(b"\x89PNG") and hashlib.sha256(body).hexdigest() == picture.sha256


def test_a_second_sweep_reads_no_picture_anew(town: Town, tea: tuple[Path, dict[str, Any]]) -> None:
    data, _ = tea
    kept = {path: path.stat().st_mtime_ns for path in (data / "pictures").rglob("*.json")}
    # Without any time left for reading, what is known still counts.
    again = swept(*ORDER, env=env_for(town, data, YUNJIAN_IMAGES_SECONDS="0"), cwd=data)
    assert kept == {path: path.stat().st_mtime_ns for path in (data / "pictures").rglob("*.json")}
    assert again["total"]["observations_new"] == 0 and not again["incidents"]


def test_pictures_that_cannot_be_had_or_read_are_named_and_lose_no_listing(
    town: Town, tea: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    with Town(faults={"taoji/img": "500"}) as ill:
        env = env_for(ill, tmp_path / "had", YUNJIAN_RETRIES="0", YUNJIAN_BLOCK_BACKOFF="99")
        summary = swept(*ORDER, env=env, cwd=tmp_path)
    assert summary["total"]["listings"] == tea[1]["total"]["listings"]
    # Both pictures of one listing are asked for, though the first fails.
    with open_store(f"sqlite:///{tmp_path / 'had' / 'yunjian.db'}").session() as session:
        asked = session.scalars(
            select(m.Incident.url).where(m.Incident.what == "http_500").order_by(m.Incident.url)
        ).all()
    assert [url for url in asked if PAINTED in url] == [
        f"http://taoji.town.localhost:{ill.port}/img/{PAINTED}-{n}.png" for n in (0, 1)
    ]
    env = env_for(town, tmp_path / "read", YUNJIAN_IMAGES_SECONDS="0")
    summary = swept(*ORDER, env=env, cwd=tmp_path)
    assert summary["total"]["listings"] == tea[1]["total"]["listings"]
    assert summary["incidents"]["unread/picture"] >= 2
    assert len([p for p in summary["problems"] if "images_seconds" in p]) == 1, "said once"


def test_without_the_extra_the_sweep_goes_on_and_the_doctor_says_so(
    town: Town, tea: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "rapidocr.py").write_text("raise ImportError('not here')\n")
    env = env_for(town, tmp_path)
    env |= {"PYTHONPATH": f"{tmp_path}:{env['PYTHONPATH']}"}
    summary = swept(*ORDER, env=env, cwd=tmp_path)
    assert summary["total"]["listings"] == tea[1]["total"]["listings"]
    assert any("pictures are not read" in problem for problem in summary["problems"])
    with store_of(tmp_path).session() as session:
        fields = session.scalars(select(m.SignalRow.field)).all()
    assert fields and not any(field.startswith("image_text") for field in fields)
    assert "not installed: not here" in yunjian("doctor", env=env, cwd=tmp_path).stdout
    off = yunjian("doctor", env=env | {"YUNJIAN_IMAGES_PER_LISTING": "0"}, cwd=tmp_path).stdout
    assert "images_per_listing is 0" in off
