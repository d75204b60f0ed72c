"""`sweep --from`: the whole line over pages that someone else captured."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cli import app
from crawler.addresses import canonical
from detectors import Detector
from listing import Listing
from settings import load
from spiders import READERS, reader
from spiders.hosts import reader_of
from spiders.recorded import read_recorded
from storage import Store, Vault, open_store
from storage import models as m
from sweeps import sweep
from sweeps.order import SweepOrder

WACZ = Path(__file__).parent / "archives" / "shop.wacz"
TABLES = (m.ListingRow, m.Observation, m.SignalRow, m.Clue, m.ClueSignal, m.ClueEvidence, m.Evidence, m.Shop)  # fmt: skip
MARCH = datetime(2025, 3, 1, 8, tzinfo=UTC)


def page(title: str, more: str = "") -> bytes:
    """An item page of a shop."""
    return (
        f"<!doctype html><meta charset='utf-8'><title>{title} - 虚构茶行</title><h1>{title}</h1>"
        f"<p>价格：¥98.00</p><p>{more}</p><button>加入购物车</button>"
    ).encode()


class Archive:
    """A WARC in the making, by warcio."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._writer = WARCWriter(self._file, gzip=path.suffix == ".gz", warc_version="1.1")

    def add(
        self, url: str, body: bytes, at: datetime = MARCH, status: str = "200 OK", kind: str = "text/html; charset=utf-8",
        record: str = "response", **headers: str,
    ) -> Any:  # fmt: skip
        """A record; returns it as warcio has it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        head = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
        made = self._writer.create_warc_record(
            url, record, payload=io.BytesIO(body), http_headers=head,
            warc_headers_dict={"WARC-Date": at.strftime("%Y-%m-%dT%H:%M:%SZ")} | named,
        )  # fmt: skip
        self._writer.write_record(made)
        return made

    def revisit(self, url: str, at: datetime, digest: str, of: datetime) -> None:
        """A page found as it was."""
        made = self._writer.create_revisit_record(
            url, digest, url, of.strftime("%Y-%m-%dT%H:%M:%SZ"),
            warc_headers_dict={"WARC-Date": at.strftime("%Y-%m-%dT%H:%M:%SZ")},
        )  # fmt: skip
        self._writer.write_record(made)

    def close(self) -> str:
        """Finish; returns the path."""
        self._file.close()
        return str(self.path)


@pytest.fixture(autouse=True)
def loaded(detector: Detector, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules as they are, loaded once for all tests."""
    monkeypatch.setattr("detectors.load", lambda rules: detector)


def taken(folder: Path, **order: Any) -> dict[str, Any]:
    """The summary of a sweep of archives into a store of its own."""
    store = store_of(folder)
    summary = sweep(load(data_dir=folder / "data"), store, SweepOrder(**order))
    store.close()
    return summary.to_dict()


def store_of(folder: Path) -> Store:
    return open_store(f"sqlite:///{folder / 'data' / 'yunjian.db'}")


def counts(folder: Path) -> dict[str, int]:
    with store_of(folder).session() as session:
        return {
            t.__tablename__: session.scalar(select(func.count()).select_from(t)) or 0
            for t in TABLES
        }


def history(folder: Path) -> list[tuple[str, datetime]]:
    """What the one listing said, and when, oldest first."""
    with store_of(folder).session() as session:
        rows = session.execute(
            select(m.Observation.content, m.Observation.seen_at).order_by(m.Observation.seen_at)
        )
        return [(content["title"], at) for content, at in rows]


def test_a_wacz_goes_through_the_whole_line_and_a_second_time_changes_nothing(
    tmp_path: Path,
) -> None:
    summary = taken(tmp_path, archives=(str(WACZ),))
    assert (summary["state"], summary["mode"]) == ("done", "archive")
    assert summary["total"]["listings"] == summary["total"]["observations_new"] == 2
    assert summary["violations"] == {"absolute_claim": 1} and not summary["incidents"]
    before = counts(tmp_path)
    again = taken(tmp_path, archives=(str(WACZ),))
    assert again["total"]["observations_unchanged"] == 2 and again["total"]["clues_opened"] == 0
    assert counts(tmp_path) == before


