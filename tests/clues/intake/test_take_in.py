"""Files taken in: rows become records, records clues; bad rows come back; twice changes nothing."""

from __future__ import annotations

import csv
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from clues import ClueFilter, find_clues, one_clue
from clues.arrivals import count_ways
from clues.intake import IntakeError
from storage import Store, Vault
from storage import models as m
from storage.intake import ClueArrival, IntakeFile, IntakeRecord
from tests.clues.intake.conftest import NOW, USCC, Take, complaint, count, dump, write_csv

TEA = "http://yunxiu.example/item/1.html?spm=a1.b2"


def records(store: Store) -> dict[str, IntakeRecord]:
    with store.session() as session:
        rows = session.scalars(select(IntakeRecord).order_by(IntakeRecord.revision)).all()
        return {row.key: row for row in rows}


def test_rows_are_matched_by_link_code_name_and_words_of_the_order(
    swept: Store, take: Take, tmp_path: Path
) -> None:
    path = write_csv(
        tmp_path / "x.csv",
        [
            complaint("1", 商品链接=TEA, 问题类别="假冒"),
            complaint("2", 统一社会信用代码=USCC, 问题类别="价格"),
            complaint("3", 店铺名称="云岫虚构茶行店", 问题类别="假冒"),
            complaint("4", 店铺名称="乌有三七铺", 购物平台="淘宝", 问题类别="虚假宣传"),
            complaint("5", 被投诉主体="勐海云岫虚构茶业公司", 问题类别="假冒"),
            complaint("6", 商品名称="勐海普洱茶生茶饼357g2022年春料", 问题类别="假冒"),
            complaint("7", 商品链接="https://h5.m.taobao.com/awp/core/detail.htm?x=1&id=620000000037", 问题类别="假冒"),
            complaint("8", 投诉内容="链接 http://yunxiu.example/item/1.html 的茶是假货"),
        ],
    )  # fmt: skip
    taken = take(path)
    assert (taken.rows, taken.new, taken.bad, taken.states) == (8, 8, 0, {"matched": 8})
    found = records(swept)
    with swept.session() as session:
        shops = dict(session.execute(select(m.Shop.id, m.Shop.name)).tuples().all())
    tea, sanqi = "云岫虚构茶行", "乌有三七铺旗舰店"
    assert [shops[found[n].shop_id or 0] for n in "12345678"] == [
        tea, tea, tea, sanqi, tea, tea, sanqi, tea,
    ]  # fmt: skip
    assert [found[n].match["how"] for n in "12345678"] == [
        "link", "code", "shop", "shop", "operator", "goods", "link", "link",
    ]  # fmt: skip
    with swept.session() as session:
        clues = {(c.operator or c.shop, c.violation) for c in find_clues(session, ClueFilter())}
    firm = "勐海云岫虚构茶业有限公司"
    assert clues == {
        (firm, "counterfeit"), (firm, "price_fraud"), (sanqi, "false_claim"), (sanqi, "counterfeit"),
    }  # fmt: skip
    assert (taken.clues_opened, taken.clues_grown) == (4, 0)


def test_what_names_nobody_waits_and_a_shop_never_swept_is_watched(
    swept: Store, take: Take, tmp_path: Path
) -> None:
    path = write_csv(
        tmp_path / "x.csv",
        [
            complaint("1", 问题类别="假冒"),
            complaint("2", 店铺名称="从未见过的店", 问题类别="假冒"),
            complaint("3", 商品链接="http://weixun.example/item/9", 店铺名称="未巡虚构店", 问题类别="假冒"),
            complaint("4", 购物平台="拼多多", 店铺名称="拼多多上的虚构店", 问题类别="假冒"),
            complaint("5", 商品链接=TEA, 投诉内容="快递太慢"),
            complaint("6", 店铺名称="未巡虚构店", 问题类别="价格"),
        ],
    )  # fmt: skip
    taken = take(path)
    assert {n: r.state for n, r in records(swept).items()} == {
        "1": "unmatched", "2": "unmatched", "3": "matched", "4": "matched", "5": "unsorted", "6": "matched",
    }  # fmt: skip
    assert taken.shops_made == 2
    with swept.session() as session:
        source = session.scalars(select(m.SourceRow)).one()
        assert (source.name, source.kind, source.home) == ("weixun.example", "shop", "http://weixun.example/")  # fmt: skip
        assert source.how_found == "投诉举报（诉转案） 3"


