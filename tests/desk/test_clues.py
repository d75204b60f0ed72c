"""The list of clues: what is asked is what is shown, judged and exported."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from clues import ClueFilter, find_clues
from clues.access import accesses
from clues.lifecycle import take
from desk import searches
from desk.office import Office
from desk.pages import clues as page
from storage.models import Clue, SourceRow
from storage.people import SavedSearch
from tests.clues.casework import a_clue, walk
from tests.clues.test_growth import NOW, accuse, seen
from tests.desk.conftest import Officer

Officers = Callable[..., Officer]
EVIL = "<script>alert(1)</script>{{7*7}}\u202e" + "茶" * 3000


def shown(text: str) -> list[int]:
    """Ids of the rows of a page, in their order."""
    return [int(id_) for id_ in re.findall(r'<tr id="clue-(\d+)"', text)]


def pick(office: Office, *ids: int) -> list[str]:
    """As the boxes of a page that is shown now."""
    with office.store.session() as session:
        return [f"{id_}:{session.get_one(Clue, id_).version}" for id_ in ids]


def state(office: Office, clue_id: int) -> str:
    with office.store.session() as session:
        return session.get_one(Clue, clue_id).state


@pytest.fixture
def three(office: Office) -> list[int]:
    """Clues of 昆明 (0.9, counterfeit), 昆明 (0.6) and 勐海 (0.7), worst first: 1, 3, 2."""
    store = office.store
    ids: list[int] = []
    for number, score, violation, region in (
        (1, 0.9, "counterfeit", "530102"), (2, 0.6, "absolute_claim", "530103"), (3, 0.7, "absolute_claim", "532822"),
    ):  # fmt: skip
        row = seen(store, f"虚构普洱茶{number}号", number, NOW, shop_name=f"虚构{number}店")
        ids += accuse(store, row, "最好", score, violation, region)[0]
    return ids


def test_filters_ask_the_same_as_on_the_command_line(office: Office, officer: Officers, three: list[int]) -> None:  # fmt: skip
    first, second, third = three
    walk(office.store, third, "triage")
    anna = officer("viewer")
    day = NOW.date()
    for query, wanted in {
        "": [first, third, second],
        "violation=counterfeit": [first],
        "violation=counterfeit&violation=absolute_claim": [first, third, second],
        "state=triaged": [third],
        "state=triaged&state=new&sort=newest": [first, second, third],
        "region=5301": [first, second],
        "region=532822": [third],
        "min_score=0.65": [first, third],
        "text=2号": [second],
        "text=虚构+-2号": [first, third],
        "goods=tea": [first, third, second],
        "source=jd": [],
        "source=taobao&region=5328": [third],
        "way=complaint": [],
        "department=customs&region=53": [],
        f"since={day}&until={day}": [first, third, second],
        f"until={day - timedelta(days=1)}": [],
        "price_from=1": [],
        "sort=region": [first, second, third],
        "page=2": [],
        "no_such_filter=1": [first, third, second],
    }.items():  # fmt: skip
        if "department" in query:
            known = next(iter(office.departments.all))
            query = query.replace("customs", known)
        answer = anna.get(f"/clues?{query}")
        assert (answer.status_code, shown(answer.text)) == (200, wanted), query
    with office.store.session() as session:
        shop = session.get_one(Clue, second).shop_id
    assert shown(anna.get(f"/clues?shop={shop}").text) == [second]
    assert shown(anna.get("/clues?operator=99").text) == []


def test_the_order_of_deadlines_reckons_them_first(office: Office, officer: Officers, three: list[int]) -> None:  # fmt: skip
    anna = officer("viewer")
    assert sorted(shown(anna.get("/clues?sort=deadline").text)) == sorted(three)
    assert sorted(shown(anna.get("/clues?due_until=2100-01-01").text)) == sorted(three)
    assert shown(anna.get("/clues?due_until=2000-01-01").text) == []


NONSENSE = (
    ("violation=none", "违法类型：“none” 不存在"), ("state=gone", "状态：“gone” 不存在"), ("goods=x", "商品：“x” 不存在"),
    ("department=x", "部门"), ("way=x", "来路"), ("sort=x", "排序"), ("region=yunnan", "应为区划代码"),
    ("min_score=2", "应为 0 至 1 的数"), ("min_score=nan", "应为 0 至 1 的数"), ("since=tomorrow", "应为日期"),
    ("until=9999-12-31", "应在 2000 年至 2100 年之间"), ("since=0001-01-01", "应在 2000 年"),
    ("price_from=dear", "应为金额"), ("price_to=1e99", "应为 0 至"), ("price_to=NaN", "应为 0 至"), ("operator=1x", "应为编号"),
    ("shop=99999999999999999999", "应为编号"), ("page=0", "页码"), ("page=９", "页码"), ("page=99999999", "页码"),
    ("text=%00", "不可用的字符"), ("source=%00", "不可用的字符"), ("text=" + "a" * 401, "过长"),
    ("sort=<script>", "“&lt;script&gt;” 不存在"),
)  # fmt: skip


def test_what_makes_no_sense_is_told_in_a_line(officer: Officers) -> None:
    anna = officer("viewer")
    for query, says in NONSENSE:
        answer = anna.get(f"/clues?{query}")
        assert answer.status_code == 422, query
        assert says in answer.text and 'role="alert"' in answer.text, query
        assert "<script>" not in answer.text.split("<main", 1)[1]


def test_pages_follow_one_another(office: Office, officer: Officers, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    import desk.asking

    monkeypatch.setattr(desk.asking, "PAGE", 2)
    monkeypatch.setattr(page, "PAGE", 2)
    ids = [a_clue(office.store, number) for number in (1, 2, 3)]
    anna = officer("viewer")
    one, two = anna.get("/clues?sort=opened&state=new"), anna.get("/clues?sort=opened&page=2")
    assert (shown(one.text), shown(two.text)) == (ids[:2], ids[2:])
    assert 'rel="next" href="?sort=opened&amp;state=new&amp;page=2"' in one.text
    assert 'rel="next"' not in two.text and 'rel="prev"' in two.text


def test_counts_and_facets_come_as_parts(office: Office, officer: Officers, three: list[int], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    anna = officer("viewer")
    part = {"hx-request": "true"}
    assert "共 3 条" in anna.get("/clues/part/count", headers=part).text
    assert "共 2 条" in anna.get("/clues/part/count?region=5301", headers=part).text
    monkeypatch.setattr(page, "COUNTED", 2)
    assert "超过 2 条" in anna.get("/clues/part/count", headers=part).text
    told = anna.get("/clues/part/facets?region=53", headers=part).text
    assert 'href="/clues?region=53&amp;violation=counterfeit"' in told and "<b>3</b>" in told
    assert "五华区</bdi></a> <small>530102</small> <b>1</b>" in told
    bad = anna.get("/clues/part/count?sort=x", headers=part)
    assert bad.status_code == 422 and bad.headers["hx-retarget"] == "#toast"


def test_a_countys_officer_sees_the_county_only(office: Office, officer: Officers, three: list[int]) -> None:  # fmt: skip
    first, _, third = three
    meng = officer("analyst", region="5328")
    assert shown(meng.get("/clues").text) == [third]
    assert shown(meng.get("/clues?region=53").text) == [third], "never more than the own"
    outside = meng.get("/clues?region=5301")
    assert outside.status_code == 422 and "不在您的辖区内" in outside.text
    assert "共 1 条" in meng.get("/clues/part/count").text
    assert "<b>1</b>" in meng.get("/clues/part/facets").text
    assert meng.get("/clues/export?region=530102").status_code == 422
    assert len(list(csv.reader(io.StringIO(meng.get("/clues/export").text)))) == 2
    answer = meng.act("/clues/verdicts", step="onward", pick=pick(office, first, third))
    assert "没有这条线索" in answer.text and (state(office, first), state(office, third)) == ("new", "triaged")  # fmt: skip
    assert shown(answer.text) == [third]


def test_hostile_names_stay_text(office: Office, officer: Officers) -> None:
    row = seen(office.store, EVIL, 1, shop_name=EVIL[:200], operator_name="<b>假公司</b>")
    accuse(office.store, row, "<i>最好</i>", 0.9, "counterfeit", "5301")
    with office.store.writing() as session:
        session.add(SourceRow(name='"><script>', kind="shop", title=EVIL, home="", how_found="", added_at=NOW))  # fmt: skip
    anna = officer("analyst")
    text = anna.get("/clues").text + anna.get("/clues/part/facets").text
    for bad in ("<script>alert", '"><script>', "<b>假", "<i>最好", "\u202e", "茶" * 200):
        assert bad not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{7*7}}" in text


def test_searches_are_kept_for_who_kept_them(office: Office, officer: Officers) -> None:
    anna, bert = officer("viewer"), officer("viewer")
    kept = anna.act("/clues/searches", name="昆明<b>", query="region=5301&state=new&page=3&evil=1")
    assert kept.headers["location"] == "/clues?state=new&region=5301"
    again = anna.act("/clues/searches", name="昆明<b>", query="region=5303")
    assert again.status_code == 303
    with office.store.session() as session:
        (one,) = session.scalars(select(SavedSearch)).all()
    assert one.query == "region=5303"
    assert 'href="/clues?region=5303"' in anna.get("/clues").text
    assert "<b>" not in anna.get("/clues").text.split("我的检索")[1].split("</ul>")[0]
    assert "昆明&lt;b" not in bert.get("/clues").text
    assert bert.act(f"/clues/searches/{one.id}/delete").status_code == 404
    assert anna.act(f"/clues/searches/{one.id}/delete").status_code == 303
    assert "region=5303" not in anna.get("/clues").text


def test_a_search_that_makes_no_sense_or_is_one_too_many_is_refused(officer: Officers, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    anna = officer("viewer")
    for name, query in (("x", "sort=none"), (" \u202e ", ""), ("x" * 101, ""), ("x", "a=1&" * 300)):
        assert anna.act("/clues/searches", name=name, query=query).status_code == 422
    monkeypatch.setattr(searches, "SAVED", 1)
    assert anna.act("/clues/searches", name="one", query="").status_code == 303
    assert anna.act("/clues/searches", name="two", query="").status_code == 422


def test_several_clues_go_onward_each_by_its_own_step(office: Office, officer: Officers) -> None:
    new, triaged, verifying = (a_clue(office.store, number) for number in (1, 2, 3))
    walk(office.store, triaged, "triage")
    walk(office.store, verifying, "triage", "verify")
    anna = officer("analyst", name="anna")
    ids = (new, triaged, verifying)
    answer = anna.act("/clues/verdicts", step="onward", pick=pick(office, *ids))
    assert answer.status_code == 200 and "须写明理由" in answer.text
    assert [state(office, id_) for id_ in ids] == ["triaged", "verifying", "verifying"]
    anna.act("/clues/verdicts", step="confirm", pick=pick(office, verifying), usual="证据确凿", why="已比对")  # fmt: skip
    anna.act("/clues/verdicts", step="reject", pick=pick(office, new), why="误报")
    assert [state(office, id_) for id_ in ids] == ["rejected", "verifying", "confirmed"]
    with office.store.session() as session:
        from clues.log import events_of

        last = events_of(session, session.get_one(Clue, verifying).docket)[-1]
    assert (last.by, last.why) == ("anna同志", "证据确凿；已比对")


def test_a_clue_that_another_changed_is_told_by_name_and_the_rest_go_on(office: Office, officer: Officers) -> None:  # fmt: skip
    mine, others = a_clue(office.store, 1), a_clue(office.store, 2)
    boxes = pick(office, mine, others)
    with office.store.session() as session:
        take(session, others, "reject", "<王芳>", "误报")
    said = {"step": "triage", "pick": boxes}
    anna = officer("analyst")
    answer = anna.post("/clues/verdicts", data=said, headers={"x-csrf": anna.csrf, "hx-request": "true"})  # fmt: skip
    assert "&lt;王芳&gt;" in answer.text and "已被他人改动" in answer.text
    assert (state(office, mine), state(office, others)) == ("triaged", "rejected")
    assert "<html" not in answer.text and shown(answer.text) == [mine, others]
    assert f'value="{mine}:1"' in answer.text and answer.text.count('hx-swap-oob="true"') == 2
    late = anna.act("/clues/verdicts", step="verify", pick=pick(office, others))
    assert "现在的状态不能走这一步" in late.text and state(office, others) == "rejected"


def test_a_folded_clue_is_not_judged(office: Office, officer: Officers) -> None:
    one = a_clue(office.store)
    boxes = pick(office, one)
    with office.store.writing() as session:
        session.execute(update(Clue).values(subject=f"folded:{one}"))
    assert (
        "并入其他线索" in officer("analyst").act("/clues/verdicts", step="triage", pick=boxes).text
    )
    assert state(office, one) == "new"


def test_a_viewer_neither_judges_nor_exports(office: Office, officer: Officers) -> None:
    one = a_clue(office.store)
    bert = officer("viewer")
    assert bert.act("/clues/verdicts", step="triage", pick=pick(office, one)).status_code == 403
    assert bert.get("/clues/export").status_code == 403
    text = bert.get("/clues").text
    assert 'name="pick"' not in text and "/clues/export" not in text
    assert state(office, one) == "new"


CROOKED: tuple[tuple[dict[str, object], int], ...] = (
    ({"step": "transfer", "pick": ["1:0"]}, 422), ({"step": "onward"}, 409), ({"step": "onward", "pick": ["1"]}, 409),
    ({"step": "onward", "pick": ["1:x"]}, 409), ({"step": "onward", "pick": [f"{n}:0" for n in range(1, 203)]}, 409),
    ({"pick": ["1:0"]}, 422), ({"step": "reject", "pick": ["1:0"], "why": "x" * 2001}, 422),
    ({"step": "onward", "pick": ["9999999999:0"]}, 200),
)  # fmt: skip


def test_a_crooked_form_is_refused(officer: Officers) -> None:
    anna = officer("analyst")
    for fields, status in CROOKED:
        assert anna.act("/clues/verdicts", **fields).status_code == status, fields


def test_an_export_holds_what_is_shown_and_is_put_down(office: Office, officer: Officers, three: list[int], monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    row = seen(office.store, "=HYPERLINK(1)", 9, shop_name="=1+1")
    evil = accuse(office.store, row, "最好", 0.95, "counterfeit", "530102")[0].pop()
    anna = officer("analyst", name="anna")
    query = "region=5301&sort=region"
    on_page = shown(anna.get(f"/clues?{query}").text)
    assert len(on_page) == 3
    answer = anna.get(f"/clues/export?{query}&format=csv&page=7")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [int(one["id"]) for one in rows] == on_page
    assert next(one for one in rows if int(one["id"]) == evil)["title"] == "'=HYPERLINK(1)"
    sheet = load_workbook(io.BytesIO(anna.get(f"/clues/export?{query}&format=xlsx").content)).active
    assert sheet is not None
    assert [line[0] for line in sheet.iter_rows(min_row=2, values_only=True)] == on_page
    with office.store.session() as session:
        looks = accesses(session, what="export")
        assert len(find_clues(session, ClueFilter())) == 4
    assert [one.officer for one in looks] == ["anna同志"] * 2
    assert looks[-1].target == "clues csv 3 ?region=5301&sort=region"
    monkeypatch.setattr(page, "EXPORTED", 2)
    assert anna.get(f"/clues/export?{query}").status_code == 422
    assert anna.get("/clues/export?format=pdf").status_code == 422


def test_each_word_of_the_list_has_an_english_one(officer: Officers, three: list[int]) -> None:
    from desk.screen import HERE, english

    for path in (HERE / "templates").glob("clues*.html"):
        for word in re.findall(r"""\bt\((["'])(.+?)\1\)""", path.read_text(encoding="utf-8")):
            assert word[1] in english(), word[1]
    anna = officer("analyst")
    anna.act("/language", lang="en")
    assert "Violations and states" in anna.get("/clues").text
