"""The chain over all evidence: no gap, no change, no cut end, no clock passes unseen."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from evidence import Fault, Sealer, check_store, extend
from evidence.archive import check_vault
from proof import verify
from proof.links import NOTHING, Link, parse
from storage.chain import ChainHead, EvidenceLink, EvidenceSeal
from storage.models import Evidence
from tests.evidence.case import NOW, Case, evidence_row


def more(case: Case, count: int) -> list[int]:
    """Further evidence rows, as a sweep stores them; returns their ids."""
    from dataclasses import replace

    rows = [
        evidence_row(
            replace(case.refs[0], record_id=f"r{n}-{count}", url=f"http://x.example/{n}"), "page"
        )
        for n in range(count)
    ]
    with case.store.session() as session:
        return list(session.scalars(insert(Evidence).returning(Evidence.id), rows))


def faults(case: Case) -> list[Fault]:
    with case.store.session() as session:
        return list(check_store(session))


def broken(case: Case) -> list[str]:
    return [fault.place for fault in faults(case) if fault.breaks]


def change(case: Case, statement: object) -> None:
    with case.store.session() as session:
        session.execute(statement)  # type: ignore[call-overload]


def test_a_link_is_a_line_that_anyone_can_hash() -> None:
    link = Link(1, NOW, "a" * 64, "b" * 64, NOTHING)
    assert link.line == f"1 2026-11-11T02:03:04.005678Z {'a' * 64} {'b' * 64} {'0' * 64}"
    # printf '1 2026-11-11T02:03:04.005678Z aaa… bbb… 000…' | sha256sum
    assert link.hash == "51ab4607b8341dc8642aff24161f45de7fe9678ec1390622e337d6bbd985cb33"
    assert parse(link.line) == link
    for wrong in ("", link.line + " ", link.line.upper(), "0" + link.line):
        with pytest.raises(ValueError, match="not a link"):
            parse(wrong)


def test_all_evidence_is_linked_once_in_its_order(case: Case) -> None:
    assert extend(case.store).links == 3
    ids = more(case, 4)
    assert extend(case.store, ids[:2]).links == 2
    assert extend(case.store, ids).links == 2
    assert extend(case.store).links == extend(case.store, []).links == 0
    assert faults(case) == []
    with case.store.session() as session:
        assert session.scalar(select(func.count()).select_from(EvidenceLink)) == 7


def test_workers_at_once_make_one_chain(case: Case) -> None:
    groups = [more(case, 40 + n) for n in range(4)]
    errors: list[BaseException] = []

    def work(ids: list[int]) -> None:
        try:
            for id_ in ids:
                extend(case.store, [id_])
            extend(case.store)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(ids,)) for ids in groups]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and faults(case) == []
    with case.store.session() as session:
        assert session.get_one(ChainHead, 1).sequence == 3 + 40 + 41 + 42 + 43


def test_changed_links_gaps_and_a_cut_end_are_named(case: Case) -> None:
    more(case, 7)
    extend(case.store)
    with case.store.session() as session:
        kept = session.get_one(EvidenceLink, 5)
        values = {c.name: getattr(kept, c.name) for c in EvidenceLink.__table__.columns}
    change(case, update(EvidenceLink).where(EvidenceLink.sequence == 5).values(at=NOW))
    assert broken(case) == ["link 5"]
    change(case, delete(EvidenceLink).where(EvidenceLink.sequence == 5))
    assert broken(case) == ["link 5"]
    # Rewritten with a hash that fits: the next link gives it away.
    forged = Link(5, NOW, "a" * 64, values["about"], values["former"])
    change(
        case,
        insert(EvidenceLink).values(values | {"at": NOW, "sha256": "a" * 64, "hash": forged.hash}),
    )
    assert "link 6" in broken(case) and f"evidence {values['evidence_id']}" in broken(case)
    change(case, delete(EvidenceLink).where(EvidenceLink.sequence == 5))
    change(case, insert(EvidenceLink).values(values))
    assert broken(case) == []
    change(case, delete(EvidenceLink).where(EvidenceLink.sequence > 8))
    assert broken(case) == ["link 10"]


def test_evidence_changed_in_the_store_is_named(case: Case) -> None:
    extend(case.store)
    change(case, update(Evidence).where(Evidence.id == 2).values(url="http://other.example/"))
    assert broken(case) == ["evidence 2"]


def test_a_chain_rewritten_from_its_beginning_breaks_its_seal(case: Case) -> None:
    Sealer(case.key).seal(case.store)
    change(case, update(Evidence).where(Evidence.id == 2).values(sha256="a" * 64))
    change(case, delete(EvidenceLink))
    change(case, update(ChainHead).values(sequence=0, hash=NOTHING))
    extend(case.store)
    assert broken(case) == ["link 3"]
    change(case, delete(EvidenceSeal))
    assert broken(case) == []


def test_a_missing_and_a_forged_seal_are_named(case: Case) -> None:
    sealer = Sealer(case.key)
    for number in (1, 2, 3):
        more(case, number)
        assert sealer.seal(case.store).number == number
    assert broken(case) == []
    change(case, update(EvidenceSeal).where(EvidenceSeal.id == 3).values(signature="AAAA"))
    assert broken(case) == ["seal 3"]
    change(case, delete(EvidenceSeal).where(EvidenceSeal.id == 2))
    assert broken(case) == ["seal 3", "seal 3"], "unsigned, and does not continue seal 1"


def test_sealing_twice_changes_nothing(case: Case) -> None:
    sealer = Sealer(case.key)
    first = sealer.seal(case.store)
    assert (first.number, first.sequence, first.extended.links) == (1, 3, 3)
    assert sealer.seal(case.store).number == 1


def test_a_clock_that_jumped_back_is_kept_as_it_was_and_told(case: Case) -> None:
    later = NOW + timedelta(days=2)
    extend(case.store, now=lambda: later)
    more(case, 1)
    told = extend(case.store, now=lambda: later - timedelta(hours=1)).clock_back
    assert len(told) == 1 and "3600 s before link 4" in told[0]
    found = faults(case)
    assert [(f.place, f.breaks) for f in found] == [("link 4", False)] and "3600" in found[0].why
    with case.store.session() as session:
        assert session.get_one(EvidenceLink, 4).at == later - timedelta(hours=1)
    more(case, 2)
    assert extend(case.store, now=lambda: later).clock_back == (), "forward is as it should be"
    done = case.export(now=lambda: later)
    assert any("went back by 3600 s between links 3 and 4" in n for n in verify(done.path).notes)


def test_evidence_from_a_time_to_come_is_told(case: Case) -> None:
    told = extend(case.store, now=lambda: NOW + timedelta(hours=1)).clock_back
    assert len(told) == 2, "two records say they were captured 23 hours later"


def test_what_is_gone_from_the_store_or_the_vault_is_told(case: Case) -> None:
    extend(case.store)

    def in_vault(session: Session) -> list[str]:
        return [fault.why for fault in check_vault(session, case.vault)]

    with case.store.session() as session:
        assert in_vault(session) == []
        file = case.vault.folder / case.refs[0].warc_file
        file.unlink()
        assert len(in_vault(session)) == 3 and "missing from the vault" in in_vault(session)[0]
    (id_,) = more(case, 1)
    extend(case.store)
    change(case, delete(Evidence).where(Evidence.id == id_))
    assert [(f.place, f.breaks) for f in faults(case)] == [("link 4", False)]