def test_a_clue_rests_on_a_copy_in_the_vault_with_the_original_date(tmp_path: Path) -> None:
    taken(tmp_path, archives=(str(WACZ),))
    with store_of(tmp_path).session() as session:
        (kept,) = session.scalars(
            select(m.Evidence).join(m.ClueEvidence, m.ClueEvidence.evidence_id == m.Evidence.id)
        )
        clue = session.scalars(select(m.Clue)).one()
        seen = session.scalars(select(m.Observation.seen_at)).all()
    assert kept.fetched_at == MARCH and kept.url == "https://chahang.example/item/1.html"
    assert set(seen) == {MARCH, MARCH + timedelta(days=1)}
    assert clue.opened_at > datetime.now(UTC) - timedelta(minutes=5), "the clue is new today"
    body = Vault(tmp_path / "data" / "evidence").read(kept.warc_file, kept.warc_offset).body
    assert hashlib.sha256(body).hexdigest() == kept.sha256 and "全网最好" in body.decode()
    raw = gzip.decompress((tmp_path / "data" / "evidence" / kept.warc_file).read_bytes()).decode()
    assert "WARC-Date: 2025-03-01T08:00:00" in raw
    assert "WARC-Yunjian-Copied-From: shop.wacz/archive/shop.warc.gz@" in raw


def test_the_history_of_a_page_in_any_order(tmp_path: Path) -> None:
    url, shop = "http://chahang.example/item/1", Archive(tmp_path / "a.warc.gz")
    for title, day in (("红茶 二等", 2), ("红茶 一等", 1), ("红茶 三等", 3)):
        shop.add(url, page(title), MARCH + timedelta(days=day))
    path = shop.close()
    taken(tmp_path, archives=(path,))
    told = [(f"红茶 {grade}等", MARCH + timedelta(days=n)) for n, grade in enumerate("一二三", 1)]
    assert history(tmp_path) == told
    before = counts(tmp_path)
    taken(tmp_path, archives=(path,))
    assert counts(tmp_path) == before and history(tmp_path) == told


def test_an_old_archive_leaves_what_is_known_newer_alone(tmp_path: Path) -> None:
    url = "http://chahang.example/item/1"
    new, old = Archive(tmp_path / "new.warc.gz"), Archive(tmp_path / "old.warc.gz")
    new.add(url, page("新茶"), MARCH)
    old.add(url, page("陈茶"), MARCH - timedelta(days=500))
    taken(tmp_path, archives=(new.close(),))
    taken(tmp_path, archives=(old.close(),))
    with store_of(tmp_path).session() as session:
        row = session.scalars(select(m.ListingRow)).one()
    assert (row.title, row.last_seen) == ("新茶", MARCH)
    assert row.first_seen == MARCH - timedelta(days=500)
    assert [title for title, _ in history(tmp_path)] == ["陈茶", "新茶"]


def test_a_revisit_is_read_from_the_record_it_refers_to(tmp_path: Path) -> None:
    url, later = "http://chahang.example/item/1", MARCH + timedelta(days=9)
    shop = Archive(tmp_path / "a.warc.gz")
    made = shop.add(url, page("最好的茶"))
    digest = made.rec_headers.get_header("WARC-Payload-Digest")
    shop.add(url, page("茶"), MARCH + timedelta(days=5))
    shop.revisit(url, later, digest, MARCH)
    shop.revisit("http://chahang.example/item/2", later, "sha1:" + "A" * 32, MARCH)
    summary = taken(tmp_path, archives=(shop.close(),))
    assert [title for title, _ in history(tmp_path)] == ["最好的茶", "茶", "最好的茶"]
    assert history(tmp_path)[-1][1] == later
    assert summary["incidents"] == {"unread/broken_record": 1}
    assert "item/2" in summary["problems"][0] and "does not hold" in summary["problems"][0]


def test_broken_records_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    shop = Archive(tmp_path / "a.warc")
    shop.add("http://chahang.example/item/1", page("红茶"))
    shop.add("http://chahang.example/item/2", page("绿茶"))
    shop.add("http://chahang.example/item/3", page("白茶"), WARC_Date="some day")
    shop.add("http://chahang.example/item/4", page("黑茶"))
    path = Path(shop.close())
    path.write_bytes(path.read_bytes().replace("绿茶".encode(), "青茶".encode())[:-30])
    summary = taken(tmp_path, archives=(str(path),))
    assert [title for title, _ in history(tmp_path)] == ["红茶"]
    assert summary["incidents"] == {"unread/broken_record": 3} and summary["state"] == "done"
    said = "\n".join(summary["problems"])
    assert "altered or damaged" in said and "no date of capture" in said and "cut off" in said


def test_what_is_no_page_of_a_shop_is_passed_and_counted(tmp_path: Path) -> None:
    shop = Archive(tmp_path / "a.warc.gz")
    shop.add("http://chahang.example/", b"<p>welcome")
    shop.add("http://chahang.example/item/1", page("茶"), status="404 Not Found")
    shop.add("http://chahang.example/1.jpg", b"\xff\xd8", kind="image/jpeg")
    shop.add("http://news.example.gov.cn/a", page("新闻"))
    shop.add("http://chahang.example/item/9", "<title>安全验证</title>请输入验证码".encode())
    summary = taken(tmp_path, archives=(shop.close(),))
    assert summary["total"]["pages"] == 2 and summary["total"]["listings"] == 0
    assert summary["incidents"] == {"block/captcha": 1}
    assert "status 404 1" in summary["problems"][-1] and "no item 1" in summary["problems"][-1]
    with store_of(tmp_path).session() as session:
        assert list(session.scalars(select(m.Evidence.kind))) == ["block"]


