from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import Store, open_store
from tests.evidence.case import Case, open_case
from tests.evidence.tsa import Authority, authority


@pytest.fixture(scope="session")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A real time authority on loopback, well-behaved unless a test says otherwise."""
    with authority(tmp_path_factory.mktemp("authority") / "tsa") as running:
        yield running


@pytest.fixture
def case(store: Store, tmp_path: Path) -> Case:
    """A clue with evidence, on SQLite and on PostgreSQL."""
    return open_case(store, tmp_path)


@pytest.fixture(scope="session")
def sealed(tsa: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A stamped pack `clue.wacz` with its PDF, made once (SQLite)."""
    folder = tmp_path_factory.mktemp("sealed")
    store = open_store(f"sqlite:///{folder / 'store.db'}")
    made = open_case(store, folder)
    done = made.export(tsa=tsa, browser="")
    assert done.notes == []
    yield made
    store.close()
