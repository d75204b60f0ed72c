"""Price watch: which pages are looked at, what is kept of a look, and what it decides on the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

import settings
from clues import Jurisdiction
from crawler.plan import load_goods
from crawler.tasks import Capture, Fetched, Task
from detectors import Detector
from listing import Listing
from storage import Store, Vault, open_store
from storage import models as m
from storage.observations import Found, record
from storage.prices import price_points
from storage.runs import PriceSample
from sweeps.order import SweepError, SweepOrder
from sweeps.pricewatch import draw_watch
from sweeps.run import plan_sweep
from sweeps.sink import StoreSink
from sweeps.summary import Summary
from sweeps.tasks import pending_tasks
from tests.sweeps.conftest import env_for, swept
from tests.sweeps.recorder import Asked, Recorder, Say, item, links

START = datetime(2026, 10, 1, 2, tzinfo=UTC)
TITLE = "普洱茶饼 357克 双十一特价"


class Watched:
    """A store with one shop's tea, looked at day by day."""

    def __init__(self, store: Store, folder: Path, detector: Detector) -> None:
        self.store, self.detector = store, detector
        self.vault = Vault(folder / "evidence")
        self.jurisdiction = Jurisdiction(detector.knowledge.places)
        self.goods = load_goods(settings.load().rules_dir)
        with store.session() as session:
            session.execute(
                insert(m.SourceRow).values(
                    name="cha.example", kind="shop", title="茶", home="http://cha.example/",
                    how_found="named", added_at=START,
                )
            )  # fmt: skip

    def look(self, day: int, price: str, was: str | None, mode: str = "price-watch") -> Summary:
        """A sweep's look at the one item page."""
        with self.store.session() as session:
            sweep = session.scalars(
                insert(m.Sweep)
                .values(mode=mode, state="running", plan={}, summary=None, started_at=START, ended_at=None)
                .returning(m.Sweep.id)
            ).one()  # fmt: skip
        summary = Summary(sweep_id=sweep, mode=mode)
        sink = StoreSink(
            self.store, self.vault, self.detector, self.jurisdiction,
            summary, self.goods, samples=mode != "nightly",
        )  # fmt: skip
        at = START + timedelta(days=day)
        url = "http://cha.example/item/1"
        body = f"{price} {was} {day}".encode()
        kept = sink.captured(Capture(url, 200, (), body, at, f"{sweep}", "page", "cha.example"))
        said = {
            "title": TITLE,
            "url": url,
            "source": "cha.example",
            "price": price,
            "original_price": was,
        }
        if mode == "nightly":
            said |= {"operator_name": "虚构茶业有限公司", "terms": "七日无理由退货"}
        listing = Listing.from_dict(said).model_copy(update={"seen_at": at})
        task = Task(1, "cha.example", "shop", "tea", start_url=url, item=mode == "price-watch")
        sink.listing(Fetched(task, listing, kept))
        sink.close()
        return summary

    def rows(self, query: Any) -> list[Any]:
        with self.store.session() as session:
            return list(session.execute(query).all())


@pytest.fixture
def watched(store: Store, tmp_path: Path, detector: Detector) -> Watched:
    return Watched(store, tmp_path, detector)


def test_a_look_keeps_the_price_of_the_day_though_the_page_says_nothing_new(
    watched: Watched,
) -> None:
    watched.look(0, "100", None, mode="nightly")
    for day in range(1, 8):
        summary = watched.look(day, "100", None)
        assert summary.total().observations_unchanged == 1, "what was not looked at stays"
    assert len(watched.rows(select(m.Observation.id))) == 1
    samples = watched.rows(
        select(PriceSample.day, PriceSample.price_fen, m.Evidence.url)
        .join(m.Evidence, m.Evidence.id == PriceSample.evidence_id)
        .order_by(PriceSample.day)
    )
    assert [day for day, _, _ in samples] == [date(2026, 10, 1 + n) for n in range(1, 8)]
    assert {(fen, url) for _, fen, url in samples} == {(10000, "http://cha.example/item/1")}


def test_the_lowest_price_of_a_day_counts(watched: Watched) -> None:
    watched.look(0, "100", None, mode="nightly")
    for price in ("100", "90", "95"):
        watched.look(1, price, None)
    assert watched.rows(select(PriceSample.price_fen)) == [(9000,)]
    with watched.store.session() as session:
        points = price_points(session, [1])[1]
    assert [(p.date.day, p.price) for p in points] == [(1, Decimal(100)), (2, Decimal(90)), (2, Decimal(95))]  # fmt: skip


def test_article_16_is_decided_on_the_day_by_what_the_week_before_cost(watched: Watched) -> None:
    # It cost 80 and stood unchanged; the day before the promotion 86; then 70 "instead of 86". The lowest price of the seven days before is 80.
    watched.look(0, "80", None, mode="nightly")
    for day in range(30, 39):
        watched.look(day, "80", None)
    watched.look(39, "86", None)
    watched.look(40, "70", "86")
    signals = watched.rows(select(m.SignalRow.violation, m.SignalRow.reason))
    assert [v for v, _ in signals] == ["price_fraud"]
    assert "划线价86元高于此前七日内最低成交价80" in signals[0][1]
    assert watched.rows(select(m.Clue.violation)) == [("price_fraud",)]


