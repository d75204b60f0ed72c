"""A source that answers and says nothing must not pass in silence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from practice import Town
from storage import Store, Vault, open_store
from storage import models as m
from sweeps.drift import alarms
from tests.sweeps.conftest import env_for, swept, yunjian


def test_a_rebuilt_site_raises_an_alarm_with_its_page_kept(tmp_path: Path) -> None:
    order: tuple[str, ...] = ("--goods", "sanqi", "--source", "baidu", "--source", "taobao")
    with Town() as town:
        port = town.port
        order = (*order, "--source", "jd", "--source", town.url("yunxiu"))
        first = swept(*order, env=env_for(town, tmp_path), cwd=tmp_path)
    assert first["drift"] == [] and first["sources"]["taobao"]["listings"] > 10
    ill = {"taoji": "drift", "jingdian": "empty", "yunxiu": "empty"}
    with Town(port=port, faults=ill) as town:
        second = swept(*order, env=env_for(town, tmp_path), cwd=tmp_path)
        again = yunjian("sweep", *order, env=env_for(town, tmp_path), cwd=tmp_path)
    assert second["incidents"]["drift/nothing"] == 3
    assert again.stdout.count("DRIFT ALARM") == 3, "until somebody sees to it"
    store = open_store(f"sqlite:///{tmp_path / 'yunjian.db'}")
    with store.session() as session:
        rows = session.execute(
            select(m.Incident, m.Evidence)
            .outerjoin(m.Evidence, m.Evidence.id == m.Incident.evidence_id)
            .where(m.Incident.kind == "drift", m.Incident.sweep_id == 2)
        ).all()
    found = {incident.source: (incident, evidence) for incident, evidence in rows}
    assert set(found) == {"taobao", "jd", "yunxiu.town.localhost"}
    incident, evidence = found["taobao"]
    assert "not one item was read, usually" in incident.detail
    page = Vault(tmp_path / "evidence").read(evidence.warc_file, evidence.warc_offset)
    assert b"__INITIAL_DATA__" in page.decoded_body() and page.url == incident.url
    assert all(evidence is not None for _, evidence in found.values())


def swept_before(
    store: Store,
    items: int,
    source: str = "jd",
    answers: int = 3,
    key: str = "k",
    pages: int = 5,
    whole: bool = True,
) -> int:
    """A sweep with one task that is done; returns its id."""
    now = datetime.now(UTC)
    with store.session() as session:
        sweep = session.scalars(
            insert(m.Sweep)
            .values(mode="nightly", state="done", plan={}, summary=None, started_at=now, ended_at=now)
            .returning(m.Sweep.id)
        ).one()  # fmt: skip
        session.execute(
            insert(m.TaskRow).values(
                sweep_id=sweep, key=key, source=source, reader="jd" if source == "jd" else "shop",
                goods="tea", query="普洱茶", start_url="", pages=pages, state="done", note="",
                answers=answers, items=items, whole=whole, poorest_url="http://x.example/",
            )
        )  # fmt: skip
        return sweep


def told(store: Store, sweep: int) -> list[str]:
    with store.session() as session:
        return [what for what, _ in alarms(session, sweep)]


def test_less_than_half_of_the_usual_is_an_alarm(store: Store) -> None:
    for items in (100, 104, 98, 0, 101):
        swept_before(store, items)
    assert told(store, swept_before(store, 60)) == []
    sweep = swept_before(store, 40)
    assert told(store, sweep) == ["less"], "40 of a median of 98 to 101, one bad night aside"
    assert told(store, sweep) == [], "one incident for a sweep, however often it is ended"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"items": 8}, {"items": 2}),
        ({"items": 100, "pages": 5}, {"items": 20, "pages": 1}),
        ({"items": 100}, {"items": 20, "whole": False}),
        ({"items": 100, "whole": False}, {"items": 20}),
        ({"items": 100, "key": "other"}, {"items": 20}),
        ({"items": 100}, {"items": 0, "answers": 0}),
    ],
    ids=["small yields jump", "fewer pages asked", "budget", "budget before", "another query", "blocked"],
)  # fmt: skip
def test_what_is_no_drift(store: Store, before: dict[str, int], now: dict[str, int]) -> None:
    swept_before(store, **before)  # type: ignore[arg-type]
    assert told(store, swept_before(store, **now)) == []  # type: ignore[arg-type]


def test_nothing_at_all_is_an_alarm_even_at_first_but_not_of_a_site_that_never_sold(
    store: Store,
) -> None:
    assert told(store, swept_before(store, 0)) == ["nothing"]
    assert told(store, swept_before(store, 0, source="news.example", key="n")) == []
    swept_before(store, 3, source="cha.example", key="c")
    assert told(store, swept_before(store, 0, source="cha.example", key="c")) == ["nothing"]
