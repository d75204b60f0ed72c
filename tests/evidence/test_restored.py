"""Store and vault are lost and come back from a backup: an old clue's evidence holds as before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from typer.testing import CliRunner

from cli import app
from storage import open_store
from tests.evidence.case import open_case


@pytest.fixture
def office(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An office with an old clue, whose data folder is not where its backups go."""
    store = open_store(store_url)
    case = open_case(store, tmp_path)
    store.close()
    data = tmp_path / "data"
    case.vault.folder.rename(tmp_path / "evidence")
    data.mkdir()
    (tmp_path / "evidence").rename(data / "evidence")
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(data))
    monkeypatch.setenv("YUNJIAN_DATABASE_URL", store_url)
    monkeypatch.setenv("YUNJIAN_BROWSER", "/nowhere/chromium")
    monkeypatch.setenv("YUNJIAN_EVIDENCE_KEY", str(case.key))
    return tmp_path


def yunjian(*words: str | int | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def destroy(office: Path, store_url: str) -> None:
    """Vault and database are gone from the disk."""
    shutil.rmtree(office / "data")
    url = make_url(store_url)
    if url.get_backend_name() == "sqlite":
        for path in office.glob("store.db*"):
            path.unlink()
        return
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {url.database}"))
    engine.dispose()


def test_an_old_clue_is_verified_after_all_was_lost_and_restored(
    office: Path, store_url: str
) -> None:
    key = yunjian("evidence", "key").split()[-1]
    assert "3 links" in yunjian("evidence", "seal")
    before, after, copy = office / "before.wacz", office / "after.wacz", office / "copy"
    yunjian("evidence", "export", 1, "--by", "李警官", "--out", before)
    yunjian("backup", copy)

    destroy(office, store_url)
    assert "no clue" in yunjian("clue", 1, code=1), "all is lost"
    assert not any((office / "data").glob("evidence/*"))
    assert yunjian("evidence", "verify", before, "--key", key).startswith("intact"), (
        "a pack needs neither store nor vault"
    )

    yunjian("restore", copy, "--replace")
    assert "0 broken" in yunjian("evidence", "check", "--vault")
    assert "最好" in yunjian("clue", 1)
    yunjian("evidence", "export", 1, "--by", "李警官", "--out", after)
    for pack in (before, after):
        assert yunjian("evidence", "verify", pack, "--key", key).startswith("intact")


def test_the_restored_chain_knows_all_that_was_linked(office: Path, store_url: str) -> None:
    yunjian("evidence", "seal")
    yunjian("backup", office / "copy")
    destroy(office, store_url)
    yunjian("restore", office / "copy", "--replace")
    assert "seal 1: 3 links, 0 of them new" in yunjian("evidence", "seal")
    assert "0 broken" in yunjian("evidence", "check", "--vault")


def test_a_record_that_the_backup_lacked_is_named_by_the_check(
    office: Path, store_url: str
) -> None:
    yunjian("evidence", "seal")
    (lost,) = (office / "data" / "evidence").iterdir()
    lost.unlink()
    assert lost.name in yunjian("backup", office / "copy", code=1)
    destroy(office, store_url)
    yunjian("restore", office / "copy", "--replace")
    told = yunjian("evidence", "check", "--vault", code=1)
    assert told.count(f"{lost.name}: the evidence file is missing") == 3
