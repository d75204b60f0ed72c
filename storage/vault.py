"""The evidence vault: every page that was fetched and every screenshot, as WARC 1.1 records.

A file being written ends in `.open`; it gets its final name when it is closed. After a killed
run `Vault.recover` cuts the half-written last record off and closes the file, so that what
the store refers to is always whole. Source: ISO 28500:2017 (WARC 1.1).
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from storage.bucket import Bucket, MissingError, VaultError
from storage.encodings import decoded
from storage.members import Member
from storage.recovery import NEW, OPEN, recover

__all__ = ["Archived", "EvidenceRef", "Vault", "VaultError", "VaultWriter"]

ROTATE_BYTES = 1024 * 1024 * 1024
"""A WARC file is closed at about 1 GB, as the standard's annex C recommends."""
_REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    404: "Not Found",
}
_REFERS_TO = "WARC-Yunjian-Refers-To"

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """Where a record stands and what it holds. `sha256` is of the payload as received."""

    warc_file: str
    warc_offset: int
    record_id: str
    url: str
    status: int
    content_type: str
    sha256: str
    size: int
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class Archived:
    """A record read back: the payload as it was received, with its headers."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    content_type: str

    def decoded_body(self) -> bytes:
        """The payload without its content encoding; see `storage.encodings.decoded`."""
        return decoded(self.body, self.headers)


class VaultWriter:
    """Appends records; one per process. Use it as a context, or `close` it."""

    def __init__(self, folder: Path, label: str) -> None:
        self._folder = folder
        self._label = label
        self._count = 0
        self._file: IO[bytes] | None = None
        self._name = ""

    def _out(self) -> IO[bytes]:
        if self._file is not None and self._file.tell() < ROTATE_BYTES:
            return self._file
        self._finish()
        self._count += 1
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
        # Writers on several machines may share the folder: their process ids may be the same.
        some = secrets.token_hex(3)
        self._name = f"{self._label}-{stamp}-{os.getpid()}-{some}-{self._count:03}.warc.gz"
        path = self._folder / (self._name + OPEN)
        begun = path.with_name(path.name + NEW)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = begun.open("xb")
            # Held as long as this process lives: tells `recover` that the file is in work. It
            # gets the name by which it is recovered once it is locked.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            begun.rename(path)
        except OSError as error:
            raise VaultError(f"{self._folder}: can't be written: {error}") from None
        info = {"software": "Yunjian/0.1", "format": "WARC File Format 1.1"}
        self._append(lambda writer: writer.create_warcinfo_record(self._name, info))
        return self._file

    def _append(self, make: object) -> tuple[int, str]:
        """One record as one gzip member; returns its offset and its id."""
        assert self._file is not None
        offset = self._file.tell()
        try:
            with Member(self._file) as member:
                writer = WARCWriter(member, gzip=False, warc_version="1.1")
                record: ArcWarcRecord = make(writer)  # type: ignore[operator]
                writer.write_record(record)
        except OSError as error:
            raise VaultError(f"{self._name} at {offset}: can't be written: {error}") from None
        return offset, record.rec_headers.get_header("WARC-Record-ID")

    def response(
        self,
        url: str,
        status: int,
        headers: Headers,
        body: bytes,
        fetched_at: datetime,
        *,
        request_headers: Headers = (),
        method: str = "GET",
        request_body: bytes = b"",
        rendered: bool = False,
        notes: Mapping[str, str] | None = None,
    ) -> EvidenceRef:
        """Keep a response with the request that asked for it.

        `body` is the payload as it came over the wire (a content encoding included), or,
        where `rendered`, the document after the page's scripts ran. `notes` are further
        headers of the record.
        """
        self._out()
        listed = [(name, value) for name, value in headers]
        line = f"{status} {_reason(status)}"
        date = _stamp(fetched_at)
        extra = {"WARC-Date": date, **(notes or {})}
        if rendered:
            extra["WARC-Yunjian-Rendered"] = "document after scripts, by a browser"

        def make_response(writer: WARCWriter) -> ArcWarcRecord:
            return writer.create_warc_record(
                url,
                "response",
                payload=io.BytesIO(body),
                length=len(body),
                warc_headers_dict=dict(extra),
                http_headers=StatusAndHeaders(line, listed, protocol="HTTP/1.1"),
            )

        offset, record_id = self._append(make_response)
        self._request(url, method, request_headers, request_body, date, record_id)
        content_type = next((v for n, v in listed if n.lower() == "content-type"), "")
        return self._ref(offset, record_id, url, status, content_type, body, fetched_at)

    def revisit(
        self,
        url: str,
        status: int,
        headers: Headers,
        fetched_at: datetime,
        of: EvidenceRef,
        *,
        request_headers: Headers = (),
        method: str = "GET",
        request_body: bytes = b"",
        notes: Mapping[str, str] | None = None,
    ) -> EvidenceRef:
        """Keep that a page was asked for again and is as `of` has it (WARC 1.1, 6.7).

        Only the headers are written; `Vault.read` gives the payload from the record `of`.
        """
        self._out()
        listed = [(name, value) for name, value in headers]
        profile = "server-not-modified" if status == 304 else "identical-payload-digest"
        date = _stamp(fetched_at)
        extra = {
            "WARC-Date": date,
            "WARC-Profile": f"http://netpreserve.org/warc/1.1/revisit/{profile}",
            "WARC-Refers-To": f"<urn:uuid:{of.record_id}>",
            "WARC-Refers-To-Target-URI": of.url,
            "WARC-Refers-To-Date": _stamp(of.fetched_at),
            "WARC-Payload-Digest": f"sha256:{of.sha256}",
            # Where it stands in this vault: to look an id up would take an index.
            _REFERS_TO: f"{of.warc_file}@{of.warc_offset}",
            **(notes or {}),
        }
        http = StatusAndHeaders(f"{status} {_reason(status)}", listed, protocol="HTTP/1.1")
        offset, record_id = self._append(
            lambda writer: writer.create_warc_record(
                url, "revisit", http_headers=http, warc_headers_dict=extra
            )
        )
        self._request(url, method, request_headers, request_body, date, record_id)
        ref = self._ref(offset, record_id, url, status, of.content_type, b"", fetched_at)
        return replace(ref, sha256=of.sha256, size=of.size)

    def _request(
        self, url: str, method: str, headers: Headers, body: bytes, date: str, response: str
    ) -> None:
        if not headers:
            return
        asked = StatusAndHeaders(
            f"{method} {_path(url)} HTTP/1.1", list(headers), is_http_request=True
        )
        self._append(
            lambda writer: writer.create_warc_record(
                url,
                "request",
                payload=io.BytesIO(body),
                length=len(body),
                http_headers=asked,
                warc_headers_dict={"WARC-Date": date, "WARC-Concurrent-To": response},
            )
        )

    def screenshot(self, url: str, png: bytes, taken_at: datetime, of_record: str) -> EvidenceRef:
        """Keep a picture of the page whose record is `of_record`."""
        return self.resource(f"urn:screenshot:{url}", png, "image/png", taken_at, of_record)

    def resource(
        self, target: str, body: bytes, kind: str, at: datetime, of_record: str = ""
    ) -> EvidenceRef:
        """Keep what did not come over HTTP, of media type `kind`."""
        self._out()
        headers = {"WARC-Date": _stamp(at)}
        if of_record:
            headers["WARC-Refers-To"] = f"<urn:uuid:{of_record}>"
        offset, record_id = self._append(
            lambda writer: writer.create_warc_record(
                target,
                "resource",
                payload=io.BytesIO(body),
                length=len(body),
                warc_content_type=kind,
                warc_headers_dict=headers,
            )
        )
        return self._ref(offset, record_id, target, 200, kind, body, at)

    def file(self, target: str, file: io.BufferedReader, kind: str, at: datetime) -> EvidenceRef:
        """Keep a file of any size, read from its beginning in pieces."""
        self._out()
        file.seek(0)
        sha256, size = hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
        file.seek(0)
        offset, record_id = self._append(
            lambda writer: writer.create_warc_record(
                target,
                "resource",
                payload=file,
                length=size,
                warc_content_type=kind,
                warc_headers_dict={"WARC-Date": _stamp(at)},
            )
        )
        ref = self._ref(offset, record_id, target, 200, kind, b"", at)
        return replace(ref, sha256=sha256, size=size)

    def _ref(
        self,
        offset: int,
        record_id: str,
        url: str,
        status: int,
        kind: str,
        body: bytes,
        at: datetime,
    ) -> EvidenceRef:
        return EvidenceRef(
            warc_file=self._name,
            warc_offset=offset,
            record_id=record_id.strip("<>").removeprefix("urn:uuid:"),
            url=url,
            status=status,
            content_type=kind,
            sha256=hashlib.sha256(body).hexdigest(),
            size=len(body),
            fetched_at=at,
        )

    def flush(self) -> None:
        """All records so far are on the disk when this returns; call it before the store commits."""
        if self._file is not None:
            self._file.flush()
            os.fdatasync(self._file.fileno())

    def _finish(self) -> None:
        if self._file is not None:
            self.flush()
            path = self._folder / (self._name + OPEN)
            # Renamed while it is still locked, or another's `recover` might do it in between.
            path.rename(self._folder / self._name)
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Finish the file under its final name."""
        self._finish()

    def __enter__(self) -> VaultWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Vault:
    """The folder of WARC files, and where finished ones are kept if that is elsewhere."""

    def __init__(self, folder: Path, bucket: str = "") -> None:
        self.folder = folder
        self.bucket = Bucket(bucket) if bucket else None

    def writer(self, label: str) -> VaultWriter:
        """A writer whose files' names begin with `label`."""
        return VaultWriter(self.folder, label)

    @contextmanager
    def open(self, warc_file: str, offset: int) -> Iterator[Any]:
        """The file from `offset` on, wherever it is kept. Raises `MissingError`, or `VaultError`."""
        # Twice, as it may get its final name while we look.
        for name in (warc_file, warc_file + OPEN, warc_file):
            with suppress(FileNotFoundError), (self.folder / name).open("rb") as file:
                file.seek(offset)
                yield file
                return
        if self.bucket is None:
            raise MissingError(f"{self.folder / warc_file}: the evidence file is missing")
        with self.bucket.open(warc_file, offset) as stream:
            yield stream

    def deliver(self) -> list[str]:
        """Finished files go where they are kept, if that is not here; returns their names."""
        if self.bucket is None:
            return []
        return self.bucket.take_over(self.folder, "*.warc.gz")

    def read(self, warc_file: str, offset: int) -> Archived:
        """The record at `offset`, of a page found unchanged the one it refers to.

        Raises `VaultError` where it is missing or broken.
        """
        try:
            with self.open(warc_file, offset) as file:
                record = next(iter(ArchiveIterator(file)))
                if original := record.rec_headers.get_header(_REFERS_TO):
                    name, _, place = original.rpartition("@")
                    return self.read(name, int(place))
                http = record.http_headers
                return Archived(
                    url=record.rec_headers.get_header("WARC-Target-URI") or "",
                    status=int(http.get_statuscode()) if http else 200,
                    headers=tuple(http.headers) if http else (),
                    body=record.raw_stream.read(),
                    content_type=(
                        (http.get_header("Content-Type") if http else record.content_type) or ""
                    ),
                )
        except (ArchiveLoadFailed, StopIteration, OSError, EOFError, ValueError) as error:
            raise VaultError(f"{warc_file} at {offset}: no whole record there ({error})") from None

    def recover(self) -> list[str]:
        """Close the files that a killed process left open; returns their final names.

        What follows the last whole record is cut off. Files in work are left alone.
        """
        return recover(self.folder)


def _reason(status: int) -> str:
    return _REASONS.get(status, "Status")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _path(url: str) -> str:
    rest = url.split("://", 1)[-1]
    return "/" + rest.split("/", 1)[1] if "/" in rest else "/"
