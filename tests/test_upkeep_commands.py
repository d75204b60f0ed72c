"""The commands of the store: what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from cli import app
from detectors import Detector
from storage import open_store
from tests.storage.test_upkeep import best, three_nights  # noqa: F401


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best: Detector) -> Path:  # noqa: F811
    """A data folder in which three nights stand."""
    folder = tmp_path / "data"
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(folder))
    monkeypatch.delenv("YUNJIAN_DATABASE_URL", raising=False)
    store = open_store(f"sqlite:///{folder / 'yunjian.db'}")
    three_nights(store, folder / "evidence", best)
    store.close()
    return folder


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.output


def test_stats_and_prune(data: Path) -> None:
    told = json.loads(run("db", "stats", "--json"))
    assert {t["name"]: t["rows"] for t in told["tables"]}["observation"] == 6
    assert "observation" in run("db", "stats")
    # Days of 2026-11-11 and later are younger than ten years.
    told = json.loads(run("db", "prune", "--keep-days", "3650", "--dry-run", "--json"))
    assert told["dry_run"] and told["rows"]["observation"] == 0
    run("db", "prune", code=2)


def test_backup_and_restore(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert "files" in run("backup", str(copy))
    assert "whole" in run("restore", "--check", str(copy))
    assert "--replace" in run("restore", str(copy), code=1)
    (copy / "store" / "store.db").write_bytes(b"nothing")
    assert "store/store.db: 7 bytes" in run("restore", str(copy), "--replace", code=1)


def test_evidence_that_the_vault_lacks_is_named_by_the_backup(data: Path, tmp_path: Path) -> None:
    lost = next(iter((data / "evidence").iterdir()))
    lost.unlink()
    assert lost.name in run("backup", str(tmp_path / "copy"), code=1)


def test_retrohunt_lists_and_refuses_what_is_no_date(data: Path) -> None:
    assert run("retrohunt", "--list") == ""
    assert "not a date" in run("retrohunt", "--since", "gestern", code=2)


def test_reindex_brings_back_what_the_search_lost(data: Path) -> None:
    store = open_store(f"sqlite:///{data / 'yunjian.db'}")
    with store.session() as session:
        before = _kept(session)
        assert before["listing_text"] and before["clue_summary"]
        for name in before:
            session.execute(text(f"DELETE FROM {name}"))
    told = json.loads(run("db", "reindex", "--json"))
    assert told == {"listings": len(before["listing_text"]), "clues": len(before["clue_summary"])}
    with store.session() as session:
        assert _kept(session) == before
    store.close()
    assert "made anew" in run("db", "reindex")


def _kept(session: Session) -> dict[str, list[tuple[object, ...]]]:
    names = ("listing_text", "clue_text", "clue_listing", "clue_facet", "clue_word", "clue_summary")
    return {name: sorted(map(tuple, session.execute(text(f"SELECT * FROM {name}")))) for name in names}  # fmt: skip
