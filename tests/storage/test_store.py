from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, text

from listing import Listing
from storage import Store, StoreError, open_store
from storage import models as m
from storage.observations import Found, record

NOW = datetime(2026, 11, 11, 2, tzinfo=UTC)


def found(title: str = "普洱茶", price: str = "99", at: datetime = NOW, **more: str) -> Found:
    listing = Listing.from_dict(
        {"title": title, "price": price, "source": "taobao", "shop_name": "虚构茶行", **more}
    )
    return Found(listing, "http://x.example/1", "", "tea", None, at)


def count(store: Store, table: type[m.Base]) -> int:
    with store.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_migrations_make_just_the_tables_of_the_models(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from storage.search import is_ours

    told = {"compare_type": False, "include_name": lambda name, *_: is_ours(name)}
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=told)
        assert compare_metadata(context, m.Base.metadata) == []


def test_a_late_look_joins_the_history_in_its_place(store: Store) -> None:
    looks = [("二", 2), ("一", 1), ("三", 3), ("一", 1), ("二", 2)]
    fresh = []
    for title, day in looks:
        with store.session() as session:
            (row,) = record(session, None, [found(title, at=NOW + timedelta(days=day))])
        fresh.append(row.observation_id is not None)
    assert fresh == [True, True, True, False, False], "the second time nothing is new"
    with store.session() as session:
        told = session.scalars(select(m.Observation).order_by(m.Observation.seen_at)).all()
        listing = session.scalars(select(m.ListingRow)).one()
    assert [one.content["title"] for one in told] == ["一", "二", "三"]
    assert (listing.title, listing.first_seen) == ("三", NOW + timedelta(days=1))
    assert listing.last_seen == NOW + timedelta(days=3)


def test_prices_of_later_days_are_no_history(store: Store) -> None:
    with store.session() as session:
        record(session, None, [found(price="80", at=NOW)])
        (late,) = record(session, None, [found(price="99", at=NOW - timedelta(days=30))])
    assert late.prices == ()


def test_opening_twice_keeps_what_is_there(store_url: str) -> None:
    first = open_store(store_url)
    with first.session() as session:
        record(session, None, [found()])
    first.close()
    again = open_store(store_url)
    assert count(again, m.ListingRow) == 1
    again.close()


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(store_url: str) -> None:
    store = open_store(store_url)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StoreError, match="newer version"):
        open_store(store_url)


OPEN_AND_DIE = """
import os, signal, sys
from sqlalchemy import Engine, event
from storage import open_store

@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "CREATE TABLE clue" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

open_store(sys.argv[1])
"""


def test_a_kill_while_the_tables_are_made_leaves_none(store_url: str, house: Path) -> None:
    died = subprocess.run([sys.executable, "-c", OPEN_AND_DIE, store_url], cwd=house, check=False)
    assert died.returncode == -signal.SIGKILL
    store = open_store(store_url)
    assert count(store, m.Clue) == 0
    store.close()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "nonsense", "sqlite:////proc/none/x.db"])
def test_a_url_that_is_no_store_is_a_plain_error(url: str) -> None:
    with pytest.raises(StoreError, match=url[:6]):
        open_store(url)


def test_a_file_that_is_no_database_is_a_plain_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is text, and long enough not to be taken for empty" * 50)
    with pytest.raises(StoreError, match="can't be opened"):
        open_store(f"sqlite:///{tmp_path / 'x.db'}")


def test_unchanged_content_is_not_stored_twice(store: Store) -> None:
    with store.session() as session:
        (first,) = record(session, None, [found()])
        (second,) = record(session, None, [found(at=NOW + timedelta(days=1))])
    assert first.first and first.observation_id is not None
    assert not second.first and second.observation_id is None
    assert count(store, m.Observation) == 1
    with store.session() as session:
        assert session.scalars(select(m.ListingRow.last_seen)).one() == NOW + timedelta(days=1)


def test_a_changed_price_is_a_new_observation_with_the_earlier_prices(store: Store) -> None:
    with store.session() as session:
        record(session, None, [found(price="128")])
        (later,) = record(session, None, [found(price="99", at=NOW + timedelta(days=1))])
        (back,) = record(session, None, [found(price="128", at=NOW + timedelta(days=2))])
    # 02:00 UTC on 11 November is the same day in China.
    assert [(p.date.isoformat(), str(p.price)) for p in later.prices] == [("2026-11-11", "128")]
    assert len(back.prices) == 2
    assert count(store, m.Observation) == 3


def test_one_listing_twice_in_a_batch_is_one_observation(store: Store) -> None:
    with store.session() as session:
        record(session, None, [found(), found()])
    assert count(store, m.Observation) == count(store, m.ListingRow) == count(store, m.Shop) == 1


def test_a_shop_gets_its_operator_when_a_page_names_it(store: Store) -> None:
    with store.session() as session:
        (row,) = record(session, None, [found()])
        (item,) = record(
            session, None, [found(operator_name="虚构茶行有限公司", uscc="91350100M000100Y43")]
        )
    assert row.operator_id is None and item.operator_id is not None
    with store.session() as session:
        assert session.scalars(select(m.Operator.key)).one() == "91350100M000100Y43"


def test_an_unsound_code_does_not_identify_an_operator(store: Store) -> None:
    with store.session() as session:
        record(session, None, [found(operator_name="虚构茶行", uscc="91350100M000100Y44")])
        assert session.scalars(select(m.Operator.key)).one() == "name:虚构茶行"


def test_sqlite_runs_in_wal_mode(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 's.db'}")
    with store.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    store.close()


def test_every_table_of_the_design_exists(store: Store) -> None:
    wanted = {
        "source", "sweep", "task", "listing", "observation", "shop", "operator", "signal", "clue", "evidence",
    }  # fmt: skip
    assert wanted <= set(inspect(store.engine).get_table_names())


def test_a_store_of_the_first_version_is_upgraded_and_keeps_what_it_has(store_url: str) -> None:
    from alembic import command

    from storage.store import alembic_config

    store = open_store(store_url)
    with store.session() as session:
        record(session, None, [found()])
    with store.engine.begin() as connection:
        command.downgrade(alembic_config(connection), "0001")
    assert "picture" not in inspect(store.engine).get_table_names()
    store.close()
    upgraded = open_store(store_url)
    assert {"picture", "picture_band"} <= set(inspect(upgraded.engine).get_table_names())
    assert count(upgraded, m.ListingRow) == 1
    upgraded.close()
