"""Administrators keep accounts, see who looked, and send clues on; each keeps the own tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from clues.access import opened
from desk.office import Office
from desk.people import named
from desk.roles import PERMISSIONS, ROLES, may
from desk.screen import english
from storage.people import Account, ApiToken
from storage.webhooks import Webhook
from tests.desk.conftest import PASSWORD, Officer

Officers = Callable[..., Officer]
EVIL = "<script>alert(1)</script>{{7*7}}\u202e"


def id_of(office: Office, name: str) -> int:
    with office.store.session() as session:
        return named(session, name).id


def shown_secret(page: httpx.Response) -> str:
    found = re.search(r"<pre tabindex=\"0\">([^<]+)</pre>", page.text)
    assert found is not None
    return found[1]


def test_an_administrator_makes_an_account_that_can_log_in(officer: Officers, stranger: Officer) -> None:  # fmt: skip
    root = officer("administrator")
    made = root.act("/people", name="wang.fang", officer="王芳", role="reviewer", region="5328", password=PASSWORD)  # fmt: skip
    assert made.status_code == 303
    page = root.get("/people").text
    assert "wang.fang" in page and "王芳" in page and "西双版纳" in page
    assert stranger.enter("wang.fang").status_code == 303


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"password": "short"}, "至少 12"), ({"role": "king"}, "没有角色"), ({"region": "x"}, "区划代码"), ({"name": "a b"}, "登录名用")],
)  # fmt: skip
def test_what_makes_no_sense_is_said_and_nothing_typed_is_lost(officer: Officers, office: Office, changed: dict[str, str], says: str) -> None:  # fmt: skip
    root = officer("administrator")
    asked = {"name": "anna", "officer": "安娜", "role": "viewer", "password": PASSWORD} | changed
    answer = root.act("/people", **asked)
    assert answer.status_code == 422 and says in answer.text and 'value="安娜"' in answer.text
    assert PASSWORD not in answer.text
    with office.store.session() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 1


def test_a_changed_role_holds_and_ends_what_was_open(officer: Officers, office: Office) -> None:
    root, anna = officer("administrator"), officer("viewer", name="anna")
    path = f"/people/{id_of(office, 'anna')}"
    assert root.act(path, role="reviewer", region="5326", active="yes").status_code == 303
    assert anna.get("/", follow_redirects=False).status_code == 303, "logged out"
    with office.store.session() as session:
        one = named(session, "anna")
        assert (one.role, one.region, one.active) == ("reviewer", "5326", True)
    assert root.act(path, role="reviewer", region="").status_code == 303
    assert anna.enter("anna").status_code == 401, "stopped"


def test_a_forgotten_password_is_reset(officer: Officers, office: Office) -> None:
    root, anna = officer("administrator"), officer("viewer", name="anna")
    path = f"/people/{id_of(office, 'anna')}/password"
    assert root.act(path, password="short").status_code == 422
    assert "口令已重设" in root.act(path, password="another long password").text
    assert anna.get("/", follow_redirects=False).status_code == 303
    assert anna.enter("anna", "another long password").status_code == 303


def test_the_last_administrator_can_not_step_down(officer: Officers, office: Office) -> None:
    root = officer("administrator", name="root")
    answer = root.act(f"/people/{id_of(office, 'root')}", role="viewer", active="yes")
    assert answer.status_code == 422 and "至少要留一名管理员" in answer.text


def test_a_countys_administrator_keeps_to_the_county(officer: Officers, office: Office) -> None:
    root, boss = officer("administrator", name="root"), officer("administrator", "5328", name="boss")  # fmt: skip
    officer("viewer", "532822", name="anna")
    page = boss.get("/people").text
    assert "anna" in page and ">root<" not in page
    assert boss.get(f"/people/{id_of(office, 'root')}").status_code == 404
    for region in ("", "53", "5301"):
        asked = {"name": "x", "role": "administrator", "password": PASSWORD, "region": region}
        assert boss.act("/people", **asked).status_code == 422
        anna = boss.act(f"/people/{id_of(office, 'anna')}", role="viewer", region=region, active="yes")  # fmt: skip
        assert anna.status_code == 422
    with office.store.writing() as session:
        opened(session, "root同志", "clue", 1, "desk")
        opened(session, "anna同志", "clue", 2, "desk")
    assert "root同志" not in boss.get("/people/looks").text.split("<main")[1]
    assert "anna同志" in boss.get("/people/looks").text
    assert "root同志" in root.get("/people/looks").text.split("<main")[1]


def test_looks_are_filtered_and_paged(officer: Officers, office: Office) -> None:
    root = officer("administrator")
    with office.store.writing() as session:
        for number in range(120):
            opened(session, "王芳" if number % 2 else "李雷", "clue", f"c{number}", "desk")
    first = root.get("/people/looks?officer=王芳").text
    assert "c119" in first and "c118" not in first and "c21" in first and "c19<" not in first
    more = re.search(r'href="(\?[^"]+before=\d+)"', first)
    assert more is not None
    second = root.get("/people/looks" + more[1].replace("&amp;", "&")).text
    assert "c19<" in second and "c119" not in second and "更早的" not in second
    assert root.get("/people/looks?before=-1").status_code == 422
    assert root.get("/people/looks?officer=%00").status_code == 422


def test_hostile_names_stay_text(officer: Officers, office: Office) -> None:
    root = officer("administrator", name="root")
    with office.store.writing() as session:
        named(session, "root").officer = EVIL
        opened(session, EVIL, "clue", EVIL * 3, "desk")
    for path in ("/people", f"/people/{id_of(office, 'root')}", "/people/looks", "/me/tokens"):
        page = root.get(path)
        assert page.status_code == 200 and "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text and "\u202e" not in page.text.split("<main")[1]


def test_a_webhook_is_added_stopped_and_dropped(officer: Officers, office: Office) -> None:
    root = officer("administrator")
    page = root.act("/people/webhooks", url="https://hooks.example/clues", violation="false_claim", min_score="0.8")  # fmt: skip
    with office.store.session() as session:
        hook = session.scalars(select(Webhook)).one()
    assert shown_secret(page) == hook.secret
    listed = root.get("/people/webhooks").text
    assert "https://hooks.example/clues" in listed and hook.secret not in listed and "80%" in listed
    assert root.act(f"/people/webhooks/{hook.id}", act="stop").status_code == 303
    assert "已停用" in root.get("/people/webhooks").text
    assert root.act(f"/people/webhooks/{hook.id}", act="drop").status_code == 303
    assert "还没有推送地址" in root.get("/people/webhooks").text
    assert root.act("/people/webhooks", url="http://127.0.0.1/").status_code == 422
    assert root.act("/people/webhooks", url="https://a.example", violation="x").status_code == 422
    assert root.act("/people/webhooks/7", act="stop").status_code == 404


def test_a_token_is_shown_once_and_opens_until_it_is_revoked(officer: Officers, office: Office) -> None:  # fmt: skip
    anna = officer("analyst")
    page = anna.act("/me/tokens", name="夜间导出", scopes=["read", "export"], days="30")
    secret = shown_secret(page)
    assert secret not in anna.get("/me/tokens").text and "夜间导出" in anna.get("/me/tokens").text
    with office.store.session() as session:
        kept = session.scalars(select(ApiToken)).one()
    assert secret not in (kept.key, kept.name) and kept.scopes == ["read", "export"]
    bearer = {"Authorization": f"Bearer {secret}"}
    anna.cookies.clear()
    assert anna.get("/api/v1/me", headers=bearer).json()["permissions"] == ["read", "export"]
    assert anna.get("/api/v1/me").status_code == 401
    anna.enter("analyst0")
    assert anna.act(f"/me/tokens/{kept.id}/revoke").status_code == 303
    assert anna.get("/api/v1/me", headers=bearer).status_code == 401


def test_nobody_makes_a_token_that_may_more(officer: Officers, office: Office) -> None:
    anna, ben = officer("viewer"), officer("viewer")
    for asked in (["manage"], ["read", "judge"], ["king"], []):
        answer = anna.act("/me/tokens", name="x", scopes=asked)
        assert answer.status_code == 422, asked
    for days in (0, 367):
        assert anna.act("/me/tokens", name="x", scopes=["read"], days=days).status_code == 422
    assert anna.act("/me/tokens", name="x", scopes=["read"]).status_code == 200
    with office.store.session() as session:
        token = session.scalars(select(ApiToken)).one()
    assert ben.act(f"/me/tokens/{token.id}/revoke").status_code == 422, "another's"


@pytest.mark.parametrize("role", ROLES)
def test_only_administrators_get_in(officer: Officers, role: str) -> None:
    one = officer(role)
    allowed = may(role, "manage")
    for path in ("/people", "/people/looks", "/people/webhooks"):
        assert one.get(path).status_code == (200 if allowed else 403)
    for path in ("/people", "/people/1", "/people/1/password", "/people/webhooks", "/people/webhooks/1"):  # fmt: skip
        assert one.act(path).status_code == (422 if allowed else 403)
    assert one.get("/me/tokens").status_code == 200
    offered = re.findall(r'name="scopes" value="(\w+)"', one.get("/me/tokens").text)
    assert offered == [scope for scope in PERMISSIONS if may(role, scope)]


def test_every_word_has_an_english_one(house: Path) -> None:
    said = {
        word
        for path in [*(house / "desk/templates").glob("people*.html"), house / "desk/templates/tokens.html"]
        for word in re.findall(r"""t\(["']([^"']+)["']\)""", path.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert len(said) > 40 and said - set(english()) == set()