def test_taking_a_file_in_twice_changes_nothing(swept: Store, take: Take, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "x.csv", [complaint("1", 商品链接=TEA, 问题类别="假冒"), complaint("2")]
    )
    take(path)
    before = dump(swept)
    files = sorted(tmp_path.rglob("*"))
    again = take(path, now=NOW + timedelta(days=1))
    assert (again.new, again.unchanged, again.changed, again.clues_grown) == (0, 2, 0, 0)
    assert dump(swept) == before
    assert sorted(tmp_path.rglob("*")) == files
    # The same rows in another file are the same rows.
    other = take(write_csv(tmp_path / "y.csv", [complaint("2"), complaint("1", 商品链接=TEA, 问题类别="假冒")]))  # fmt: skip
    assert (other.new, other.unchanged) == (0, 2)


def test_a_changed_row_is_told_and_an_older_file_does_not_bring_it_back(
    swept: Store, take: Take, tmp_path: Path
) -> None:
    old = write_csv(tmp_path / "old.csv", [complaint("1", 商品链接=TEA, 问题类别="价格")])
    take(old)
    new = take(write_csv(tmp_path / "new.csv", [complaint("1", 商品链接=TEA, 问题类别="假冒")]))
    assert new.changed == 1 and new.told == ["line 2: 1 changed since record 1: category"]
    with swept.session() as session:
        rows = session.execute(
            select(IntakeRecord.revision, IntakeRecord.state).order_by(IntakeRecord.revision)
        ).all()
        assert [tuple(row) for row in rows] == [(1, "superseded"), (2, "matched")]
        assert len(find_clues(session, ClueFilter())) == 2, "what was said once is not forgotten"
    again = take(old)
    assert (again.older, again.changed, again.unchanged) == (1, 0, 0)


def test_bad_rows_come_back_with_the_reason_of_each_cell(
    swept: Store, take: Take, tmp_path: Path
) -> None:
    """Of a hundred rows thirty are broken in five ways; seventy go in."""
    rows = []
    for n in range(100):
        row = complaint(
            str(n), 商品链接=TEA, 问题类别="假冒", 投诉人姓名="虚某甲", 联系电话="13912345678"
        )
        if n % 10 == 0:
            row["登记时间"] = "2026-02-30"
        elif n % 10 == 1:
            row |= {"统一社会信用代码": USCC[:-1] + "9", "投诉内容": ""}
        elif n % 20 == 2:
            row["商品链接"] = "没有"
            row["商品名称"] = "=HYPERLINK(1)"
        elif n % 20 == 12:
            row |= {"登记编号": "5", "投诉内容": f"另一件事{n}"}
        rows.append(row)
    path = write_csv(tmp_path / "x.csv", rows, "gb18030")
    taken = take(path)

    assert (taken.rows, taken.new, taken.bad) == (100, 70, 30)
    assert count(swept, IntakeRecord) == 70
    back = tmp_path / "x.退回.csv"
    assert taken.bad_file == str(back) and back.stat().st_mode & 0o777 == 0o600
    with back.open(encoding="utf-8-sig", newline="") as file:
        returned = list(csv.DictReader(file))
    assert len(returned) == 30
    assert (
        returned[0]["原行号"] == "2"
        and returned[0]["退回原因"] == "登记时间：没有这一天：2026-02-30"
    )
    assert (
        returned[1]["退回原因"]
        == "统一社会信用代码：统一社会信用代码校验位不符；投诉内容：不能为空"
    )
    assert (
        returned[2]["退回原因"] == "商品链接：不是网址：没有；商品名称：公式没有结果，请粘贴为数值"
    )
    assert returned[2]["商品名称"] == "'=HYPERLINK(1)"
    assert returned[5]["退回原因"] == "登记编号：编号在本文件第 7 行已有，内容不同"
    assert returned[0]["投诉人姓名"] == "虚*甲" and returned[0]["联系电话"] == "*******5678"
    assert "13912345678" not in back.read_text(encoding="utf-8-sig")
    # Mended, they go in by themselves.
    for row in returned:
        row |= {
            "登记时间": "2026-11-18",
            "统一社会信用代码": "",
            "投诉内容": "有问题",
            "商品链接": TEA,
            "商品名称": "",
        }
        row["登记编号"] = f"改{row['原行号']}"
    mended = take(write_csv(tmp_path / "mended.csv", returned))
    assert (mended.new, mended.bad) == (30, 0)
    assert mended.told == ["columns that are not used: 原行号, 退回原因"]


