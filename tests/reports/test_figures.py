"""The numbers of a report, each known by hand, and the queries behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Date, bindparam, text

import reports
from detectors import Detector
from reports.ask import SUM
from reports.model import Figure, Query, Report, Table
from storage import Store
from storage.models import UtcDateTime
from tests.reports.seeding import FIRST, LAST, NOW, Seeds, joint, seeded


@pytest.fixture
def seeds(store: Store, detector: Detector) -> Seeds:
    return seeded(store, detector)


def made(seeds: Seeds, kind: str = "statistics", first: date = FIRST, last: date = LAST, region: str = "") -> Report:  # fmt: skip
    with seeds.store.session() as session:
        return reports.build(session, kind, first, last, region, seeds.known, NOW)


def table(report: Report, name: str) -> Table:
    return next(one for one in report.tables() if one.id == name)


def values(table: Table) -> Mapping[str, list[object]]:
    """The cells by label: numbers as numbers."""
    return {
        row.label: [cell.value if isinstance(cell, Figure) else cell for cell in row.cells]
        for row in table.rows
    }


ZERO = [0, 0, 0, 0, 0, 0, 0]
# 新立线索, 核实属实, 误报, 移送, 反馈, 立案处罚, 办结
TOTAL = [6, 4, 1, 2, 1, 1, 1]


def test_clues_by_the_seven_ways(seeds: Seeds) -> None:
    found = values(table(made(seeds), "ways"))
    assert len(found) == 8, "seven ways and their sum"
    assert found["线上巡检"] == [2, 3, 0, 1, 1, 1, 1]
    assert found["促销节点定向监测"] == [2, 1, 0, 1, 0, 0, 0]
    assert found["投诉举报（诉转案）"] == [1, 0, 1, 0, 0, 0, 0]
    assert found["线下检查对照线上"] == [1, 0, 0, 0, 0, 0, 0]
    assert found["上级交办"] == found["部门移送"] == found["质量抽检"] == ZERO
    assert found[SUM] == TOTAL


def test_clues_by_violation(seeds: Seeds) -> None:
    found = values(table(made(seeds), "violations"))
    assert len(found) == 25
    assert found["假冒商品"] == [1, 2, 0, 1, 1, 1, 1], "one was opened before and found right now"
    assert found["其他虚假或引人误解的宣传"] == [1, 1, 0, 1, 0, 0, 0]
    assert found["非药品涉及疾病治疗功能、医疗用语"] == [1, 0, 1, 0, 0, 0, 0]
    # The heir was never decided itself: its verdict is that of the shop's clue folded into it.
    assert found["主体、许可未公示或不成立"] == [1, 1, 0, 0, 0, 0, 0]
    assert found["绝对化用语"] == [1, 0, 0, 0, 0, 0, 0], "rejected, but taken up again"
    assert found["不正当价格行为"] == [1, 0, 0, 0, 0, 0, 0], "the last second of the last day"
    assert found[SUM] == TOTAL


def test_clues_by_goods_count_each_of_their_goods(seeds: Seeds) -> None:
    found = values(table(made(seeds), "goods"))
    assert found["茶叶"] == [3, 4, 0, 2, 1, 1, 1]
    assert found["三七"] == [2, 1, 1, 1, 0, 0, 0]
    assert found["食品药品"] == [1, 0, 0, 0, 0, 0, 0]
    assert found["其他或未分类"] == [1, 0, 0, 0, 0, 0, 0]
    assert found["合计（不重复）"] == TOTAL


def test_clues_by_county(seeds: Seeds) -> None:
    found = values(table(made(seeds), "counties"))
    assert found["云南省西双版纳傣族自治州勐海县"] == [3, 2, 0, 1, 1, 1, 1]
    assert found["云南省昆明市五华区"] == [0, 1, 0, 0, 0, 0, 0]
    assert found["云南省昆明市（县区不明）"] == [1, 1, 0, 1, 0, 0, 0]
    assert found["外省：广东省"] == [1, 0, 0, 0, 0, 0, 0]
    assert found["地域不明"] == [1, 0, 1, 0, 0, 0, 0]
    assert list(found)[-3:] == ["外省：广东省", "地域不明", SUM]


def test_departments_that_were_handed_clues_and_answered(seeds: Seeds) -> None:
    joint(seeds)
    found = values(table(made(seeds), "departments"))
    # 移送（件次）, 涉及线索, 反馈, 属实, 不属实, 不属本部门职责, 期末待反馈
    assert found["省公安厅"] == [3, 3, 1, 1, 0, 0, 2]
    assert found["省食品药品监管局"] == [1, 1, 0, 0, 0, 0, 1]
    assert found[SUM] == [4, 4, 1, 1, 0, 0, 3] and len(found) == 12


def test_the_period_and_as_many_days_before(seeds: Seeds) -> None:
    report = made(seeds)
    assert (report.period.before.first, report.period.before.last) == (
        date(2026, 10, 22),
        date(2026, 10, 31),
    )
    found = values(table(report, "comparison"))
    assert found["新立线索（条）"] == [6, 1, 5, 5.0]
    assert found["核实属实（条）"] == [4, 0, 4, "—"]
    assert found["行政处罚决定（份）"][:2] == [1, 0]
    assert found["网上巡检（次）"] == [3, 1, 2, 2.0]
    # Seven pages were seen then, the folded clue's too; one was before, one after.
    assert found["检查商品页（个）"][:2] == [7, 1]
    assert found["固定证据（份）"][:2] == [7, 1]
    assert found["检查网络交易平台（个）"] == [1, 1, 0, 0.0]
    assert found["立案（件，不含仅移送的）"][:2] == ["〔填写〕", "〔填写〕"]


def test_a_day_is_a_day_of_china(seeds: Seeds) -> None:
    for day, opened in ((date(2026, 10, 31), 1), (FIRST, 1), (LAST, 1), (date(2026, 11, 11), 1)):
        report = made(seeds, "weekly", day, day)
        assert values(table(report, "violations"))[SUM][0] == opened, day


def test_sweeps_and_files_of_the_period(seeds: Seeds) -> None:
    report = made(seeds)
    found = values(table(report, "sweeps"))
    assert found["夜间巡检"] == [2, 240, 160, 6, 4, 2]
    assert found["促销、节假日强化巡检"] == [1, 0, 0, 0, 0, 0], "one that runs has no figures yet"
    came = values(table(report, "arrivals"))
    # 到达线索, 收到记录, 对上线索, 主体未明, 违法类型未明, 未见异常
    assert came["投诉举报（诉转案）"] == [1, 2, 1, 1, 0, 0], (
        "a row with a newer revision is not counted"
    )


def test_sums_agree_with_plain_sql(seeds: Seeds) -> None:
    """Asked here in other words than the report's own."""
    start, end = "2026-10-31 16:00:00", "2026-11-10 16:00:00"
    sqlite = seeds.store.engine.dialect.name == "sqlite"
    zone = "" if sqlite else "+00"
    plain = {
        "新立线索（条）": f"SELECT count(*) FROM clue WHERE opened_at >= '{start}{zone}' AND opened_at < '{end}{zone}' AND subject NOT LIKE 'folded:%'",
        "移送其他部门（条）": f"SELECT count(DISTINCT clue_id) FROM transfer WHERE sent_at >= '{start}{zone}' AND sent_at < '{end}{zone}'",
        "部门反馈（条）": f"SELECT count(DISTINCT clue_id) FROM transfer WHERE answered_at >= '{start}{zone}' AND answered_at < '{end}{zone}'",
        "行政处罚决定（份）": "SELECT count(*) FROM penalty WHERE decided_on >= '2026-11-01' AND decided_on < '2026-11-11'",
        "网上巡检（次）": f"SELECT count(*) FROM sweep WHERE started_at >= '{start}{zone}' AND started_at < '{end}{zone}'",
        "办结（条）": f"SELECT count(*) FROM clue_event WHERE action = 'close' AND at >= '{start}{zone}' AND at < '{end}{zone}'",
    }
    found = values(table(made(seeds), "comparison"))
    with seeds.store.session() as session:
        for label, sql in plain.items():
            assert found[label][0] == session.execute(text(sql)).scalar_one(), label


