"""Penalties under the operator, their publication, the watch list."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from clues.credit import (
    COLUMNS,
    add_penalty,
    broken_faith_shops,
    drop,
    export,
    publish,
    record_of,
    records,
    stops_on,
    watch,
    watched,
)
from clues.deadlines import load_periods, penalty_reminders
from clues.log import CaseError, events_of
from storage import Store
from storage import models as m
from sweeps.plan import open_clue_shops
from tests.clues.casework import HOUSE, a_clue, at, walk

PERIODS = load_periods(HOUSE / "rules")
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
# A USCC registered in 53 (云南), its check digit by GB 32100.
USCC = "91530100MA6K1A2B30"


def punished(store: Store, number: int = 1, day: date = date(2026, 11, 11), kind: str = "ordinary") -> int:  # fmt: skip
    """A clue whose operator was punished; returns the clue."""
    clue_id = a_clue(store, number, operator_name="虚构茶行有限公司", uscc=USCC, violation="counterfeit" if number == 1 else "false_claim")  # fmt: skip
    with store.session() as session:
        add_penalty(
            session, PERIODS, clue_id, f"虚市监罚字〔2026〕{number}号", "罚款5000元", "虚构县市场监督管理局",
            day, kind, "王芳", lambda: NOW,
        )  # fmt: skip
    return clue_id


def test_the_seven_and_twenty_working_days_are_counted(store: Store) -> None:
    punished(store)
    with store.session() as session:
        due = {
            one.what.split("：")[0]: one for one in penalty_reminders(session, PERIODS, NOW, "53")
        }
    # From Wednesday the 11th: 12 13 | 16–20 → the 20th is the seventh; today is the 24th.
    (seven,) = (one for what, one in due.items() if "信用中国" in what)
    assert seven.due == date(2026, 11, 20) and seven.left == -2
    (twenty,) = (one for what, one in due.items() if "本省" in what)
    assert twenty.due == date(2026, 12, 9) and "第九条" in twenty.basis
    assert len(due) == 2, "whoever is registered here is not pushed to another province"
    with store.session() as session:
        elsewhere = [one.what for one in penalty_reminders(session, PERIODS, NOW, "44")]
    assert sum("推送" in what for what in elsewhere) == 1
    with store.session() as session:
        publish(session, "虚市监罚字〔2026〕1号", date(2026, 11, 19), "李强")
    with store.session() as session:
        assert not list(penalty_reminders(session, PERIODS, NOW, "53"))
        with pytest.raises(CaseError, match="李强"):
            publish(session, "虚市监罚字〔2026〕1号", date(2026, 11, 20), "王芳")


def test_the_export_has_the_layout_of_the_publicity_record(store: Store, tmp_path: Path) -> None:
    punished(store)
    punished(store, 2, kind="warning")
    with store.session() as session:
        rows = records(session, {"counterfeit": "假冒商品"})
        assert len(records(session, {}, everything=True)) == 2
    export(rows, "csv", tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert tuple(row) == COLUMNS
    assert row["当事人名称"] == "虚构茶行有限公司" and row["违法行为类型"] == "假冒商品"
    assert row["作出行政处罚决定的日期"] == "2026-11-11" and row["公示日期"] == ""


def test_it_is_shown_for_three_years_or_three_months(store: Store) -> None:
    punished(store)
    with store.session() as session:
        said = ("虚市监罚字〔2026〕1号", date(2026, 11, 30), "王芳")
        with pytest.raises(CaseError, match="lies ahead"):
            publish(session, *said, at("2026-11-29T15:59:59+00:00"))
        penalty = publish(session, *said, at("2026-11-29T16:00:00+00:00"))
        assert stops_on(penalty) == date(2029, 11, 30)
        penalty.kind = "minor"
        assert stops_on(penalty) == date(2027, 2, 28), "February has no 30th"


def test_a_penalty_stands_in_the_clues_log_and_under_its_operator(store: Store) -> None:
    clue_id = punished(store)
    walk(store, clue_id, "triage")
    with store.session() as session:
        clue = session.get_one(m.Clue, clue_id)
        assert [e.action for e in events_of(session, clue.docket)] == ["penalty", "triage"]
        assert clue.operator_id is not None
        gathered = record_of(session, clue.operator_id)
    assert [one["decision_no"] for one in gathered["penalties"]] == ["虚市监罚字〔2026〕1号"]
    assert gathered["clues"][0]["state"] == "triaged" and gathered["uscc"] == USCC


@pytest.mark.parametrize(
    ("number", "day", "told"),
    [
        ("虚市监罚字〔2026〕1号", date(2026, 11, 12), "recorded already, by 王芳"),
        ("另号", date(2026, 11, 25), "lies ahead"),
        (" ", date(2026, 11, 12), "--decision-no: empty"),
    ],
)
def test_what_can_not_be_is_told(store: Store, number: str, day: date, told: str) -> None:
    clue_id = punished(store)
    with store.session() as session, pytest.raises(CaseError, match=told):
        add_penalty(
            session,
            PERIODS,
            clue_id,
            number,
            "罚款",
            "虚构局",
            day,
            "ordinary",
            "王芳",
            lambda: NOW,
        )


def test_a_penalty_wants_an_operator(store: Store) -> None:
    clue_id = a_clue(store)
    with store.session() as session, pytest.raises(CaseError, match="operator is not known"):
        add_penalty(
            session, PERIODS, clue_id, "号", "罚", "局", date(2026, 11, 2), "ordinary", "王芳"
        )


def test_who_is_punished_again_is_watched_and_swept_first(store: Store) -> None:
    first = punished(store)
    with store.session() as session:
        assert watched(session) == []
    second = punished(store, 2, date(2026, 11, 20))
    walk(store, first, "reject")
    walk(store, second, "reject")
    with store.session() as session:
        ((entry, operator),) = watched(session)
        assert "2 次行政处罚" in entry.why
        shops = broken_faith_shops(session)
        assert {source for source, _ in shops} == {"taobao"} and len(shops) == 2
        assert open_clue_shops(session) == shops, "though no clue is open"
        with pytest.raises(CaseError, match="already"):
            watch(session, operator.id, "王芳", "再次")
    with store.session() as session:
        drop(session, operator.id, "王芳", "信用修复")
    with store.session() as session:
        assert watched(session) == [] and open_clue_shops(session) == set()
