"""What a sweep would ask, drawn from goods, names, places, sources and the store."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

import settings
from clues import Finding, grow
from crawler.addresses import canonical
from crawler.plan import PlanError, load_goods
from crawler.terms import load_searches
from listing import Listing
from storage import Store, open_store
from storage import models as m
from storage.observations import Found, record
from sweeps.order import Plan, SweepError, SweepOrder
from sweeps.plan import draw
from sweeps.run import plan_sweep
from sweeps.tasks import pending_tasks
from tests.sweeps.conftest import env_for, swept, yunjian
from tests.sweeps.recorder import Recorder
from tests.sweeps.test_politeness import env_of, robots

NOW = datetime(2026, 11, 11, 2, tzinfo=UTC)


def drawn(store: Store, **order: object) -> Plan:
    with store.session() as session:
        return draw(settings.load(), session, SweepOrder(**order))  # type: ignore[arg-type]


def watch(store: Store, host: str, goods: str = "", clue: str = "") -> None:
    """A watched shop, maybe with a listing of some goods, maybe with an open clue."""
    with store.session() as session:
        session.execute(
            insert(m.SourceRow).values(
                name=host, kind="shop", title=host, home=f"http://{host}/", how_found="baidu: 普洱茶",
                added_at=NOW,
            )
        )  # fmt: skip
        if not goods:
            return
        listing = Listing.from_dict({"title": "普洱茶", "source": host, "price": "9"})
        (row,) = record(session, None, [Found(listing, f"http://{host}/1", host, goods, None, NOW)])
        if clue:
            finding = Finding(
                shop_id=row.shop_id, operator_id=None, source=host, goods=goods, region="",
                evidence_id=None, seen_at=NOW, violations={clue: (0.9, [])}, pictures={},
            )  # fmt: skip
            grow(session, None, [finding])  # type: ignore[arg-type]


def test_goods_by_names_by_places_by_sources(store: Store) -> None:
    def texts(**order: object) -> set[str]:
        return {q.text for q in drawn(store, goods=("sanqi",), sources=("jd",), **order).queries}

    plain = {"文山三七", "三七粉", "田七", "三七超细粉"}
    assert texts() == plain
    placed = {"文山 三七粉", "砚山 文山三七", "砚山 三七粉"}
    assert texts(mode="nightly") == plain | placed, "no 文山 before 文山三七"
    more = {f"{place} {name}" for place in ("文山", "砚山") for name in ("田七", "三七超细粉")}
    assert texts(mode="intensified") == plain | placed | more
    assert texts(region="5326") == plain | placed
    assert texts(region="5329") == plain | {"大理 文山三七", "大理 三七粉"}, "under its own name"
    every = drawn(store)
    assert {task.source for task in every.tasks} == set(every.sources)
    per_source = {s: [q.text for q in every.queries if q.source == s] for s in every.sources}
    assert len({tuple(t) for t in per_source.values()}) == 1 and len(per_source) == len(
        every.sources
    )


def test_what_leads_to_one_address_is_asked_once(store: Store) -> None:
    for mode in ("ad-hoc", "intensified"):
        tasks = drawn(store, mode=mode).tasks
        addresses = [canonical(task.url) for task in tasks]
        assert len(addresses) == len(set(addresses)) > 100
    same = ("http://cha.example/", "http://cha.example/#top", "http://CHA.example:80/")
    assert len(drawn(store, sources=same).tasks) == 1


def test_each_group_of_the_searches_is_on_the_watch_list(house: Path, tmp_path: Path) -> None:
    goods = {one.id: one for one in load_goods(house / "rules")}
    searches = load_searches(house / "rules")
    for id_, names in searches.synonyms.items():
        assert set(names) <= set(goods[id_].search), id_
    assert set(searches.regions) <= set(goods)
    (tmp_path / "searches.yaml").write_text("places: {}\ngoods: {tea: {regions: ['53']}}", "utf-8")
    with pytest.raises(PlanError, match=r"searches\.yaml: places without a name: 53"):
        load_searches(tmp_path)


def test_watched_shops_are_swept_those_with_open_clues_first(store: Store) -> None:
    watch(store, "a.example")
    watch(store, "b.example", "tea")
    watch(store, "c.example", "tea", clue="medical_claim")
    watch(store, "d.example", "cosmetics")
    tasks = drawn(store).tasks
    assert tasks[0].url == "http://c.example/" and tasks[0].why == "watched, open clues"
    assert {t.source for t in tasks if t.reader == "shop"} == {f"{x}.example" for x in "abcd"}
    tea = drawn(store, goods=("tea",)).tasks
    assert {t.source for t in tea if t.reader == "shop"} == {
        "a.example", "b.example", "c.example",
    }, "d is known to sell other things, of a nothing is known"  # fmt: skip
    assert not [t for t in drawn(store, sources=("jd",)).tasks if t.reader == "shop"]
    summary = plan_sweep(settings.load(), store, SweepOrder())
    with store.session() as session:
        pending = pending_tasks(session, summary.sweep_id)
        assert len(pending) == len(tasks)
        assert pending[0].source == "c.example" and pending[0].priority > 0
        session.execute(m.Clue.__table__.update().values(state="closed"))  # type: ignore[attr-defined]
    assert not [t for t in drawn(store).tasks if t.priority]


def test_a_site_that_never_sold_anything_rests_after_three_sweeps(store: Store) -> None:
    watch(store, "news.example")
    for _ in range(3):
        assert "news.example" in {t.source for t in drawn(store).tasks}
        summary = plan_sweep(settings.load(), store, SweepOrder())
        with store.session() as session:
            row = session.scalars(
                select(m.TaskRow).where(
                    m.TaskRow.sweep_id == summary.sweep_id, m.TaskRow.source == "news.example"
                )
            ).one()
            row.state, row.answers = "done", 40
    plan = drawn(store)
    assert plan.resting == ("news.example",)
    assert "news.example" not in {t.source for t in plan.tasks}
    named = drawn(store, sources=("http://news.example/",))
    assert [t.source for t in named.tasks] == ["news.example"], "an officer's word goes first"


def test_an_unknown_source_is_named(store: Store) -> None:
    with pytest.raises(SweepError, match="no such source: amazon"):
        drawn(store, sources=("amazon",))


def test_a_dry_run_prints_the_plan_and_asks_nobody(tmp_path: Path) -> None:
    with Recorder(robots) as site:
        policies = {
            "taobao": {"pages": 40, "window": "01:00-06:00"},
            "baidu": {
                "robots_exception": {"officer": "李某(虚构)", "order": "7号", "date": "2026-11-01"}
            },
        }
        urls = {name: site.url(name) for name in ("baidu", "taobao", "jd")}
        env = env_of(
            site, tmp_path, YUNJIAN_POLICIES=json.dumps(policies), YUNJIAN_SOURCE_URLS=json.dumps(urls)
        )  # fmt: skip
        order = ("sweep", "--dry-run", "--goods", "tea", "--source", site.url("cha"))
        named = ("--source", "taobao", "--source", "baidu")
        table = yunjian(*order, *named, env=env, cwd=tmp_path)
        plain = yunjian(*order, *named, "--json", env=env, cwd=tmp_path)
        assert site.asked == []
    assert table.returncode == plain.returncode == 0, table.stderr + plain.stderr
    assert "普洱熟茶" in table.stdout and "01:00-06:00" in table.stdout
    said = json.loads(plain.stdout)
    assert said["sources"]["taobao"]["budget"] == 40 and said["sources"]["taobao"]["tasks"] == 8
    assert (
        said["sources"]["baidu"]["robots_exception"]
        == "order 7号 of 2026-11-01, officer 李某(虚构)"
    )
    assert said["sources"]["cha.town.localhost"]["budget"] == 300
    assert {"source": "taobao", "goods": "tea", "query": "月光白"}.items() <= next(
        task.items() for task in said["tasks"] if task["query"] == "月光白" and task["source"] == "taobao"
    )  # fmt: skip
    with open_store(f"sqlite:///{tmp_path / 'yunjian.db'}").session() as session:
        assert session.scalars(select(m.Sweep)).all() == [], "nothing is planned for good"


def test_a_budget_ends_a_source_and_is_named(tmp_path: Path) -> None:
    from practice import Town

    with Town() as town:
        env = env_for(town, tmp_path, YUNJIAN_POLICIES=json.dumps({"taobao": {"pages": 12}}))
        summary = swept("--goods", "sanqi", "--source", "taobao", env=env, cwd=tmp_path)
    assert summary["sources"]["taobao"]["pages"] == 12
    assert summary["incidents"]["unread/over_budget"] == 1
    assert summary["sources"]["taobao"]["listings"] > 12, "what the lists say is kept"
    assert "budget of 12 pages used up" in " ".join(summary["problems"])
    assert summary["state"] == "done"