def test_bad_rows_of_a_workbook_come_back_as_one_with_marked_cells(
    take: Take, tmp_path: Path
) -> None:
    book = Workbook()
    book.active.append(["登记编号", "登记时间", "投诉内容", "备用"])
    book.active.append(["1", "2026-11-18", "=A1&B1", "x"])
    book.active.append(["2", 46337, "假货", "y"])
    book.save(tmp_path / "x.xlsx")
    taken = take(tmp_path / "x.xlsx")
    assert (taken.new, taken.bad) == (1, 1)
    sheet = load_workbook(tmp_path / "x.退回.xlsx").active
    assert [cell.value for cell in sheet[2]][:4] == [
        "2",
        "投诉内容：公式没有结果，请粘贴为数值",
        "1",
        "2026-11-18",
    ]
    assert sheet["E2"].comment.text == "公式没有结果，请粘贴为数值" and sheet["C2"].comment is None


def test_consumers_are_masked_everywhere_but_in_the_vault(
    swept: Store, take: Take, vault: Vault, tmp_path: Path
) -> None:
    said = {
        "商品链接": TEA, "投诉人姓名": "虚某甲", "联系电话": "13912345678", "订单号": "8800112233445566",
        "收货地址": "云南省昆明市官渡区虚构路1号",
        "投诉内容": "虚某甲，电话13912345678，住云南省昆明市官渡区虚构路1号，订单号8800112233445566，"
        "页面写“全网最好的茶，包治高血压”，身份证530102199001011234",
    }  # fmt: skip
    path = write_csv(tmp_path / "x.csv", [complaint("1", **said)])
    take(path)
    stored = str(dump(swept))
    secrets = ("虚某甲", "13912345678", "8800112233445566", "虚构路1号", "530102199001011234")
    assert not [secret for secret in secrets if secret in stored]
    row = records(swept)["1"]
    assert row.content["consumer_name"] == "虚*甲"
    assert row.content["consumer_address"] == "云南省昆明市官渡区*****"
    # The words that the seller is said to have used are found where they stand.
    assert {s["violation"] for s in row.signals} >= {"absolute_claim", "medical_claim"}
    for one in row.signals:
        assert row.content[one["field"]][one["start"] : one["end"]] == one["text"]
    with swept.session() as session:
        file = session.scalars(select(IntakeFile)).one()
        evidence = session.get_one(m.Evidence, file.evidence_id)
        assert (evidence.kind, file.officer) == ("intake", "虚构员")
        kept = vault.read(evidence.warc_file, evidence.warc_offset).body
        assert kept == path.read_bytes()
        assert hashlib.sha256(kept).hexdigest() == evidence.sha256 == file.sha256
        for clue in find_clues(session, ClueFilter()):
            view = one_clue(session, clue.id)
            assert view is not None and file.sha256 in {
                e["sha256"] for e in view.detail["evidence"]
            }


def test_a_clue_may_come_by_several_ways_and_each_is_counted(
    swept: Store, take: Take, tmp_path: Path
) -> None:
    take(write_csv(tmp_path / "a.csv", [complaint("1", 商品链接=TEA, 问题类别="假冒"), complaint("2", 商品链接=TEA, 问题类别="假冒")]))  # fmt: skip
    sample = {
        "抽样编号": "S1", "抽样日期": "2026-11-10", "样品名称": "普洱茶", "检验结论": "不合格",
        "统一社会信用代码": USCC, "不合格项目": "",
    }  # fmt: skip
    take(
        write_csv(tmp_path / "b.csv", [sample, sample | {"抽样编号": "S2", "检验结论": "合格"}]),
        "sampling",
    )
    handed = {
        "移送编号": "T1",
        "移送日期": "2026-11-10",
        "当事人": "昆明别处虚构有限公司",
        "案由": "走私",
        "基本案情": "见附件",
    }
    take(write_csv(tmp_path / "c.csv", [handed]), "transferred")
    with swept.session() as session:
        ways = {one.way: one for one in count_ways(session)}
        clues = {c.violation: c for c in find_clues(session, ClueFilter())}
        view = one_clue(session, clues["counterfeit"].id)
    assert clues.keys() == {"counterfeit", "smuggled_goods"}
    assert (ways["complaint"].records, ways["complaint"].clues, ways["complaint"].alone) == (
        2,
        1,
        0,
    )
    assert (ways["sampling"].records, ways["sampling"].clean, ways["sampling"].clues) == (2, 1, 1)
    assert (
        ways["transferred"].clues,
        ways["transferred"].alone,
        ways["transferred"].operators,
    ) == (1, 1, 1)
    assert view is not None
    assert [a["way"] for a in view.detail["arrivals"]] == ["complaint", "complaint", "sampling"]
    assert view.score == 0.6, "the stronger of 0.5 (complaint) and 0.6 (sample that failed)"
    assert count(swept, ClueArrival) == 4


