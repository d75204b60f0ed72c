"""A pack as a WACZ 1.1.1 file: index, pages, manifest, sums, signature, and the zip file itself.

Written by hand: the spec is short, and every byte must be accounted for when it is checked.
Sources: WACZ 1.1.1 and CDXJ (Webrecorder); Frictionless Data Package 1.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from evidence.archive import Taken
from evidence.errors import EvidenceError
from proof.check import DIGEST, MANIFEST, SIGNATURE, SUMS
from proof.container import DATE, MODE

__all__ = ["index", "manifest", "pages", "sums", "url_key", "write_zip"]

_UNRESERVED = re.compile("%(2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])", re.IGNORECASE)
"""Letters, digits and `-._~`: the same with or without percent encoding (RFC 3986, 2.3)."""


def url_key(url: str) -> str:
    """How an address is sorted and found in an index: `com,example)/path?a=1` (SURT)."""
    if not url.lower().startswith(("http://", "https://")):
        return url
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    host = re.sub(r"^www\d*\.", "", (parts.hostname or "").lower())
    key = ",".join(reversed(host.split(".")))
    if port and port != {"http": 80, "https": 443}[parts.scheme.lower()]:
        key += f":{port}"
    path = _UNRESERVED.sub(lambda found: chr(int(found[1], 16)), parts.path)
    path = re.sub("/{2,}", "/", path).rstrip("/") or "/"
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return f"{key}){path}{'?' + query if query else ''}".lower()


def _not_modified(one: Taken) -> bool:
    return one.record.kind == "revisit" and one.row.status == 304


def index(taken: Sequence[Taken], places: Mapping[str, tuple[int, int]]) -> bytes:
    """The sorted CDXJ index of the archive.

    That a page was not modified (304) is in the archive but not in the index: a viewer would
    show an empty page, and so shows the capture that it repeats.
    """
    lines = []
    for one in taken:
        if _not_modified(one):
            continue
        offset, length = places[one.row.record_id]
        head = one.record.headers
        url = head.get("warc-target-uri", "").strip("<>")
        kind = one.row.content_type.partition(";")[0].strip() or "unk"
        entry = {
            "url": url,
            "mime": "warc/revisit" if one.record.kind == "revisit" else kind,
            "status": str(one.row.status),
            "digest": f"sha256:{one.row.sha256}",
            "length": str(length),
            "offset": str(offset),
            "filename": "evidence.warc.gz",
        }
        when = re.sub(r"\D", "", head.get("warc-date", ""))[:14]
        lines.append(f"{url_key(url)} {when} {json.dumps(entry, ensure_ascii=True)}\n")
    return "".join(sorted(lines)).encode()


def pages(taken: Sequence[Taken], titles: Mapping[int, str]) -> bytes:
    """The list of pages that a viewer offers; `titles` by evidence id."""
    rows: list[dict[str, str]] = [{"format": "json-pages-1.0", "id": "pages", "title": "Pages"}]
    for one in taken:
        if one.row.kind == "page" and not _not_modified(one):
            stamp = one.row.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")
            title = titles.get(one.row.id) or one.row.url
            rows.append({"id": one.row.record_id, "url": one.row.url, "ts": stamp, "title": title})
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def manifest(members: Mapping[str, bytes], title: str, main: Taken | None, at: datetime) -> bytes:
    """`datapackage.json` over all members."""
    stated: dict[str, Any] = {
        "profile": "data-package",
        "resources": [
            {
                "name": path.replace("/", "-"),
                "path": path,
                "hash": "sha256:" + hashlib.sha256(body).hexdigest(),
                "bytes": len(body),
            }
            for path, body in sorted(members.items())
        ],
        "title": title,
        "created": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "wacz_version": "1.1.1",
        "software": "Yunjian/0.1",
    }
    if main is not None:
        stated["mainPageURL"] = main.row.url
        stated["mainPageDate"] = main.row.fetched_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps(stated, ensure_ascii=False, indent=2).encode()


def sums(members: Mapping[str, bytes]) -> bytes:
    """All members in the form that `sha256sum -c` reads."""
    return "".join(
        f"{hashlib.sha256(body).hexdigest()}  {path}\n" for path, body in sorted(members.items())
    ).encode()


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """The zip file: members stored as they are, fixed dates and modes, manifest first.

    Raises `EvidenceError` where it can't be written or would be larger than 2 GB.
    """
    first = (MANIFEST, DIGEST)
    order = [*first, *sorted(members.keys() - {*first, SUMS, SIGNATURE}), SUMS, SIGNATURE]
    try:
        with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED, allowZip64=False) as packed:
            for name in order:
                info = zipfile.ZipInfo(name, DATE)
                info.external_attr = MODE << 16
                info.create_system = 3
                packed.writestr(info, members[name])
    except (OSError, zipfile.LargeZipFile) as error:
        path.unlink(missing_ok=True)
        raise EvidenceError(f"{path}: can't be written: {error}") from None
