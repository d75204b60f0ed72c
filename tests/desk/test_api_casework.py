"""By the API as on the desk: joint cases, deadlines, penalties, operators, searches, many clues at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

import desk.papers
from desk.office import Office
from storage.models import Clue
from tests.clues.casework import a_clue, walk
from tests.clues.shops import operator_of, settled, shop
from tests.desk.conftest import Program, Programs

USCC = "91530102MA6HYLW34Y"
DECISION = {
    "decision_no": "虚市监罚字〔2026〕1号", "content": "罚款一万元", "authority": "虚构市场监督管理局",
    "decided_on": "2026-11-12",
}  # fmt: skip


def accused(office: Office, number: int, region: str, **more: str) -> tuple[int, int]:
    """A clue of this division, and its operator."""
    id_ = a_clue(office.store, number, operator_name=f"虚构{number}茶行", **more)
    with office.store.writing() as session:
        session.execute(update(Clue).where(Clue.id == id_).values(region=region))
        operator = session.scalars(select(Clue.operator_id).where(Clue.id == id_)).one()
    assert operator is not None
    return id_, operator


@pytest.fixture
def two(office: Office) -> tuple[tuple[int, int], tuple[int, int]]:
    """Clue and operator of Menghai and of Wuhua."""
    return accused(office, 1, "532822", uscc=USCC), accused(office, 2, "530102")


Two = tuple[tuple[int, int], tuple[int, int]]


def refused(program: Program, path: str, status: int, **body: Any) -> None:
    answer = program.tell(path, **body)
    assert answer.status_code == status, (path, answer.status_code, answer.text)


def test_a_joint_case_is_opened_answered_and_shown(office: Office, program: Programs, two: Two) -> None:  # fmt: skip
    clues = [clue for clue, _ in two]
    for clue in clues:
        walk(office.store, clue, "triage", "verify", "confirm")
    one = program("reviewer")
    case: dict[str, Any] = {"departments": ["haiguan", "gongan"], "why": "联合查处"}
    refused(program("analyst"), "/cases", 403, clues=clues, **case)
    refused(one, "/cases", 404, clues=[clues[0], 999], **case)
    refused(one, "/cases", 409, clues=clues, departments=["haiguan", "nobody"], why="x")
    assert one.ask("/cases") == [], "nothing of what failed is left"
    made = one.tell("/cases", clues=clues, **case)
    assert made.status_code == 201, made.text
    assert (made.json()["owing"], len(made.json()["transfers"])) == (4, 4)
    said = {"action": "answer", "department": "haiguan", "result": "upheld", "why": "属实"}
    assert one.tell(f"/clues/{clues[0]}/steps", **said).status_code == 201
    assert one.ask(f"/cases/{made.json()['id']}")["owing"] == 3
    (answer,) = one.ask("/answers", sent_by="王芳")
    assert (answer["clue_id"], answer["answer"]) == (clues[0], "属实")
    county = program("reviewer", region="5301")
    (seen,) = county.ask("/cases")
    assert {sent["clue_id"] for sent in seen["transfers"]} == {clues[1]}
    assert county.ask("/answers") == []
    refused(county, "/cases", 404, clues=clues, **case)
    other = program("reviewer", region="5326")
    assert other.ask("/cases") == []
    assert other.get(f"/api/v1/cases/{seen['id']}").status_code == 404


def test_deadlines_are_those_of_the_command_line(office: Office, program: Programs, two: Two) -> None:  # fmt: skip
    one = program("viewer")
    all_ = one.ask("/deadlines")
    assert all_["total"] == 2 and {due["clue_id"] for due in all_["items"]} == {
        two[0][0],
        two[1][0],
    }
    assert all(due["basis"] and due["what"] for due in all_["items"])
    assert [d["due"] for d in all_["items"]] == sorted(d["due"] for d in all_["items"])
    assert one.ask("/deadlines", until="2026-11-01") == {"total": 0, "limit": 50, "offset": 0, "items": []}  # fmt: skip
    mine = program("viewer", region="5328").ask("/deadlines")
    assert (mine["total"], {d["clue_id"] for d in mine["items"]}) == (1, {two[0][0]})


def test_a_penalty_is_recorded_published_and_exported(program: Programs, two: Two) -> None:
    (clue, operator), (theirs, other) = two
    one, county = program("reviewer"), program("reviewer", region="5301")
    refused(program("analyst"), f"/clues/{clue}/penalties", 403, **DECISION)
    refused(county, f"/clues/{clue}/penalties", 404, **DECISION)
    for wrong in ({"decided_on": "0001-01-01"}, {"decided_on": "9999-12-31"}, {"content": " "}):
        refused(one, f"/clues/{clue}/penalties", 409, **DECISION | wrong)
    made = one.tell(f"/clues/{clue}/penalties", **DECISION)
    assert made.status_code == 201, made.text
    assert (made.json()["operator_id"], made.json()["stops_on"]) == (operator, None)
    refused(one, f"/clues/{clue}/penalties", 409, **DECISION)
    assert [p["id"] for p in one.ask("/penalties", operator=operator)] == [made.json()["id"]]
    assert one.ask("/deadlines/penalties")[0]["clue_id"] == clue
    path = f"/penalties/{made.json()['id']}/publication"
    refused(county, path, 404, on="2026-11-13")
    refused(one, path, 409, on="9999-12-31")
    shown = one.tell(path, on="2026-11-13").json()
    assert (shown["published_on"], shown["stops_on"]) == ("2026-11-13", "2029-11-13")
    assert one.ask("/deadlines/penalties") == []
    assert DECISION["decision_no"] in one.get("/api/v1/exports/penalties").text
    assert one.get("/api/v1/exports/penalties?format=xlsx").content[:2] == b"PK"
    assert county.ask("/penalties") == []
    assert DECISION["decision_no"] not in county.get("/api/v1/exports/penalties").text
    assert one.ask(f"/operators/{operator}/credit")["penalties"][0]["content"] == "罚款一万元"
    assert county.get(f"/api/v1/operators/{operator}/credit").status_code == 404
    assert county.ask(f"/operators/{other}/credit")["clues"][0]["id"] == theirs


def test_an_operator_is_put_onto_the_watch_list_and_taken_off(program: Programs, two: Two) -> None:
    (_, operator), (_, other) = two
    one, county = program("reviewer"), program("reviewer", region="5301")
    path = f"/operators/{operator}/watch"
    refused(county, path, 404, watched=True, why="x")
    assert one.tell(path, watched=True, why="屡次违法").json()["watched"] is True
    refused(one, path, 409, watched=True, why="again")
    assert one.tell(f"/operators/{other}/watch", watched=True, why="同").status_code == 200
    assert [row["operator_id"] for row in one.ask("/watchlist")] == [other, operator]
    assert [row["operator_id"] for row in county.ask("/watchlist")] == [other]
    assert one.tell(path, watched=False, why="已改正").json()["watched"] is False
    refused(one, path, 409, watched=False, why="again")


def test_operators_are_merged_taken_back_and_split(office: Office, program: Programs) -> None:
    rows = [shop(office.store, name, operator_name=name) for name in ("甲虚茶行", "乙假想茶舍")]
    settled(office.store)
    first, second = (operator_of(office.store, row) for row in rows)
    one, path = program("reviewer"), f"/operators/{first}"
    refused(program("analyst"), f"{path}/merge", 403, other=second, why="同一人")
    refused(one, f"{path}/merge", 404, other=999, why="同一人")
    refused(one, f"{path}/merge", 409, other=second, why=" ")
    refused(program("reviewer", region="5301"), f"{path}/merge", 404, other=second, why="同一人")
    assert one.tell(f"{path}/merge", other=second, why="同一人").json() == {"id": first}
    refused(one, f"{path}/merge", 409, other=second, why="同一人")
    change = one.ask(path)["changes"][-1]
    assert (change["kind"], change["officer"]) == ("merge", "王芳")
    refused(one, f"{path}/undo", 409, change=999, why="误并")
    assert one.tell(f"{path}/undo", change=change["id"], why="误并").status_code == 200
    assert operator_of(office.store, rows[1]) == second
    assert one.tell(f"{path}/merge", other=second, why="确为一人").status_code == 200
    refused(one, f"{path}/split", 409, shops=[row.shop_id for row in rows], why="全部")
    assert one.tell(f"{path}/split", shops=[rows[1].shop_id], why="误并").status_code == 200
    assert operator_of(office.store, rows[1]) != operator_of(office.store, rows[0]) == first


def test_a_link_is_judged(office: Office, program: Programs) -> None:
    rows = [shop(office.store, name, operator_name=name, phone="13900000000") for name in ("甲虚茶行", "乙假想茶舍")]  # fmt: skip
    settled(office.store)
    one, first = program("reviewer"), operator_of(office.store, rows[0])
    (link,) = one.ask(f"/operators/{first}")["links"]
    path = f"/operators/{first}/links/{link['id']}"
    refused(one, path, 422, verdict="maybe", why="x")
    refused(one, f"/operators/{first}/links/999", 404, verdict="cut", why="x")
    assert one.tell(path, verdict="confirm", why="实地核查").status_code == 200
    assert operator_of(office.store, rows[0]) == operator_of(office.store, rows[1])


def test_a_search_is_kept_found_with_and_forgotten(program: Programs, two: Two) -> None:
    one, other = program("viewer"), program("viewer")
    kept = one.tell("/searches", name="勐海", query="region=5328&evil=1&page=3")
    assert (kept.status_code, kept.json()["query"]) == (201, "region=5328")
    refused(one, "/searches", 409, name="x", query="sort=none")
    refused(one, "/searches", 409, name=" ", query="")
    id_ = kept.json()["id"]
    assert one.tell("/searches", name="勐海", query="region=532822").json()["id"] == id_
    assert [s["query"] for s in one.ask("/searches")] == ["region=532822"]
    page = one.ask(f"/searches/{id_}/clues")
    assert (page["total"], page["items"][0]["id"]) == (1, two[0][0])
    assert other.ask("/searches") == []
    assert other.get(f"/api/v1/searches/{id_}/clues").status_code == 404
    assert other.delete(f"/api/v1/searches/{id_}").status_code == 404
    assert one.delete(f"/api/v1/searches/{id_}").status_code == 204
    assert one.ask("/searches") == []


def test_several_clues_take_a_step_each_for_itself(office: Office, program: Programs, two: Two) -> None:  # fmt: skip
    (mine, _), (theirs, _) = two
    third, _ = accused(office, 3, "532822")
    walk(office.store, third, "triage", by="李雷")
    clues = [{"id": id_, "version": 0} for id_ in (mine, theirs, third)]
    refused(program("viewer"), "/verdicts", 403, step="triage", clues=clues)
    one = program("analyst", region="5328")
    refused(one, "/verdicts", 422, step="transfer", clues=clues)
    refused(one, "/verdicts", 422, step="triage", clues=[])
    told = one.tell("/verdicts", step="onward", clues=clues).json()
    assert [row["what"] for row in told] == ["done", "gone", "changed"]
    assert (told[0]["state"], told[2]["by"]) == ("triaged", "李雷")
    again = one.tell("/verdicts", step="reject", clues=[{"id": third, "version": 1}]).json()
    assert [row["what"] for row in again] == ["unexplained"]


def test_reports_are_made_one_at_a_time(program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.papers, "WAIT", 0.05)
    with desk.papers._TURN:
        answer = program().tell("/reports", kind="weekly", first="2026-11-09", last="2026-11-15")
    assert answer.status_code == 503 and "请稍后再试" in answer.json()["detail"]