def test_without_samples_the_same_would_not_have_been_seen(watched: Watched) -> None:
    watched.look(0, "80", None, mode="nightly")
    watched.look(39, "86", None, mode="nightly")
    watched.look(40, "70", "86", mode="nightly")
    assert watched.rows(select(m.SignalRow.id)) == []


def test_a_page_that_stays_the_same_is_judged_again_once(watched: Watched) -> None:
    # "70 instead of 99" from the first day on: no history, nothing to hold it against. After a
    # month the price is no promotion's any more, and 99 was never asked for.
    watched.look(0, "70", "99", mode="nightly")
    for day in (*range(1, 36, 4), 36, 37):
        watched.look(day, "70", "99")
    assert len(watched.rows(select(m.Observation.id))) == 1
    signals = watched.rows(select(m.SignalRow.violation, m.SignalRow.reason))
    assert len(signals) == 1 and signals[0][0] == "price_fraud"
    assert "99" in signals[0][1]
    assert len(watched.rows(select(m.Clue.id))) == 1


def listed(store: Store, host: str, number: int, goods: str, clue: bool = False) -> None:
    with store.session() as session:
        if not session.scalar(select(m.SourceRow.id).where(m.SourceRow.name == host)):
            session.execute(
                insert(m.SourceRow).values(
                    name=host, kind="shop", title=host, home=f"http://{host}/", how_found="", added_at=START
                )
            )  # fmt: skip
        url = f"http://{host}/{number}"
        listing = Listing.from_dict({"title": "茶", "source": host, "price": "9", "url": url})
        (row,) = record(session, None, [Found(listing, url, host, goods, None, START)])
        if clue:
            session.execute(
                insert(m.Clue).values(
                    subject=f"shop:{row.shop_id}", shop_id=row.shop_id, violation="false_claim",
                    state="new", score=0.9, goods=[], sources=[], region="", intake="sweep",
                    opened_at=START, grown_at=START,
                )
            )  # fmt: skip


def test_open_clues_come_first_then_what_was_sampled_longest_each_once_a_day(store: Store) -> None:
    config = settings.load()
    for number, (host, goods, clue) in enumerate(
        [("a.example", "tea", False), ("b.example", "tea", False), ("c.example", "tea", True), ("d.example", "farm-supply", True)]
    ):  # fmt: skip
        listed(store, host, number, goods, clue)
    order = SweepOrder(goods=("tea",), mode="price-watch")

    def hosts(day: int, **more: Any) -> list[str]:
        with store.session() as session:
            plan = draw_watch(config, session, replace(order, **more), START + timedelta(days=day))
        assert all(task.item for task in plan.tasks)
        return [task.source for task in plan.tasks]

    assert hosts(1) == ["c.example", "a.example", "b.example"], "only the goods on promotion"
    with store.session() as session:
        session.add(PriceSample(listing_id=2, day=date(2026, 10, 2), price_fen=900, seen_at=START))
    assert hosts(1) == ["c.example", "a.example"], "b was sampled on that day"
    assert hosts(2) == ["c.example", "b.example", "a.example"], "days in a row go before new ones"
    assert hosts(2, budget=2) == ["c.example", "b.example"]
    assert hosts(60) == [], "what no sweep saw for long is taken for gone"
    assert hosts(2, sources=("shop",)) == hosts(2) and hosts(2, sources=("taobao",)) == []
    with pytest.raises(SweepError, match="a price watch has no source amazon"):
        hosts(2, sources=("amazon",))


def test_its_tasks_are_item_pages_in_the_store(store: Store) -> None:
    listed(store, "a.example", 1, "tea", clue=True)
    with store.session() as session:
        session.execute(update(m.ListingRow).values(last_seen=datetime.now(UTC)))
    summary = plan_sweep(settings.load(), store, SweepOrder(mode="price-watch"))
    with store.session() as session:
        (task,) = pending_tasks(session, summary.sweep_id)
    assert task.item and task.start_url == "http://a.example/1" and task.priority > 0


def test_the_command_asks_for_item_pages_only_and_cheaply(tmp_path: Path) -> None:
    def answer(asked: Asked) -> Say | None:
        if asked.path == "/":
            return Say(links("/item/1", "/item/2"))
        if asked.path == "/item/1":
            if asked.headers.get("If-None-Match") == '"1"':
                return Say(status=304, headers={"ETag": '"1"'})
            return Say(item("普洱茶饼 357克"), headers={"ETag": '"1"'})
        return Say(item("滇红茶 250克", 88)) if asked.path == "/item/2" else None

    class FakeTown:
        def __init__(self, port: int) -> None:
            self.port = port

    with Recorder(answer) as site:
        env = env_for(FakeTown(site.port), tmp_path)  # type: ignore[arg-type]
        swept("--source", site.url("cha"), env=env, cwd=tmp_path)
        site.asked.clear()
        second = swept("--mode", "price-watch", "--goods", "tea", env=env, cwd=tmp_path)
        assert sorted(site.paths("cha")) == ["/item/1", "/item/2", "/robots.txt"]
        site.asked.clear()
        third = swept("--mode", "price-watch", "--dry-run", env=env, cwd=tmp_path)
        assert third["tasks"] == [] and site.asked == [], "both were looked at today"
    assert (
        second["total"]["observations_unchanged"] == 2 and second["total"]["pages_unchanged"] == 2
    )
    assert second["tasks"] == {"done": 2}
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        assert sorted(session.scalars(select(PriceSample.price_fen))) == [8800, 9900]