def again(store: Store, query: Query) -> dict[str, int]:
    """A query's answer, asked anew from what the report says of it alone."""
    bound: list[Any] = []
    for key, value in query.params:
        if re.match(r"\d{4}-\d{2}-\d{2} ", value):
            bound.append(bindparam(key, datetime.fromisoformat(value), UtcDateTime()))
        elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            bound.append(bindparam(key, date.fromisoformat(value), Date()))
        else:
            bound.append(bindparam(key, value))
    with store.session() as session:
        rows = session.execute(text(query.sql).bindparams(*bound)).all()
    if len(rows) == 1 and len(rows[0]) == 3:
        return {key: int(value) for key, value in rows[0]._mapping.items()}
    return {
        str(key or ""): int(value or 0) for key, value, *_ in rows if not isinstance(value, str)
    }


@pytest.mark.parametrize("kind", reports.KINDS)
def test_every_figure_can_be_had_again_from_its_query(seeds: Seeds, kind: str) -> None:
    report = made(seeds, kind)
    answers = {one.id: again(seeds.store, one) for one in report.queries if one.sql}
    assert len({one.id for one in report.queries}) == len(report.queries)
    count = 0
    for where, row, _, figure in report.figures():
        if not figure.query.sql or "=" in figure.key:
            continue
        answer = answers[figure.query.id]
        if figure.key == SUM:
            expected = sum(answer.values())
        elif figure.key == "行数":
            expected = len(answer)
        else:
            expected = sum(answer.get(key, 0) for key in figure.key.split("、"))
        assert figure.value == expected, (where.title, row.label, figure)
        count += 1
    assert count > 25


