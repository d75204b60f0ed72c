"""Reports on the desk: the figures of a period with their queries, the files, who may take them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import text

import desk.papers as page
from clues.access import accesses
from detectors import Detector
from storage import Store
from tests.desk.conftest import Officer
from tests.reports.seeding import Seeds, seeded

Officers = Callable[..., Officer]
PERIOD = {"from": "2026-11-01", "to": "2026-11-10"}
TITLE = "专项行动情况统计表"
OPENED = (
    "SELECT count(*) FROM clue WHERE opened_at >= '2026-10-31 16:00:00{z}' "
    "AND opened_at < '2026-11-10 16:00:00{z}' AND subject NOT LIKE 'folded:%'{more}"
)


@pytest.fixture
def seeds(store: Store, detector: Detector) -> Seeds:
    return seeded(store, detector)


def counted(store: Store, more: str = "") -> int:
    zone = "" if store.engine.dialect.name == "sqlite" else "+00"
    with store.session() as session:
        return int(session.execute(text(OPENED.format(z=zone, more=more))).scalar_one())


def test_the_page_opens_with_a_form_and_asks_nothing_of_the_store(officer: Officers) -> None:
    shown = officer("viewer").get("/reports").text
    assert 'name="from"' in shown and "数据来源" not in shown and "下载报告" not in shown
    assert "下载报告" in officer("analyst").get("/reports").text


def test_a_period_shows_its_figures_and_the_queries_behind_them(officer: Officers, seeds: Seeds) -> None:  # fmt: skip
    shown = unescape(officer("viewer").get("/reports", params=PERIOD).text)
    assert "2026年11月1日至11月10日" in shown and "新立线索" in shown
    assert "<summary>数据来源" in shown and "SELECT" in shown and ":start = " in shown
    # 新立线索 of all violations, by SQL of our own.
    number = counted(seeds.store)
    assert number == 6
    total = shown.split('<th scope="row"><bdi>合计</bdi></th>')[1].split("</tr>")[0]
    assert f"<bdi>{number}</bdi>" in total


def test_an_officer_of_a_county_sees_and_takes_only_its_figures(officer: Officers, seeds: Seeds) -> None:  # fmt: skip
    bound = officer("analyst", region="5328")
    shown = bound.get("/reports", params=PERIOD).text
    assert 'value="5301"' not in shown and 'value="532822"' in shown
    answer = bound.act("/reports", kind="statistics", format="xlsx", **PERIOD)
    sheet = load_workbook(BytesIO(answer.content))[TITLE]
    assert sheet["C4"].value == 2
    for region in ("5301", "53"):
        assert bound.get("/reports", params=PERIOD | {"region": region}).status_code == 403
        assert bound.act("/reports", kind="weekly", region=region, **PERIOD).status_code == 403


def test_the_workbook_opens_and_its_sums_agree_with_sql(officer: Officers, seeds: Seeds) -> None:
    anna = officer("analyst", name="anna")
    answer = anna.act("/reports", kind="statistics", format="xlsx", **PERIOD)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=report.xlsx; ")
    book = load_workbook(BytesIO(answer.content))
    rows = [[cell.value for cell in row] for row in book[TITLE].iter_rows()]
    heading = next(row for row in rows if "新立线索" in row)
    column = heading.index("新立线索")
    total = next(row for row in rows[rows.index(heading) :] if "合计" in row)
    assert total[column] == counted(seeds.store)
    with seeds.store.session() as session:
        (look,) = accesses(session, what="report")
    assert look.officer == "anna同志" and look.target.startswith("statistics 2026-11-01–2026-11-10 全部 xlsx")  # fmt: skip


def test_the_other_formats_are_what_they_say(officer: Officers, seeds: Seeds) -> None:
    anna = officer("analyst")
    answer = anna.act("/reports", kind="weekly", format="docx", region="5328", **PERIOD)
    assert zipfile.ZipFile(BytesIO(answer.content)).testzip() is None
    answer = anna.act("/reports", kind="weekly", format="pdf", **PERIOD)
    assert answer.headers["content-type"] == "application/pdf"
    assert len(PdfReader(BytesIO(answer.content)).pages) >= 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"from": "1.11.2026"}, "日期应写成"),
        ({"to": "2026-10-01"}, "止日早于起日"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, "a year from 2000"),
        ({"region": "99"}, "没有区划代码"),
        ({"kind": "<script>"}, "没有这种报告"),
        ({"format": "../x"}, "没有这种文件格式"),
    ],
)
def test_what_cannot_be_made_is_told_and_nothing_is_put_down(officer: Officers, store: Store, changed: dict[str, str], told: str) -> None:  # fmt: skip
    said = {"kind": "statistics", "format": "xlsx", **PERIOD, **changed}
    answer = officer("analyst").act("/reports", **said)
    assert answer.status_code == 422 and told in answer.text and "<script>" not in answer.text.split("<main")[1]  # fmt: skip
    with store.session() as session:
        assert not accesses(session, what="report")


def test_one_report_is_made_at_a_time(officer: Officers, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = officer("analyst")
    monkeypatch.setattr(page, "WAIT", 0.05)
    with page._TURN:
        answer = anna.act("/reports", kind="weekly", **PERIOD)
    assert answer.status_code == 503 and "请稍后再试" in answer.text
    assert anna.act("/reports", kind="weekly", **PERIOD).status_code == 200


def test_viewers_take_no_reports(officer: Officers) -> None:
    assert officer("viewer").act("/reports", kind="weekly", **PERIOD).status_code == 403
