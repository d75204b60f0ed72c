"""A store whose every number is known: eight clues around the days 1 to 10 November 2026."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from clues.arrivals import arrive
from clues.credit import add_penalty
from clues.folding import take_over
from clues.handover import answer, hand_over, open_case
from clues.lifecycle import take
from detectors import Detector
from policies import CHINA
from reports import Knowledge, knowledge
from storage import Store
from storage import models as m
from storage.intake import IntakeFile, IntakeRecord
from storage.operators import OperatorPlace
from storage.runs import PriceSample, Run
from tests.clues.casework import HOUSE

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 10)
NOW = datetime(2026, 11, 12, 2, tzinfo=UTC)
USCC = "91530100MA6K1A2B30"


def china(day: str, clock: str = "10:00:00") -> datetime:
    """A moment of November 2026 (or MM-DD) on clocks of China."""
    month, _, number = day.rpartition("-")
    return datetime.fromisoformat(f"2026-{month or '11'}-{number:0>2}T{clock}").replace(
        tzinfo=CHINA
    )


@dataclass
class Seeds:
    """The ids of clues by a name."""

    store: Store
    known: Knowledge
    clues: dict[str, int] = field(default_factory=dict)

    def clue(self, name: str, violation: str, goods: list[str], region: str, intake: str, at: datetime, operator: str = "", title: str = "高仿老班章", shop: str = "", law: str = "product-quality-law-5", source: str = "taobao") -> int:  # fmt: skip
        """A clue that one signal on one page opened, and its arrival."""
        number = len(self.clues) + 1
        at = at.astimezone(UTC)
        with self.store.session() as session:
            owner = None
            if operator:
                owner = m.Operator(key=f"{USCC}{number}", name=operator, uscc=USCC, licence_no="", phone="", address="云南省西双版纳傣族自治州勐海县虚构路9号", first_seen=at)  # fmt: skip
                session.add(owner)
                session.flush()
            seller = m.Shop(source=source, key=f"s{number}", name=shop or f"虚构{number}号店", url=f"http://x.example/{number}", operator_id=owner.id if owner else None, first_seen=at)  # fmt: skip
            session.add(seller)
            session.flush()
            page = m.ListingRow(source=source, key=f"l{number}", url=f"http://x.example/{number}/1", shop_id=seller.id, goods=goods[0] if goods else "", title=title, price_fen=19900, content_hash="h", first_seen=at, last_seen=at)  # fmt: skip
            record = m.Evidence(sweep_id=None, kind="page", url="http://x.example", status=200, content_type="text/html", sha256=f"{number:064x}", size=1, warc_file="a.warc.gz", warc_offset=0, record_id=f"urn:uuid:{number}", rendered=False, fingerprint="", fetched_at=at, original_id=None)  # fmt: skip
            session.add_all([page, record])
            session.flush()
            seen = m.Observation(listing_id=page.id, sweep_id=None, evidence_id=record.id, content_hash="h", content={"title": title, "source": source}, price_fen=19900, seen_at=at)  # fmt: skip
            session.add(seen)
            session.flush()
            signal = m.SignalRow(observation_id=seen.id, rule="r", rule_version=1, violation=violation, field="title", start=0, end=2, text=title[:2], strength=0.9, reason="自称高仿", disguise=[], law=[law])  # fmt: skip
            subject = f"operator:{owner.id}" if owner else f"shop:{seller.id}"
            clue = m.Clue(subject=subject, operator_id=owner.id if owner else None, shop_id=seller.id, violation=violation, state="new", score=0.9, goods=goods, sources=[source], region=region, intake=intake, sweep_id=None, opened_at=at, grown_at=at)  # fmt: skip
            session.add_all([signal, clue])
            session.flush()
            session.add_all(
                [
                    m.ClueSignal(clue_id=clue.id, signal_id=signal.id),
                    m.ClueEvidence(clue_id=clue.id, evidence_id=record.id),
                ]
            )
            arrive(session, clue.id, intake, at, None)
            self.clues[name] = clue.id
            if owner:
                session.add(OperatorPlace(operator_id=owner.id, code=region, confidence=0.9, reasons=[], contradictions=[], settled_at=at))  # fmt: skip
        return self.clues[name]

    def steps(self, name: str, at: datetime, *actions: str) -> None:
        """Steps taken at one moment."""
        for action in actions:
            with self.store.session() as session:
                take(session, self.clues[name], action, "王芳", "例行", now=lambda: at)

    def hand(self, name: str, to: str, at: datetime) -> None:
        """Handed to a department."""
        with self.store.session() as session:
            hand_over(session, self.known.departments, dict(self.known.regions), self.clues[name], to, "王芳", "请查处", now=lambda: at)  # fmt: skip

    def answered(self, name: str, department: str, at: datetime, result: str = "upheld") -> None:
        """A department's answer."""
        with self.store.session() as session:
            answer(session, self.known.departments, self.clues[name], department, "李某", "已查处虚构茶行有限公司，联系人13912345678", result, now=lambda: at)  # fmt: skip

    def punished(self, name: str, day: date) -> None:
        """A penalty."""
        with self.store.session() as session:
            add_penalty(session, self.known.periods, self.clues[name], "虚市监罚字〔2026〕1号", "罚款5000元", "虚构县市场监督管理局", day, "ordinary", "王芳", lambda: NOW)  # fmt: skip


