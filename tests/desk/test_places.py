"""The morning page and the pages of operators, shops, listings and sources."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from clues.operators import one_operator
from desk import minute
from desk.health import Health
from desk.office import Office
from desk.pages.morning import goods_by_violation, summed
from storage import models as m
from storage.runs import Run
from tests.clues.shops import ONE_CODE, operator_of, settled, shop
from tests.clues.test_growth import accuse, seen
from tests.desk.conftest import Officer

Officers = Callable[..., Officer]
NOW = datetime.now(UTC)
NASTY = '<script>alert(1)</script>{{ 7*7 }}\u202e"onload="x'
PAGES = ("/", "/operators", "/shops", "/sources")


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minute, "SECONDS", 0.0)


def clue(office: Office, number: int, violation: str, region: str, opened: datetime = NOW, **more: str) -> int:  # fmt: skip
    """A clue of a shop of its own, opened at a time; returns its id."""
    row = seen(office.store, f"茶{number}", number, NOW, **({"shop_name": f"虚构{number}店"} | more))
    (id_,) = accuse(office.store, row, "高仿", 0.9, violation, region)[0]
    with office.store.writing() as session:
        session.execute(update(m.Clue).where(m.Clue.id == id_).values(opened_at=opened))
    return id_


def sweep(office: Office, sources: dict[str, dict[str, int]], **said: Any) -> int:
    """A nightly sweep that ended just now, with these counts."""
    total: dict[str, int] = {}
    for counts in sources.values():
        for name, n in counts.items():
            total[name] = total.get(name, 0) + n
    summary = {"sources": sources, "total": total, "waiting": said.pop("waiting", {})}
    with office.store.writing() as session:
        return session.scalars(
            insert(m.Sweep)
            .values(
                mode="nightly", state=said.pop("state", "done"), plan={}, summary=summary,
                started_at=NOW - timedelta(hours=3), ended_at=said.pop("ended_at", NOW - timedelta(hours=1)),
            )
            .returning(m.Sweep.id)
        ).one()  # fmt: skip


def test_an_empty_store_draws_well(officer: Officers) -> None:
    anna = officer("viewer")
    for path in PAGES:
        answer = anna.get(path)
        assert answer.status_code == 200, path
        assert "<h1>" in answer.text and "Traceback" not in answer.text
    assert "过去二十四小时没有巡检" in anna.get("/").text
