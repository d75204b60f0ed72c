"""`yunjian evidence` as an officer types it."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
from typer.testing import CliRunner

from cli import app
from storage import Store, Vault
from tests.evidence.case import open_case


@pytest.fixture
def home(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house with one clue; the working folder is empty."""
    case = open_case(store, tmp_path)
    case.key.unlink()
    case.vault.folder.rename(tmp_path / "evidence")
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(
        "YUNJIAN_DATABASE_URL", store.engine.url.render_as_string(hide_password=False)
    )
    monkeypatch.setenv("YUNJIAN_BROWSER", "/nowhere/chromium")
    monkeypatch.setenv("YUNJIAN_EVIDENCE_KEY", str(tmp_path / "keys" / "office.pem"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def yunjian(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evidence", *words])
    return result.exit_code, result.output


def test_key_seal_check_export_verify(home: Path) -> None:
    code, said = yunjian("export", "1")
    assert code == 1 and "evidence key" in said, "without a key it tells how to make one"
    code, said = yunjian("key")
    assert code == 0 and "BEGIN PUBLIC KEY" in said and "PRIVATE" not in said
    fingerprint = said.split()[-1]
    assert (home / "keys" / "office.pem").stat().st_mode & 0o777 == 0o600
    assert yunjian("key")[1].split()[-1] == fingerprint, "the second time it is only shown"
    code, said = yunjian("seal")
    assert code == 0 and "seal 1: 3 links, 3 of them new" in said and "no time authority" in said
    assert yunjian("check", "--vault")[0] == 0
    assert CliRunner().invoke(app, ["clue", "1"]).exit_code == 0
    code, said = yunjian("export", "1", "--by", "李警官")
    assert code == 0 and fingerprint in said and "the browser failed" in said
    code, said = yunjian("verify", "clue-1.wacz", "--key", fingerprint)
    assert code == 0 and said.startswith("intact: clue-1.wacz")
    raw = bytearray(Path("clue-1.wacz").read_bytes())
    raw[raw.rindex("李警官".encode())] ^= 1
    Path("changed.wacz").write_bytes(bytes(raw))
    code, said = yunjian("verify", "changed.wacz")
    assert code == 1 and "custody/custody.jsonl" in said
    assert "opened" in raw.decode("utf-8", "replace"), "who looked at the clue is in the pack"


def test_what_can_not_be_checked_is_wrong_usage(home: Path) -> None:
    assert yunjian("verify", "none.wacz")[0] == 2
    Path("x").write_bytes(b"no pack")
    assert yunjian("verify", "x")[0] == 1
    assert yunjian("verify", "x", "--tsa-ca", "x")[0] == 2


def test_a_lost_warc_fails_the_check_by_name(home: Path) -> None:
    yunjian("key")
    yunjian("seal")
    (file,) = (home / "evidence").iterdir()
    file.unlink()
    code, said = yunjian("check", "--vault")
    assert code == 1 and said.count(f"{file.name}: the evidence file is missing") == 3


def test_evidence_that_was_delivered_to_a_bucket_is_checked_and_packed_there(
    home: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_EVIDENCE_STORE", bucket)
    yunjian("key")
    here = yunjian("export", "1", "--out", "here.wacz")
    assert here[0] == 0
    assert Vault(home / "evidence", bucket).deliver() and not list((home / "evidence").iterdir())
    code, said = yunjian("check", "--vault")
    assert code == 0 and said.endswith("\n0 broken\n")
    code, said = yunjian("export", "1")
    assert code == 0 and "3 records" in said
    assert yunjian("verify", "clue-1.wacz")[0] == 0

    def archive(name: str) -> bytes:
        with ZipFile(name) as pack:
            return pack.read("archive/evidence.warc.gz")

    assert archive("clue-1.wacz") == archive("here.wacz"), "byte for byte as it was here"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    code, said = yunjian("check", "--vault")
    assert code == 1 and "can't be read" in said and "missing" not in said


def test_what_the_bucket_lacks_is_missing_by_name(
    home: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_EVIDENCE_STORE", bucket)
    yunjian("key")
    yunjian("seal")
    (file,) = (home / "evidence").iterdir()
    file.unlink()
    code, said = yunjian("check", "--vault")
    assert code == 1 and said.count(f"{file.name}: the evidence file is missing") == 3
