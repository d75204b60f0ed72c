"""By which ways clues came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from clues import Finding, grow
from clues.arrivals import WAYS, arrivals_of, arrive, count_ways, way_of_sweep
from clues.standing import standing
from storage import Store
from storage import models as m
from tests.clues.test_growth import NOW, accuse, seen


def test_an_intensified_sweep_is_the_promotion_watch() -> None:
    assert [way_of_sweep(mode) for mode in ("nightly", "ad-hoc", "intensified")] == [
        "sweep",
        "sweep",
        "promotion",
    ]
    assert len(WAYS) == 7, "the plan's seven ways, 四(一)"


def test_each_sweep_that_says_something_new_is_an_arrival_and_others_are_none(store: Store) -> None:
    (clue,) = accuse(store, seen(store, "最好的茶", 1), "最好")[0]
    with store.session() as session:
        for number in (1, 2):
            session.add(
                m.Sweep(id=number, mode="nightly", state="done", plan={}, summary=None, started_at=NOW, ended_at=None)
            )  # fmt: skip
    row = seen(store, "顶级的茶", 2)
    with store.session() as session:
        signal = m.SignalRow(
            observation_id=row.observation_id, rule="r", rule_version=1, violation="absolute_claim", field="title",
            start=0, end=2, text="顶级", strength=0.9, reason="", disguise=[], law=[],
        )  # fmt: skip
        session.add(signal)
        session.flush()
        finding = Finding(row.shop_id, None, "taobao", "tea", "", None, NOW, {"absolute_claim": (0.9, [signal.id])})  # fmt: skip
        grow(session, 1, [finding], "promotion")
        grow(session, 2, [finding], "sweep")
        assert [(a["way"], a["sweep"]) for a in arrivals_of(session, clue)] == [
            ("sweep", None),
            ("promotion", 1),
        ]
        counted = {one.way: (one.clues, one.alone) for one in count_ways(session)}
    assert counted["sweep"] == counted["promotion"] == (1, 0)


def test_the_arrivals_of_a_shops_clue_go_to_the_operators(store: Store) -> None:
    """The shop's operator becomes known, and the operator has a clue of the same kind already."""
    accuse(
        store,
        seen(store, "最好的茶", 1, shop_name="甲虚构店", operator_name="虚构茶行有限公司"),
        "最好",
    )
    (orphan,) = accuse(store, seen(store, "顶级的茶", 2, shop_name="乙虚构店"), "顶级")[0]
    with store.session() as session:
        sweep = m.Sweep(mode="intensified", state="done", plan={}, summary=None, started_at=NOW, ended_at=None)  # fmt: skip
        session.add(sweep)
        session.flush()
        assert arrive(session, orphan, "promotion", NOW, sweep.id)
        assert not arrive(session, orphan, "promotion", NOW + timedelta(days=1), sweep.id)
    named = seen(store, "极品的茶", 3, shop_name="乙虚构店", operator_name="虚构茶行有限公司")
    accuse(store, named, "极品")
    with store.session() as session:
        (clue,) = session.scalars(select(m.Clue).where(standing())).all()
        assert {a["way"] for a in arrivals_of(session, clue.id)} == {"sweep", "promotion"}


def test_clues_of_an_older_store_came_by_their_sweeps(store_url: str) -> None:
    from alembic import command

    from storage import open_store
    from storage.store import alembic_config

    store = open_store(store_url)
    accuse(store, seen(store, "最好的茶", 1), "最好")
    with store.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0003")
    store.close()
    store = open_store(store_url)
    with store.session() as session:
        assert session.execute(text("SELECT way, origin FROM clue_arrival")).all() == [("sweep", "sweep:0")]  # fmt: skip
    store.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_way_fits_its_column(way: str) -> None:
    assert len(way) <= 16
