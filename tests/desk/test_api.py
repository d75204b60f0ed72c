"""The API: what each may, what a county sees, what filters find, what goes wrong and how it is said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from openpyxl import load_workbook
from sqlalchemy import select, update

from clues.access import accesses
from desk.api.app import NOUNS
from desk.api.entry import Needs
from desk.office import Office
from desk.people import add_account, named, set_account, set_password
from desk.roles import PERMISSIONS, ROLES, Permission, may
from desk.steps import NEEDED
from proof.__main__ import run as verify
from storage.models import Clue, Shop
from storage.people import ApiToken
from tests.clues.casework import a_clue, walk
from tests.desk.conftest import PASSWORD, Officer, Programs
from tests.evidence.case import open_case


def placed(office: Office, *regions: str) -> list[int]:
    """Clues of these divisions."""
    ids = [a_clue(office.store, number) for number in range(1, len(regions) + 1)]
    with office.store.writing() as session:
        for id_, region in zip(ids, regions, strict=True):
            session.execute(update(Clue).where(Clue.id == id_).values(region=region))
    return ids


def routes() -> list[tuple[str, str, Permission]]:
    """Method, path and permission of every route."""
    found: list[tuple[str, str, Permission]] = []
    for noun in NOUNS:
        for route in import_module(f"desk.api.{noun}").router.routes:
            assert isinstance(route, APIRoute)
            asked = [one.call for one in route.dependant.dependencies]
            needs = [one.permission for one in asked if isinstance(one, Needs)]
            assert len(needs) == 1, f"{route.path} must ask for one permission"
            found += [(method, route.path, needs[0]) for method in route.methods or ()]
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_route_is_closed_to_whom_it_does_not_concern(program: Programs, role: str) -> None:
    one, table = program(role), routes()
    assert len(table) >= 55 and {need for *_, need in table} == set(PERMISSIONS)
    for method, path, need in table:
        asked = "/api/v1" + path.replace("{rule_id}", "none")
        for name in ("clue_id", "listing_id", "shop_id", "operator_id", "sweep_id", "hook_id", "account_id", "case_id", "penalty_id", "search_id", "link_id"):  # fmt: skip
            asked = asked.replace(f"{{{name}}}", "999")
        status = one.request(method, asked).status_code
        assert (status == 403) is not may(role, need), (method, path, role, status)
        assert status < 500
        bare = one.request(method, asked, headers={"Authorization": "Bearer yj_nothing"})
        assert bare.status_code == 401, (method, path)


def test_a_token_may_no_more_than_its_scopes_nor_than_its_accounts_role(office: Office, program: Programs) -> None:  # fmt: skip
    clue = a_clue(office.store)
    reader = program("reviewer", scopes=["read"])
    assert reader.ask("/me")["permissions"] == ["read"]
    assert reader.tell(f"/clues/{clue}/steps", action="triage", why="x").status_code == 403
    boss = program("administrator")
    assert boss.get("/api/v1/people").status_code == 200
    with office.store.writing() as session:
        add_account(session, "other", "", "administrator", PASSWORD)
        set_account(session, named(session, "administrator.p1"), "viewer", "", True)
    assert boss.get("/api/v1/people").status_code == 403, "the role shrank, and the token with it"
    assert boss.ask("/me")["permissions"] == ["read"]


def test_a_token_ends_when_it_expires_and_when_its_account_stops(office: Office, program: Programs) -> None:  # fmt: skip
    one = program()
    assert one.get("/api/v1/me").status_code == 200
    with office.store.writing() as session:
        token = session.scalars(select(ApiToken)).one()
        assert token.used_at is not None
        kept, token.expires_at = token.expires_at, token.created_at
    assert one.get("/api/v1/me").status_code == 401
    with office.store.writing() as session:
        session.execute(update(ApiToken).values(expires_at=kept))
        set_account(session, named(session, "analyst.p0"), "analyst", "", False)
    answer = one.get("/api/v1/me")
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert "令牌" in answer.json()["detail"]


def test_another_password_ends_the_tokens_of_the_account(office: Office, program: Programs) -> None:  # fmt: skip
    boss, one, other = program("administrator"), program(), program()
    anna = next(p["id"] for p in boss.ask("/people")["items"] if p["name"] == "analyst.p1")
    assert boss.tell(f"/people/{anna}", "PATCH", password="reset by the boss").status_code == 200
    assert one.get("/api/v1/me").status_code == 401, "whoever knew the password may have made it"
    assert other.get("/api/v1/me").status_code == 200, "another account's"
    with office.store.writing() as session:
        set_password(session, named(session, "analyst.p2"), "on the command line")
    assert other.get("/api/v1/me").status_code == 401


def test_what_a_role_loses_its_tokens_do_not_get_back(office: Office, program: Programs) -> None:
    one, writer = program("reviewer"), program("reviewer", scopes=["settle"])
    for role in ("viewer", "reviewer"):
        with office.store.writing() as session:
            for name in ("reviewer.p0", "reviewer.p1"):
                set_account(session, named(session, name), role, "", True)
        assert one.ask("/me")["permissions"] == ["read"], role
        assert writer.get("/api/v1/me").status_code == 401, "nothing was left to it"


def test_a_browsers_session_reads_and_writes_with_its_csrf(office: Office, officer: Callable[..., Officer]) -> None:  # fmt: skip
    clue, anna = a_clue(office.store), officer("analyst")
    assert anna.get("/api/v1/me").json()["name"] == "analyst0"
    step = {"action": "triage", "why": "例行"}
    assert anna.post(f"/api/v1/clues/{clue}/steps", json=step).status_code == 403
    wrong = anna.post(f"/api/v1/clues/{clue}/steps", json=step, headers={"X-CSRF": "forged"})
    assert wrong.status_code == 403
    right = anna.post(f"/api/v1/clues/{clue}/steps", json=step, headers={"X-CSRF": anna.csrf})
    assert right.status_code == 201 and right.json()["by"] == "analyst0同志"
    bad = anna.get("/api/v1/me", headers={"Authorization": "Bearer yj_bad"})
    assert bad.status_code == 401, "a bad token does not fall back to the session"


def test_the_list_has_the_filters_of_the_command_line(office: Office, program: Programs) -> None:
    ids = placed(office, "532822", "530102", "5328")
    one = program()

    def found(**query: Any) -> list[int]:
        page = one.ask("/clues", **query)
        assert page["total"] == one.ask("/clues/count", **query)["total"]
        return sorted(item["id"] for item in page["items"])

    assert found() == ids
    assert found(region="5328") == [ids[0], ids[2]]
    assert found(violation="counterfeit", goods="tea", source="taobao", state="new") == ids
    assert found(q="虚构2店") == [ids[1]]
    assert found(min_score=0.99) == found(violation="false_claim") == found(state="closed") == []
    assert found(since="2026-11-11") == ids and found(since="2026-11-11T02:00:01Z") == []
    assert found(until="2026-11-11T02:00:00Z") == [] and found(opened_until="2026-11-12") == ids
    assert found(sort="deadline", due_until="2030-01-01") == ids
    page = one.ask("/clues", limit=1, offset=1, sort="opened")
    assert (page["total"], len(page["items"]), page["items"][0]["id"]) == (3, 1, ids[1])
    assert page["items"][0]["opened_at"] == "2026-11-11T02:00:00Z"
    counts = one.ask("/clues/facets")
    assert counts["violations"] == {"counterfeit": 3} and counts["counties"]["532822"] == 1


def test_a_countys_account_sees_its_county_alone(office: Office, program: Programs) -> None:
    mine, other = placed(office, "532822", "530102")
    one = program("reviewer", region="5328")
    with office.store.session() as session:
        shops = dict(session.execute(select(Clue.id, Clue.shop_id)).tuples().all())
    for asked in ({}, {"region": "53"}, {"region": "532822"}, {"region": "5328"}):
        assert [c["id"] for c in one.ask("/clues", **asked)["items"]] == [mine]
    assert one.ask("/clues", region="5301")["items"] == []
    assert one.ask("/clues/count", region="5301") == {"total": 0}
    for path in ("", "/log", "/route", "/transfers"):
        assert one.get(f"/api/v1/clues/{other}{path}").status_code == 404
        assert one.get(f"/api/v1/clues/{mine}{path}").status_code == 200
    for path in ("steps", "pack"):
        body = {"action": "triage", "why": "x"}
        assert one.tell(f"/clues/{other}/{path}", **body).status_code == 404
    assert [s["id"] for s in one.ask("/shops")["items"]] == [shops[mine]]
    assert {row["shop_id"] for row in one.ask("/listings")["items"]} == {shops[mine]}
    for path in ("/shops", "/listings", "/listings?accused=yes", "/operators"):
        page = one.ask(path)
        assert page["total"] == len(page["items"]) == (path != "/operators"), path
    assert one.get(f"/api/v1/shops/{shops[other]}").status_code == 404
    listing = program("viewer").ask("/listings", shop=shops[other])["items"][0]["id"]
    assert one.get(f"/api/v1/listings/{listing}").status_code == 404
    text = one.get("/api/v1/exports/clues").text
    assert "虚构1店" in text and "虚构2店" not in text
    report = {"kind": "weekly", "first": "2026-11-09", "last": "2026-11-15", "region": "5301"}
    assert one.tell("/reports", **report).status_code == 403


def test_a_clue_is_walked_through_its_life_and_the_log_holds(office: Office, program: Programs) -> None:  # fmt: skip
    (clue,) = placed(office, "532822")
    one = program("reviewer")
    version = 0
    for action, more in (
        ("triage", {}), ("verify", {}), ("confirm", {}), ("transfer", {"department": "haiguan"}),
        ("answer", {"department": "haiguan", "result": "upheld"}), ("close", {}), ("reopen", {}),
    ):  # fmt: skip
        answer = one.tell(f"/clues/{clue}/steps", action=action, why="例行", version=version, **more)  # fmt: skip
        assert answer.status_code == 201, answer.text
        version = answer.json()["version"]
    log = one.ask(f"/clues/{clue}/log")
    assert (log["broken"], len(log["events"]), log["events"][0]["by"]) == ([], 7, "王芳")
    (sent,) = one.ask(f"/clues/{clue}/transfers")
    assert (sent["department"], sent["result"]) == ("haiguan", "upheld")


def test_who_comes_second_is_told_who_was_first(office: Office, program: Programs) -> None:
    clue = a_clue(office.store)
    walk(office.store, clue, "triage", by="李雷")
    one = program()
    late = one.tell(f"/clues/{clue}/steps", action="triage", why="x", version=0)
    assert late.status_code == 409 and "李雷" in late.json()["detail"]
    wrong = one.tell(f"/clues/{clue}/steps", action="confirm", why="x")
    assert wrong.status_code == 409, "not from here"
    assert one.ask(f"/clues/{clue}")["state"] == "triaged", "nothing was written"


def test_what_binds_others_is_for_reviewers(office: Office, program: Programs) -> None:
    clue, one = a_clue(office.store), program("analyst")
    for action, need in NEEDED.items():
        status = one.tell(f"/clues/{clue}/steps", action=action, why="x").status_code
        assert (status == 403) is (need == "settle"), action


def test_looks_and_exports_are_put_down(office: Office, program: Programs) -> None:
    clue, one = a_clue(office.store), program("analyst")
    detail = one.ask(f"/clues/{clue}")["detail"]
    assert detail["signals"][0]["text"] == "高仿"
    one.get("/api/v1/exports/clues")
    with office.store.session() as session:
        put = [(a.officer, a.what, a.target, a.via) for a in accesses(session)]
    assert put == [("王芳", "export", "1 clues csv", "api"), ("王芳", "clue", str(clue), "api")]


def test_exports_hold_what_the_list_shows_and_no_formula(office: Office, program: Programs) -> None:
    clue, one = a_clue(office.store), program()
    with office.store.writing() as session:
        session.execute(update(Shop).values(name="=HYPERLINK(1)"))
    answer = one.get("/api/v1/exports/clues", params={"violation": "counterfeit"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (rows[0]["id"], rows[0]["shop"]) == (str(clue), "'=HYPERLINK(1)")
    assert 'filename="clues.csv"' in answer.headers["content-disposition"]
    book = load_workbook(io.BytesIO(one.get("/api/v1/exports/clues?format=xlsx").content))
    assert book.active.max_row == 2
    empty = one.get("/api/v1/exports/clues", params={"violation": "none"}).content
    assert len(empty.decode("utf-8-sig").splitlines()) == 1


def test_a_report_is_written(program: Programs) -> None:
    one = program()
    asked = {"kind": "statistics", "first": "2026-11-01", "last": "2026-11-30"}
    answer = one.tell("/reports", **asked)
    assert answer.status_code == 200 and load_workbook(io.BytesIO(answer.content)).sheetnames
    assert one.tell("/reports", **asked, format="docx").content[:2] == b"PK"
    assert one.tell("/reports", **asked, format="pdf").content[:5] == b"%PDF-"
    assert one.tell("/reports", **asked | {"last": "2026-10-01"}).status_code == 409
    assert one.tell("/reports", **asked, region="99").status_code == 409


def test_a_sealed_pack_is_intact_and_wants_a_signing_key(office: Office, program: Programs, tmp_path: Path) -> None:  # fmt: skip
    case, one = open_case(office.store, tmp_path), program("reviewer")
    answer = one.tell(f"/clues/{case.clue}/pack")
    assert answer.status_code == 409 and "signing key" in answer.json()["detail"]
    office.vault = case.vault
    # Without a browser the pack goes without its printed dossier, and says so.
    changed = {"evidence_key": case.key, "browser": "/nowhere/chromium"}
    office.settings = office.settings.model_copy(update=changed)
    packed = one.tell(f"/clues/{case.clue}/pack")
    assert packed.status_code == 200, packed.text
    (tmp_path / "pack.wacz").write_bytes(packed.content)
    assert verify(tmp_path / "pack.wacz", "", None) == 0


def test_rules_are_listed_shown_and_tried(office: Office, program: Programs) -> None:
    one = program("viewer")
    rules = one.ask("/rules", violation="counterfeit")
    assert rules and {rule["violation"] for rule in rules} == {"counterfeit"}
    shown = one.ask(f"/rules/{rules[0]['id']}")
    assert shown["laws"][0]["law"] and shown["measured"] is None
    tried = one.tell("/rules/try", title="高仿普洱茶 原单复刻", goods="tea").json()
    assert "counterfeit" in tried["scores"]
    for hit in tried["signals"]:
        if hit["field"] == "title":
            assert "高仿普洱茶 原单复刻"[hit["start"] : hit["end"]] == hit["text"]
    assert one.tell("/rules/try", title="茶", rule="none").status_code == 404
    assert {v["id"] for v in one.ask("/violations")} == set(office.violations)


def test_sources_sweeps_and_health(office: Office, program: Programs) -> None:
    one = program("viewer")
    assert one.ask("/sources")["total"] == 0 and one.ask("/sweeps") == {"total": 0, "items": []}
    health = one.ask("/health")
    assert {line["what"] for line in health["lines"]} >= {"last night", "backlog", "disk"}


def test_webhooks_and_people_by_the_api(office: Office, program: Programs) -> None:
    boss = program("administrator", region="5328")
    made = boss.tell("/webhooks", url="https://hooks.example/", min_score=0.5)
    assert made.status_code == 201 and len(made.json()["secret"]) == 64
    assert made.json()["region"] == "5328", "a county's hook is bound to the county"
    id_ = made.json()["id"]
    assert "secret" not in boss.ask("/webhooks")[0]
    assert boss.tell("/webhooks", url="https://hooks.example/", region="5301").status_code == 403
    assert boss.tell("/webhooks", url="http://127.0.0.1/").status_code == 409
    assert boss.tell(f"/webhooks/{id_}", "PATCH", active=False).json()["active"] is False
    assert boss.ask(f"/webhooks/{id_}/deliveries") == []
    other = program("administrator", region="5301")
    assert other.ask("/webhooks") == [] and other.tell(f"/webhooks/{id_}", "PATCH", active=True).status_code == 404  # fmt: skip
    assert boss.delete(f"/api/v1/webhooks/{id_}").status_code == 204
    anna = boss.tell("/people", name="anna", role="viewer", region="532822", password=PASSWORD)
    assert anna.status_code == 201 and "password" not in anna.json()
    assert boss.tell("/people", name="ben", role="viewer", password=PASSWORD).status_code == 409
    changed = boss.tell(f"/people/{anna.json()['id']}", "PATCH", role="analyst")
    assert (changed.json()["role"], changed.json()["region"]) == ("analyst", "532822")
    assert [p["name"] for p in boss.ask("/people")["items"]] == ["administrator.p0", "anna"]


def test_errors_say_what_is_wrong_in_one_form(office: Office, program: Programs) -> None:
    one = program()
    asked = {
        "/clues?limit=0": 422, "/clues?limit=abc": 422, "/clues?since=yesterday": 422, "/clues?q=%00": 422,
        "/clues?sort=x": 422, "/clues/9223372036854775808": 422, "/clues/999": 404, "/nothing": 404,
        "/rules/none": 404,
    }  # fmt: skip
    for path, status in asked.items():
        answer = one.get(f"/api/v1{path}")
        assert answer.status_code == status and list(answer.json()) == ["detail"], path
        assert isinstance(answer.json()["detail"], str)
    kind = {"content-type": "application/json"}
    broken = one.post("/api/v1/rules/try", content="{", headers=kind)
    assert (broken.status_code, list(broken.json())) == (400, ["detail"])
    assert one.tell("/rules/try", title="x", more=1).status_code == 422
    assert one.delete("/api/v1/clues").status_code == 405


def test_the_document_is_for_those_who_are_let_in(program: Programs, stranger: Officer) -> None:
    assert stranger.get("/api/v1/openapi.json").status_code == 401
    document = program("viewer").ask("/openapi.json")
    assert document["openapi"].startswith("3.1") and document["servers"] == [{"url": "/api/v1"}]
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            assert about["description"] and about["security"], (method, path)
            assert {"401", "403"} <= set(about["responses"]), (method, path)
    assert "token" in document["components"]["securitySchemes"]
    assert "/work" not in json.dumps(document)
