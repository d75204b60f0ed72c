"""The commands as an officer runs them, over the sample files of the practice town."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from cli import app
from practice.data import offers
from practice.intakes import complaints, write_samples
from storage import models as m
from storage import open_store
from storage.intake import IntakeRecord
from storage.observations import Found, record
from tests.clues.intake.conftest import complaint, write_csv

PORT = 8800


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def yunjian(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def town_store(own_folder: Path) -> Path:
    """A store that knows the whole town, as after a sweep of it."""
    store = open_store(f"sqlite:///{own_folder / 'data' / 'yunjian.db'}")
    batch = []
    for offer in offers().values():
        host = offer.seller.host if offer.seller.site == "shop" else ""
        source = {"taoji": "taobao", "jingdian": "jd"}.get(offer.seller.site, host)
        url = f"http://{offer.seller.host}:{PORT}{offer.path}"
        listing = offer.listing.model_copy(update={"source": source, "url": url})
        batch.append(
            Found(listing, url, host, listing.goods, None, datetime(2026, 11, 11, tzinfo=UTC))
        )
    with store.session() as session:
        record(session, None, batch)
    store.close()
    return own_folder


def test_sample_files_of_every_kind_give_clues_by_every_way(town_store: Path) -> None:
    for kind, path in write_samples(town_store / "samples", PORT).items():
        done = yunjian("intake", kind, str(path), "--as", "虚构员")
        assert done.exit_code == 0, done.output
    counted = {one["way"]: one for one in json.loads(yunjian("arrivals", "--json").stdout)}
    assert {way: one["records"] for way, one in counted.items()} == {
        "sweep": 0, "promotion": 0, "complaint": 60, "sampling": 24, "inspection": 20, "assigned": 12, "transferred": 12,
    }  # fmt: skip
    for way in ("complaint", "sampling", "inspection", "assigned", "transferred"):
        assert counted[way]["clues"] > 5 and counted[way]["with_operator"] > 5
    assert counted["sampling"]["clean"] == 8


def test_complaints_are_matched_to_the_shops_that_they_are_about(town_store: Path) -> None:
    """How many of 400 complaints are matched, by the town's truth."""
    rows = list(complaints(PORT, 400))
    write_csv(town_store / "c.csv", [one.cells for one in rows])
    assert yunjian("intake", "complaint", "c.csv").exit_code == 0
    keys = {offer.seller.name: offer.seller.key for offer in offers().values()}
    store = open_store(f"sqlite:///{town_store / 'data' / 'yunjian.db'}")
    with store.session() as session:
        found = dict(
            session.execute(
                select(IntakeRecord.key, m.Shop.name).outerjoin(m.Shop, m.Shop.id == IntakeRecord.shop_id)
            ).tuples().all()
        )  # fmt: skip
    store.close()
    right = wrong = missed = 0
    for one in rows:
        named = keys.get(found[one.cells["登记编号"]] or "", "")
        right += bool(one.shop) and named == one.shop
        wrong += bool(named) and named != one.shop
        missed += bool(one.shop) and not named
    assert wrong == 0, "a clue about the wrong shop is worse than none"
    assert right / (right + missed) > 0.9


def test_an_officer_takes_a_file_in_looks_and_settles(own_folder: Path) -> None:
    rows = [
        complaint("1", 商品链接="http://weixun.example/1", 店铺名称="未巡虚构店", 问题类别="假冒"),
        complaint("2", 问题类别="假冒"),
        complaint("", 问题类别="假冒"),
    ]
    write_csv(own_folder / "c.csv", rows)
    done = yunjian("intake", "complaint", "c.csv", "--as", "虚构员")
    assert done.exit_code == 1, "a row was bad"
    assert "rows 3: new 2, unchanged 0, changed 0, superseded before 0, bad 1" in done.output
    assert "c.退回.csv" in done.output
    listed = json.loads(yunjian("intakes", "list", "--state", "unmatched", "--json").stdout)
    assert [one["number"] for one in listed] == ["2"]
    shown = yunjian("intakes", "show", str(listed[0]["id"]), "--as", "虚构员")
    assert "编号  2" in shown.output and "c.csv 第 3 行" in shown.output
    settled = yunjian("intakes", "settle", str(listed[0]["id"]), "--shop", "1", "--as", "虚构员")
    assert settled.exit_code == 0 and "grown 1" in settled.output
    assert "clues opened 0" in yunjian("intakes", "compare").output
    clue = yunjian("clue", "1", "--as", "另一员")
    assert "来源  投诉举报（诉转案）  记录 1" in clue.output and "记录 2" in clue.output
    looks = json.loads(yunjian("access", "--json").stdout)
    assert [(one["officer"], one["what"]) for one in looks] == [
        ("另一员", "clue"),
        ("虚构员", "intake"),
    ]
    assert yunjian("purge", "--dry-run").output.strip() == "0 items would go"
    assert "0 items gone" in yunjian("purge").output


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("intake", "gossip", "x.csv"), 2, "no such kind: gossip"),
        (("intake", "complaint", "none.csv"), 2, "no such file"),
        (("intake", "complaint", "x.csv", "--profile", "no"), 1, "no profile no for complaint"),
        (("intakes", "show", "9"), 1, "no intake record 9"),
        (("intakes", "settle", "9"), 2, "say --shop"),
        (("intakes", "settle", "9", "--shop", "1"), 1, "no intake record 9"),
    ],
)
def test_a_wrong_order_is_a_plain_sentence(
    own_folder: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (own_folder / "x.csv").write_text("登记编号,登记时间,投诉内容\n", encoding="utf-8")
    done = yunjian(*arguments)
    assert done.exit_code == code and says in done.stderr and "Traceback" not in done.output


@pytest.mark.parametrize("command", ["intake", "intakes", "arrivals", "purge", "access"])
def test_every_command_explains_itself(command: str) -> None:
    result = yunjian(command, "--help")
    assert result.exit_code == 0 and len(result.output) > 100


MEASURED = """
import resource, sys
from pathlib import Path
from cli import app
from typer.testing import CliRunner
CliRunner().invoke(app, ["intake", "complaint", "small.csv"])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
done = CliRunner().invoke(app, ["intake", "complaint", "large.csv"])
assert "rows 40000: new 40000" in done.output, done.output + done.stderr
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_file(own_folder: Path, house: Path) -> None:
    """A file of 40,000 rows (24 MB) takes hardly more memory than one of 1,000."""
    for name, count, first in (("small", 1_000, "s"), ("large", 40_000, "l")):
        rows = [complaint(f"{first}{n}", 投诉内容="东西有问题" * 40) for n in range(count)]
        write_csv(own_folder / f"{name}.csv", rows)
    assert (own_folder / "large.csv").stat().st_size > 24_000_000
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=own_folder, text=True, capture_output=True, check=False,
        env={"PYTHONPATH": str(house), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-1]) < 24_000, "kilobytes; the file alone has 24 MB"