def test_one_countys_report(seeds: Seeds) -> None:
    report = made(seeds, region="532822")
    assert report.place == "云南省西双版纳傣族自治州勐海县"
    assert values(table(report, "ways"))[SUM] == [3, 2, 0, 1, 1, 1, 1]
    found = values(table(report, "comparison"))
    assert found["检查商品页（个）"][0] == 2, "of operators of the county"
    assert found["网上巡检（次）"][0] == 3, "sweeps are of no county"
    assert found["行政处罚决定（份）"][0] == 1
    assert values(table(made(seeds, region="530102"), "comparison"))["行政处罚决定（份）"][0] == 0


def test_an_empty_period_says_so(seeds: Seeds) -> None:
    for kind in reports.KINDS:
        report = made(seeds, kind, date(2020, 1, 1), date(2020, 1, 31))
        said = next(iter(report.parts()))
        assert report.empty and "没有数据" in getattr(said, "text", "")
        assert all(f.value == 0 for t, _, _, f in report.figures() if t.id != "deadlines")


@pytest.mark.parametrize(
    ("kind", "first", "last", "region", "said"),
    [
        ("yearly", FIRST, LAST, "", "no such kind of report: yearly (statistics, midterm"),
        ("weekly", LAST, FIRST, "", "the end is before the beginning"),
        ("weekly", date(1, 1, 1), LAST, "", "a year from 2000 to 2100"),
        ("weekly", FIRST, LAST, "999999", "no such division: 999999"),
        ("weekly", FIRST, LAST, "%", "no such division: %"),
    ],
)
def test_what_can_not_be_asked_is_named(seeds: Seeds, kind: str, first: date, last: date, region: str, said: str) -> None:  # fmt: skip
    with pytest.raises(reports.ReportError, match=re.escape(said)):
        made(seeds, kind, first, last, region)
