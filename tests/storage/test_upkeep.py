"""The store at size: what may leave it, how large it is, and that it comes back from a backup."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select

import detectors
import replay
from detectors import Detector
from storage import Store, Vault, open_store
from storage import models as m
from storage.backup import BackupError, backup
from storage.pruning import prune
from storage.prunings import Pruning
from storage.restore import restore, verify
from storage.sizes import sizes
from tests.sweeps.night import NOW, night, offer
from tests.sweeps.test_retrohunt import RULE


@pytest.fixture(scope="module")
def best(tmp_path_factory: pytest.TempPathFactory, house: Path) -> Detector:
    """One rule: 最好."""
    folder = tmp_path_factory.mktemp("rules")
    (folder / "violations").mkdir()
    for name in ("goods.yaml", "laws.yaml", "violations.yaml", "regions.csv", "contexts.yaml"):
        shutil.copy(house / "rules" / name, folder / name)
    rule = RULE.format(
        id="best", words="最好", violation="absolute_claim", strength=0.7, hit="最好"
    )
    (folder / "violations" / "best.yaml").write_text(rule, encoding="utf-8")
    return detectors.load(folder)


def count(store: Store, table: type[m.Base]) -> int:
    with store.session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def three_nights(store: Store, vault: Path, detector: Detector) -> None:
    """Listing 1 bears a clue since the first night; listing 2 never says anything; both change
    every night."""
    for day, word in ((0, "一"), (100, "二"), (200, "三")):
        title = "最好的茶" if day == 0 else f"普通的茶{word}"
        night(store, vault, detector, [offer(title, 1), offer(f"平常的茶{word}", 2)], day)


def test_what_a_clue_may_need_and_the_newest_look_never_leave(
    store: Store, tmp_path: Path, best: Detector
) -> None:
    three_nights(store, tmp_path / "v", best)
    before = NOW + timedelta(days=300)
    dry = prune(store, before, dry_run=True)
    assert dry.rows["observation"] == 2 and count(store, m.Observation) == 6
    assert count(store, Pruning) == 0
    went = prune(store, before)
    assert (went.rows, went.digest) == (dry.rows, dry.digest)
    with store.session() as session:
        kept = session.scalars(select(m.Observation).order_by(m.Observation.id)).all()
        assert [one.content["title"] for one in kept] == [
            "最好的茶", "普通的茶二", "普通的茶三", "平常的茶三",
        ]  # fmt: skip
        (record,) = session.scalars(select(Pruning))
    assert record.state == "done" and record.removed["observation"] == 2
    assert record.digest == went.digest and count(store, m.Evidence) == 6
    assert prune(store, before).rows["observation"] == 0


def test_young_observations_stay(store: Store, tmp_path: Path, best: Detector) -> None:
    three_nights(store, tmp_path / "v", best)
    assert prune(store, NOW + timedelta(days=50)).rows["observation"] == 1
    assert count(store, m.Observation) == 5


def test_sizes_tell_rows_bytes_kinds_and_growth(
    store: Store, tmp_path: Path, best: Detector
) -> None:
    three_nights(store, tmp_path / "v", best)
    told = sizes(store, tmp_path / "v", sweeps=2)
    tables = {table.name: table for table in told.tables}
    assert tables["observation"].rows == 6 and tables["observation"].bytes >= 4096
    assert [(kind.kind, kind.records) for kind in told.kinds] == [("page", 6)]
    assert [(g.sweep_id, g.observations, g.records) for g in told.growth] == [(3, 2, 2), (2, 2, 2)]
    assert told.vault_files == 3 and told.vault_bytes > 0


def destroy(store: Store, vault: Path) -> None:
    url = store.engine.url
    store.close()
    shutil.rmtree(vault)
    if url.get_backend_name() == "sqlite":
        for path in Path(str(url.database)).parent.glob("store.db*"):
            path.unlink()
    else:
        with store.engine.begin() as connection:
            m.Base.metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE alembic_version")
        store.close()


def test_backed_up_destroyed_restored_an_old_clue_still_has_its_evidence(
    store_url: str, tmp_path: Path, best: Detector
) -> None:
    vault, copy = tmp_path / "evidence", tmp_path / "backup"
    store = open_store(store_url)
    three_nights(store, vault, best)
    made = backup(store, vault, copy)
    assert made.missing == [] and verify(copy)["revision"] == store.revision()
    destroy(store, vault)
    done = restore(copy, store_url, vault)
    assert done.files == made.files and done.aside == []
    again = open_store(store_url)
    assert count(again, m.Observation) == 6 and count(again, m.Clue) == 1
    with again.session() as session:
        (record,) = replay.find(session, "clue:1")
        page = replay.replayed(session, Vault(vault), record)
    assert "最好的茶" in page.html
    night(again, vault, best, [offer("最好的茶砖", 3)], 300)
    assert count(again, m.Observation) == 7, "new rows have ids of their own"
    again.close()


def test_a_damaged_backup_is_refused_by_name_and_changes_nothing(
    store_url: str, tmp_path: Path, best: Detector
) -> None:
    vault, copy = tmp_path / "evidence", tmp_path / "backup"
    store = open_store(store_url)
    night(store, vault, best, [offer("最好的茶", 1)])
    backup(store, vault, copy)
    (warc,) = (copy / "evidence").iterdir()
    sound = warc.read_bytes()
    warc.write_bytes(sound[:200] + bytes([sound[200] ^ 1]) + sound[201:])
    with pytest.raises(BackupError, match=f"evidence/{warc.name}: its SHA-256"):
        restore(copy, store_url, vault, replace=True)
    warc.unlink()
    with pytest.raises(BackupError, match=f"evidence/{warc.name}: missing"):
        restore(copy, store_url, vault, replace=True)
    warc.write_bytes(sound)
    (copy / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(BackupError, match="not a manifest"):
        restore(copy, store_url, vault, replace=True)
    assert count(store, m.Observation) == 1 and len(list(vault.iterdir())) == 1
    store.close()


def test_nothing_is_overwritten_unless_it_is_asked_for(
    store_url: str, tmp_path: Path, best: Detector
) -> None:
    vault, copy = tmp_path / "evidence", tmp_path / "backup"
    store = open_store(store_url)
    night(store, vault, best, [offer("最好的茶", 1)])
    backup(store, vault, copy)
    with pytest.raises(BackupError, match="is there already"):
        backup(store, vault, copy)
    night(store, vault, best, [offer("最好的饼茶", 2)], 1)
    store.close()
    with pytest.raises(BackupError, match="--replace"):
        restore(copy, store_url, vault)
    done = restore(copy, store_url, vault, replace=True)
    again = open_store(store_url)
    assert count(again, m.Observation) == 1 and len(list(vault.iterdir())) == 1
    assert all(path.exists() for path in done.aside)
    assert len(done.aside) == (2 if make_url(store_url).get_backend_name() == "sqlite" else 1)
    again.close()


def test_a_backup_of_another_database_or_a_newer_program_is_refused(
    store_url: str, tmp_path: Path, best: Detector
) -> None:
    vault, copy = tmp_path / "evidence", tmp_path / "backup"
    store = open_store(store_url)
    backup(store, vault, copy)
    store.close()
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | {"revision": "9999"}), encoding="utf-8")
    with pytest.raises(BackupError, match="newer version"):
        restore(copy, store_url, vault, replace=True)
    path.write_text(json.dumps(manifest | {"database": "oracle"}), encoding="utf-8")
    with pytest.raises(BackupError, match="of a oracle store"):
        restore(copy, store_url, vault, replace=True)


def test_a_backup_while_a_sweep_writes_is_of_one_moment(
    store_url: str, tmp_path: Path, best: Detector
) -> None:
    vault = tmp_path / "evidence"
    store = open_store(store_url)
    night(store, vault, best, [offer("最好的茶", 1)])
    stop = threading.Event()

    def sweep() -> None:
        day = 1
        while not stop.is_set():
            pages = [offer(f"最好的茶{day}-{n}", day * 100 + n) for n in range(5)]
            night(store, vault, best, pages, day)
            day += 1

    writer = threading.Thread(target=sweep)
    writer.start()
    try:
        made = [backup(store, vault, tmp_path / f"backup{n}") for n in range(3)]
    finally:
        stop.set()
        writer.join()
    store.close()
    assert all(one.missing == [] for one in made)
    restore(made[-1].folder, store_url, vault, replace=True)
    again = open_store(store_url)
    with again.session() as session:
        for evidence in session.scalars(select(m.Evidence)):
            replay.replayed(session, Vault(vault), evidence)
        listings = session.scalar(select(func.count()).select_from(m.ListingRow))
        assert listings == session.scalar(select(func.count()).select_from(m.Observation))
    again.close()