def test_a_name_that_fits_two_shops_fits_none(swept: Store, take: Take, tmp_path: Path) -> None:
    with swept.session() as session:
        for key in ("1", "2"):
            session.add(m.Shop(source="jd", key=key, name="双生虚构店", url="", operator_id=None, first_seen=NOW))  # fmt: skip
    take(
        write_csv(
            tmp_path / "x.csv",
            [complaint("1", 店铺名称="双生虚构店", 购物平台="京东", 问题类别="假冒")],
        )
    )
    row = records(swept)["1"]
    assert row.state == "unmatched" and len(row.match["candidates"]) == 2


def test_a_clock_that_jumped_back_is_told_and_nothing_is_lost(
    swept: Store, take: Take, tmp_path: Path
) -> None:
    take(write_csv(tmp_path / "a.csv", [complaint("1", 商品链接=TEA, 问题类别="假冒")]))
    back = take(
        write_csv(tmp_path / "b.csv", [complaint("2", 商品链接=TEA, 问题类别="假冒")]),
        now=NOW - timedelta(days=400),
    )
    assert back.new == 1 and back.bad == 0, (
        "the complaint's day lies in the past by the store's time"
    )
    assert any("the clock jumped back" in line for line in back.told)
    with swept.session() as session:
        (clue,) = find_clues(session, ClueFilter())
        assert clue.grown_at == NOW


def test_what_can_not_be_used_is_a_plain_sentence_and_leaves_nothing(
    swept: Store, take: Take, vault: Vault, tmp_path: Path
) -> None:
    before = dump(swept)
    for name, data, kind, why in (
        ("empty.csv", b"", "complaint", "is empty"),
        ("other.csv", b"a,b\n1,2\n", "complaint", "no row of the first"),
        (
            "short.csv",
            "登记编号,店铺名称\n1,虚构店\n".encode(),
            "complaint",
            "misses columns: received_at",
        ),
        ("book.xlsx", b"PK\x03\x04nothing", "complaint", "not a workbook"),
        ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "complaint", "save it as .xlsx"),
        ("x.csv", b"x", "gossip", "no such kind"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(IntakeError, match=why):
            take(path, kind)
    with pytest.raises(IntakeError, match="no profile sampling for complaint"):
        take(tmp_path / "x.csv", profile="sampling")
    assert dump(swept) == before
    assert not list(vault.folder.glob("*")) and not list(tmp_path.glob("*退回*"))


KILLED = """
    import sys, os, signal
    from pathlib import Path
    import detectors
    from clues.intake import take_in
    from clues.intake import importing
    from storage import Vault, open_store
    importing.BATCH = 10
    def progress(taken):
        if taken.rows >= 60:
            print("half", flush=True)
            signal.pause()
    take_in(open_store(sys.argv[1]), Vault(Path(sys.argv[2])), detectors.load(Path(sys.argv[3])),
            Path(sys.argv[3]), "complaint", Path(sys.argv[4]), "x", progress=progress)
"""


def test_a_kill_in_the_middle_leaves_nothing_and_the_next_run_takes_all(
    swept: Store, store_url: str, take: Take, vault: Vault, house: Path, tmp_path: Path
) -> None:
    rows = [complaint(str(n), 商品链接=TEA, 问题类别="假冒") for n in range(120)]
    rows[3]["登记时间"] = "nie"
    path = write_csv(tmp_path / "x.csv", rows)
    before = dump(swept)
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), store_url, str(vault.folder), str(house / "rules"), str(path)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(house)},
    )  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == "half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    assert dump(swept) == before
    assert sorted(p.name for p in tmp_path.glob("x*")) == ["x.csv"]
    taken = take(path)
    assert (taken.new, taken.bad, count(swept, IntakeRecord)) == (119, 1, 119)
