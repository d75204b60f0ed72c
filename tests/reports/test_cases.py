"""Typical cases: which, what they say, and whom they don't name; drafts in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

import reports
from detectors import Detector
from reports.model import Blank, Case, Chart, Report, Text
from storage import Store
from storage import models as m
from tests.reports.seeding import FIRST, LAST, NOW, Seeds, china, joint, seeded


@pytest.fixture
def seeds(store: Store, detector: Detector) -> Seeds:
    return seeded(store, detector)


def made(seeds: Seeds, kind: str = "final", last: date = LAST) -> Report:
    with seeds.store.session() as session:
        return reports.build(session, kind, FIRST, last, "", seeds.known, NOW)


def cases(report: Report) -> list[Case]:
    return [part for part in report.parts() if isinstance(part, Case)]


def said(report: Report, title: str) -> str:
    section = next(one for one in report.sections if one.title == title)
    return "\n".join(one.text for one in section.parts if isinstance(one, Text))


def test_those_with_a_penalty_come_first_and_of_each_violation_one(seeds: Seeds) -> None:
    found = [one.clue_id for one in cases(made(seeds))]
    ids = seeds.clues
    assert found == [ids["full"], ids["owed"], ids["heir"], ids["earlier"]]


def test_a_case_has_its_facts_its_evidence_and_its_law(seeds: Seeds) -> None:
    case = cases(made(seeds))[0]
    facts = dict(case.facts)
    assert case.title == "虚***司假冒商品案"
    assert facts["经营主体"] == "虚***司" and facts["统一社会信用代码"] == "91530100******2B30"
    assert facts["所在地域"] == "云南省西双版纳傣族自治州勐海县"
    assert facts["首次发现"] == "2026-11-01 00:00" and facts["现状"] == "已办结"
    assert facts["移送"] == "2026-11-03 10:00 移送省公安厅：请查处"
    assert [(one.words, one.after) for one in case.said] == [("高仿", "老班章")]
    assert case.said[0].where == "taobao，标题，2026-11-01 00:00"
    assert case.evidence == (f"网页，2026-11-01 00:00，SHA-256 {1:064x}",)
    assert case.penalties == (
        "虚构县市场监督管理局 2026-11-05 虚市监罚字〔2026〕1号：罚款5000元（一般）",
    )
    law, *follows = case.laws
    assert (law.title, law.article) == ("中华人民共和国产品质量法", "第五条")
    assert law.text == seeds.known.laws["product-quality-law-5"]["text"] and not law.penalty
    assert [one.penalty for one in follows] == [True]


def test_operators_and_peoples_numbers_are_masked_wherever_they_stand(seeds: Seeds) -> None:
    whole = repr(cases(made(seeds)))
    for name in ("虚构茶行有限公司", "13912345678", "虚构路9号", "虚构1号店", "x.example"):
        assert name not in whole
    answer = dict(cases(made(seeds))[0].facts)["部门反馈"]
    assert answer.startswith(
        "省公安厅：属实（2026-11-04 10:00）已查处虚******司，联系人139****5678"
    )


def test_a_shops_own_site_is_not_named_a_platform_is(seeds: Seeds) -> None:
    def at(name: str, kind: str, title: str) -> m.SourceRow:
        return m.SourceRow(
            name=name, kind=kind, title=title, home="", how_found="", added_at=china("1")
        )

    seeds.clue("site", "false_claim", ["tea"], "", "sweep", china("2"), source="tea.example")
    seeds.steps("site", china("3"), "triage", "verify", "confirm")
    with seeds.store.session() as session:
        session.add_all(
            [at("tea.example", "shop", "虚构茶行"), at("taobao", "marketplace", "淘宝")]
        )
    found = cases(made(seeds))
    own = next(one for one in found if one.clue_id == seeds.clues["site"])
    assert dict(own.facts)["网店"] == "虚***店（独立网站）" and "tea.example" not in repr(own)
    assert own.said[0].where.startswith("独立网站，标题")
    assert dict(found[0].facts)["网店"] == "虚***店（淘宝）"


def test_a_case_tells_nothing_from_after_the_period(seeds: Seeds) -> None:
    report = made(seeds, last=LAST - timedelta(days=7))
    case = next(one for one in cases(report) if one.clue_id == seeds.clues["full"])
    assert dict(case.facts)["部门反馈"] == "省公安厅：待反馈" and not case.penalties


def test_what_a_department_found_wrong_is_no_case(seeds: Seeds) -> None:
    seeds.answered("owed", "gongan", china("9"), "unfounded")
    assert seeds.clues["owed"] not in [one.clue_id for one in cases(made(seeds))]


def test_too_few_cases_are_told(seeds: Seeds) -> None:
    report = made(seeds, "promotion")
    assert [one.clue_id for one in cases(report)] == [seeds.clues["owed"]]
    assert "只有 1 件可列，不足 3 件" in said(report, "违法典型案例")


def test_the_full_report_has_the_plans_sections(seeds: Seeds) -> None:
    joint(seeds)
    report = made(seeds)
    assert [one.title for one in report.sections] == [
        "概况", "经验做法", "行动成效", "存在问题及下一步打算", "专项行动情况统计表", "违法典型案例", "联合执法资料说明",
    ]  # fmt: skip
    for title in ("经验做法", "行动成效", "存在问题及下一步打算"):
        section = next(one for one in report.sections if one.title == title)
        assert any(isinstance(one, Blank) for one in section.parts), title


def test_drafts_say_what_was_blocked_drifting_overdue_and_owed(seeds: Seeds) -> None:
    trouble = said(made(seeds), "存在问题及下一步打算")
    assert "被拦截 2 次、抓取失败 0 次，以taobao（2次）为多" in trouble
    assert "读取异常报警 1 次（jd（1次））" in trouble
    assert "期末待部门反馈 1 件次（省公安厅（1件次））" in trouble
    # owed, alarm, last and again: of shops whose operator no page named.
    assert "经营主体尚未查明的 4 条" in trouble
    assert "新立线索 6 条，比上期增加 5 条（上期 1 条，增加 500.0%）" in said(
        made(seeds), "行动成效"
    )


def test_a_weekly_report_says_what_changed_and_what_is_due(seeds: Seeds) -> None:
    report = made(seeds, "weekly")
    assert "假冒商品 1 条" not in said(report, "变化"), "as many as before"
    assert "绝对化用语 1 条（上期 0 条）" in said(report, "变化")
    due = next(one for one in report.tables() if one.id == "deadlines")
    assert {row.cells[1] for row in due.rows} <= {str(id_) for id_ in seeds.clues.values()}
    assert due.rows and "逾期" in said(report, "期限")


def test_a_promotion_report_watches_prices(seeds: Seeds) -> None:
    report = made(seeds, "promotion", date(2026, 11, 11))
    assert "双十一（2026年11月11日）" in said(report, "概况")
    assert "采集价格 2 个，涉及商品页 1 个、2 天" in said(report, "价格监测")
    (row,) = next(one for one in report.tables() if one.id == "prices").rows
    assert row.cells[1:4] == ("300.00", "150.00", -0.5)
    runs = next(one for one in report.tables() if one.id == "runs")
    assert [row.label for row in runs.rows] == ["完成", "错过", "合计"]


def test_charts_leave_out_what_is_nothing(seeds: Seeds) -> None:
    chart = next(part for part in made(seeds).parts() if isinstance(part, Chart))
    assert chart.rows()[0].label == "假冒商品" and len(chart.rows()) == 6
