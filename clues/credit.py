"""Credit records (四(四)): penalties under the operator, their publication, the watch list.

Layout of a record: 市场监督管理行政处罚信息公示规定 (2021) 第四条 (摘要); who is only warned is not
published (第二条); how long it stays (第十三条).
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from clues.deadlines import Periods
from clues.exports import ExportError, harmless
from clues.filters import in_region
from clues.lifecycle import record
from clues.log import CaseError, utc_now
from clues.merging import merged_with
from clues.standing import standing
from clues.workdays import day_of
from storage.casework import FaithWatch, Penalty, Verdict
from storage.models import Clue, Operator, Shop
from storage.operators import OperatorHead

__all__ = [
    "COLUMNS",
    "KINDS",
    "add_penalty",
    "broken_faith_shops",
    "drop",
    "export",
    "find_penalties",
    "publish",
    "record_of",
    "records",
    "stops_on",
    "watch",
    "watched",
]

KINDS = {"ordinary": "一般", "minor": "仅通报批评或较低数额罚款", "warning": "仅警告（不予公示）"}
EARLIEST = 2000
"""Decisions of years before are typing errors."""
COLUMNS = (
    "行政处罚决定书文号", "当事人名称", "统一社会信用代码", "住所", "违法行为类型", "行政处罚内容",
    "作出行政处罚决定的行政机关名称", "作出行政处罚决定的日期", "公示日期", "停止公示日期",
)  # fmt: skip


def _operator(session: Session, operator_id: int) -> Operator:
    found = session.get(Operator, operator_id)
    if found is None:
        raise CaseError(f"no operator {operator_id}; `yunjian clue ID --json` names a clue's")
    return found


def add_penalty(
    session: Session,
    periods: Periods,
    clue_id: int,
    decision_no: str,
    content: str,
    authority: str,
    decided_on: date,
    kind: str,
    by: str,
    now: Callable[[], datetime] = utc_now,
) -> Penalty:
    """Record a penalty that came of a clue under the clue's operator, and in the clue's log.

    Puts the operator onto the watch list where `rules/deadlines.yaml` says so. Raises `CaseError`
    where the operator is not known, the number is recorded already, or the day lies ahead.
    """
    clue = session.get(Clue, clue_id)
    if clue is None:
        raise CaseError(f"no clue {clue_id}; `yunjian clues` lists them")
    if clue.operator_id is None:
        raise CaseError(f"clue {clue_id} is about a shop whose operator is not known: settle that first")  # fmt: skip
    if kind not in KINDS:
        raise CaseError(f"no such kind: {kind} ({', '.join(KINDS)})")
    texts = {"--decision-no": decision_no, "--content": content, "--authority": authority}
    if empty := [name for name, text in texts.items() if not text.strip()]:
        raise CaseError(f"{', '.join(empty)}: empty")
    if decided_on > day_of(now()):
        raise CaseError(f"a decision of {decided_on} lies ahead; today is {day_of(now())}")
    if decided_on.year < EARLIEST:
        raise CaseError(f"a decision of {decided_on}: a year from {EARLIEST} is wanted")
    known = session.scalar(select(Penalty).where(Penalty.decision_no == decision_no.strip()))
    if known is not None:
        raise CaseError(f"{decision_no} is recorded already, by {known.recorded_by}")
    detail = {"decision_no": decision_no.strip(), "decided_on": decided_on.isoformat()}
    event = record(session, clue_id, "penalty", by, content, detail, now)
    made = Penalty(
        decision_no=decision_no.strip(),
        operator_id=clue.operator_id,
        clue_id=clue_id,
        violation=clue.violation,
        content=content.strip(),
        authority=authority.strip(),
        decided_on=decided_on,
        kind=kind,
        recorded_by=event.by,
        recorded_at=event.at,
    )
    session.add(made)
    session.flush()
    _watch_by_rule(session, periods, clue.operator_id, decided_on, now)
    return made


def _watch_by_rule(
    session: Session, periods: Periods, operator_id: int, day: date, now: Callable[[], datetime]
) -> None:
    since = day - timedelta(days=periods.watch_days)
    count = session.scalar(
        select(func.count())
        .select_from(Penalty)
        .where(
            Penalty.operator_id.in_(merged_with(session, operator_id)), Penalty.decided_on >= since
        )
    )
    if (count or 0) >= periods.watch_penalties and not _watching(session, operator_id):
        why = f"{periods.watch_days} 天内 {count} 次行政处罚"
        watch(session, operator_id, "system", why, now)


def publish(
    session: Session, decision_no: str, on: date, by: str, now: Callable[[], datetime] = utc_now
) -> Penalty:
    """Note that a penalty was published; raises `CaseError` where that can't be."""
    if not by.strip():
        raise CaseError("--as is empty")
    found = session.scalar(select(Penalty).where(Penalty.decision_no == decision_no.strip()))
    if found is None:
        raise CaseError(f"no penalty {decision_no}; `yunjian credit list` lists them")
    if found.kind == "warning":
        raise CaseError(f"{decision_no}: who is only warned is not published (公示规定 第二条)")
    if on < found.decided_on:
        raise CaseError(f"{on} is before the decision ({found.decided_on})")
    if on > (today := day_of(now())):
        raise CaseError(f"a publication of {on} lies ahead; today is {today}")
    changed = session.execute(
        update(Penalty)
        .where(Penalty.id == found.id, Penalty.published_on.is_(None))
        .values(published_on=on, published_by=by.strip())
        .execution_options(synchronize_session=False)
    )
    session.refresh(found)
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise CaseError(f"{decision_no} was published on {found.published_on}, says {found.published_by}")  # fmt: skip
    return found


