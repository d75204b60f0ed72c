"""`StoreSink`: takes what the crawl finds, and in batches keeps, detects and grows clues.

Order of writing: evidence to the disk first, then one transaction with all that rests on it.
A process killed at any instant therefore leaves a store that is whole and lags behind the
evidence by at most one batch; the resumed sweep reads that batch's pages again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from clues import Finding, Jurisdiction, grow, keep_pictures, way_of_sweep
from crawler.addresses import canonical, host_of
from crawler.plan import Goods, goods_of
from crawler.tasks import Capture, Fetched, Incident, Kept, Known, Task, Yield
from detectors import Detection, Detector
from storage import Store, Vault, VaultError
from storage import models as m
from storage.observations import Found, Recorded, record
from storage.vault import VaultWriter
from sweeps.privacy import masked
from sweeps.revisits import Revisits, keep
from sweeps.rows import evidence_row, storable, write_incidents
from sweeps.sources import unaddressed
from sweeps.summary import Summary
from sweeps.tasks import add_shop_task, keep_yields

__all__ = ["StoreSink"]

BATCH = 100
"""Listings per transaction."""
BATCH_SECONDS = 2.0
"""Nothing waits longer than this for its transaction while pages come in."""


def _pictures_of(found: Found, detection: Detection) -> dict[str, list[int]]:
    """Evidence ids of the pictures, and of the shop's own pages, in which the words of each
    violation stand."""
    pictures: dict[str, list[int]] = {}
    for signal in detection.signals:
        place = found.listing.in_picture(signal.field).get("image", -1)
        if place in found.pictures:
            pictures.setdefault(signal.violation, []).append(found.pictures[place])
        if signal.field in found.pages:
            pictures.setdefault(signal.violation, []).append(found.pages[signal.field])
    return pictures


class StoreSink:
    """The sink of one process working on one sweep; see the module."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        detector: Detector,
        jurisdiction: Jurisdiction,
        summary: Summary,
        watch_list: Sequence[Goods],
        only_goods: frozenset[str] = frozenset(),
        region: str = "",
    ) -> None:
        self.store = store
        self.vault = vault
        self.detector = detector
        self.jurisdiction = jurisdiction
        self.summary = summary
        self.watch_list = watch_list
        self.only_goods = only_goods
        self.region = region
        self.writer: VaultWriter = vault.writer(f"sweep-{summary.sweep_id}")
        self.revisits = Revisits(store, vault)
        self._resumable = self._kept_before()
        self._evidence: list[dict[str, Any]] = []
        self._blocks: set[str] = set()
        self._found: list[Fetched] = []
        self._incidents: list[tuple[Incident, datetime]] = []
        self._ended: list[tuple[Task, bool, str]] = []
        self._yields: list[tuple[Task, Yield]] = []
        self._shop_tasks: dict[str, Task] = {}
        self._way = way_of_sweep(summary.mode)
        self._opened: set[int] = set()
        self._grown: set[int] = set()
        self._picture_problems: set[str] = set()
        self._flushed_at = time.monotonic()

    # What the crawl calls ---------------------------------------------------------------

    def captured(self, capture: Capture) -> str:
        """Keep a response as evidence; returns the id of its record."""
        same = capture.known
        if same and (capture.status != 200 or self.revisits.body(same) != capture.body):
            same = None
        return self._keep(capture, same)

    def _keep(self, capture: Capture, unchanged: Known | None) -> str:
        ref = keep(self.writer, capture, unchanged)
        if capture.kind == "page":
            self.summary.source(capture.source).pages += 1
            self.summary.source(capture.source).pages_unchanged += unchanged is not None
        said = {name.lower(): value.replace("\0", "") for name, value in capture.headers}
        self._evidence.append(
            evidence_row(ref, self.summary.sweep_id, capture.kind)
            | {
                "fingerprint": capture.fingerprint,
                "rendered": capture.rendered,
                "etag": said.get("etag", "")[:500],
                "last_modified": said.get("last-modified", "")[:100],
                "original_id": unchanged.evidence_id if unchanged else None,
            }
        )
        self._maybe_flush()
        return ref.record_id

    def handed_over(self, target: str, body: bytes, kind: str, at: datetime) -> str:
        """Keep a file that did not come over the wire; returns the id of its record."""
        ref = self.writer.resource(target, body, kind, at)
        self._evidence.append(evidence_row(ref, self.summary.sweep_id, "file"))
        return ref.record_id

    def known(self, fingerprint: str) -> Known | None:
        """How the page stood when an earlier sweep kept it."""
        return self.revisits.known(fingerprint)

    def unchanged(self, capture: Capture) -> tuple[Kept, str] | None:
        """The page whose site says (304) that it is as `capture.known`, and the record of its
        saying so; None where the kept page is lost."""
        if capture.known is None or (page := self.revisits.read(capture.known)) is None:
            return None
        kept = Kept(capture.url, page.status, page.headers, page.body, capture.rendered)
        return kept, self._keep(capture, capture.known)

    def kept(self, fingerprint: str) -> tuple[Kept, str] | None:
        """The response to this request and its record, if an interrupted run kept it."""
        found = self._resumable.get(fingerprint)
        if found is None:
            return None
        warc_file, offset, record_id, rendered = found
        try:
            page = self.vault.read(warc_file, offset)
        except VaultError as error:
            self.summary.problems.append(str(error))
            return None
        self.summary.kept_pages += 1
        return Kept(page.url, page.status, page.headers, page.body, rendered), record_id

    def listing(self, fetched: Fetched) -> None:
        """A listing was read."""
        self._found.append(fetched)
        self._maybe_flush()

    def result(self, task: Task, kind: str, ad: bool) -> None:
        """A search engine's result led to a ``shop``, ``marketplace``, ``news`` or ``other``."""
        self.summary.results[f"{kind}/advertisement" if ad else kind] += 1

    def shop_found(self, task: Task, url: str, title: str, place: str) -> Task:
        """A search result led to a shop: the task that sweeps it, the same one each time."""
        host = host_of(url)
        if host not in self._shop_tasks:
            how = f"{task.source}: {task.query}, {place}"
            with self.store.session() as session:
                shop, fresh = add_shop_task(session, self.summary.sweep_id, url, title, how)
            self._shop_tasks[host] = shop
            self.summary.shops_found += fresh
        return self._shop_tasks[host]

    def incident(self, incident: Incident) -> None:
        """Something could not be seen."""
        self._incidents.append((incident, datetime.now(UTC)))
        count = self.summary.source(incident.task.source)
        if incident.kind == "block":
            count.blocks += 1
            if incident.record:
                self._blocks.add(incident.record)
        elif incident.kind in ("failure", "unread"):
            count.failures += 1
        elif (incident.kind, incident.what) == ("wait", "window"):
            self.summary.waiting[incident.task.source] = incident.detail
        self.summary.incidents[f"{incident.kind}/{incident.what}"] += 1
        self._say(f"{incident.kind}/{incident.what}: {incident.url}: {incident.detail}")

    def unreadable(self, task: Task, url: str, problem: str, what: str = "entry") -> None:
        """A part of a page (an entry, a picture) could not be read; the others were."""
        self.summary.incidents[f"unread/{what}"] += 1
        # Once the time for pictures is used up, all of them say the same.
        if what != "picture" or problem not in self._picture_problems:
            self._say(f"{task.source}: {url}: {problem}")
        if what == "picture":
            self._picture_problems.add(problem)

    def yielded(self, task: Task, gave: Yield) -> None:
        """What a task gave; called before it ends."""
        self._yields.append((task, gave))

    def task_ended(self, task: Task, ok: bool, note: str) -> None:
        """All requests of a task have come to an end."""
        self._ended.append((task, ok, note))

    def _say(self, problem: str) -> None:
        if len(self.summary.problems) < 200:
            self.summary.problems.append(problem[:500])

    # Keeping ----------------------------------------------------------------------------

    def _kept_before(self) -> dict[str, tuple[str, int, str, bool]]:
        """Whole answers that earlier runs of this sweep have, by what was asked."""
        with self.store.session() as session:
            rows = session.execute(
                select(
                    m.Evidence.fingerprint,
                    m.Evidence.warc_file,
                    m.Evidence.warc_offset,
                    m.Evidence.record_id,
                    m.Evidence.rendered,
                ).where(
                    m.Evidence.sweep_id == self.summary.sweep_id,
                    m.Evidence.kind.in_(("page", "redirect", "picture")),
                    m.Evidence.status < 400,
                )
            )
            return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}

    def _maybe_flush(self) -> None:
        late = time.monotonic() - self._flushed_at > BATCH_SECONDS
        if late or len(self._found) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """All that came in so far is on the disk and in the store when this returns."""
        self._flushed_at = time.monotonic()
        self.writer.flush()
        with self.store.session() as session:
            ids = self._write_evidence(session)
            self._write_findings(session, ids)
            write_incidents(session, self.summary.sweep_id, self._incidents, ids)
            keep_yields(session, self._yields, ids)
            for task, ok, note in self._ended:
                session.execute(
                    update(m.TaskRow)
                    .where(m.TaskRow.id == task.id)
                    .values(state="done" if ok else "failed", note=note[:500].replace("\0", ""))
                )
        self._evidence, self._found, self._incidents, self._ended = [], [], [], []
        self._yields = []

    def _write_evidence(self, session: Session) -> dict[str, int]:
        """Ids by record, of this batch and of what its listings rest on."""
        for row in self._evidence:
            if row["record_id"] in self._blocks:
                row["kind"] = "block"
        ids: dict[str, int] = {}
        if self._evidence:
            stored = session.scalars(
                insert(m.Evidence).returning(m.Evidence.id, sort_by_parameter_order=True),
                self._evidence,
            ).all()
            ids = dict(zip((row["record_id"] for row in self._evidence), stored, strict=True))
        rests_on = {
            record
            for f in self._found
            for record in (f.record, *dict(f.pictures).values(), *dict(f.pages).values())
        }
        rests_on |= {gave.poorest[1] for _, gave in self._yields if gave.poorest}
        rests_on |= {incident.record for incident, _ in self._incidents}
        earlier = (rests_on | self._blocks) - ids.keys() - {""}
        if earlier:
            rows = session.execute(
                select(m.Evidence.record_id, m.Evidence.id).where(m.Evidence.record_id.in_(earlier))
            )
            ids.update({record_id: id_ for record_id, id_ in rows})
        if late_blocks := [ids[r] for r in self._blocks if r in ids and r in earlier]:
            session.execute(
                update(m.Evidence).where(m.Evidence.id.in_(late_blocks)).values(kind="block")
            )
        self._blocks.clear()
        return ids

    def _write_findings(self, session: Session, evidence: dict[str, int]) -> None:
        batch = [found for fetched in self._found if (found := self._found_of(fetched, evidence))]
        if not batch:
            return
        recorded = record(session, self.summary.sweep_id, batch)
        fresh = [pair for pair in zip(batch, recorded, strict=True) if pair[1].observation_id]
        keep_pictures(session, fresh)
        detected = [(found, row, self._detect(found, row)) for found, row in fresh]
        signal_ids = self._write_signals(session, detected)
        findings = []
        for (found, row, detection), ids in zip(detected, signal_ids, strict=True):
            by_violation = {
                violation: (
                    detection.scores[violation],
                    [
                        id_
                        for id_, signal in zip(ids, detection.signals, strict=True)
                        if signal.violation == violation
                    ],
                )
                for violation in detection.violations
            }
            findings.append(
                Finding(
                    shop_id=row.shop_id,
                    operator_id=row.operator_id,
                    source=found.listing.source,
                    goods=found.goods,
                    region=self.jurisdiction.of(found.listing),
                    evidence_id=found.evidence_id,
                    seen_at=found.seen_at,
                    violations=by_violation,
                    pictures=_pictures_of(found, detection),
                )
            )
        self._count(batch, recorded, detected)
        self._grow(session, findings)

    def _found_of(self, fetched: Fetched, evidence: dict[str, int]) -> Found | None:
        """None for what the sweep was told to leave out: other goods, other regions."""
        listing = masked(storable(fetched.listing))
        goods = goods_of(self.watch_list, listing.title, fetched.task.goods)
        # What can't be told may well be what was asked for.
        if self.only_goods and goods and goods not in self.only_goods:
            return None
        if self.region:
            place = self.jurisdiction.of(listing)
            if place and not place.startswith(self.region):
                return None
        return Found(
            listing=listing.model_copy(update={"goods": goods}),
            url=canonical(listing.url) if listing.url else unaddressed(listing),
            host=host_of(listing.url) if fetched.task.start_url else "",
            goods=goods,
            evidence_id=evidence.get(fetched.record),
            seen_at=listing.seen_at or datetime.now(UTC),
            pictures={n: evidence[record] for n, record in fetched.pictures if record in evidence},
            pages={n: evidence[record] for n, record in fetched.pages if record in evidence},
        )

    def _detect(self, found: Found, row: Recorded) -> Detection:
        listing = found.listing
        if row.prices and not listing.price_history:
            listing = listing.model_copy(update={"price_history": list(row.prices)})
        return self.detector.detect(listing)

    @staticmethod
    def _write_signals(
        session: Session, detected: Sequence[tuple[Found, Recorded, Detection]]
    ) -> list[list[int]]:
        rows = [
            {"observation_id": row.observation_id} | signal.to_dict()
            for _, row, detection in detected
            for signal in detection.signals
        ]
        stored: Iterator[int] = iter(())
        if rows:
            stored = iter(
                session.scalars(
                    insert(m.SignalRow).returning(m.SignalRow.id, sort_by_parameter_order=True),
                    rows,
                ).all()
            )
        return [[next(stored) for _ in detection.signals] for _, _, detection in detected]

    def _count(
        self,
        batch: Sequence[Found],
        recorded: Sequence[Recorded],
        detected: Sequence[tuple[Found, Recorded, Detection]],
    ) -> None:
        for found, row in zip(batch, recorded, strict=True):
            count = self.summary.source(found.listing.source)
            count.listings += 1
            if row.observation_id is None:
                count.observations_unchanged += 1
            else:
                count.observations_new += 1
        for found, _, detection in detected:
            self.summary.source(found.listing.source).signals += len(detection.signals)

    def _grow(self, session: Session, findings: Sequence[Finding]) -> None:
        for finding in findings:
            tally = grow(session, self.summary.sweep_id, [finding], self._way)
            count = self.summary.source(finding.source)
            count.clues_opened += len(tally.opened)
            self._opened |= tally.opened
            # A clue that opened in this sweep and took more signals is one opened clue.
            fresh = tally.grown - self._opened - self._grown
            self._grown |= fresh
            count.clues_grown += len(fresh)

    def close(self) -> None:
        """Keep what is left and finish the evidence file."""
        self.flush()
        self.writer.close()
