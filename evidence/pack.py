"""`export`: one clue with all it rests on, as a sealed WACZ file."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.archive import Gathered, gather, written
from evidence.clue import clue_data, packed
from evidence.custody import Act, history, note
from evidence.dossier import dossier, print_pdf
from evidence.errors import EvidenceError
from evidence.seals import Sealer
from evidence.wacz import index, manifest, pages, sums, write_zip
from proof.chain import LINKS, RECORDS, stated_by
from proof.check import (
    ARCHIVE,
    AUTHORITY,
    DIGEST,
    INDEX,
    MANIFEST,
    NO_STAMP,
    SIGNATURE,
    SIGNING_KEY,
    STAMP,
    SUMS,
    digest_of,
)
from proof.links import Link, timestamp
from storage import Store, Vault
from storage.chain import EvidenceLink, EvidenceSeal

__all__ = ["Exported", "export"]


@dataclass(slots=True)
class Exported:
    """What went into a pack, and what is to be told about it."""

    path: Path
    key: str
    records: int = 0
    seal: int = 0
    notes: list[str] = field(default_factory=list)


def export(
    store: Store,
    vault: Vault,
    sealer: Sealer,
    clue_id: int,
    to: Path,
    by: str,
    laws: Mapping[str, Mapping[str, Any]],
    violations: Mapping[str, Mapping[str, Any]],
    browser: str = "",
    without_missing: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Exported:
    """Write the pack of a clue to `to`; who exports it is `by`.

    Raises `EvidenceError` where there is no such clue, the file is there already, or a record
    is missing or altered in the vault (`without_missing` packs the rest and states it).
    """
    if to.exists():
        raise EvidenceError(f"{to}: there is a file already; it is not overwritten")
    with store.session() as session:
        clue = clue_data(session, clue_id, laws, violations)
        found = gather(session, vault, clue_id)
    _complain(found, clue_id, without_missing)
    sealed = sealer.seal(store, now)
    result = Exported(to, sealer.fingerprint, len(found.taken), sealed.number)
    result.notes += sealed.extended.clock_back
    result.notes += [f"{row.warc_file}: not packed: {why}" for row, why in found.missing]
    if sealed.no_stamp:
        result.notes.append(f"the chain's seal has no time stamp: {sealed.no_stamp}")
    at = now()
    with store.session() as session:
        rows = [one.row for one in found.taken] + [row for row, _ in found.missing]
        links = {
            link.evidence_id: link
            for link in session.scalars(
                select(EvidenceLink).where(EvidenceLink.evidence_id.in_([r.id for r in rows]))
            )
        }
        members, seals = _chain(session, links)
        acts = history(session, clue_id, rows, links, seals)
    acts.append(Act(at, "exported", by, f"{to.name}；签名公钥 {sealer.fingerprint}"))
    stated, pictures = _stated(found, links)
    members |= pictures | _clue_members(
        clue, stated, acts, sealer.fingerprint, pictures, browser, result
    )
    archive, places = written(found.taken)
    titles = {one["record_id"]: one["listing"] for one in clue["signals"]}
    by_id = {one.row.id: titles.get(one.row.record_id, "") for one in found.taken}
    members |= {
        ARCHIVE: archive,
        INDEX: index(found.taken, places),
        "pages/pages.jsonl": pages(found.taken, by_id),
        RECORDS: _jsonl(stated),
        "custody/custody.jsonl": _jsonl([asdict(act) for act in acts]),
        SIGNING_KEY: sealer.public_pem,
    }
    if sealer.authority:
        members[AUTHORITY] = sealer.authority
    main = next((one for one in found.taken if one.row.kind == "page"), None)
    title = f"线索 {clue_id} {clue['title_of_violation']}"
    members[MANIFEST] = manifest(members, title, main, at)
    members[DIGEST] = digest_of(members[MANIFEST])
    stamp, why = sealer.stamp(members[MANIFEST])
    members |= {STAMP: stamp} if stamp else {NO_STAMP: f"{why}\n".encode()}
    if why:
        result.notes.append(f"the pack has no time stamp: {why}")
    members[SUMS] = sums(members)
    members[SIGNATURE] = sealer.key.sign(members[SUMS])
    part = to.with_name(to.name + ".part")
    write_zip(part, members)
    with store.session() as session:
        # Written down before the file gets its name: no pack leaves without a trace.
        note(session, clue_id, "exported", by, acts[-1].what, at)
    part.replace(to)
    return result


def _complain(found: Gathered, clue_id: int, without_missing: bool) -> None:
    if found.missing and not without_missing:
        told = "; ".join(f"record {row.record_id} ({row.url}): {why}" for row, why in found.missing)
        raise EvidenceError(
            f"clue {clue_id}: {told} (--without-missing packs the rest and says so)"
        )
    if not found.taken:
        raise EvidenceError(f"clue {clue_id}: it rests on no evidence that could be packed")


def _chain(
    session: Session, links: Mapping[int, EvidenceLink]
) -> tuple[dict[str, bytes], list[EvidenceSeal]]:
    """The stretches of the chain from each record to the seal above it, and those seals."""
    needed: dict[int, int] = {}
    seals: dict[int, EvidenceSeal] = {}
    for link in links.values():
        seal = session.scalars(
            select(EvidenceSeal)
            .where(EvidenceSeal.sequence >= link.sequence)
            # Of two over the same end the stamped one proves more.
            .order_by(EvidenceSeal.sequence, EvidenceSeal.stamp == "", EvidenceSeal.id)
            .limit(1)
        ).one()
        seals[seal.id] = seal
        needed[seal.sequence] = min(needed.get(seal.sequence, link.sequence), link.sequence)
    lines = []
    for last, first in sorted(needed.items()):
        stretch = session.scalars(
            select(EvidenceLink)
            .where(EvidenceLink.sequence.between(first, last))
            .order_by(EvidenceLink.sequence)
        )
        lines += [Link(r.sequence, r.at, r.sha256, r.about, r.former).line + "\n" for r in stretch]
    members = {LINKS: "".join(lines).encode()}
    for seal in seals.values():
        base = f"chain/seal-{seal.id}"
        members[f"{base}.txt"] = seal.statement.encode()
        members[f"{base}.sig"] = base64.b64decode(seal.signature)
        members[f"keys/{stated_by(seal.statement.encode())[3]}.pem"] = seal.key.encode()
        if seal.stamp:
            members[f"{base}.tsr"] = base64.b64decode(seal.stamp)
    return members, sorted(seals.values(), key=lambda seal: seal.id)


def _stated(
    found: Gathered, links: Mapping[int, EvidenceLink]
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The rows of the pack's records, and the screenshots as files."""
    pictures: dict[str, bytes] = {}
    why = {row.id: why for row, why in found.missing}
    rows = sorted(
        [(one.row, one.body) for one in found.taken] + [(row, b"") for row, _ in found.missing],
        key=lambda pair: pair[0].id,
    )
    stated = []
    for row, body in rows:
        told: dict[str, Any] = {
            "record_id": row.record_id,
            "link": links[row.id].sequence,
            "kind": row.kind,
            "url": row.url,
            "status": row.status,
            "sha256": row.sha256,
            "fetched_at": timestamp(row.fetched_at),
        }
        if row.id in why:
            told["missing"] = why[row.id]
        if body:
            told["file"] = f"screenshots/{len(pictures) + 1}.png"
            pictures[told["file"]] = body
        stated.append(told)
    return stated, pictures


def _clue_members(
    clue: Mapping[str, Any],
    stated: Sequence[Mapping[str, Any]],
    acts: Sequence[Act],
    fingerprint: str,
    pictures: Mapping[str, bytes],
    browser: str,
    result: Exported,
) -> dict[str, bytes]:
    html = dossier(clue, stated, acts, fingerprint)
    members = {"clue/clue.json": packed(clue), "clue/clue.html": html.encode("utf-8", "replace")}
    try:
        members["clue/clue.pdf"] = print_pdf(html, pictures, browser)
    except EvidenceError as error:
        result.notes.append(f"{error}; clue/clue.html says the same")
    return members


def _jsonl(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode(
        "utf-8", "backslashreplace"
    )
