"""The chain of custody: who collected, stored, opened and exported a clue's evidence, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.chain import Custody, EvidenceLink, EvidenceSeal
from storage.models import Evidence, Sweep

__all__ = ["KINDS", "Act", "history", "note"]

KINDS = {
    "page": "网页", "redirect": "跳转", "block": "拦截页", "robots": "robots.txt",
    "picture": "图片", "screenshot": "截图", "file": "移交文件", "certificate": "证书",
}  # fmt: skip
"""What records are called to officers."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act in the life of evidence, in the words of those who read it. Times are UTC."""

    at: datetime
    act: str
    """collected, stored, sealed, opened or exported."""
    by: str
    what: str


def note(
    session: Session, clue_id: int, act: str, by: str, detail: str = "", at: datetime | None = None
) -> None:
    """Write down that somebody opened or exported a clue's evidence."""
    session.execute(
        insert(Custody).values(
            clue_id=clue_id, act=act, by=by[:255], at=at or datetime.now(UTC), detail=detail
        )
    )


def history(
    session: Session,
    clue_id: int,
    rows: Sequence[Evidence],
    links: Mapping[int, EvidenceLink],
    seals: Sequence[EvidenceSeal],
) -> list[Act]:
    """All acts in order of time; `links` by evidence id."""
    acts = []
    modes = {
        id_: mode
        for id_, mode in session.execute(
            select(Sweep.id, Sweep.mode).where(Sweep.id.in_({row.sweep_id for row in rows}))
        )
    }
    for row in rows:
        mode = modes.get(row.sweep_id or 0, "?")
        sweep = f"云鉴系统，巡检 {row.sweep_id}（{mode}）" if row.sweep_id else "云鉴系统"
        what = f"记录 {row.record_id}：{KINDS.get(row.kind, row.kind)} {row.url}"
        acts.append(Act(row.fetched_at, "collected", sweep, what))
        if link := links.get(row.id):
            stored = f"记录 {row.record_id}：证据链第 {link.sequence} 环"
            if link.clock_back:
                stored += f"（当时时钟倒退 {link.clock_back} 秒）"
            acts.append(Act(link.at, "stored", sweep, stored))
    for seal in seals:
        stamped = "已加可信时间戳" if seal.stamp else f"无时间戳（{seal.no_stamp}）"
        what = f"封签 {seal.id}：证据链至第 {seal.sequence} 环；{stamped}"
        acts.append(Act(seal.sealed_at, "sealed", "云鉴系统", what))
    noted = session.scalars(select(Custody).where(Custody.clue_id == clue_id).order_by(Custody.id))
    acts += [Act(one.at, one.act, one.by, one.detail) for one in noted]
    return sorted(acts, key=lambda act: act.at)
