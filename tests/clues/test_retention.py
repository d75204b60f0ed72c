"""What is purged, what never is, and what is left of it; who opened what."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from clues.access import accesses, opened
from clues.retention import RetentionError, load_periods, purge
from storage import Store, Vault
from storage import models as m
from storage.holdings import holdings
from storage.intake import IntakeRecord
from storage.privacy import Purge, PurgeItem
from tests.clues.intake.conftest import NOW, Take, complaint, dump, swept, take, vault, write_csv

__all__ = ["swept", "take", "vault"]
PERIODS = {"page": 100, "intake_file": 100, "intake_record": 100, "access": 100}
LATER = NOW + timedelta(days=200)
TEA = "http://yunxiu.example/item/1.html"


def page(store: Store, vault: Vault, at: datetime, original: int | None = None) -> tuple[int, str]:
    """A page in an archive of its own; its evidence id and the archive's name."""
    with vault.writer("sweep-1") as writer:
        ref = writer.response(
            "http://x.example/", 200, [("Content-Type", "text/html")], b"<p>x", at
        )
    with store.session() as session:
        id_ = session.scalars(
            insert(m.Evidence)
            .values(
                sweep_id=None, kind="page", url=ref.url, status=200, content_type="text/html",
                sha256=ref.sha256, size=ref.size, warc_file=ref.warc_file, warc_offset=ref.warc_offset,
                record_id=ref.record_id, rendered=False, fingerprint="", fetched_at=at, original_id=original,
            )
            .returning(m.Evidence.id)
        ).one()  # fmt: skip
    return id_, ref.warc_file


def archives(vault: Vault) -> set[str]:
    return {path.name for path in vault.folder.iterdir()}


def test_what_a_clue_rests_on_is_never_touched_and_the_rest_goes_with_a_record(
    swept: Store, take: Take, vault: Vault, tmp_path: Path
) -> None:
    take(write_csv(tmp_path / "a.csv", [complaint("1", 商品链接=TEA, 问题类别="假冒")]))
    with_clue = archives(vault)
    take(write_csv(tmp_path / "b.csv", [complaint("2", 投诉内容="说不清是谁")]))
    idle, _ = page(swept, vault, NOW)
    used, name = page(swept, vault, NOW)
    with swept.session() as session:
        clue = session.scalars(select(m.Clue)).one()
        session.add(m.ClueEvidence(clue_id=clue.id, evidence_id=used))
    # A page that stays refers to this one's payload.
    origin, origin_name = page(swept, vault, NOW)
    _, again_name = page(swept, vault, LATER, original=origin)
    before = dump(swept)
    would = purge(swept, vault, PERIODS, "虚构员", dry_run=True, now=LATER)
    assert dump(swept) == before and len(archives(vault)) == 6
    gone = purge(swept, vault, PERIODS, "虚构员", now=LATER)
    assert gone == would and [one.kind for one in gone] == ["intake_file", "page", "intake_record"]
    assert archives(vault) == with_clue | {name, origin_name, again_name}
    with swept.session() as session:
        assert session.scalars(select(Purge)).one().officer == "虚构员"
        items = session.scalars(select(PurgeItem).order_by(PurgeItem.id)).all()
        assert [(one.kind, one.count) for one in items] == [
            ("intake_file", 1), ("page", 1), ("intake_record", 1),
        ]  # fmt: skip
        assert all(one.done_at == LATER for one in items) and len(items[1].sha256) == 64
        states = dict(session.execute(select(IntakeRecord.key, IntakeRecord.state)).tuples().all())
        assert states == {"1": "matched", "2": "purged"}
        assert (
            session.scalars(select(IntakeRecord.content).where(IntakeRecord.key == "2")).one() == {}
        )
        assert session.get(m.Evidence, idle) is not None, "its hash stays"
    assert purge(swept, vault, PERIODS, "虚构员", now=LATER) == []
    # The row is not taken in anew: it was here, and its time is over.
    assert take(tmp_path / "b.csv").unchanged == 1


def test_nothing_goes_before_its_time(
    swept: Store, take: Take, vault: Vault, tmp_path: Path
) -> None:
    take(write_csv(tmp_path / "b.csv", [complaint("2")]))
    assert purge(swept, vault, PERIODS, "x", now=NOW + timedelta(days=99)) == []


