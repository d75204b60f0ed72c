"""A pack leaves the house whole, says all it must, and opens anywhere."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from evidence import EvidenceError
from evidence.wacz import url_key
from proof import verify
from proof.container import members_of
from proof.stamping import roots_of
from tests.evidence.case import LAWS, PAGE, Case
from tests.evidence.tsa import Authority, openssl


def test_a_pack_is_intact_on_both_databases(case: Case, tsa: Authority) -> None:
    done = case.export(tsa=tsa)
    found = verify(done.path, done.key, roots_of(tsa.root.read_bytes()))
    assert (found.key, found.records, found.links) == (done.key, 3 + 2, 3)
    assert found.stamp is not None and "Time of a test" in found.stamp.authority
    assert [note for note in found.notes if "time stamp" not in note] == []
    assert done.notes == [n for n in done.notes if n.startswith("no PDF")], (
        "only the browser is missing"
    )


def test_the_clue_is_told_in_chinese_with_words_highlighted_and_the_law_of_the_day(
    sealed: Case,
) -> None:
    with zipfile.ZipFile(sealed.folder / "clue.wacz") as packed:
        html = packed.read("clue/clue.html").decode()
        pdf = packed.read("clue/clue.pdf")
        clue = json.loads(packed.read("clue/clue.json"))
        acts = [json.loads(line) for line in packed.read("custody/custody.jsonl").splitlines()]
    assert "<mark>最好</mark>的普洱茶&lt;b&gt;&amp;" in html, "escaped, and marked in context"
    assert LAWS["ad-law-9-3"]["text"] in html and "旧文" not in html
    assert pdf.startswith(b"%PDF-") and b"CJK" in pdf, "a Chinese font is in it"
    assert [law["id"] for law in clue["laws"]] == ["ad-law-9-3"]
    assert [act["act"] for act in acts].count("collected") == 3
    assert [act["act"] for act in acts][-2:] == ["sealed", "exported"]
    assert acts[-1]["by"] == "王警官"


def test_the_archive_is_read_by_warcio_and_has_the_page_as_it_came(sealed: Case) -> None:
    with zipfile.ZipFile(sealed.folder / "clue.wacz") as packed:
        assert not packed.testzip()
        archive = packed.extract("archive/evidence.warc.gz", sealed.folder / "out")
    with open(archive, "rb") as file:
        bodies = [(r.rec_type, r.content_stream().read()) for r in ArchiveIterator(file)]
    assert [kind for kind, _ in bodies] == ["response", "request", "revisit", "request", "resource"]
    assert bodies[0][1] == PAGE
    assert b"another shop" not in Path(archive).read_bytes()


def test_the_court_needs_openssl_and_sha256sum_alone(sealed: Case, tsa: Authority) -> None:
    folder = sealed.folder / "court"
    with zipfile.ZipFile(sealed.folder / "clue.wacz") as packed:
        packed.extractall(folder)
    subprocess.run(["sha256sum", "--quiet", "-c", "seal/sums"], cwd=folder, check=True)
    said = openssl(
        "pkeyutl", "-verify", "-pubin", "-inkey", "keys/signing.pem", "-rawin", "-in", "seal/sums",
        "-sigfile", "seal/signature", folder=folder,
    )  # fmt: skip
    assert "Signature Verified Successfully" in said
    for data, stamp in (
        ("datapackage.json", "seal/stamp"),
        ("chain/seal-1.txt", "chain/seal-1.tsr"),
    ):
        said = openssl(
            "ts", "-verify", "-data", data, "-in", stamp, "-CAfile", str(tsa.root), folder=folder
        )
        assert "Verification: OK" in said
    lines = (folder / "chain/links.txt").read_text().splitlines()
    assert len(lines) == 3
    for before, after in itertools.pairwise(lines):
        assert after.split()[4] == hashlib.sha256(before.encode()).hexdigest()
    assert (
        hashlib.sha256(lines[-1].encode()).hexdigest() in (folder / "chain/seal-1.txt").read_text()
    )
    row = json.loads((folder / "chain/records.jsonl").read_text().splitlines()[0])
    about = subprocess.run(
        ["printf", r"%s\n%s\n%s", row["record_id"], row["fetched_at"], row["url"]],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert lines[0].split()[2:4] == [row["sha256"], hashlib.sha256(about).hexdigest()]


def test_it_is_checked_where_nothing_of_this_house_is(
    sealed: Case, house: Path, tmp_path: Path
) -> None:
    (tmp_path / "proof").mkdir()
    for file in (house / "proof").glob("*.py"):
        (tmp_path / "proof" / file.name).write_bytes(file.read_bytes())
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from proof.__main__ import run; from pathlib import Path\n"
        "code = run(Path(sys.argv[1]), '', None)\n"
        "bad = {'sqlalchemy', 'settings', 'pydantic', 'warcio', 'storage', 'scrapy'} & set(sys.modules)\n"
        "print(bad); sys.exit(code)"
    )
    pack = str(sealed.folder / "clue.wacz")
    done = subprocess.run(
        [sys.executable, "-I", "-c", script, str(tmp_path), pack],
        cwd=tmp_path, capture_output=True, text=True, check=True, env={"PATH": ""},
    )  # fmt: skip
    assert done.stdout.startswith("intact: ") and done.stdout.rstrip().endswith("set()")
    assert "proof" in str(sys.modules) and (tmp_path / "proof").is_dir()


def test_a_missing_warc_is_named_and_the_rest_is_packed_when_asked_for(case: Case) -> None:
    file = case.vault.folder / case.refs[0].warc_file
    file.rename(file.with_suffix(".away"))
    with pytest.raises(EvidenceError, match=file.name):
        case.export()
    file.with_suffix(".away").rename(file)
    offset = case.refs[2].warc_offset
    raw = bytearray(file.read_bytes())
    raw[offset + 40] ^= 1
    file.write_bytes(bytes(raw))
    with pytest.raises(EvidenceError, match=case.refs[2].record_id):
        case.export()
    done = case.export(without_missing=True)
    assert any(str(offset) in note for note in done.notes)
    found = verify(done.path)
    assert any(case.refs[2].record_id in note for note in found.notes), "the pack says so itself"


def test_an_export_overwrites_nothing_and_is_written_down(case: Case) -> None:
    done = case.export()
    before = done.path.read_bytes()
    with pytest.raises(EvidenceError, match="not overwritten"):
        case.export()
    assert done.path.read_bytes() == before
    second = case.export("second.wacz")
    with zipfile.ZipFile(second.path) as packed:
        acts = [json.loads(line) for line in packed.read("custody/custody.jsonl").splitlines()]
    assert [a["what"].split("；")[0] for a in acts if a["act"] == "exported"] == [
        "clue.wacz",
        "second.wacz",
    ]


def test_there_is_no_pack_of_no_clue(case: Case) -> None:
    case.clue = 999
    with pytest.raises(EvidenceError, match="no clue 999"):
        case.export()


def test_members_stand_in_the_pack_as_the_format_wants_them(sealed: Case) -> None:
    names = members_of(sealed.folder / "clue.wacz")
    assert names[:2] == ["datapackage.json", "datapackage-digest.json"]
    assert names[-2:] == ["seal/sums", "seal/signature"]
    with zipfile.ZipFile(sealed.folder / "clue.wacz") as packed:
        stated = json.loads(packed.read("datapackage.json"))
        assert stated["wacz_version"] == "1.1.1"
        assert all(info.compress_type == zipfile.ZIP_STORED for info in packed.infolist())
        assert packed.read("screenshots/1.png").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("url", "key"),
    [
        # As the package `surt` 0.3.1 gives them.
        ("http://www.x.com/", "com,x)/"),
        ("http://x.com:8080/a/", "com,x:8080)/a"),
        ("https://x.com:443/A?b=2&a=1#f", "com,x)/a?a=1&b=2"),
        ("http://127.0.0.1:8800/s?q=1", "1,0,0,127:8800)/s?q=1"),
        ("http://x.com/a//b", "com,x)/a/b"),
        ("http://x.com/%7Efoo/%E6%99%AE", "com,x)/~foo/%e6%99%ae"),
        ("urn:screenshot:http://x.com/A", "urn:screenshot:http://x.com/A"),
    ],
)
def test_an_address_is_indexed_as_viewers_look_it_up(url: str, key: str) -> None:
    assert url_key(url) == key
