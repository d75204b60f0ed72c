"""The morning page and the pages of operators, shops, listings and sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from clues.operators import one_operator
from desk import minute, pictures
from desk.health import Health
from desk.office import Office
from desk.pages.morning import goods_by_violation, summed
from storage import models as m
from storage.privacy import Access
from storage.runs import Run
from tests.clues.shops import ONE_CODE, operator_of, settled, shop
from tests.clues.test_growth import accuse, seen
from tests.desk.conftest import Officer

Officers = Callable[..., Officer]
NOW = datetime.now(UTC)
NASTY = '<script>alert(1)</script>{{ 7*7 }}\u202e"onload="x'
PAGES = ("/", "/operators", "/shops", "/sources")


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minute, "SECONDS", 0.0)


def clue(office: Office, number: int, violation: str, region: str, opened: datetime = NOW, **more: str) -> int:  # fmt: skip
    """A clue of a shop of its own, opened at a time; returns its id."""
    row = seen(
        office.store, f"茶{number}", number, NOW, **({"shop_name": f"虚构{number}店"} | more)
    )
    (id_,) = accuse(office.store, row, "高仿", 0.9, violation, region)[0]
    with office.store.writing() as session:
        session.execute(update(m.Clue).where(m.Clue.id == id_).values(opened_at=opened))
    return id_


def sweep(office: Office, sources: dict[str, dict[str, int]], **said: Any) -> int:
    """A nightly sweep that ended just now, with these counts."""
    total: dict[str, int] = {}
    for counts in sources.values():
        for name, n in counts.items():
            total[name] = total.get(name, 0) + n
    summary = {"sources": sources, "total": total, "waiting": said.pop("waiting", {})}
    with office.store.writing() as session:
        return session.scalars(
            insert(m.Sweep)
            .values(
                mode="nightly", state=said.pop("state", "done"), plan={}, summary=summary,
                started_at=NOW - timedelta(hours=3), ended_at=said.pop("ended_at", NOW - timedelta(hours=1)),
            )
            .returning(m.Sweep.id)
        ).one()  # fmt: skip


def test_an_empty_store_draws_well(officer: Officers) -> None:
    anna = officer("viewer")
    for path in PAGES:
        answer = anna.get(path)
        assert answer.status_code == 200, path
        assert "<h1>" in answer.text and "Traceback" not in answer.text
    assert "过去二十四小时没有巡检" in anna.get("/").text


def test_the_figures_of_the_morning_are_what_was_put_in(officer: Officers, office: Office) -> None:
    clue(office, 1, "counterfeit", "532822")
    clue(office, 2, "counterfeit", "532822")
    clue(office, 3, "absolute_claim", "530102")
    old = clue(office, 4, "absolute_claim", "530102", NOW - timedelta(days=10))
    page = officer("viewer").get("/").text
    with office.store.session() as session:
        heat = goods_by_violation(session)
    assert heat == {("tea", "counterfeit"): 2, ("tea", "absolute_claim"): 2}
    assert "<b>3</b> 昨日以来新线索" in page and "<b>4</b> 全部线索" in page
    trend = block(page, "trend")["series"][0]["data"]
    assert len(trend) == 30 and sum(one["value"] for one in trend) == 4
    assert [one["value"] for one in trend][-1] == 3 and trend[-11]["value"] == 1
    shaded = {one["name"]: one["value"] for one in block(page, "map")["series"][0]["data"]}
    assert len(shaded) == 129 and shaded["勐海县"] == 2 and shaded["五华区"] == 2
    assert sum(shaded.values()) == 4
    assert sorted(one["value"][2] for one in block(page, "heat")["series"][0]["data"]) == [2, 2]
    since = (NOW + timedelta(hours=8)).date() - timedelta(days=1)
    assert f'href="/clues?violation=counterfeit&amp;opened_since={since}">2</a>' in page
    assert f'href="/clues?region=532822&amp;opened_since={since}">2</a>' in page
    # Ten days are more than the five working days in which a clue is to be triaged.
    assert f'href="/clues/{old}"' in page and "已逾期</span>" in page


def block(page: str, name: str) -> dict[str, Any]:
    """The data of a picture."""
    text = page.split(f'<script type="application/json" id="{name}">', 1)[1].split("</script>", 1)[
        0
    ]
    found: dict[str, Any] = json.loads(text)
    return found


def test_counties_are_summed_over_violations() -> None:
    rows = [("a", "532822", 2), ("b", "532822", 3), ("a", "5301", 4), ("a", "", 1)]
    assert summed(rows) == [("532822", 5), ("5301", 4), ("", 1)]


def test_last_night_is_told_by_source(officer: Officers, office: Office) -> None:
    sweep(
        office,
        {
            "taobao": {"pages": 10, "listings": 1234, "clues_opened": 5},
            "jd": {"pages": 4, "blocks": 3},
            "baidu": {"pages": 6},
            "a.example": {"pages": 2, "listings": 3},
            "b.example": {"pages": 2, "blocks": 2},
        },
        waiting={"suning": "2026-11-26 01:00"},
        state="waiting",
    )
    with office.store.writing() as session:
        session.add(
            Run(
                entry="nightly/shops", kind="nightly", planned_at=NOW - timedelta(hours=5), until=NOW,
                outcome="missed", decided_at=NOW, note="停机",
            )
        )  # fmt: skip
    anna = officer("viewer")
    rows = table_rows(anna.get("/").text)
    said = {name: next((r for r in rows if f"/sources/{name}" in r), "") for name in ("taobao", "jd", "baidu", "suning", "shop")}  # fmt: skip
    assert ">完成<" in said["taobao"] and "1,234" in said["taobao"]
    assert ">受阻<" in said["jd"] and ">无结果<" in said["baidu"]
    assert ">等候<" in said["suning"] and "2026-11-26 01:00" in said["suning"]
    assert "<small>2</small>" in said["shop"] and "1 家受阻或失败" in said["shop"]
    assert "nightly/shops" in anna.get("/").text and "错过" in anna.get("/").text
    listed = anna.get("/sources").text
    assert "1,234" in listed and ">未巡检<" in listed
    one = anna.get("/sources/jd")
    assert one.status_code == 200 and ">受阻<" in one.text


def table_rows(page: str) -> list[str]:
    """The rows of all tables of a page."""
    return [part.split("</tr>")[0] for part in page.split("<tr>")[1:]]


def test_full_counts_are_kept_for_a_minute(
    officer: Officers, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = officer("viewer")
    clue(office, 1, "counterfeit", "532822")
    with office.store.writing() as session:
        session.add(
            Run(
                entry="nightly/shops", kind="nightly", planned_at=NOW - timedelta(hours=5), until=NOW,
                outcome="failed", decided_at=NOW,
            )
        )  # fmt: skip
    # What the empty morning kept is a minute old by now.
    first = anna.get("/").text
    monkeypatch.setattr(minute, "SECONDS", 60.0)
    clue(office, 2, "counterfeit", "532822")
    assert "<b>1</b> 全部线索" in first and anna.get("/").text == first
    monkeypatch.setattr(minute, "SECONDS", 0.0)
    assert "<b>2</b> 全部线索" in anna.get("/").text


def test_a_source_drifts_for_a_day(officer: Officers, office: Office) -> None:
    at = sweep(office, {"taobao": {"pages": 9, "listings": 9}})
    with office.store.writing() as session:
        session.add(
            m.Incident(
                sweep_id=at, source="taobao", host="taobao.example", kind="drift", what="few",
                detail="9 items of 90", url="", at=NOW - timedelta(hours=2),
            )
        )  # fmt: skip
    anna = officer("viewer")
    for path in ("/", "/sources", "/sources/taobao"):
        page = anna.get(path).text
        assert ">异动<" in page and "9 items of 90" in page


@pytest.mark.parametrize(
    ("counts", "condition"),
    [
        ({"sweep_id": 1, "pages": 4, "blocks": 2, "listings": 1}, "done"),
        ({"sweep_id": 1, "pages": 4, "blocks": 3, "listings": 1}, "blocked"),
        ({"sweep_id": 1, "pages": 4, "failures": 3, "listings": 1}, "failed"),
        ({"sweep_id": 1, "pages": 4}, "empty"),
        ({"sweep_id": 1, "pages": 4, "listings": 4, "drift": ["x"]}, "drifting"),
        ({}, "never"),
    ],
)
def test_the_condition_of_a_source(counts: dict[str, Any], condition: str) -> None:
    assert Health("x", **counts).condition == condition


def test_the_pages_of_an_operator_a_shop_and_a_listing(officer: Officers, office: Office) -> None:
    row = shop(office.store, "甲虚茶行", operator_name="甲虚茶行", uscc=ONE_CODE, phone="13900000000", price="88.00", text="天下第一茶")  # fmt: skip
    settled(office.store)
    (clue_id,) = accuse(office.store, row, "第一")[0]
    operator = operator_of(office.store, row)
    with office.store.session() as session:
        listing = session.scalars(select(m.ListingRow.id)).one()
    anna = officer("analyst")
    listed = anna.get("/operators?text=甲虚").text
    assert f'/operators/{operator}"' in listed and ONE_CODE in listed
    assert anna.get("/operators?text=乙").text.count("<tbody>") == 0
    assert f'/shops/{row.shop_id}"' in anna.get("/shops?source=taobao").text
    one = anna.get(f"/operators/{operator}").text
    assert "13900000000" in one and f'/clues/{clue_id}"' in one and f'/shops/{row.shop_id}"' in one
    its = anna.get(f"/shops/{row.shop_id}").text
    assert f'/listings/{listing}"' in its and "¥88.00" in its and f'/operators/{operator}"' in its
    seen_page = anna.get(f"/listings/{listing}").text
    assert "天下第一茶" in seen_page and "¥88.00" in seen_page and "<mark><bdi>第一" in seen_page
    assert block(seen_page, "prices")["series"][0]["data"] == [["2026-11-11", 88.0]]
    with office.store.session() as session:
        looks = set(session.execute(select(Access.what, Access.target)).tuples())
    assert {("operator", str(operator)), ("shop", str(row.shop_id)), ("listing", str(listing))} <= looks  # fmt: skip


def test_unknown_ones_are_not_found(officer: Officers) -> None:
    anna = officer("viewer")
    for path in ("/operators/77", "/shops/77", "/listings/77", "/sources/nowhere.example"):
        assert anna.get(path).status_code == 404, path
    for path in ("/shops/99999999999999999999", "/operators?sort=x", "/shops?page=0", "/operators?region=x"):  # fmt: skip
        assert anna.get(path).status_code == 422, path


def test_an_officer_of_a_county_sees_that_county(officer: Officers, office: Office) -> None:
    clue(office, 1, "counterfeit", "532822", operator_name="甲虚茶行")
    clue(office, 2, "counterfeit", "530102", operator_name="乙假想茶舍")
    with office.store.session() as session:
        rows = session.execute(
            select(m.Clue.region, m.Clue.operator_id, m.Clue.shop_id, m.ListingRow.id)
            .join(m.ListingRow, m.ListingRow.shop_id == m.Clue.shop_id)
        ).all()  # fmt: skip
    (ours,) = [one for one in rows if one[0] == "532822"]
    (theirs,) = [one for one in rows if one[0] == "530102"]
    dao = officer("reviewer", region="5328")
    page = dao.get("/").text
    assert "<b>1</b> 全部线索" in page and "五华区" not in page
    assert block(page, "heat")["series"][0]["data"][0]["value"][2] == 1
    for path, at in (("operators", 1), ("shops", 2)):
        listed = dao.get(f"/{path}").text
        assert f'href="/{path}/{ours[at]}"' in listed and f'href="/{path}/{theirs[at]}"' not in listed  # fmt: skip
    for path, at in (("operators", 1), ("shops", 2), ("listings", 3)):
        assert dao.get(f"/{path}/{ours[at]}").status_code == 200
        assert dao.get(f"/{path}/{theirs[at]}").status_code == 404
    said = {"other": theirs[1], "reason": "同一人"}
    assert dao.act(f"/operators/{ours[1]}/merge", **said).status_code == 404


def test_a_reviewer_merges_and_takes_it_back(officer: Officers, office: Office) -> None:
    one = shop(office.store, "甲虚茶行", operator_name="甲虚茶行")
    other = shop(office.store, "乙假想茶舍", operator_name="乙假想茶舍")
    settled(office.store)
    first, second = operator_of(office.store, one), operator_of(office.store, other)
    assert first != second and first is not None
    path = f"/operators/{first}"
    said = {"other": second, "reason": "同一经营场所"}
    assert officer("analyst").act(f"{path}/merge", **said).status_code == 403
    dao = officer("reviewer")
    assert dao.act(f"{path}/merge", other=second, reason=" ").status_code == 422
    assert dao.act(f"{path}/merge", **said).headers["location"] == path
    assert operator_of(office.store, other) == first
    assert dao.act(f"{path}/merge", **said).status_code == 409, "one already"
    assert "已并入" in dao.get(f"/operators/{second}").text
    with office.store.session() as session:
        change = one_operator(session, first)["changes"][-1]
    assert (change["kind"], change["reason"]) == ("merge", "同一经营场所")
    assert dao.act(f"{path}/split", reason="误并").status_code == 422
    assert dao.act(f"{path}/split", change=change["id"], reason="误并").status_code == 303
    assert operator_of(office.store, other) == second


def test_a_reviewer_judges_a_link(officer: Officers, office: Office) -> None:
    one = shop(office.store, "甲虚茶行", operator_name="甲虚茶行", phone="13900000000")
    other = shop(office.store, "乙假想茶舍", operator_name="乙假想茶舍", phone="13900000000")
    settled(office.store)
    first = operator_of(office.store, one)
    with office.store.session() as session:
        (link,) = one_operator(session, first or 0)["links"]
    dao = officer("reviewer")
    assert "13900000000" in dao.get(f"/operators/{first}").text
    path = f"/operators/{first}/links/{link['id']}"
    assert dao.act(path, verdict="maybe", reason="x").status_code == 422
    assert dao.act(f"/operators/{first}/links/999", verdict="cut", reason="x").status_code == 404
    assert dao.act(path, verdict="confirm", reason="实地核查").status_code == 303
    assert operator_of(office.store, one) == operator_of(office.store, other)
    assert "实地核查" in dao.get(f"/operators/{operator_of(office.store, one)}").text


def test_hostile_names_stay_text(officer: Officers, office: Office) -> None:
    row = shop(office.store, NASTY, operator_name=NASTY, text="x" * 100_000, price="1")
    with office.store.writing() as session:
        session.execute(update(m.Shop).values(url="javascript:alert(1)"))
        session.execute(update(m.ListingRow).values(title=NASTY, url="javascript:alert(1)"))
    settled(office.store)
    accuse(office.store, row, NASTY)
    sweep(office, {NASTY: {"pages": 1, "listings": 1}})
    with office.store.session() as session:
        listing = session.scalars(select(m.ListingRow.id)).one()
    dao = officer("reviewer")
    paths = (*PAGES, f"/operators/{operator_of(office.store, row)}", f"/shops/{row.shop_id}", f"/listings/{listing}")  # fmt: skip
    for path in (
        *paths,
        f"/operators?text={NASTY}",
        f"/shops?text={NASTY}&source=%00",
        "/sources?text=%00",
    ):
        answer = dao.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text and 'href="javascript' not in answer.text, path
        assert "49" not in answer.text.split("<h1>")[1].split("</h1>")[0], path
        # A form shows again what was typed; names of pages lose their direction marks.
        assert "\u202e" not in answer.text or "text=" in path, path
        assert len(answer.text) < 200_000


def test_the_map_has_each_county_once(office: Office) -> None:
    path = Path(__file__).resolve().parents[2] / "desk" / "static" / "yunnan.json"
    shapes = json.loads(path.read_text(encoding="utf-8"))["features"]
    named = {one["properties"]["code"]: one["properties"]["name"] for one in shapes}
    counties = {code: name for code, name in office.counties.items() if len(code) == 6}
    assert len(shapes) == len(counties) == 129 and named == counties
    assert len(set(named.values())) == 129, "a chart finds a shape by its name"
    assert path.stat().st_size < 600_000


def test_the_next_promotion_is_told(officer: Officers) -> None:
    page = officer("viewer").get("/").text
    assert "大促监测" in page and "价格监测自" in page


def test_pages_in_english(officer: Officers) -> None:
    anna = officer("viewer")
    anna.act("/language", lang="en", next="/")
    assert "Promotion watch" in anna.get("/").text
    assert "Independent shops under watch" in anna.get("/sources").text


def test_without_the_shapes_the_table_of_counties_stands_alone(
    officer: Officers, office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clue(office, 1, "counterfeit", "532822")
    anna = officer("viewer")
    assert 'data-chart="map"' in anna.get("/").text
    monkeypatch.setattr(pictures, "SHAPES", tmp_path / "yunnan.json")
    page = anna.get("/")
    assert page.status_code == 200
    assert 'data-chart="map"' not in page.text and "yunnan.json" not in page.text
    assert "勐海县</th>" in page.text.split("各县线索</h2>", 1)[1]
