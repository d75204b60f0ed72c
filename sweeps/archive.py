"""`sweep --from`: the whole line over pages that someone else captured; nothing is asked.

Each page that says something is copied into the vault under its original date, with a note of
where it came from. What an earlier run copied is known by its fingerprint and taken as it is,
so that a second run, or one after a kill, changes nothing and doubles nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crawler.addresses import canonical, host_of
from crawler.blocks import block_of
from crawler.page import Page, ReadError
from crawler.tasks import Capture, Fetched, Incident, Task
from listing import Listing
from spiders.base import Blocked, Reader
from spiders.hosts import reader_of
from spiders.merge import merged
from storage import models as m
from storage.archives import ArchiveError, ArchiveRecord, Broken, check_archive, read_archive
from storage.messages import archived_message
from storage.vault import Archived
from sweeps.pictures import charset_of
from sweeps.sink import StoreSink

__all__ = ["add_archives", "read_archives"]

_PAGES = ("text/html", "application/xhtml+xml", "application/json", "text/json")


@dataclass(frozen=True, slots=True)
class _Captured:
    """A page of an archive with what proves it."""

    page: Page
    message: Archived
    at: datetime
    place: str
    record: str
    task: Task
    reader: Reader

    @property
    def fingerprint(self) -> str:
        """Of this very capture: the record's id and date, the address and the payload."""
        seen = hashlib.sha256(self.message.body).hexdigest()
        said = "\0".join((self.record, self.at.isoformat(), self.message.url, seen))
        return hashlib.sha256(f"archive\0{said}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Revisit:
    """A page found unchanged: its payload stands in another record."""

    record: ArchiveRecord
    head: Archived | None

    @property
    def keys(self) -> set[str]:
        """By what the record it refers to may be known."""
        headers = self.record.headers
        of = headers.get("warc-refers-to-target-uri", self.record.url).strip("<>")
        date = headers.get("warc-refers-to-date", "")
        named = {headers.get("warc-refers-to", "").strip("<>"), f"{of} {date}" if date else ""}
        # The same payload elsewhere will do; where nothing else is stated it has to.
        return (named | {_digest(self.record)}) - {""}


def _digest(record: ArchiveRecord) -> str:
    return record.headers.get("warc-payload-digest", "").lower()


def _keys(record: ArchiveRecord) -> set[str]:
    return {record.id, f"{record.url} {record.headers.get('warc-date', '')}", _digest(record)} - {
        ""
    }


def add_archives(session: Session, sweep_id: int, paths: Sequence[str]) -> None:
    """A pending task for each archive. Raises `ArchiveError` for a file that is none."""
    for name in dict.fromkeys(str(Path(path).resolve()) for path in paths):
        check_archive(Path(name))
        session.execute(
            insert(m.TaskRow).values(
                sweep_id=sweep_id, key=hashlib.sha256(f"archive\0{name}".encode()).hexdigest(),
                source=Path(name).name[:255], reader="archive", goods="", query="",
                start_url=name, pages=1, state="pending", note="",
            )
        )  # fmt: skip


def read_archives(
    sink: StoreSink,
    tasks: Sequence[Task],
    readers: Mapping[str, Reader],
    source: str,
    max_body: int,
    progress: Callable[[], None],
) -> None:
    """Each archive from beginning to end. A Ctrl-C leaves the one at hand pending."""
    reading = _Reading(sink, readers, source, max_body)
    try:
        for task in tasks:
            try:
                reading.run(Path(task.start_url), task, progress)
            except ArchiveError as error:
                sink.incident(Incident(task, "unread", "broken_archive", str(error), task.source))
                sink.task_ended(task, False, str(error))
            else:
                sink.task_ended(task, True, "")
            sink.flush()
    except KeyboardInterrupt:
        return
    if reading.passed:
        said = ", ".join(f"{why} {count}" for why, count in reading.passed.most_common())
        sink.summary.problems.append(f"records left aside: {said}")


class _Reading:
    """Reads archives into a sink."""

    def __init__(
        self, sink: StoreSink, readers: Mapping[str, Reader], source: str, max_body: int
    ) -> None:
        """`source` names the reader of all pages; "" tells it from each host."""
        self.sink = sink
        self.readers = readers
        self.source = source
        self.max_body = max_body
        self._rows: dict[tuple[str, str], tuple[Listing, _Captured]] = {}
        """What result lists said of items, until their pages come."""
        self._items: set[tuple[str, str]] = set()
        self._in_batch: set[tuple[str, str]] = set()
        self._records = self._copied_before()
        self.passed: Counter[str] = Counter()
        """Records that were left aside, by why."""

    def run(self, path: Path, task: Task, progress: Callable[[], None]) -> None:
        """One archive; what can't be used of it is an incident of the sweep."""
        revisits: list[_Revisit] = []
        for found in read_archive(path, self._limit):
            if isinstance(found, Broken):
                self._broken(task, found)
            elif found.kind == "revisit":
                head = archived_message(found.url, found.block)
                if _is_page(found, head):
                    revisits.append(_Revisit(found, head))
            elif found.kind in ("response", "resource"):
                self._record(task, found)
                progress()
        if revisits:
            self._revisited(path, task, revisits)
        self._leftover_rows()

    @property
    def _limit(self) -> int:
        # The head of a message comes on top of the page.
        return self.max_body + (1 << 16)

    def _broken(self, task: Task, broken: Broken) -> None:
        self.sink.incident(Incident(task, "unread", "broken_record", broken.why, broken.place))

    # Records ---------------------------------------------------------------------------

    def _record(self, task: Task, record: ArchiveRecord, as_of: _Revisit | None = None) -> None:
        message = _message(record)
        if message is None or not _is_page(record, message):
            return
        stated = as_of.record if as_of else record
        if why := _unusable(record) or _unusable(stated):
            self._broken(task, Broken(record.place, why))
            return
        if len(message.body) > self.max_body or record.length > len(record.block):
            detail = f"{record.place}: larger than {self.max_body} bytes"
            self.sink.incident(Incident(task, "failure", "too_large", detail, record.url))
            return
        if as_of:
            message = replace(message, url=stated.url)
        if message.status >= 400 or 300 <= message.status < 400:
            self.passed[f"status {message.status}"] += 1
            return
        captured = self._captured(task, stated, message)
        if captured is None:
            self.passed["no reader for its host"] += 1
            return
        if len(captured.page.body) > self.max_body:
            detail = f"{record.place}: unpacks to more than {self.max_body} bytes"
            self.sink.incident(Incident(task, "failure", "too_large", detail, record.url))
            return
        self.sink.summary.source(captured.task.source).pages += 1
        self._read(captured)

    def _captured(self, task: Task, record: ArchiveRecord, message: Archived) -> _Captured | None:
        url, at = message.url, record.date
        assert at is not None
        reader = self.readers[self.source] if self.source else reader_of(url, self.readers)
        if reader is None:
            return None
        source, parts = reader.source.name, urlsplit(url)
        start = ""
        if reader.source.kind == "shop":
            source, start = host_of(url)[:255], f"{parts.scheme}://{parts.netloc}/"
        rendered = "warc-yunjian-rendered" in record.headers
        page = Page(
            url=url,
            body=message.decoded_body(),
            charset="utf-8" if rendered else charset_of(message.content_type),
            status=message.status,
            rendered=rendered,
        )
        own = replace(task, source=source, reader=reader.source.name, start_url=start)
        return _Captured(page, message, at, record.place, record.id, own, reader)

    def _revisited(self, path: Path, task: Task, revisits: list[_Revisit]) -> None:
        """A second look at the archive, for the records that revisits refer to."""
        waiting: dict[str, list[_Revisit]] = {}
        for revisit in revisits:
            for key in revisit.keys:
                waiting.setdefault(key, []).append(revisit)
        done: set[int] = set()
        for record in read_archive(path, self._limit):
            if isinstance(record, Broken) or record.kind not in ("response", "resource"):
                continue
            for key in sorted(_keys(record) & waiting.keys()):
                for revisit in waiting[key]:
                    if id(revisit) not in done:
                        done.add(id(revisit))
                        self._record(task, record, as_of=revisit)
        for revisit in revisits:
            if id(revisit) not in done:
                why = "a revisit of a page that the archive does not hold"
                self._broken(task, Broken(f"{revisit.record.place} {revisit.record.url}", why))

    # Pages -----------------------------------------------------------------------------

    def _read(self, captured: _Captured) -> None:
        page, reader, task = captured.page, captured.reader, captured.task
        try:
            if block := block_of(page, page.url):
                raise Blocked(block[0], block[1])  # type: ignore[arg-type]
            if reader.source.kind == "shop":
                self._item(captured)
            else:
                self._search_or_item(captured)
        except Blocked as seen:
            self._report(captured, "block", seen.kind, seen.sign)
        except ReadError as error:
            # Most pages of a shop are no items; of a marketplace only lists and items matter.
            if reader.source.kind == "shop":
                self.passed["no item"] += 1
            else:
                self.sink.unreadable(task, page.url, error.what, "unreadable")
        except Exception as error:  # a reader's own fault must not end the sweep
            what = f"{type(error).__name__}: {error}"[:500]
            self._report(captured, "unread", "reader_fault", what)

    def _report(self, captured: _Captured, kind: str, what: str, detail: str) -> None:
        record = self._kept(captured)
        self.sink.incident(
            Incident(captured.task, kind, what, detail, captured.page.url, record)  # type: ignore[arg-type]
        )

    def _search_or_item(self, captured: _Captured) -> None:
        try:
            results = captured.reader.read_search(captured.page)
        except ReadError:
            if captured.reader.source.kind == "search_engine":
                raise
            self._item(captured)
            return
        for problem in results.problems:
            self.sink.unreadable(captured.task, captured.page.url, problem)
        for row in results.listings:
            row = row.model_copy(update={"source": captured.task.source, "seen_at": captured.at})
            if not row.url:
                self._found(captured, row)
                continue
            key = captured.task.source, canonical(row.url)
            known = self._rows.get(key)
            if known is None or known[1].at <= captured.at:
                self._rows[key] = row, captured

    def _item(self, captured: _Captured) -> None:
        task = captured.task
        item = captured.reader.read_item(captured.page)
        key = task.source, canonical(item.url or captured.page.url)
        if task.start_url:
            listing = (
                item if item.shop_url else item.model_copy(update={"shop_url": task.start_url})
            )
        else:
            row = self._rows.get(key)
            listing = merged(item, row[0] if row else None)
        url = item.url or captured.page.url
        stamp = {"source": task.source, "url": url, "seen_at": captured.at}
        self._items.add(key)
        self._found(captured, listing.model_copy(update=stamp))

    def _leftover_rows(self) -> None:
        """Items that only a result list tells of."""
        for key, (row, captured) in self._rows.items():
            if key not in self._items:
                self._found(captured, row)
        self._rows.clear()

    def _found(self, captured: _Captured, listing: Listing) -> None:
        key = listing.source, canonical(listing.url)
        if key in self._in_batch:
            # Of one batch only the last look at a listing counts; here each one does.
            self.sink.flush()
            self._in_batch.clear()
        self._in_batch.add(key)
        self.sink.listing(Fetched(captured.task, listing, self._kept(captured)))

    # Evidence --------------------------------------------------------------------------

    def _kept(self, captured: _Captured) -> str:
        """The record in the vault for a page: the copy of an earlier run, or a new one."""
        fingerprint = captured.fingerprint
        if fingerprint not in self._records:
            self._records[fingerprint] = self._copy(captured)
        return self._records[fingerprint]

    def _copied_before(self) -> dict[str, str]:
        with self.sink.store.session() as session:
            rows = session.execute(
                select(m.Evidence.fingerprint, m.Evidence.record_id)
                .join(m.Sweep, m.Sweep.id == m.Evidence.sweep_id)
                .where(m.Sweep.mode == "archive")
            )
            return {fingerprint: record for fingerprint, record in rows}

    def _copy(self, captured: _Captured) -> str:
        # Counted already, as the page that was read.
        self.sink.summary.source(captured.task.source).pages -= 1
        message = captured.message
        return self.sink.captured(
            Capture(
                url=message.url,
                status=message.status,
                headers=message.headers,
                body=message.body,
                fetched_at=captured.at,
                fingerprint=captured.fingerprint,
                kind="page",
                source=captured.task.source,
                rendered=captured.page.rendered,
                notes=(
                    ("WARC-Yunjian-Copied-From", f"{captured.place} {captured.record}".strip()),
                ),
            )
        )


def _message(record: ArchiveRecord) -> Archived | None:
    if record.kind == "response":
        return archived_message(record.url, record.block)
    kind = record.headers.get("content-type", "")
    return Archived(record.url, 200, (("Content-Type", kind),), record.block, kind)


def _is_page(record: ArchiveRecord, message: Archived | None) -> bool:
    if not record.url.startswith(("http://", "https://")):
        return False
    kind = message.content_type if message else ""
    # A revisit may come without a head, and a head without a type.
    return not kind.strip() or kind.split(";")[0].strip().lower() in _PAGES


def _unusable(record: ArchiveRecord) -> str:
    """Why a record proves nothing; "" if it does."""
    if record.altered:
        return "its block is not what its digest says: altered or damaged"
    if record.date is None:
        return f"no date of capture: {record.headers.get('warc-date', '')[:40]!r}"
    return ""