def test_a_purge_that_was_stopped_is_finished_by_the_next(
    swept: Store, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, name = page(swept, vault, NOW)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", stopped)
        with pytest.raises(KeyboardInterrupt):
            purge(swept, vault, PERIODS, "x", now=LATER)
    assert name in archives(vault)
    purge(swept, vault, PERIODS, "x", now=LATER + timedelta(hours=1))
    assert name not in archives(vault)


def test_a_clock_before_the_last_purge_is_told(swept: Store, vault: Vault) -> None:
    page(swept, vault, NOW)
    purge(swept, vault, PERIODS, "x", now=LATER)
    with pytest.raises(RetentionError, match="before the last purge"):
        purge(swept, vault, PERIODS, "x", now=NOW)


def test_an_archive_of_a_killed_import_goes(swept: Store, vault: Vault) -> None:
    with vault.writer("intake") as writer:
        writer.resource("urn:intake:x", b"x", "text/csv", NOW)
    (path,) = vault.folder.iterdir()
    assert purge(swept, vault, PERIODS, "x", now=datetime.now(UTC)) == []
    assert [one.kind for one in purge(swept, vault, PERIODS, "x", now=datetime.now(UTC) + timedelta(days=2))] == ["orphan"]  # fmt: skip
    assert not path.exists()


def test_the_periods_are_data_and_checked(house: Path, tmp_path: Path) -> None:
    assert set(load_periods(house / "rules")) == set(PERIODS)
    (tmp_path / "retention.yaml").write_text(
        "kinds:\n  page: {days: 0}\n  intake_file: {days: 5}\n  intake_record: {days: 5}\n  gossip: {days: 1}\n",
        encoding="utf-8",
    )
    with pytest.raises(RetentionError) as told:
        load_periods(tmp_path)
    assert str(told.value).splitlines() == [
        "retention.yaml:5: no such kind: gossip",
        "retention.yaml:2: page: days is a whole number from 1",
        "retention.yaml:2: access: days is a whole number from 1",
    ]


def test_looks_are_put_down_in_their_order_whatever_the_clock_says(
    store: Store, vault: Vault
) -> None:
    with store.session() as session:
        opened(session, "虚构员", "clue", 7, "yunjian clue", NOW)
        opened(session, "别人", "intake", 3, "yunjian intakes show", NOW - timedelta(days=3))
    with store.session() as session:
        assert [(a.officer, a.what, a.target) for a in accesses(session)] == [
            ("别人", "intake", "3"),
            ("虚构员", "clue", "7"),
        ]
        assert [a.target for a in accesses(session, officer="虚构员")] == ["7"]
    purge(store, vault, PERIODS, "x", now=NOW + timedelta(days=99))
    with store.session() as session:
        assert [a.officer for a in accesses(session)] == ["虚构员"]
        assert session.scalar(select(func.count()).select_from(PurgeItem)) == 1


def test_what_went_to_a_bucket_goes_from_there_and_its_digest_stays(
    store: Store, tmp_path: Path, bucket: str
) -> None:
    vault = Vault(tmp_path / "evidence", bucket)
    _, name = page(store, vault, NOW)
    sha256 = hashlib.sha256((vault.folder / name).read_bytes()).hexdigest()
    size = (vault.folder / name).stat().st_size
    with vault.writer("intake") as writer:
        writer.resource("urn:intake:x", b"x", "text/csv", NOW)
    assert len(vault.deliver()) == 2
    # An import that was killed is told by when its archive came, whatever day LATER is.
    at = max(LATER, datetime.now(UTC) + timedelta(days=2))
    gone = purge(store, vault, PERIODS, "x", now=at)
    assert [(one.kind, one.count) for one in gone] == [("page", 1), ("orphan", 0)]
    assert gone[0].what == name and gone[0].size == size
    assert holdings(vault) == {}
    with store.session() as session:
        item = session.scalars(select(PurgeItem).where(PurgeItem.kind == "page")).one()
        assert item.sha256 == sha256 and item.done_at == at
    assert purge(store, vault, PERIODS, "x", now=at) == []