def seeded(store: Store, detector: Detector) -> Seeds:
    """The store of the story below; nothing of it but what is written here."""
    seeds = Seeds(store, knowledge(HOUSE / "rules", detector.ruleset))
    check = ("triage", "verify", "confirm")
    # The first moment of the period: a case from its opening to its end.
    seeds.clue("full", "counterfeit", ["tea"], "532822", "sweep", china("1", "00:00:00"), "虚构茶行有限公司")  # fmt: skip
    seeds.steps("full", china("2"), *check)
    seeds.hand("full", "gongan", china("3"))
    seeds.answered("full", "gongan", china("4"))
    seeds.punished("full", date(2026, 11, 5))
    seeds.steps("full", china("6"), "close")
    # Two kinds of goods; handed over, no answer yet.
    seeds.clue("owed", "false_claim", ["sanqi", "tea"], "5301", "promotion", china("3"))
    seeds.steps("owed", china("5"), *check)
    seeds.hand("owed", "gongan", china("6"))
    # A false alarm of a place that nobody knows.
    seeds.clue("alarm", "medical_claim", ["sanqi"], "", "complaint", china("4"))
    seeds.steps("alarm", china("5"), "reject")
    # The last moment of the period; goods of no group, another province.
    seeds.clue("last", "price_fraud", [], "440103", "promotion", china("10", "23:59:59"))
    # One moment before the period, but found right in it.
    seeds.clue("earlier", "counterfeit", ["tea"], "530102", "sweep", china("10-31", "23:59:59"), "虚构云茶厂")  # fmt: skip
    seeds.steps("earlier", china("7"), *check)
    # One moment after it.
    seeds.clue("later", "counterfeit", ["tea"], "530102", "sweep", china("11", "00:00:00"))
    # Found right as a shop's; then its operator became known, who had such a clue already.
    seeds.clue("heir", "unlawful_operator", ["tea"], "532822", "sweep", china("2"), "虚构山货行")
    seeds.clue("orphan", "unlawful_operator", ["tea"], "", "sweep", china("2"))
    seeds.steps("orphan", china("4"), *check)
    with store.session() as session:
        heir = session.get_one(m.Clue, seeds.clues["heir"])
        orphan = session.get_one(m.Clue, seeds.clues["orphan"])
        assert heir.operator_id is not None
        take_over(session, orphan.subject, heir.operator_id)
    # Rejected and taken up again: neither right nor wrong.
    seeds.clue("again", "absolute_claim", ["food-drug"], "532822", "inspection", china("6"))
    seeds.steps("again", china("6"), "reject")
    seeds.steps("again", china("7"), "reopen")
    _watched(store)
    return seeds


def joint(seeds: Seeds) -> None:
    """A joint case of two departments, on the 8th."""
    with seeds.store.session() as session:
        open_case(session, seeds.known.departments, dict(seeds.known.regions), [seeds.clues["earlier"]], ["gongan", "shiyao"], "王芳", "联合查处", now=lambda: china("8"))  # fmt: skip


def _watched(store: Store) -> None:
    """Sweeps, incidents, prices, a file of complaints."""
    total = {"pages": 120, "listings": 80, "clues_opened": 3, "blocks": 2, "failures": 1}
    with store.session() as session:
        for at, mode, summary in (
            (china("10-25"), "nightly", {"total": total}),
            (china("1", "01:00:00"), "nightly", {"total": total}),
            (china("9"), "nightly", {"total": total}),
            (china("10"), "intensified", None),
        ):
            session.add(m.Sweep(mode=mode, state="done" if summary else "running", plan={}, summary=summary, started_at=at, ended_at=None))  # fmt: skip
        session.flush()
        sweep = session.scalars(select(m.Sweep.id).order_by(m.Sweep.id.desc()).limit(1)).one()
        for number, (kind, source) in enumerate((("block", "taobao"), ("block", "taobao"), ("drift", "jd"))):  # fmt: skip
            session.add(m.Incident(sweep_id=sweep, source=source, host="x", kind=kind, what="w", detail="", url="", evidence_id=None, at=china(str(2 + number))))  # fmt: skip
        task: dict[str, Any] = {"sweep_id": sweep, "reader": "taobao", "goods": "tea", "query": "茶", "start_url": "", "pages": 1, "note": "", "poorest_id": None}  # fmt: skip
        session.add(m.TaskRow(key="1", source="taobao", state="done", answers=7, **task))
        session.add(m.TaskRow(key="2", source="taobao", state="failed", answers=0, **task))
        page = session.scalars(select(m.ListingRow).order_by(m.ListingRow.id)).first()
        assert page is not None
        for day, fen in ((8, 30000), (9, 15000)):
            session.add(PriceSample(listing_id=page.id, day=date(2026, 11, day), price_fen=fen, evidence_id=None, seen_at=china(str(day))))  # fmt: skip
        for outcome, on in (("done", "9"), ("missed", "10")):
            session.add(Run(entry="double-11", kind="intensified", planned_at=china(on), until=china(on, "23:00:00"), outcome=outcome, decided_at=china(on), begun_at=None, ended_at=None, sweep_id=None, tried_at=None))  # fmt: skip
        record = session.scalars(select(m.Evidence.id).order_by(m.Evidence.id)).first()
        assert record is not None
        file = IntakeFile(kind="complaint", profile="p", name="n", sha256="0" * 64, evidence_id=record, officer="王芳", at=china("4"))  # fmt: skip
        session.add(file)
        session.flush()
        for line, state in enumerate(("matched", "unmatched", "superseded"), 1):
            session.add(IntakeRecord(file_id=file.id, kind="complaint", key=str(line), revision=1, digest="d", line=line, received_at=None, content={}, violations=[], signals=[], match={}, findings=[], state=state, shop_id=None, listing_id=None, operator_id=None, settled_by="", at=china("4")))  # fmt: skip
