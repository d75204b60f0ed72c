"""Archives that others made: whole, old, and broken ones."""

from __future__ import annotations

import gzip
import io
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from storage.archives import ArchiveError, ArchiveRecord, Broken, check_archive, read_archive
from storage.messages import archived_message

LIMIT = 1 << 20
WACZ = Path(__file__).parents[1] / "sweeps" / "archives" / "shop.wacz"
"""Made with `wacz create` (py-wacz 0.6.0) out of a WARC of warcio."""


def warc(path: Path, *bodies: bytes, version: str = "1.1", packed: bool = True) -> list[int]:
    """A WARC by warcio with a response for each body; returns where each record begins."""
    starts = []
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=packed, warc_version=version)
        for number, body in enumerate(bodies):
            starts.append(file.tell())
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            writer.write_record(
                writer.create_warc_record(
                    f"http://x.example/{number}",
                    "response",
                    payload=io.BytesIO(body),
                    http_headers=head,
                    warc_headers_dict={"WARC-Date": "2019-05-06T07:08:09Z"},
                )
            )
    return starts


def pages(path: Path) -> list[str]:
    """Of each record its page, of each broken one what is wrong."""
    return [
        f"! {found.why.split(':')[0]}"
        if isinstance(found, Broken)
        else archived_message(found.url, found.block).body.decode()  # type: ignore[union-attr]
        for found in read_archive(path, LIMIT)
    ]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("packed", [True, False])
def test_both_versions_plain_and_gzipped(tmp_path: Path, version: str, packed: bool) -> None:
    path = tmp_path / ("a.warc.gz" if packed else "a.warc")
    warc(path, b"<p>1", b"<p>2", version=version, packed=packed)
    assert pages(path) == ["<p>1", "<p>2"]
    (first, _) = read_archive(path, LIMIT)
    assert isinstance(first, ArchiveRecord) and not first.altered
    assert (first.url, first.date) == ("http://x.example/0", datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC))  # fmt: skip
    assert first.place == f"{path.name}@0" and first.id.startswith("urn:uuid:")


def test_a_date_with_nine_digits_and_an_address_in_brackets(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <http://x.example/>\r\n"
        b"WARC-Date: 2019-05-06T07:08:09.123456789Z\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    )
    (record,) = read_archive(path, LIMIT)
    assert isinstance(record, ArchiveRecord) and record.url == "http://x.example/"
    assert record.date == datetime(2019, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)


def test_a_truncated_gzip_gives_what_is_whole_and_names_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    starts = warc(path, b"<p>1", b"<p>2", b"<p>3")
    path.write_bytes(path.read_bytes()[: starts[2] + 40])
    assert pages(path) == ["<p>1", "<p>2", "! cut off in the middle of the gzip data"]


def test_a_truncated_plain_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    warc(path, b"<p>1", b"<p>22222222", packed=False)
    path.write_bytes(path.read_bytes()[:-10])
    assert pages(path) == ["<p>1", "! cut off"]


def test_behind_a_broken_record_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    starts = warc(path, b"<p>1", b"<p>2" * 500, b"<p>3")
    data = bytearray(path.read_bytes())
    data[starts[1] + 100 : starts[1] + 140] = b"\xff" * 40
    path.write_bytes(data)
    first, broken, last = pages(path)
    assert (first, last) == ("<p>1", "<p>3") and broken.startswith("! ")


def test_behind_a_wrong_length_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    warc(path, b"<p>1", b"<p>2", b"<p>3", packed=False)
    data = path.read_bytes()
    second = data.index(b"WARC/1.1", 10)
    start = data.index(b"Content-Length: ", second) + 16
    path.write_bytes(data[:start] + b"9" + data[start + 1 :])
    first, broken, last = pages(path)
    assert (first, last) == ("<p>1", "<p>3")
    assert broken == "! its Content-Length is wrong"


def test_an_altered_page_does_not_agree_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    warc(path, b"<p>tea", packed=False)
    path.write_bytes(path.read_bytes().replace(b"<p>tea", b"<p>TEA"))
    (record,) = read_archive(path, LIMIT)
    assert isinstance(record, ArchiveRecord) and record.altered


def test_a_file_gzipped_as_a_whole_is_read(tmp_path: Path) -> None:
    plain = tmp_path / "a.warc"
    warc(plain, b"<p>1", b"<p>2", packed=False)
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    assert pages(path) == ["<p>1", "<p>2"]


def test_of_a_bomb_only_so_much_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    warc(path, b"\0" * (64 << 20), b"<p>2")
    first, second = read_archive(path, LIMIT)
    assert isinstance(first, ArchiveRecord) and isinstance(second, ArchiveRecord)
    assert len(first.block) == LIMIT and first.length > 64 << 20
    assert second.block.endswith(b"<p>2")


def test_a_wacz_of_the_real_tool(tmp_path: Path) -> None:
    warcinfo, first, second = read_archive(WACZ, LIMIT)
    assert isinstance(warcinfo, ArchiveRecord) and warcinfo.kind == "warcinfo"
    assert isinstance(first, ArchiveRecord) and isinstance(second, ArchiveRecord)
    assert first.url == "https://chahang.example/item/1.html"
    assert first.place.startswith("shop.wacz/archive/shop.warc.gz@")
    assert "全网最好的普洱茶" in first.block.decode()


def altered_wacz(path: Path) -> None:
    with zipfile.ZipFile(WACZ) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(".warc.gz"):
                data = gzip.compress(
                    gzip.decompress(data).replace("最好".encode(), "不好".encode())
                )
            target.writestr(name, data)


def test_a_wacz_that_was_altered_after_packing_is_named(tmp_path: Path) -> None:
    altered_wacz(tmp_path / "a.wacz")
    (broken,) = read_archive(tmp_path / "a.wacz", LIMIT)
    assert isinstance(broken, Broken) and "altered after it was packed" in broken.why


def test_what_is_no_archive_is_told_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as packed:
        packed.writestr("archive/data.warc.gz", b"")
    with zipfile.ZipFile(tmp_path / "empty.wacz", "w") as packed:
        packed.writestr("datapackage.json", '{"resources": []}')
    shutil.copy(WACZ, tmp_path / "half.wacz")
    (tmp_path / "half.wacz").write_bytes(WACZ.read_bytes()[:1500])
    (tmp_path / "page.html").write_text("<p>tea</p>")
    (tmp_path / "nothing.warc").write_bytes(b"")
    for name, says in {
        "plain.zip": "no WACZ: no datapackage.json",
        "empty.wacz": "without a WARC file",
        "half.wacz": "not a whole zip file",
        "page.html": "neither a WARC nor a WACZ",
        "nothing.warc": "empty",
        "gone.warc": "No such file",
    }.items():
        with pytest.raises(ArchiveError, match=says):
            check_archive(tmp_path / name)


@pytest.mark.parametrize(
    ("block", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntea\r\n2;x=y\r\n!!\r\n0\r\n\r\n", b"tea!!"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<p>joined by a browser", b"<p>joined by a browser"),
        (b"HTTP/1.0 200 OK\n\n<p>", b"<p>"),
        (b"HTTP/2 200\r\nA: b", b""),
    ],
)  # fmt: skip
def test_messages_as_tools_write_them(block: bytes, body: bytes) -> None:
    message = archived_message("http://x.example/", block)
    assert message is not None and (message.status, message.body) == (200, body)
    assert not any(name == "Transfer-Encoding" for name, _ in message.headers)


def test_what_is_no_http_is_no_message() -> None:
    assert archived_message("http://x.example/", b"<p>no head") is None
