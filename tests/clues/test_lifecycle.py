"""The life of a clue and its log, on both databases."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from clues.handover import answer, answers_for, hand_over, open_case, show_case
from clues.lifecycle import STATES, STEPS, Conflict, take
from clues.log import CaseError, check, events_of
from detectors import Detector
from storage import Store
from storage import models as m
from storage.casework import Transfer, Verdict
from tests.clues.casework import a_clue, at, departments, walk
from tests.clues.test_growth import accuse, seen


def state(store: Store, clue_id: int) -> str:
    with store.session() as session:
        return session.get_one(m.Clue, clue_id).state


def log(store: Store, clue_id: int) -> list[tuple[str, str, str, str]]:
    with store.session() as session:
        clue = session.get_one(m.Clue, clue_id)
        assert check(session, clue) == []
        return [(e.action, e.from_state, e.to_state, e.by) for e in events_of(session, clue.docket)]


def test_every_step_leads_between_states_that_are() -> None:
    for step in STEPS.values():
        assert {*step.origins, step.to} <= set(STATES)
    assert {step.to for step in STEPS.values()} == set(STATES) - {"new"}


def test_from_new_to_closed_through_two_departments(store: Store, detector: Detector) -> None:
    clue_id, known, regions = a_clue(store), departments(detector), detector.ruleset.regions
    walk(store, clue_id, "triage", "verify", "confirm")
    with store.session() as session:
        hand_over(session, known, regions, clue_id, "shiyao", "王芳", "食品")
    with store.session() as session:
        hand_over(session, known, regions, clue_id, "gongan", "王芳", "涉嫌犯罪")
    with store.session() as session:
        answer(session, known, clue_id, "shiyao", "李某", "已立案", "upheld")
    assert state(store, clue_id) == "transferred", "the second department owes its answer"
    with store.session() as session, pytest.raises(CaseError, match="owes no answer"):
        answer(session, known, clue_id, "shiyao", "李某", "又一次", "upheld")
    with store.session() as session:
        answer(session, known, clue_id, "gongan", "赵某", "不构成犯罪", "declined")
    walk(store, clue_id, "close")
    assert log(store, clue_id) == [
        ("triage", "new", "triaged", "王芳"),
        ("verify", "triaged", "verifying", "王芳"),
        ("confirm", "verifying", "confirmed", "王芳"),
        ("transfer", "confirmed", "transferred", "王芳"),
        ("transfer", "transferred", "transferred", "王芳"),
        ("answer", "transferred", "transferred", "李某"),
        ("answer", "transferred", "answered", "赵某"),
        ("close", "answered", "closed", "王芳"),
    ]
    with store.session() as session:
        returned = [(t.department, t.result) for t, _ in answers_for(session, "王芳")]
        assert returned == [("gongan", "declined"), ("shiyao", "upheld")], "newest first"
        assert answers_for(session, "别人") == []


def test_a_step_that_does_not_start_here_is_refused_and_says_how_it_stands(store: Store) -> None:
    clue_id = a_clue(store)
    with store.session() as session, pytest.raises(CaseError, match="nobody has touched it"):
        take(session, clue_id, "confirm", "王芳", "看过")
    walk(store, clue_id, "reject")
    with store.session() as session, pytest.raises(CaseError) as refused:
        take(session, clue_id, "verify", "李强", "再查")
    assert "is rejected" in str(refused.value) and "王芳 took the step reject" in str(refused.value)
    assert len(log(store, clue_id)) == 1, "nothing was written of it"


@pytest.mark.parametrize(("by", "why"), [("", "因"), ("  ", "因"), ("王芳", ""), ("王芳", "\n")])
def test_who_and_why_must_be_said(store: Store, by: str, why: str) -> None:
    clue_id = a_clue(store)
    with store.session() as session, pytest.raises(CaseError, match="empty"):
        take(session, clue_id, "triage", by, why)
    assert state(store, clue_id) == "new"


def test_of_two_officers_at_once_one_wins_and_the_other_is_told(store: Store) -> None:
    clue_id = a_clue(store)
    ready, told = threading.Barrier(2, timeout=30), []

    def officer(name: str) -> None:
        ready.wait()
        try:
            with store.session() as session:
                take(session, clue_id, "triage", name, "归我", version=0)
            told.append((name, ""))
        except CaseError as error:
            told.append((name, str(error)))

    officers = [threading.Thread(target=officer, args=(name,)) for name in ("王芳", "李强")]
    for one in officers:
        one.start()
    for one in officers:
        one.join(60)
    (winner,) = (name for name, error in told if not error)
    (error,) = (error for _, error in told if error)
    assert re.search(
        rf"{winner} took the step triage .* at \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d", error
    )
    assert log(store, clue_id) == [("triage", "new", "triaged", winner)]


def test_who_read_the_clue_before_the_other_wrote_it_is_told_too(store: Store) -> None:
    clue_id = a_clue(store)
    taken, told = threading.Event(), []

    def second() -> None:
        taken.wait(30)
        try:
            # Reads the clue as it was, and waits for the first to be done.
            with store.session() as session:
                take(session, clue_id, "triage", "李强", "归我")
        except CaseError as error:
            told.append(error)

    other = threading.Thread(target=second)
    other.start()
    with store.session() as session:
        take(session, clue_id, "triage", "王芳", "归我")
        taken.set()
        other.join(1)
        assert other.is_alive(), "the second one waits"
    other.join(60)
    (error,) = told
    assert isinstance(error, Conflict)
    assert "王芳 took the step triage" in str(error) and "version 1, you saw 0" in str(error)
    assert log(store, clue_id) == [("triage", "new", "triaged", "王芳")]


def test_who_saw_an_older_version_is_told_who_changed_it(store: Store) -> None:
    clue_id = a_clue(store)
    walk(store, clue_id, "triage")
    with store.session() as session, pytest.raises(Conflict, match="王芳 took the step triage"):
        take(session, clue_id, "verify", "李强", "查", version=0)


def test_a_rejected_clue_opens_again_and_its_verdict_is_void(store: Store) -> None:
    clue_id = a_clue(store)
    walk(store, clue_id, "reject")
    with store.session() as session:
        assert session.get_one(Verdict, clue_id).right is False
    walk(store, clue_id, "reopen")
    with store.session() as session:
        assert session.get(Verdict, clue_id) is None
    assert state(store, clue_id) == "triaged"


def test_a_clock_that_jumped_back_is_told_and_nothing_is_lost(store: Store) -> None:
    clue_id = a_clue(store)
    clock = at("2026-11-11T09:00:00+08:00", "2026-11-11T08:00:00+08:00")
    for action in ("triage", "verify"):
        with store.session() as session:
            event = take(session, clue_id, action, "王芳", "查", now=clock)
    assert event.clock_back == 3600, "one hour"
    assert [row[0] for row in log(store, clue_id)] == ["triage", "verify"]


@pytest.mark.parametrize("change", ["UPDATE clue_event SET why = 'x'", "DELETE FROM clue_event"])
def test_the_database_refuses_to_change_the_log(store: Store, change: str) -> None:
    walk(store, a_clue(store), "triage")
    with pytest.raises(DBAPIError, match="append-only"), store.session() as session:
        session.execute(text(change))


def forced(store: Store, *changes: str) -> None:
    """Change the log as somebody could who owns the database."""
    with store.session() as session:
        if store.engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE clue_event DISABLE TRIGGER ALL"))
        else:
            for name in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER clue_event_no_{name}"))
        for change in changes:
            session.execute(text(change))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DELETE FROM clue_event WHERE number = 2", "event 2 is missing"),
        ("DELETE FROM clue_event WHERE number = 3", "2 events are there, but 3 steps were taken"),
        ('UPDATE clue_event SET "by" = why WHERE number = 1', "event 1 was changed"),
        ("UPDATE clue_event SET why = 'x' WHERE number = 3", "event 3 was changed"),
    ],
)  # fmt: skip
def test_a_log_that_was_changed_all_the_same_is_seen(store: Store, change: str, told: str) -> None:
    clue_id = a_clue(store)
    walk(store, clue_id, "triage", "verify", "confirm")
    forced(store, change)
    with store.session() as session:
        wrong = check(session, session.get_one(m.Clue, clue_id))
    assert wrong and wrong[0].startswith(told)


def test_the_log_survives_when_a_shops_clue_becomes_its_operators(
    store: Store, detector: Detector
) -> None:
    known, regions = departments(detector), detector.ruleset.regions
    row = seen(store, "最好的茶", 1)
    (orphan,) = accuse(store, row, "最好")[0]
    other = seen(store, "顶级茶", 3, shop_name="另店", operator_name="虚构茶行有限公司")
    (heir,) = accuse(store, other, "顶级")[0]
    walk(store, orphan, "triage", "verify", "confirm")
    with store.session() as session:
        hand_over(session, known, regions, orphan, "gongan", "王芳", "移送")
    accuse(store, seen(store, "顶级的茶", 2, operator_name="虚构茶行有限公司"), "顶级")
    with store.session() as session:
        assert session.get_one(m.Clue, orphan).subject == f"folded:{orphan}"
        clue = session.get_one(m.Clue, heir)
        assert clue.state == "transferred", "what officers did with it is not undone"
        (event,) = events_of(session, clue.docket)
        assert event.action == "merge" and event.detail["clue_id"] == orphan
        assert len(events_of(session, event.detail["docket"])) == 4, "the old log stands as it was"
        assert check(session, clue) == []
        assert session.scalars(select(Transfer.clue_id)).all() == [heir]
        assert session.get_one(Verdict, heir).right is True
    forced(store, f"DELETE FROM clue_event WHERE clue_id = {orphan} AND number = 4")
    with store.session() as session:
        (wrong, *_) = check(session, session.get_one(m.Clue, heir))
    assert wrong == f"clue {orphan} (merged): 3 events are there, but 4 steps were taken"


def test_a_clue_that_gets_the_id_of_a_merged_one_does_not_get_its_log(store: Store) -> None:
    heir_row = seen(store, "顶级茶", 3, shop_name="另店", operator_name="虚构茶行有限公司")
    accuse(store, heir_row, "顶级")
    (orphan,) = accuse(store, seen(store, "最好的茶", 1), "最好")[0]
    walk(store, orphan, "triage")
    accuse(store, seen(store, "顶级的茶", 2, operator_name="虚构茶行有限公司"), "顶级")
    fresh = a_clue(store, 9)
    assert log(store, fresh) == []


def test_a_joint_case_has_an_answer_of_each_department_or_is_not_opened(
    store: Store, detector: Detector
) -> None:
    known, regions = departments(detector), detector.ruleset.regions
    ready, raw = a_clue(store, 1), a_clue(store, 2)
    walk(store, ready, "triage", "verify", "confirm")
    with pytest.raises(CaseError, match="is new"), store.session() as session:
        open_case(session, known, regions, [ready, raw], ["gongan", "shiyao"], "王芳", "联合")
    assert state(store, ready) == "confirmed", "all of it or nothing"
    with store.session() as session:
        case = open_case(
            session, known, regions, [ready], ["gongan", "省食品药品监管局"], "王芳", "联合"
        )
    with store.session() as session:
        answer(session, known, ready, "gongan", "赵某", "立案侦查", "upheld")
        view = show_case(session, case.id)
        assert (len(view.transfers), view.owing) == (2, 1)
    with (
        store.session() as session,
        pytest.raises(CaseError, match="with 省食品药品监管局 already"),
    ):
        hand_over(session, known, regions, ready, "shiyao", "王芳", "再移送")
    with store.session() as session, pytest.raises(CaseError, match="no such department"):
        hand_over(session, known, regions, ready, "天庭", "王芳", "再移送")