def stops_on(penalty: Penalty) -> date | None:
    """The day from which it is no longer shown (第十三条): three months, or three years; None
    until it was published. Longer bans on trade count by their own length."""
    if penalty.published_on is None:
        return None
    months = 3 if penalty.kind == "minor" else 36
    year, month = divmod(penalty.published_on.month - 1 + months, 12)
    year, month = penalty.published_on.year + year, month + 1
    for day in range(penalty.published_on.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, min(penalty.published_on.day, 28))


def find_penalties(
    session: Session,
    operator_id: int | None = None,
    region: str = "",
    limit: int = 50,
    offset: int = 0,
) -> list[Penalty]:
    """Penalties, newest first: of an operator and those that stand as one with it, of a division's
    clues."""
    query = select(Penalty).where(*_of(region))
    if operator_id is not None:
        query = query.where(Penalty.operator_id.in_(merged_with(session, operator_id)))
    newest = query.order_by(Penalty.decided_on.desc(), Penalty.id.desc())
    return list(session.scalars(newest.limit(limit).offset(offset)))


def _within(region: str) -> list[ColumnElement[bool]]:
    return [in_region(Clue.region, region)] if region else []


def _of(region: str) -> list[ColumnElement[bool]]:
    """Of penalties: those that came of a division's clues."""
    if not region:
        return []
    return [Penalty.clue_id.in_(select(Clue.id).where(*_within(region)))]


def records(
    session: Session, titles: Mapping[str, str], everything: bool = False, region: str = ""
) -> list[dict[str, str]]:
    """Penalties in the layout of the publicity record, newest first; those that are not to be
    published only with `everything`, those of a division's clues alone with `region`. `titles`
    are the violations' by id."""
    query = (
        select(Penalty, Operator)
        .join(Operator, Operator.id == Penalty.operator_id)
        .where(*_of(region))
    )
    if not everything:
        query = query.where(Penalty.kind != "warning")
    rows = session.execute(query.order_by(Penalty.decided_on.desc(), Penalty.id.desc()))
    return [
        dict(
            zip(
                COLUMNS,
                (
                    penalty.decision_no, operator.name, operator.uscc, operator.address,
                    titles.get(penalty.violation, penalty.violation), penalty.content,
                    penalty.authority, penalty.decided_on.isoformat(),
                    penalty.published_on.isoformat() if penalty.published_on else "",
                    stop.isoformat() if (stop := stops_on(penalty)) else "",
                ),
                strict=True,
            )
        )
        for penalty, operator in rows
    ]  # fmt: skip


def export(rows: Sequence[Mapping[str, str]], form: str, to: Path | None) -> None:
    """Write records as json, csv or xlsx; raises `ExportError`."""
    try:
        if form == "json":
            text = json.dumps(rows, ensure_ascii=False, indent=1)
            print(text) if to is None else to.write_text(text + "\n", encoding="utf-8")
        elif form == "csv":
            if to is None:
                csv.writer(sys.stdout).writerows(_cells(rows))
            else:
                with to.open("w", encoding="utf-8-sig", newline="") as file:
                    csv.writer(file).writerows(_cells(rows))
        else:
            if to is None:
                raise ExportError("xlsx needs a file: say --out FILE.xlsx")
            book = Workbook(write_only=True)
            sheet = book.create_sheet("行政处罚信息公示")
            for row in _cells(rows):
                sheet.append(row)
            book.save(to)
    except OSError as error:
        raise ExportError(f"{to}: {error.strerror or error}") from None


def _cells(rows: Iterable[Mapping[str, str]]) -> Iterable[list[Any]]:
    yield list(COLUMNS)
    for row in rows:
        yield [harmless(row[column]) for column in COLUMNS]


