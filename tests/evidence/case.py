"""A clue that rests on a page, the same page found unchanged, and a screenshot."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from clues import Finding, grow
from evidence import Sealer
from evidence.keys import make_key
from evidence.pack import Exported, export
from listing import Listing
from storage import EvidenceRef, Store, Vault
from storage import models as m
from storage.observations import Found, record

__all__ = ["NOW", "PAGE", "Case", "open_case"]

NOW = datetime(2026, 11, 11, 2, 3, 4, 5678, tzinfo=UTC)
URL = "http://shop.example/item?id=7&b=%E6%99%AE%E6%B4%B1"
PAGE = "<html><body><h1>最好的普洱茶<script>alert(1)</script></h1></body></html>".encode()
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000"
    "0003010100c9fe92ef0000000049454e44ae426082"
)
LAWS: dict[str, dict[str, Any]] = {
    "ad-law-9-3": {
        "id": "ad-law-9-3", "law": "中华人民共和国广告法", "article": "第九条第（三）项",
        "version": "2021-04-29", "in_force_from": "2021-04-29", "penalty": "ad-law-57",
        "text": "广告不得有下列情形： （三）使用“国家级”、“最高级”、“最佳”等用语；",
    },
    "old": {"id": "old", "law": "旧法", "in_force_to": "2025-10-14", "text": "旧文"},
}  # fmt: skip
TITLES = {"absolute_claim": {"title": "绝对化用语"}}


@dataclass
class Case:
    """A store with one clue, its vault, and a key."""

    store: Store
    vault: Vault
    key: Path
    clue: int
    refs: list[EvidenceRef]
    folder: Path

    def export(self, name: str = "clue.wacz", tsa: Any = None, **more: Any) -> Exported:
        """A pack in the case's folder; `browser` is none unless it is given."""
        sealer = Sealer(self.key, tsa.url if tsa else "", tsa.root if tsa else None)
        more = {"browser": "/nowhere/chromium"} | more
        return export(
            self.store,
            self.vault,
            sealer,
            self.clue,
            self.folder / name,
            "王警官",
            LAWS,
            TITLES,
            **more,
        )


def evidence_row(ref: EvidenceRef, kind: str, **more: Any) -> dict[str, Any]:
    """A row of the evidence table."""
    return asdict(ref) | {
        "sweep_id": None, "kind": kind, "fingerprint": "", "rendered": False,
    } | more  # fmt: skip


def open_case(store: Store, folder: Path, words: str = "最好") -> Case:
    """The case as a sweep leaves it, before anything is linked."""
    vault = Vault(folder / "vault")
    headers = [("Content-Type", "text/html; charset=utf-8")]
    asked = [("Host", "shop.example"), ("User-Agent", "Yunjian")]
    with vault.writer("t") as writer:
        writer.response("http://other.example/", 200, headers, b"another shop", NOW)
        page = writer.response(URL, 200, headers, PAGE, NOW, request_headers=asked)
        later = NOW + timedelta(days=1)
        again = writer.revisit(URL, 304, [], later, page, request_headers=asked)
        picture = writer.screenshot(URL, PNG, later, page.record_id)
    with store.session() as session:
        ids = [
            session.scalars(
                insert(m.Evidence).values(evidence_row(page, "page")).returning(m.Evidence.id)
            ).one()
        ]
        for values in (
            evidence_row(again, "page", original_id=ids[0]),
            evidence_row(picture, "screenshot"),
        ):
            ids.append(
                session.scalars(insert(m.Evidence).values(values).returning(m.Evidence.id)).one()
            )
        listing = Listing.from_dict(
            {"title": f"{words}的普洱茶<b>&", "source": "shop.example", "shop_name": "虚构茶行"}
        )
        found = Found(listing, URL, "shop.example", "tea", ids[1], later)
        (row,) = record(session, None, [found])
        signal = session.scalars(
            insert(m.SignalRow)
            .values(
                observation_id=row.observation_id, rule="superlatives", rule_version=1,
                violation="absolute_claim", field="title", start=0, end=len(words), text=words,
                strength=0.9, reason="绝对化用语", disguise=[], law=["ad-law-9-3", "old"],
            )
            .returning(m.SignalRow.id)
        ).one()  # fmt: skip
        finding = Finding(
            row.shop_id, row.operator_id, "shop.example", "tea", "5301", ids[1], later,
            {"absolute_claim": (0.9, [signal])}, {"absolute_claim": [ids[2]]},
        )  # fmt: skip
        (clue,) = grow(session, None, [finding]).opened
    key = folder / "keys" / "office.pem"
    make_key(key)
    return Case(store, vault, key, clue, [page, again, picture], folder)
