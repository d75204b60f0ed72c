"""The part of the evidence chain that a pack brings: links, and the seals above them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography.x509 import Certificate

from proof.container import Pack
from proof.errors import Broken
from proof.intact import Intact
from proof.links import Link, about, clock_back, parse
from proof.signing import fingerprint, is_signed, public_key
from proof.stamping import check_stamp

__all__ = ["LINKS", "RECORDS", "check_chain", "statement", "stated_by"]

LINKS = "chain/links.txt"
RECORDS = "chain/records.jsonl"
_SEAL = re.compile(r"chain/(seal-\d+)\.txt")
_STATEMENT = re.compile(
    r"Yunjian seal 1\nseal (\d+)\nsequence (\d+)\nlink ([0-9a-f]{64})\n"
    r"former ([0-9a-f]{64})\nsealed (\S+)\nkey ([0-9a-f]{64})\n"
)


def statement(number: int, sequence: int, link: str, former: str, at: str, key: str) -> bytes:
    """What a seal signs: the chain up to link `sequence` has the hash `link`.

    `former` is the SHA-256 of the statement of the seal before (64 zeros for the first),
    `key` the fingerprint of the signing key.
    """
    return (
        f"Yunjian seal 1\nseal {number}\nsequence {sequence}\nlink {link}\n"
        f"former {former}\nsealed {at}\nkey {key}\n"
    ).encode()


def stated_by(text: bytes) -> tuple[int, str, str, str]:
    """Sequence, link hash, former statement's hash and key of a statement; else `ValueError`."""
    found = _STATEMENT.fullmatch(text.decode("utf-8", "replace"))
    if found is None:
        raise ValueError("not the statement of a seal")
    return int(found[2]), found[3], found[4], found[6]


def check_chain(
    pack: Pack, found: Intact, roots: Sequence[Certificate]
) -> dict[str, dict[str, Any]]:
    """The stated records by id, each proven to stand in the chain under a signed seal.

    Adds to `found` what breaks nothing. Raises `Broken` naming the link, record or seal.
    """
    sealed = _seals(pack, found, roots)
    links: dict[int, Link] = {}
    before: Link | None = None
    for number, line in enumerate(pack.read(LINKS).decode("utf-8", "replace").split("\n"), 1):
        if not line:
            continue
        try:
            link = parse(line)
        except ValueError as error:
            raise Broken(f"{LINKS} line {number}", str(error)) from None
        _follows(before, link, sealed, found)
        links[link.sequence] = before = link
    _ends(before, sealed)
    found.links = len(links)
    return _stated(pack, links, found)


def _follows(before: Link | None, link: Link, sealed: dict[int, str], found: Intact) -> None:
    if before is None:
        return
    if link.sequence <= before.sequence:
        raise Broken(f"link {link.sequence}", f"stands behind link {before.sequence}")
    if link.sequence > before.sequence + 1:
        # A new stretch may begin only where a seal ends the one before.
        _ends(before, sealed)
        return
    if link.former != before.hash:
        raise Broken(f"link {link.sequence}", f"does not continue link {before.sequence}")
    if seconds := clock_back(before.at, link.at):
        found.notes.append(
            f"the clock went back by {seconds} s between links {before.sequence} and {link.sequence}"
        )


def _ends(last: Link | None, sealed: dict[int, str]) -> None:
    if last is None:
        return
    if last.sequence not in sealed:
        raise Broken(f"link {last.sequence}", "no seal stands above it; a link is missing")
    if sealed[last.sequence] != last.hash:
        raise Broken(f"link {last.sequence}", "is not the link that the seal above it signs")


def _seals(pack: Pack, found: Intact, roots: Sequence[Certificate]) -> dict[int, str]:
    sealed: dict[int, str] = {}
    for name in pack.members:
        if not (seal := _SEAL.fullmatch(name)):
            continue
        text = pack.read(name)
        base = name.removesuffix(".txt")
        try:
            sequence, link, _, signer = stated_by(text)
            key = public_key(pack.read(f"keys/{signer}.pem"))
        except ValueError as error:
            raise Broken(name, str(error)) from None
        if fingerprint(key) != signer or not is_signed(key, text, pack.read(f"{base}.sig")):
            raise Broken(f"{base}.sig", f"is not the signature of {name} by the key it names")
        if signer != found.key:
            found.notes.append(f"{seal[1]} was signed by another key: {signer}")
        if f"{base}.tsr" in pack.members:
            if not roots:
                raise Broken(f"{base}.tsr", "can't be checked: no root certificate")
            try:
                stamp = check_stamp(pack.read(f"{base}.tsr"), text, roots)
            except ValueError as error:
                raise Broken(f"{base}.tsr", str(error)) from None
            found.notes.append(
                f"links up to {sequence} were there at {stamp.at:%Y-%m-%d %H:%M:%S}Z (time stamp)"
            )
        sealed[sequence] = link
        found.seals += 1
    return sealed


def _stated(pack: Pack, links: dict[int, Link], found: Intact) -> dict[str, dict[str, Any]]:
    stated: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(pack.read(RECORDS).decode("utf-8", "replace").split("\n"), 1):
        if not line:
            continue
        place = f"{RECORDS} line {number}"
        try:
            row = json.loads(line)
            id_, url, sha256 = str(row["record_id"]), str(row["url"]), str(row["sha256"])
            fetched_at = datetime.fromisoformat(row["fetched_at"])
            tied = about(id_, fetched_at, url)
            link = links.get(int(row["link"]))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise Broken(place, f"not the row of a record ({error})") from None
        if link is None:
            raise Broken(f"record {id_}", "its link of the chain is missing")
        if (link.sha256, link.about) != (sha256, tied):
            raise Broken(f"record {id_}", f"is not what link {link.sequence} of the chain ties")
        if id_ in stated:
            raise Broken(f"record {id_}", "is stated twice")
        if seconds := clock_back(fetched_at, link.at):
            found.notes.append(f"record {id_} was captured {seconds} s after its link was made")
        stated[id_] = row
    return stated
