"""Evidence of many writers: in one folder, and in an S3-compatible store."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import Vault, VaultError
from storage.vault import EvidenceRef, VaultWriter

NOW = datetime(2026, 11, 11, tzinfo=UTC)


def written(writer: VaultWriter, body: bytes) -> EvidenceRef:
    ref = writer.response("http://a.example/", 200, [("Content-Type", "text/html")], body, NOW)
    writer.flush()
    return ref


def test_the_file_of_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    writer = vault.writer("sweep-1")
    first = written(writer, b"one")
    assert vault.recover() == [] and Vault(tmp_path).recover() == []
    second = written(writer, b"two")
    writer.close()
    assert vault.recover() == []
    assert vault.read(first.warc_file, first.warc_offset).body == b"one"
    assert vault.read(second.warc_file, second.warc_offset).body == b"two"


def test_writers_begin_and_end_while_others_recover(tmp_path: Path) -> None:
    over, problems = threading.Event(), []

    def recovering() -> None:
        while not over.is_set():
            try:
                assert Vault(tmp_path).recover() == []
            except Exception as error:
                problems.append(error)
                return

    threads = [threading.Thread(target=recovering) for _ in range(2)]
    for thread in threads:
        thread.start()
    refs = []
    for number in range(60):
        with Vault(tmp_path).writer("sweep-1") as writer:
            refs.append((written(writer, b"%d" % number), b"%d" % number))
    over.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len({ref.warc_file for ref, _ in refs}) == 60
    vault = Vault(tmp_path)
    assert all(vault.read(r.warc_file, r.warc_offset).body == body for r, body in refs)


def test_finished_evidence_goes_to_the_bucket_and_is_read_there_by_range(
    tmp_path: Path, bucket: str
) -> None:
    vault = Vault(tmp_path / "here", bucket)
    with vault.writer("sweep-1") as writer:
        refs = [written(writer, bytes([65 + n]) * 5000) for n in range(3)]
        assert vault.deliver() == [], "what is in work stays"
    assert vault.deliver() == [refs[0].warc_file] and vault.deliver() == []
    assert list((tmp_path / "here").iterdir()) == []
    elsewhere = Vault(tmp_path / "another machine", bucket)
    for number, ref in enumerate(refs):
        page = elsewhere.read(ref.warc_file, ref.warc_offset)
        assert page.body == bytes([65 + number]) * 5000 and page.url == "http://a.example/"
    with pytest.raises(VaultError, match="no-such"):
        elsewhere.read("no-such.warc.gz", 0)


def test_a_bucket_that_is_not_there_loses_nothing(tmp_path: Path, bucket: str) -> None:
    vault = Vault(tmp_path, "s3://no-such-bucket")
    with vault.writer("sweep-1") as writer:
        ref = written(writer, b"page")
    with pytest.raises(VaultError, match="no-such-bucket"):
        vault.deliver()
    assert vault.read(ref.warc_file, ref.warc_offset).body == b"page"
