"""Who gets in, who does not, and what stays closed to whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from desk import people
from desk.office import Office
from desk.pages.login import safe_next
from storage.people import Account, DeskSession
from tests.desk.conftest import PASSWORD, Officer

Officers = Callable[..., Officer]


def test_a_right_password_opens_the_desk_and_logging_out_closes_it(officer: Officers) -> None:
    anna = officer("analyst")
    assert anna.get("/").status_code == 200
    assert anna.act("/logout").headers["location"] == "/login"
    assert anna.get("/", follow_redirects=False).headers["location"] == "/login?next=/"


def test_a_stranger_is_led_to_the_login(stranger: Officer) -> None:
    answer = stranger.get("/me?x=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/me%3Fx%3D1")


def test_a_wrong_name_and_a_wrong_password_answer_alike(officer: Officers, office: Office) -> None:
    anna = officer("analyst", name="anna")
    anna.act("/logout")
    wrong = anna.enter("anna", "not the password at all")
    nobody = anna.enter("nobody", "not the password at all")
    assert wrong.status_code == nobody.status_code == 401
    assert "登录名或口令不对" in wrong.text and "登录名或口令不对" in nobody.text


def test_five_wrong_passwords_lock_the_account_for_a_while(officer: Officers, office: Office) -> None:  # fmt: skip
    anna = officer("analyst", name="anna")
    anna.act("/logout")
    for _ in range(people.LOCK_AFTER):
        assert anna.enter("anna", "not the password at all").status_code == 401
    assert anna.enter("anna").status_code == 401, "right, but locked"
    with office.store.writing() as session:
        session.execute(
            update(Account).values(locked_until=datetime.now(UTC) - timedelta(seconds=1))
        )
    assert anna.enter("anna").status_code == 303


def test_an_address_that_tries_many_names_is_stopped(stranger: Officer) -> None:
    answers = [stranger.enter(f"name{n}", "not the password") for n in range(21)]
    assert [one.status_code for one in answers] == [401] * 20 + [429]
    assert "尝试次数过多" in answers[-1].text


def test_a_form_without_the_sessions_token_changes_nothing(officer: Officers) -> None:
    anna = officer("analyst")
    for token in ("", "forged", "é"):
        answer = anna.post("/logout", data={"csrf": token}, follow_redirects=False)
        assert answer.status_code == 403
    assert anna.get("/").status_code == 200, "still logged in"


def test_a_login_form_from_elsewhere_is_refused(officer: Officers, stranger: Officer) -> None:
    officer("analyst", name="anna")
    said = {"name": "anna", "password": PASSWORD, "token": "guessed"}
    assert stranger.post("/login", data=said, follow_redirects=False).status_code == 403


def test_a_session_ends_when_idle_when_old_and_when_the_account_stops(officer: Officers, office: Office) -> None:  # fmt: skip
    anna = officer("analyst", name="anna")
    ages = {"seen_at": people.SESSION_IDLE, "begun_at": people.SESSION_LONGEST}
    for column, age in ages.items():
        with office.store.writing() as session:
            before = session.scalars(select(DeskSession)).one()
            kept = getattr(before, column)
            setattr(before, column, datetime.now(UTC) - age - timedelta(seconds=1))
        assert anna.get("/", follow_redirects=False).status_code == 303
        with office.store.writing() as session:
            session.execute(update(DeskSession).values({column: kept}))
        assert anna.get("/").status_code == 200
    with office.store.writing() as session:
        people.set_account(session, people.named(session, "anna"), "analyst", "", False)
    assert anna.get("/", follow_redirects=False).status_code == 303


def test_what_the_store_keeps_of_a_login_opens_nothing(officer: Officers, office: Office) -> None:
    anna = officer("analyst", name="anna")
    with office.store.session() as session:
        kept = session.scalars(select(DeskSession)).one()
        account = session.scalars(select(Account)).one()
    assert anna.cookies["yunjian"] not in (kept.key, kept.csrf)
    assert account.password.startswith("$argon2id$") and PASSWORD not in account.password


def test_an_own_password_is_changed_by_who_knows_the_old_one(officer: Officers) -> None:
    anna = officer("analyst", name="anna")
    new = "another long password"
    wrong = anna.act("/me/password", old="not the password", new=new, again=new)
    short = anna.act("/me/password", old=PASSWORD, new="short", again="short")
    assert (wrong.status_code, short.status_code) == (422, 422)
    assert anna.act("/me/password", old=PASSWORD, new=new, again=new).status_code == 303
    assert anna.get("/", follow_redirects=False).status_code == 303, "all sessions ended"
    assert anna.enter("anna", new).status_code == 303


def test_the_last_administrator_stays(office: Office) -> None:
    with office.store.writing() as session:
        one = people.add_account(session, "root", "", "administrator", PASSWORD)
        with pytest.raises(people.PeopleError, match="至少要留一名管理员"):
            people.set_account(session, one, "viewer", "", True)
        people.add_account(session, "other", "", "administrator", PASSWORD)
        people.set_account(session, one, "viewer", "", True)
        assert one.role == "viewer"


@pytest.mark.parametrize(
    ("name", "role", "password", "region", "says"),
    [
        ("", "viewer", PASSWORD, "", "登录名"),
        ("a b", "viewer", PASSWORD, "", "登录名"),
        ("anna", "king", PASSWORD, "", "没有角色 king"),
        ("anna", "viewer", "short", "", "口令至少 12 个字符"),
        ("anna", "viewer", PASSWORD, "53x", "区划代码"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(
    office: Office, name: str, role: str, password: str, region: str, says: str
) -> None:
    with office.store.writing() as session, pytest.raises(people.PeopleError, match=says):
        people.add_account(session, name, "", role, password, region)


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"]
)  # fmt: skip
def test_the_way_after_the_login_leads_nowhere_else(path: str) -> None:
    assert safe_next(path) == "/"
    assert safe_next("/clues?state=new") == "/clues?state=new"


def test_every_answer_carries_the_headers_that_keep_pages_harmless(officer: Officers) -> None:
    anna = officer("viewer")
    for path in ("/", "/login", "/no-such-page", "/static/desk.css"):
        answer = anna.get(path)
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_too_big_is_refused(officer: Officers) -> None:
    anna = officer("viewer")
    big = anna.post("/login", data={"name": "x" * 3_000_000, "password": "y"})
    assert big.status_code == 413


def test_two_languages(officer: Officers) -> None:
    anna = officer("viewer")
    assert '<html lang="zh-CN">' in anna.get("/").text
    anna.act("/language", lang="en", next="//evil.example")
    assert '<html lang="en">' in anna.get("/").text and "Log out" in anna.get("/").text
