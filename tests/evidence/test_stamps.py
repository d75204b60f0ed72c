"""Keys and time stamps: what can't be trusted is told, and the seal is made without."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from evidence import EvidenceError, Sealer
from evidence.keys import load_key, make_key
from proof import verify
from storage.chain import EvidenceSeal
from tests.evidence.case import Case
from tests.evidence.tsa import Authority, openssl


def test_a_stamped_seal_is_confirmed_by_openssl(case: Case, tsa: Authority, tmp_path: Path) -> None:
    import base64

    assert Sealer(case.key, tsa.url, tsa.root).seal(case.store).no_stamp == ""
    with case.store.session() as session:
        seal = session.scalars(select(EvidenceSeal)).one()
    (tmp_path / "data").write_text(seal.statement)
    (tmp_path / "stamp").write_bytes(base64.b64decode(seal.stamp))
    said = openssl(
        "ts", "-verify", "-data", "data", "-in", "stamp", "-CAfile", str(tsa.root), folder=tmp_path
    )
    assert "Verification: OK" in said


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("garbage", "parse"),
        ("error", "500"),
        ("other data", "wrong digest"),
        ("replay", "wrong digest|wrong nonce"),
        ("refuse", "refused"),
    ],
)
def test_a_faulty_authority_is_told_and_the_seal_made_without(
    case: Case, tsa: Authority, fault: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import re

    Sealer(case.key, tsa.url, tsa.root).stamp(b"something earlier")
    monkeypatch.setattr(tsa, "misbehave", fault)
    sealed = Sealer(case.key, tsa.url, tsa.root).seal(case.store)
    assert sealed.number == 1 and re.search(told, sealed.no_stamp)
    monkeypatch.setattr(tsa, "misbehave", "")
    assert Sealer(case.key, tsa.url, tsa.root).seal(case.store).number == 2, (
        "stamped as soon as it can be"
    )


def test_a_stamp_for_another_request_over_the_same_bytes_has_the_wrong_nonce(
    case: Case, tsa: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealer = Sealer(case.key, tsa.url, tsa.root)
    assert sealer.stamp(b"the same")[1] == ""
    monkeypatch.setattr(tsa, "misbehave", "replay")
    assert "wrong nonce" in sealer.stamp(b"the same")[1]


def test_an_authority_that_is_down_is_told_in_the_pack_too(case: Case, tsa: Authority) -> None:
    class Down:
        url = "http://127.0.0.1:9/"
        root = tsa.root

    done = case.export(tsa=Down)
    assert sum("can't be reached" in note for note in done.notes) == 2
    assert any("can't be reached" in note for note in verify(done.path).notes)


def test_a_stamp_under_other_roots_is_not_taken(case: Case, tsa: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    assert "does not hold" in Sealer(case.key, tsa.url, other.root).seal(case.store).no_stamp


def test_an_authority_without_its_roots_is_refused(
    case: Case, tsa: Authority, tmp_path: Path
) -> None:
    with pytest.raises(EvidenceError, match="tsa_ca"):
        Sealer(case.key, tsa.url)
    with pytest.raises(EvidenceError, match="no root certificates"):
        Sealer(case.key, tsa.url, tmp_path / "none")


def test_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "office.pem"
    made = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_key(path).public_key() == made.public_key()
    with pytest.raises(EvidenceError, match="not overwritten"):
        make_key(path)
    path.chmod(0o640)
    with pytest.raises(EvidenceError, match="chmod 600"):
        load_key(path)


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="YUNJIAN_EVIDENCE_KEY"):
        load_key(None)
    with pytest.raises(EvidenceError, match="none"):
        load_key(tmp_path / "none")
    for number, text in enumerate(
        (b"", b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    ):
        path = tmp_path / f"{number}.pem"
        path.write_bytes(text)
        path.chmod(0o600)
        with pytest.raises(EvidenceError, match="not a signing key"):
            load_key(path)
    openssl("genpkey", "-algorithm", "X25519", "-out", "x.pem", folder=tmp_path)
    with pytest.raises(EvidenceError, match="Ed25519"):
        load_key(tmp_path / "x.pem")
