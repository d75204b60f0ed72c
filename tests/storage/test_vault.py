from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.cli import main as warcio

from storage import Vault, VaultError


def checked(path: Path) -> bool:
    """Whether `warcio check` passes."""
    with pytest.raises(SystemExit) as ended:
        warcio(["check", str(path)])
    return ended.value.code == 0


NOW = datetime(2026, 11, 11, 2, 3, 4, 5678, tzinfo=UTC)
HEADERS = [("Content-Type", "text/html; charset=gbk"), ("X-Odd", "naïve")]


def test_a_page_is_kept_byte_for_byte_with_its_hash(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    body = "普洱茶".encode("gbk") + b"\x00\xff"
    with vault.writer("t") as writer:
        first = writer.response("http://x.example/1", 200, HEADERS, b"first", NOW)
        ref = writer.response("http://x.example/2?a=b", 200, HEADERS, body, NOW)
    kept = vault.read(ref.warc_file, ref.warc_offset)
    assert (kept.body, kept.url, kept.status) == (body, "http://x.example/2?a=b", 200)
    assert ref.sha256 == hashlib.sha256(body).hexdigest()
    assert vault.read(first.warc_file, first.warc_offset).body == b"first"


def test_the_files_are_warc_1_1_and_pass_warcio_check(
    tmp_path: Path,
) -> None:
    with Vault(tmp_path).writer("t") as writer:
        page = writer.response(
            "http://x.example/", 200, HEADERS, b"<p>", NOW, request_headers=[("Host", "x.example")]
        )
        writer.screenshot("http://x.example/", b"\x89PNG", NOW, page.record_id)
    (path,) = tmp_path.glob("*.warc.gz")
    assert checked(path)
    with path.open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file)]
    assert kinds == ["warcinfo", "response", "request", "resource"]
    with path.open("rb") as file:
        protocols = {record.rec_headers.protocol for record in ArchiveIterator(file)}
    assert protocols == {"WARC/1.1"}


def test_a_compressed_page_is_kept_compressed_and_read_plain(tmp_path: Path) -> None:
    import gzip

    vault = Vault(tmp_path)
    packed = gzip.compress(b"<p>tea</p>")
    with vault.writer("t") as writer:
        ref = writer.response("http://x.example/", 200, [("Content-Encoding", "gzip")], packed, NOW)
    kept = vault.read(ref.warc_file, ref.warc_offset)
    assert kept.body == packed and kept.decoded_body() == b"<p>tea</p>"


WRITE_AND_DIE = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from storage import Vault
writer = Vault(Path(sys.argv[1])).writer("t")
for number in range(3):
    writer.response(f"http://x.example/{number}", 200, [], b"whole", datetime.now(UTC))
writer.flush()
writer._file.write(b"\\x1f\\x8b\\x08 half a record")
writer._file.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_the_whole_records_are_kept_and_the_half_one_is_cut_off(
    tmp_path: Path, house: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", WRITE_AND_DIE, str(tmp_path)], cwd=house, check=False
    )
    assert died.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob("*.open")
    (name,) = Vault(tmp_path).recover()
    assert not left.exists() and name == left.name.removesuffix(".open")
    with (tmp_path / name).open("rb") as file:
        assert [r.rec_type for r in ArchiveIterator(file)] == ["warcinfo", *["response"] * 3]
    assert checked(tmp_path / name)


def test_a_file_in_work_is_not_recovered(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    with vault.writer("t") as writer:
        writer.response("http://x.example/", 200, [], b"x", NOW)
        assert vault.recover() == []


def test_missing_evidence_is_named(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match=r"gone\.warc\.gz"):
        Vault(tmp_path).read("gone.warc.gz", 0)


def test_a_broken_record_is_named_with_its_place(tmp_path: Path) -> None:
    with Vault(tmp_path).writer("t") as writer:
        ref = writer.response("http://x.example/", 200, [], os.urandom(5000), NOW)
    path = tmp_path / ref.warc_file
    path.write_bytes(path.read_bytes()[: ref.warc_offset + 20])
    with pytest.raises(VaultError, match=rf"at {ref.warc_offset}"):
        Vault(tmp_path).read(ref.warc_file, ref.warc_offset)


def test_a_file_of_any_size_is_kept_in_pieces_with_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "投诉.csv"
    path.write_bytes("编号,内容\r\n1,茶\r\n".encode("gb18030") * 100_000)
    vault = Vault(tmp_path / "evidence")
    with vault.writer("intake") as writer, path.open("rb") as file:
        file.read(10)
        ref = writer.file("urn:intake:x", file, "text/csv", NOW)
    kept = vault.read(ref.warc_file, ref.warc_offset)
    assert kept.body == path.read_bytes() and kept.content_type == "text/csv"
    assert ref.sha256 == hashlib.sha256(kept.body).hexdigest() and ref.size == len(kept.body)


def test_a_record_that_can_not_be_written_whole_leaves_the_archive_as_it_was(
    tmp_path: Path,
) -> None:
    vault = Vault(tmp_path / "evidence")

    class Torn(io.BufferedReader):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 100_000:
                raise OSError("the disk is gone")
            return super().read(size)

    path = tmp_path / "x"
    path.write_bytes(b"x" * 1_000_000)
    with vault.writer("intake") as writer:
        with Torn(path.open("rb", buffering=0)) as torn, pytest.raises((VaultError, OSError)):
            writer.file("urn:intake:x", torn, "text/csv", NOW)
        ref = writer.resource("urn:intake:y", b"whole", "text/plain", NOW)
    assert vault.read(ref.warc_file, ref.warc_offset).body == b"whole"
