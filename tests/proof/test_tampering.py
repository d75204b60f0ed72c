"""Whatever is changed in a pack is found, and named; what is hostile is refused, and named."""

from __future__ import annotations

import gzip
import json
import os
import random
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.keys import make_key
from evidence.wacz import manifest, sums
from evidence.wacz import write_zip as written_zip
from proof import Broken, verify
from proof.check import DIGEST, MANIFEST, SIGNATURE, SIGNING_KEY, SUMS, digest_of
from proof.container import DATE, MODE, open_pack
from proof.signing import public_pem
from proof.stamping import roots_of
from tests.evidence.case import Case
from tests.evidence.tsa import Authority


def members(path: Path) -> dict[str, bytes]:
    with path.open("rb") as file:
        pack = open_pack(file)
        return {name: pack.read(name) for name in pack.members}


def resealed(case: Case, to: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The pack with a change, in perfect order otherwise: manifest, sums and a signature by
    another key, as somebody would make it who has all of our tools."""
    body = members(case.folder / "clue.wacz")
    change(body)
    inside = {
        n: b for n, b in body.items() if not n.startswith("seal/") and n not in (MANIFEST, DIGEST)
    }
    key = make_key(to.with_name(f"{to.name}.key"))
    inside[SIGNING_KEY] = public_pem(key.public_key())
    inside[MANIFEST] = manifest(inside, "t", None, datetime.now(UTC))
    inside[DIGEST] = digest_of(inside[MANIFEST])
    inside["seal/no-stamp"] = b"forged\n"
    inside[SUMS] = sums(inside)
    inside[SIGNATURE] = key.sign(inside[SUMS])
    written_zip(to, inside)
    return to


def broken(path: Path, **more: object) -> Broken:
    with pytest.raises(Broken) as caught:
        verify(path, **more)  # type: ignore[arg-type]
    return caught.value


def test_one_byte_in_each_member_in_turn_is_found_and_named(sealed: Case, tmp_path: Path) -> None:
    whole = (sealed.folder / "clue.wacz").read_bytes()
    assert verify(sealed.folder / "clue.wacz").records == 5
    bad = tmp_path / "bad.wacz"
    with (sealed.folder / "clue.wacz").open("rb") as file:
        places = {m.name: (m.offset, m.size) for m in open_pack(file).members.values()}
    assert len(places) >= 20
    for name, (offset, size) in places.items():
        raw = bytearray(whole)
        raw[offset + size // 2] ^= 1
        bad.write_bytes(bytes(raw))
        assert broken(bad).place == name


def test_the_same_with_a_zip_file_that_was_put_in_order_again(sealed: Case, tmp_path: Path) -> None:
    body = members(sealed.folder / "clue.wacz")
    for number, name in enumerate(body):
        changed = dict(body)
        raw = bytearray(body[name])
        raw[len(raw) // 3] ^= 1
        changed[name] = bytes(raw)
        bad = tmp_path / f"{number}.wacz"
        written_zip(bad, changed)
        # Of sums, signature and key only their agreement can be checked: all three are named.
        assert name in str(broken(bad)), name


def test_no_byte_of_the_zip_file_itself_can_be_changed(sealed: Case, tmp_path: Path) -> None:
    whole = (sealed.folder / "clue.wacz").read_bytes()
    with (sealed.folder / "clue.wacz").open("rb") as file:
        inside = [(m.offset, m.offset + m.size) for m in open_pack(file).members.values()]
    between = [n for n in range(len(whole)) if not any(a <= n < b for a, b in inside)]
    bad = tmp_path / "bad.wacz"
    for place in random.Random(7).sample(between, 400):
        raw = bytearray(whole)
        raw[place] ^= 1 << (place % 8)
        bad.write_bytes(bytes(raw))
        broken(bad)
    for raw_bytes in (whole[:-1], whole[: len(whole) // 2], b"x" + whole, whole + b"x", b"", b"PK"):
        bad.write_bytes(raw_bytes)
        broken(bad)


def test_a_pack_signed_anew_by_another_key_is_not_the_offices(
    sealed: Case, tmp_path: Path, tsa: Authority
) -> None:
    forged = resealed(sealed, tmp_path / "forged.wacz", lambda body: None)
    office = verify(sealed.folder / "clue.wacz").key
    verify(forged)
    assert broken(forged, key=office).place == SIGNING_KEY
    assert any("anyone can make a key" in note for note in verify(forged).notes)


def test_a_forger_with_all_our_tools_still_breaks_the_chain(sealed: Case, tmp_path: Path) -> None:
    def other_time(body: dict[str, bytes]) -> None:
        rows = body["chain/records.jsonl"].replace(b"2026-11-11T02", b"2026-11-11T03")
        body["chain/records.jsonl"] = rows

    def other_link(body: dict[str, bytes]) -> None:
        first, rest = body["chain/links.txt"].split(b"\n", 1)
        body["chain/links.txt"] = first[:-1] + (b"1" if first[-1:] == b"0" else b"0") + b"\n" + rest

    def gap(body: dict[str, bytes]) -> None:
        lines = body["chain/links.txt"].splitlines(True)
        body["chain/links.txt"] = lines[0] + lines[2]

    def cut(body: dict[str, bytes]) -> None:
        body["chain/links.txt"] = b"".join(body["chain/links.txt"].splitlines(True)[:2])

    def no_seal(body: dict[str, bytes]) -> None:
        body["chain/seal-1.sig"] = bytes(64)

    def other_stamp(body: dict[str, bytes]) -> None:
        body["chain/seal-1.tsr"] = members(sealed.folder / "clue.wacz")["seal/stamp"]

    def other_page(body: dict[str, bytes]) -> None:
        name = "archive/evidence.warc.gz"
        length = json.loads(b"{" + body["indexes/index.cdx"].splitlines()[0].split(b"{", 1)[1])
        first = int(length["length"]) if length["offset"] == "0" else None
        raw = gzip.decompress(body[name][:first])
        body[name] = (
            gzip.compress(raw.replace("最好".encode(), "很好".encode())) + body[name][first or 0 :]
        )

    def no_page(body: dict[str, bytes]) -> None:
        body["archive/evidence.warc.gz"] = b""

    for change, place in (
        (other_time, "record "), (other_link, "link "), (gap, "link "), (cut, "link "),
        (no_seal, "chain/seal-1.sig"), (other_stamp, "chain/seal-1.tsr"),
        (other_page, "archive/evidence.warc.gz at 0"), (no_page, "record "),
    ):  # fmt: skip
        bad = resealed(sealed, tmp_path / f"{change.__name__}.wacz", change)
        assert broken(bad).place.startswith(place), change.__name__


def test_each_member_that_must_be_there_is_missed(sealed: Case, tmp_path: Path) -> None:
    body = members(sealed.folder / "clue.wacz")
    for number, name in enumerate(body):
        if name in (MANIFEST, DIGEST, SUMS, SIGNATURE):
            continue
        bad = tmp_path / f"{number}.wacz"
        written_zip(bad, {n: b for n, b in body.items() if n != name})
        assert broken(bad).place == name


def test_a_stamp_of_another_authority_is_not_taken(sealed: Case, tmp_path: Path) -> None:
    from tests.evidence.tsa import Authority

    other = Authority(tmp_path / "other")
    assert (
        broken(sealed.folder / "clue.wacz", roots=roots_of(other.root.read_bytes())).place
        == "seal/stamp"
    )


def hostile(path: Path, *entries: tuple[str, bytes], **more: int) -> Path:
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as packed:
        warnings.simplefilter("ignore")  # of duplicate names
        for name, body in entries:
            info = zipfile.ZipInfo(name, DATE)
            info.external_attr = more.get("mode", MODE) << 16
            info.compress_type = more.get("method", zipfile.ZIP_STORED)
            packed.writestr(info, body)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../../b",
        "c:\\x",
        "a\\b",
        "a/b/c",
        ".ssh",
        "名",
        "a\nb",
    ],
)
def test_paths_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    found = broken(hostile(tmp_path / "x.wacz", (name, b"x")))
    assert "refused" in found.why and found.place.isprintable()


def test_bombs_links_and_doubles_are_refused_by_name(tmp_path: Path) -> None:
    bomb = hostile(tmp_path / "1", ("archive/bomb", bytes(10_000_000)), method=zipfile.ZIP_DEFLATED)
    assert broken(bomb).place == "archive/bomb" and "compressed" in broken(bomb).why
    link = broken(hostile(tmp_path / "2", ("clue/link", b"/etc/passwd"), mode=0o120777))
    assert link.place == "clue/link" and "a link" in link.why
    twice = broken(hostile(tmp_path / "3", ("a/b", b"1"), ("a/b", b"2")))
    assert twice.place == "a/b" and "twice" in twice.why


def test_a_bomb_in_the_archive_and_a_huge_member_are_refused_by_name(
    sealed: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proof.records._LARGEST", 1_000_000)
    bad = resealed(
        sealed, tmp_path / "bomb.wacz",
        lambda body: body.update({"archive/evidence.warc.gz": gzip.compress(bytes(2_000_000))}),
    )  # fmt: skip
    assert "refused" in broken(bad).why and "archive/evidence.warc.gz" in broken(bad).place
    monkeypatch.setattr("proof.container.SMALL", 1000)
    assert "refused" in broken(sealed.folder / "clue.wacz").why


def test_a_directory_that_lies_is_refused(sealed: Case, tmp_path: Path) -> None:
    whole = (sealed.folder / "clue.wacz").read_bytes()
    bad = tmp_path / "bad.wacz"
    for count in (0, 1, 65535):
        end = bytearray(whole[-22:])
        struct.pack_into("<2H", end, 8, count, count)
        bad.write_bytes(whole[:-22] + bytes(end))
        assert broken(bad).place
    bad.write_bytes(os.urandom(5000))
    assert broken(bad).place == "the file"


NONSENSE = [
    b"", b"[]", b"\xff", b"[" * 100_000, b'{"resources": [1]}', b'{"offset": []}',
    b'{"record_id": 1, "url": 2, "sha256": 3, "link": Infinity, "fetched_at": "0001-01-01"}',
]  # fmt: skip


@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_in_a_member_is_a_named_fault_and_never_a_crash(
    sealed: Case, tmp_path: Path, body: bytes
) -> None:
    for number, member in enumerate(
        ("chain/records.jsonl", "chain/links.txt", "chain/seal-1.txt", "chain/seal-1.tsr", "indexes/index.cdx", "keys/authority.pem", "archive/evidence.warc.gz")
    ):  # fmt: skip
        if member == "indexes/index.cdx" and not body:
            continue  # an index that names nothing tells no lie

        def change(members: dict[str, bytes], member: str = member) -> None:
            members[member] = body

        place = broken(resealed(sealed, tmp_path / f"{number}.wacz", change)).place
        assert place.split()[0] in (
            member,
            "record",
            "link",
            "chain/seal-1.sig",
            "chain/seal-1.tsr",
        )


@pytest.mark.parametrize("body", NONSENSE)
def test_a_signed_manifest_that_is_nonsense_is_named(
    sealed: Case, tmp_path: Path, body: bytes
) -> None:
    whole = members(sealed.folder / "clue.wacz")
    key = make_key(tmp_path / "key")
    whole |= {MANIFEST: body, DIGEST: digest_of(body), SIGNING_KEY: public_pem(key.public_key())}
    del whole[SUMS], whole[SIGNATURE]
    whole[SUMS] = sums(whole)
    whole[SIGNATURE] = key.sign(whole[SUMS])
    written_zip(tmp_path / "x.wacz", whole)
    assert broken(tmp_path / "x.wacz").place == MANIFEST
