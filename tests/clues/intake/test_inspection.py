"""On-site inspections held against what the operator sells online."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from clues import ClueFilter, find_clues, one_clue
from clues.intake import compare_again, find_records, one_record, settle
from clues.intake.platforms import load_platforms
from clues.intake.settling import Sorters
from clues.intake.sorting import load_sorting
from clues.jurisdiction import Jurisdiction
from detectors import Detector
from storage import Store
from storage import models as m
from tests.clues.intake.conftest import NOW, SEEN, USCC, Take, complaint, dump, write_csv

TEA = "勐海普洱茶生茶饼357g 2022年春料"


def inspected(**said: str) -> dict[str, str]:
    row = {
        "检查编号": "J1", "检查日期": "2026-11-10", "被检查单位": "勐海云岫虚构茶业有限公司", "统一社会信用代码": USCC,
        "申报网店": "", "申报经营品种": "", "责令下架商品": "", "问题类别": "", "检查情况": "",
    }  # fmt: skip
    return row | said


def sorters(house: Path, detector: Detector) -> Sorters:
    return Sorters(
        load_sorting(house / "rules", detector),
        load_platforms(house / "rules"),
        Jurisdiction(detector.knowledge.places),
    )


def test_goods_withdrawn_on_site_and_seen_online_afterwards(
    swept: Store, take: Take, tmp_path: Path
) -> None:
    row = inspected(责令下架商品="普洱茶生茶饼", 问题类别="虚假宣传")
    take(write_csv(tmp_path / "x.csv", [row]), "inspection")
    with swept.session() as session:
        (record,) = find_records(session)
        (finding,) = record.findings
        assert (finding["kind"], finding["listings"][0]["title"]) == ("withdrawn", TEA)
        (clue,) = find_clues(session, ClueFilter())
        assert (clue.violation, clue.score) == ("false_claim", 0.9)
        view = one_clue(session, clue.id)
        assert view is not None
        # It rests on the file and on the page as it was seen after the inspection.
        assert {e["kind"] for e in view.detail["evidence"]} == {"intake", "page"}


def test_goods_seen_before_the_inspection_only_accuse_nobody_until_they_are_seen_again(
    swept: Store, take: Take, house: Path, detector: Detector, tmp_path: Path
) -> None:
    row = inspected(检查日期="2026-11-15", 责令下架商品="普洱茶生茶饼")
    take(write_csv(tmp_path / "x.csv", [row]), "inspection")
    knows = sorters(house, detector)
    with swept.session() as session:
        (record,) = find_records(session)
        assert (record.findings[0]["kind"], record.state) == ("not_seen_since", "unsorted")
        tally = settle(session, knows, record.id, "虚构员", violation="unlawful_operator", now=NOW)
        assert len(tally.opened) == 1
    with swept.session() as session:
        session.execute(update(m.ListingRow).values(last_seen=SEEN + timedelta(days=3)))
    with swept.session() as session:
        assert len(compare_again(session, knows, NOW).opened) == 0
        (record,) = find_records(session)
        assert record.findings[0]["kind"] == "withdrawn"
        assert record.violations[0]["score"] == 0.9
    before = dump(swept)
    with swept.session() as session:
        compare_again(session, knows, NOW)
    assert dump(swept) == before, "twice changes nothing"


def test_what_was_not_declared(swept: Store, take: Take, tmp_path: Path) -> None:
    take(
        write_csv(
            tmp_path / "x.csv",
            [
                inspected(申报网店="别家虚构网店", 申报经营品种="茶叶"),
                inspected(
                    检查编号="J2", 申报网店="云岫虚构茶行；别家", 申报经营品种="茶叶、儿童用品"
                ),
            ],
        ),
        "inspection",
    )
    with swept.session() as session:
        second, first = find_records(session, "inspection")
        assert [(f["kind"], f["what"]) for f in first.findings] == [
            ("undeclared_shop", "云岫虚构茶行"),
            ("undeclared_goods", "儿童老年用品"),
        ]
        assert not second.findings and second.state == "unsorted"
        (clue,) = find_clues(session, ClueFilter())
        assert (clue.violation, clue.score) == ("unlawful_operator", 0.5)


def test_an_officer_settles_whom_a_record_is_about(
    swept: Store, take: Take, house: Path, detector: Detector, tmp_path: Path
) -> None:
    take(write_csv(tmp_path / "x.csv", [complaint("1", 问题类别="假冒")]))
    with swept.session() as session:
        (record,) = find_records(session, state="unmatched")
        shop = session.scalars(select(m.Shop.id).where(m.Shop.name == "云岫虚构茶行")).one()
        tally = settle(
            session, sorters(house, detector), record.id, "虚构员", shop_id=shop, now=NOW
        )
        assert len(tally.opened) == 1
        settled = one_record(session, record.id)
        assert (settled.state, settled.settled_by, settled.clues) == (
            "matched",
            "虚构员",
            sorted(tally.opened),
        )
    # The same complaint with other words stays with the shop that the officer named.
    take(write_csv(tmp_path / "y.csv", [complaint("1", 问题类别="假冒", 投诉内容="补充材料")]))
    with swept.session() as session:
        (record,) = find_records(session)
        assert (record.revision, record.shop, record.settled_by) == (2, "云岫虚构茶行", "虚构员")