RECORDED = {
    "taobao-search-shoes.html.gz": ("taobao", "https://s.taobao.com/search?q=shoes"),
    "jd-search-phones.html.gz": ("jd", "https://search.jd.com/Search?keyword=phone"),
    "jd-item.html.gz": ("jd", "https://item.jd.com/1234567.html"),
}


def test_recorded_pages_are_read_by_the_reader_of_their_host(tmp_path: Path, shared: Path) -> None:
    archive, wanted = Archive(tmp_path / "old.warc.gz"), set()
    for name, (source, url) in RECORDED.items():
        path = shared / "pages" / name
        archive.add(url, gzip.decompress(path.read_bytes()), kind="text/html")
        for found in read_recorded(path, reader(source), url=url):
            assert isinstance(found, Listing)
            wanted.add(canonical(found.url))
    summary = taken(tmp_path, archives=(archive.close(),))
    assert summary["total"]["listings"] == len(wanted) > 50
    assert set(summary["sources"]) == {"jd", "taobao"}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://item.taobao.com/item.htm?id=1", "taobao"),
        ("https://item.jd.com/1.html", "jd"),
        ("https://npcitem.jd.hk/1.html", "jd"),
        ("https://detail.tmall.com/item.htm?id=1", "tmall"),
        ("https://www.baidu.com/s?wd=1", "baidu"),
        ("https://chahang.example/", "shop"),
        ("https://news.example.cn/", None),
        ("https://www.vip.com/x", None),
    ],
)
def test_whose_page_an_address_is(url: str, name: str | None) -> None:
    readers = {one: reader(one) for one in READERS}
    found = reader_of(url, readers)
    assert (found.source.name if found else None) == name


def test_a_named_source_reads_all_pages_and_goods_are_kept_apart(tmp_path: Path) -> None:
    shop = Archive(tmp_path / "a.warc.gz")
    shop.add("http://news.example.cn/item/1", page("普洱茶 茶叶"))
    shop.add("http://news.example.cn/item/2", page("三七粉 文山三七"))
    path = shop.close()
    summary = taken(tmp_path, archives=(path,), sources=("shop",), goods=("tea",))
    assert [title for title, _ in history(tmp_path)] == ["普洱茶 茶叶"]
    assert summary["sources"]["news.example.cn"]["pages"] == 2


def test_a_killed_one_is_resumed(tmp_path: Path) -> None:
    taken(tmp_path, archives=(str(WACZ),))
    before = counts(tmp_path)
    with store_of(tmp_path).session() as session:
        # As a kill right before its end leaves it.
        session.scalars(select(m.Sweep)).one().state = "running"
        session.scalars(select(m.TaskRow)).one().state = "pending"
    summary = taken(tmp_path, resume=1)
    assert summary["state"] == "done" and summary["tasks"] == {"done": 1}
    assert counts(tmp_path) == before


def test_what_can_not_be_read_is_a_plain_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "x.zip").write_bytes(b"PK\3\4 nothing")
    for arguments, code, says in (
        (("--from", str(tmp_path / "x.zip")), 1, "not a whole zip file"),
        (("--from", str(tmp_path / "gone.warc.gz")), 1, "gone.warc.gz: No such file"),
        (("--from", str(WACZ), "--source", "nobody"), 2, "one reader may be named"),
    ):
        done = CliRunner().invoke(app, ["sweep", "--json", *arguments])
        assert done.exit_code == code and not done.stdout
        assert says in " ".join(done.stderr.split())
    with store_of(tmp_path).session() as session:
        assert session.scalar(select(func.count()).select_from(m.Sweep)) == 0


def test_the_command_takes_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUNJIAN_DATA_DIR", str(tmp_path / "data"))
    done = CliRunner().invoke(app, ["sweep", "--json", "--from", str(WACZ)])
    assert done.exit_code == 0 and json.loads(done.stdout)["total"]["listings"] == 2


def test_of_several_archives_each_is_a_task(tmp_path: Path) -> None:
    shop = Archive(tmp_path / "a.warc.gz")
    shop.add("http://chahang.example/item/7", page("白茶"))
    summary = taken(tmp_path, archives=(str(WACZ), shop.close()))
    assert summary["tasks"] == {"done": 2} and summary["total"]["listings"] == 3
    assert json.dumps(summary)
