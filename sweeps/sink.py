"""`StoreSink`: takes what the crawl finds, and in batches keeps, detects and grows clues.

Order of writing: evidence to the disk first, then one transaction with all that rests on it.
A process killed at any instant therefore leaves a store that is whole and lags behind the
evidence by at most one batch; the resumed sweep reads that batch's pages again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clues import Finding, Jurisdiction, grow, keep_facts, keep_pictures, way_of_sweep
from crawler.addresses import canonical, host_of
from crawler.plan import Goods, goods_of
from crawler.tasks import Capture, Fetched, Incident, Kept, Known, Task, Yield
from detectors import Detection, Detector
from evidence import extend
from storage import Store, Vault, VaultError
from storage import models as m
from storage.observations import Found, Recorded, record
from storage.vault import VaultWriter
from sweeps.ahead import Ahead, ahead, key_of
from sweeps.chains import Chains
from sweeps.editions import note_edition
from sweeps.events import task_ended, unseen
from sweeps.findings import finding_of, write_signals
from sweeps.kept import KeptPages, kept_pages
from sweeps.pricewatch import completed, only_new, sample, to_judge
from sweeps.privacy import masked
from sweeps.revisits import Revisits, keep
from sweeps.rows import evidence_row, storable, write_evidence, write_incidents
from sweeps.sources import unaddressed
from sweeps.summary import Summary
from sweeps.tasks import add_shop_task, keep_yields

__all__ = ["StoreSink"]

BATCH = 100
"""Listings per transaction."""
BATCH_SECONDS = 2.0
"""Nothing waits longer than this for its transaction while pages come in."""


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
        samples: bool = False,
    ) -> None:
        self.store = store
        self.vault = vault
        self.detector = detector
        self.jurisdiction = jurisdiction
        self.summary = summary
        self.watch_list = watch_list
        self.only_goods = only_goods
        self.region = region
        self.samples = samples
        self.writer: VaultWriter = vault.writer(f"sweep-{summary.sweep_id}")
        self.revisits = Revisits(store, vault)
        self._chains = Chains(self.writer)
        note_edition(store, detector, summary.sweep_id)
        self._resumable = self.kept_before()
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
        self._ahead: Ahead = {}

    # What the crawl calls ---------------------------------------------------------------

    def captured(self, capture: Capture) -> str:
        """Keep a response as evidence; returns the id of its record."""
        same = capture.known
        if same and (capture.status != 200 or self.revisits.body(same) != capture.body):
            same = None
        return self._keep(capture, same)

    def _keep(self, capture: Capture, unchanged: Known | None) -> str:
        notes, chain = self._chains.keep(capture)
        ref = keep(self.writer, capture, unchanged, dict(capture.notes) | notes)
        if chain is not None:
            self._evidence.append(evidence_row(chain, self.summary.sweep_id, "certificate"))
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

    def seen(self, task: Task) -> set[str]:
        """The canonical addresses that earlier runs of this sweep asked for a finished shop."""
        with self.store.session() as session:
            urls = session.scalars(
                select(m.Evidence.url).where(
                    m.Evidence.sweep_id == self.summary.sweep_id,
                    m.Evidence.url.startswith(task.start_url, autoescape=True),
                )
            )
            return {canonical(url) for url in urls}

    def listing(self, fetched: Fetched) -> None:
        """A listing was read."""
        self._found.append(fetched)
        self._maybe_flush()

    def result(self, task: Task, kind: str, ad: bool) -> None:
        """A search engine's result led to a ``shop``, ``marketplace``, ``news`` or ``other``."""
        self.summary.results[f"{kind}/advertisement" if ad else kind] += 1

    def shop_found(self, task: Task, url: str, title: str, place: str) -> Task | None:
        """A search result led to a shop: the task that sweeps it, the same one each time."""
        host = host_of(url)
        if host not in self._shop_tasks:
            how = f"{task.source}: {task.query}, {place}"
            with self.store.writing() as session:
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
        unseen(self.summary.sweep_id, incident)

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
        task_ended(self.summary.sweep_id, task, ok)

    def _say(self, problem: str) -> None:
        if len(self.summary.problems) < 200:
            self.summary.problems.append(problem[:500])

    # Keeping ----------------------------------------------------------------------------

    def _maybe_flush(self) -> None:
        late = time.monotonic() - self._flushed_at > BATCH_SECONDS
        if late or len(self._found) >= BATCH:
            self.flush()

    def kept_before(self) -> KeptPages:
        """Whole answers that earlier runs of this sweep have, by what was asked."""
        with self.store.session() as session:
            return kept_pages(session, self.summary.sweep_id)

    def flush(self) -> None:
        """All that came in so far is on the disk and in the store when this returns."""
        self._flushed_at = time.monotonic()
        self.writer.flush()
        self._ahead = ahead(
            self.store,
            self.detector,
            [found for one in self._found if (found := self._found_of(one, {}))],
        )
        with self.store.writing() as session:
            ids = self._write_evidence(session)
            self._write_findings(session, ids)
            write_incidents(session, self.summary.sweep_id, self._incidents, ids)
            keep_yields(session, self._yields, ids)
            for task, ok, note in self._ended:
                if task.done:
                    # A further page of a finished shop does not make it unfinished.
                    continue
                session.execute(
                    update(m.TaskRow)
                    .where(m.TaskRow.id == task.id)
                    .values(state="done" if ok else "failed", note=note[:500].replace("\0", ""))
                )
            self.written(session)
        for told in extend(self.store, list(ids.values())).clock_back:
            self._say(told)
        self._evidence, self._found, self._incidents, self._ended = [], [], [], []
        self._yields = []

    def written(self, session: Session) -> None:
        """Called at the end of each batch, within its transaction."""

    def _write_evidence(self, session: Session) -> dict[str, int]:
        """Ids by record, of this batch and of what its listings rest on."""
        rests_on = {
            record
            for f in self._found
            for record in (f.record, *dict(f.pictures).values(), *dict(f.pages).values())
        }
        rests_on |= {gave.poorest[1] for _, gave in self._yields if gave.poorest}
        rests_on |= {incident.record for incident, _ in self._incidents}
        ids = write_evidence(session, self._evidence, rests_on, self._blocks)
        self._blocks.clear()
        return ids

    def _write_findings(self, session: Session, evidence: dict[str, int]) -> None:
        looks = [
            (found, f.task.item) for f in self._found if (found := self._found_of(f, evidence))
        ]
        if not looks:
            return
        batch = completed(session, looks)
        recorded = record(session, self.summary.sweep_id, batch)
        fresh = [pair for pair in zip(batch, recorded, strict=True) if pair[1].observation_id]
        keep_pictures(session, fresh)
        keep_facts(session, fresh, self.jurisdiction.places)
        detected = [(found, row, self._detect(found, row)) for found, row in fresh]
        if self.samples:
            sample(session, batch, recorded)
            same = to_judge(session, batch, recorded)
            detected += only_new(session, [(f, row, self._detect(f, row)) for f, row in same])
        signal_ids = write_signals(session, self.detector, detected)
        findings = [
            finding_of(one, ids, self.jurisdiction)
            for one, ids in zip(detected, signal_ids, strict=True)
        ]
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
        other_site = fetched.task.item and fetched.task.reader != "shop"
        return Found(
            listing=listing.model_copy(update={"goods": goods}),
            url=canonical(listing.url) if listing.url else unaddressed(listing),
            host=host_of(listing.url) if fetched.task.start_url and not other_site else "",
            goods=goods,
            evidence_id=evidence.get(fetched.record),
            seen_at=listing.seen_at or datetime.now(UTC),
            pictures={n: evidence[record] for n, record in fetched.pictures if record in evidence},
            pages={n: evidence[record] for n, record in fetched.pages if record in evidence},
        )

    def _detect(self, found: Found, row: Recorded) -> Detection:
        listing = found.listing
        if (known := self._ahead.get(key_of(found, row.prices))) and known[0] == listing:
            return known[1]
        if row.prices and not listing.price_history:
            listing = listing.model_copy(update={"price_history": list(row.prices)})
        return self.detector.detect(listing)

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