def record_of(session: Session, operator_id: int, region: str = "") -> dict[str, Any]:
    """All that is gathered under one operator: penalties, verdicts, shops, whether it is watched;
    of penalties and clues those of a division alone if one is named."""
    operator = _operator(session, operator_id)
    members = merged_with(session, operator_id)
    penalties = session.scalars(
        select(Penalty)
        .where(Penalty.operator_id.in_(members), *_of(region))
        .order_by(Penalty.decided_on)
    )
    verdicts = session.execute(
        select(Clue.id, Clue.violation, Clue.state, Verdict.right)
        .outerjoin(Verdict, Verdict.clue_id == Clue.id)
        .where(Clue.operator_id.in_(members), standing(), *_within(region))
        .order_by(Clue.id)
    )
    shops = session.execute(select(Shop.source, Shop.name).where(Shop.operator_id.in_(members)))
    return {
        "operator": operator.name,
        "uscc": operator.uscc,
        "address": operator.address,
        "watched": _watching(session, operator_id),
        "shops": [f"{source}/{name}" for source, name in shops],
        "clues": [
            {"id": id_, "violation": violation, "state": state, "right": right}
            for id_, violation, state, right in verdicts
        ],
        "penalties": [
            {
                "decision_no": one.decision_no, "violation": one.violation, "content": one.content,
                "authority": one.authority, "decided_on": one.decided_on.isoformat(),
                "kind": one.kind,
                "published_on": one.published_on.isoformat() if one.published_on else "",
            }
            for one in penalties
        ],
    }  # fmt: skip


def _watching(session: Session, operator_id: int) -> bool:
    asked = select(FaithWatch.id).where(
        FaithWatch.operator_id.in_(merged_with(session, operator_id)),
        FaithWatch.dropped_at.is_(None),
    )
    return session.scalar(asked.limit(1)) is not None


def watch(
    session: Session, operator_id: int, by: str, why: str, now: Callable[[], datetime] = utc_now
) -> FaithWatch:
    """Put an operator onto the watch list; raises `CaseError` if it stands there."""
    operator = _operator(session, operator_id)
    if not by.strip() or not why.strip():
        raise CaseError("--as and --why must not be empty")
    if _watching(session, operator_id):
        raise CaseError(f"{operator.name} is on the watch list already")
    made = FaithWatch(operator_id=operator_id, added_by=by.strip(), why=why.strip(), added_at=now())
    session.add(made)
    session.flush()
    return made


def drop(
    session: Session, operator_id: int, by: str, why: str, now: Callable[[], datetime] = utc_now
) -> None:
    """Take an operator off the watch list; that it stood there stays recorded."""
    operator = _operator(session, operator_id)
    if not by.strip() or not why.strip():
        raise CaseError("--as and --why must not be empty")
    changed = session.execute(
        update(FaithWatch)
        .where(
            FaithWatch.operator_id.in_(merged_with(session, operator_id)),
            FaithWatch.dropped_at.is_(None),
        )
        .values(dropped_by=by.strip(), dropped_why=why.strip(), dropped_at=now())
    )
    if changed.rowcount < 1:  # type: ignore[attr-defined]
        raise CaseError(f"{operator.name} is not on the watch list")


def watched(session: Session, region: str = "") -> list[tuple[FaithWatch, Operator]]:
    """The watch list, newest first; of a division those that bear (or whose head bears) its clues."""
    query = (
        select(FaithWatch, Operator)
        .join(Operator, Operator.id == FaithWatch.operator_id)
        .where(FaithWatch.dropped_at.is_(None))
    )
    if region:
        bear = select(Clue.operator_id).where(
            standing(), Clue.operator_id.is_not(None), *_within(region)
        )
        heads = select(OperatorHead.operator_id).where(OperatorHead.head_id.in_(bear))
        query = query.where(or_(Operator.id.in_(bear), Operator.id.in_(heads)))
    rows = session.execute(query.order_by(FaithWatch.added_at.desc(), FaithWatch.id.desc()))
    return [(entry, operator) for entry, operator in rows]


def broken_faith_shops(session: Session) -> set[tuple[str, str]]:
    """(source, key) of each shop whose operator is on the watch list: swept with priority."""
    watched = (
        select(FaithWatch.operator_id, OperatorHead.head_id)
        .outerjoin(OperatorHead, OperatorHead.operator_id == FaithWatch.operator_id)
        .where(FaithWatch.dropped_at.is_(None))
        .subquery()
    )
    rows = session.execute(
        select(Shop.source, Shop.key).join(
            watched, func.coalesce(watched.c.head_id, watched.c.operator_id) == Shop.operator_id
        )
    )
    return {(source, key) for source, key in rows}
