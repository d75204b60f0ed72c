"""The whole check of a pack, from its container to its last record."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.x509 import Certificate

from proof.chain import RECORDS, check_chain
from proof.container import Pack, open_pack
from proof.errors import Broken
from proof.intact import Intact
from proof.records import Record, read_records
from proof.signing import fingerprint, is_signed, public_key
from proof.stamping import check_stamp, roots_of

__all__ = [
    "ARCHIVE", "AUTHORITY", "DIGEST", "INDEX", "MANIFEST", "NO_STAMP", "SIGNATURE", "SIGNING_KEY",
    "STAMP", "SUMS", "Intact", "digest_of", "verify",
]  # fmt: skip

MANIFEST = "datapackage.json"
DIGEST = "datapackage-digest.json"
ARCHIVE = "archive/evidence.warc.gz"
INDEX = "indexes/index.cdx"
SIGNING_KEY = "keys/signing.pem"
AUTHORITY = "keys/authority.pem"
SUMS = "seal/sums"
SIGNATURE = "seal/signature"
STAMP = "seal/stamp"
NO_STAMP = "seal/no-stamp"
_NEEDED = (
    MANIFEST, DIGEST, ARCHIVE, INDEX, "pages/pages.jsonl", "clue/clue.json", "chain/links.txt",
    "chain/records.jsonl", "custody/custody.jsonl", SIGNING_KEY, SUMS, SIGNATURE,
)  # fmt: skip
_SUM = re.compile(r"([0-9a-f]{64})  (\S+)")


def digest_of(manifest: bytes) -> bytes:
    """The `datapackage-digest.json` of a manifest."""
    stated = {"path": MANIFEST, "hash": "sha256:" + hashlib.sha256(manifest).hexdigest()}
    return json.dumps(stated, indent=2).encode()


def verify(path: Path, key: str = "", roots: Sequence[Certificate] = ()) -> Intact:
    """Check the pack at `path`; offline, without any database.

    `key` is the fingerprint that must have signed it ("" takes any and says so), `roots` are
    the certificates under which time stamps must stand (none takes those in the pack and says
    so). Raises `Broken` naming the first thing that does not hold; `OSError` where the file
    can't be read.
    """
    with path.open("rb") as file:
        pack = open_pack(file)
        for name in _NEEDED:
            if name not in pack.members:
                raise Broken(name, "missing from the pack")
        pack.check_sums()
        found = _signed(pack, key)
        _manifest(pack)
        trusted = list(roots)
        if AUTHORITY in pack.members and not trusted:
            try:
                trusted = roots_of(pack.read(AUTHORITY))
            except ValueError as error:
                raise Broken(AUTHORITY, str(error)) from None
        _stamped(pack, found, trusted)
        if found.stamp and not roots:
            found.notes.append(
                "the stamp's root certificate is the one in the pack: name one you trust (--tsa-ca)"
            )
        stated = check_chain(pack, found, trusted)
        _records(pack, found, stated)
        return found


def _signed(pack: Pack, wanted: str) -> Intact:
    sums = pack.read(SUMS)
    try:
        key = public_key(pack.read(SIGNING_KEY))
    except ValueError as error:
        raise Broken(SIGNING_KEY, str(error)) from None
    found = Intact(fingerprint(key))
    if not is_signed(key, sums, pack.read(SIGNATURE)):
        raise Broken(
            SIGNATURE, f"is not the signature of {SUMS} by {SIGNING_KEY}: one of them was changed"
        )
    if wanted and wanted.lower() != found.key:
        raise Broken(SIGNING_KEY, f"signed by another key than {wanted}: by {found.key}")
    if not wanted:
        found.notes.append(
            "anyone can make a key: compare the fingerprint with the office's own (--key)"
        )
    listed = {}
    for line in sums.decode("utf-8", "replace").splitlines():
        entry = _SUM.fullmatch(line)
        if entry is None or entry[2] in listed:
            raise Broken(SUMS, f"a line that is none: {line[:80]!r}")
        listed[entry[2]] = entry[1]
    for name in pack.members:
        if name in (SUMS, SIGNATURE):
            continue
        if name not in listed:
            raise Broken(name, f"not listed in {SUMS}: added after the pack was sealed")
        seen = hashlib.sha256()
        for piece in pack.chunks(name):
            seen.update(piece)
        if seen.hexdigest() != listed.pop(name):
            raise Broken(name, f"its SHA-256 is not the one in {SUMS}")
    for name in listed:
        raise Broken(name, "missing from the pack")
    return found


def _manifest(pack: Pack) -> None:
    manifest = pack.read(MANIFEST)
    if pack.read(DIGEST) != digest_of(manifest):
        raise Broken(DIGEST, f"is not that of {MANIFEST}")
    resources = _json(manifest, MANIFEST).get("resources")
    if not isinstance(resources, list):
        raise Broken(MANIFEST, "lists no resources")
    listed = set()
    for one in resources:
        name = str(one.get("path", "")) if isinstance(one, dict) else ""
        if name not in pack.members:
            raise Broken(name or MANIFEST, "missing from the pack")
        seen = hashlib.sha256()
        for piece in pack.chunks(name):
            seen.update(piece)
        if one.get("hash") != "sha256:" + seen.hexdigest():
            raise Broken(name, f"its SHA-256 is not the one in {MANIFEST}")
        if one.get("bytes") != pack.members[name].size:
            raise Broken(name, f"its size is not the one in {MANIFEST}")
        listed.add(name)
    apart = {MANIFEST, DIGEST, SUMS, SIGNATURE, STAMP, NO_STAMP}
    for name in pack.members.keys() - listed - apart:
        raise Broken(name, f"not listed in {MANIFEST}")


def _stamped(pack: Pack, found: Intact, roots: Sequence[Certificate]) -> None:
    if STAMP not in pack.members:
        why = pack.read(NO_STAMP).decode("utf-8", "replace") if NO_STAMP in pack.members else ""
        found.notes.append(f"the pack has no time stamp: {why.strip() or 'no reason given'}")
        return
    if not roots:
        raise Broken(STAMP, f"can't be checked: no root certificate ({AUTHORITY} is missing)")
    try:
        found.stamp = check_stamp(pack.read(STAMP), pack.read(MANIFEST), roots)
    except ValueError as error:
        raise Broken(STAMP, str(error)) from None


def _records(pack: Pack, found: Intact, stated: dict[str, dict[str, Any]]) -> None:
    seen: dict[str, Record] = {}
    by_offset: dict[int, Record] = {}
    for record in read_records(pack.chunks(ARCHIVE), ARCHIVE):
        if record.id in seen:
            raise Broken(f"record {record.id}", "stands in the archive twice")
        seen[record.id] = by_offset[record.offset] = record
        answer = record.headers.get("warc-concurrent-to", "").strip("<>").removeprefix("urn:uuid:")
        if (answer if record.kind == "request" else record.id) not in stated:
            raise Broken(f"record {record.id}", f"stands in no row of {RECORDS}: not chained")
    for id_, row in stated.items():
        if "missing" in row:
            found.notes.append(f"record {id_} is not in the pack: {row['missing']}")
            continue
        if id_ not in seen:
            raise Broken(f"record {id_}", f"missing from {ARCHIVE}")
        record = seen[id_]
        if record.headers.get("warc-target-uri", "").strip("<>") != row["url"]:
            raise Broken(f"record {id_}", "its address is not the chained one")
        holder = record
        if record.kind == "revisit":
            original = record.headers.get("warc-refers-to", "").strip("<>")
            original = original.removeprefix("urn:uuid:")
            if original not in seen:
                raise Broken(f"record {id_}", f"the record it refers to is missing: {original}")
            holder = seen[original]
        if holder.payload_sha256 != row["sha256"]:
            raise Broken(f"record {id_}", "its payload is not the one that was chained")
        picture = str(row.get("file", ""))
        if picture and hashlib.sha256(pack.read(picture)).hexdigest() != row["sha256"]:
            raise Broken(picture, f"is not what record {id_} has")
    found.records = len(seen)
    _index(pack, by_offset)


def _index(pack: Pack, by_offset: dict[int, Record]) -> None:
    for number, line in enumerate(pack.read(INDEX).decode("utf-8", "replace").splitlines(), 1):
        entry = _json(line.partition("{")[1] + line.partition("{")[2], f"{INDEX} line {number}")
        offset = str(entry.get("offset", ""))
        record = by_offset.get(int(offset)) if re.fullmatch(r"[0-9]{1,15}", offset) else None
        if record is None or str(record.length) != entry.get("length"):
            raise Broken(f"{INDEX} line {number}", "leads to no record")
        if record.headers.get("warc-target-uri", "").strip("<>") != entry.get("url"):
            raise Broken(f"{INDEX} line {number}", "leads to another address")


def _json(text: str | bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Broken(place, f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Broken(place, "no JSON object")
    return found
