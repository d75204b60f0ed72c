"""Platform duties (四(三)): a checklist per platform, filled from what the sweeps saw.

What stands here is seen on pages that were read: a licence that was not seen there may stand on
a page that was not. Lines that can't be seen from outside are left for the talk (行政约谈).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment
from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from clues.deadlines import basis_of
from clues.exports import ExportError, harmless
from clues.rulefile import Ground, RuleFile
from listing import is_uscc
from storage.casework import Verdict
from storage.models import Clue, ClueSignal, ListingRow, Observation, Shop, SignalRow, SourceRow

__all__ = ["Line", "Sheet", "load_duties", "platforms", "sheet", "write_sheets"]

MEASURES = {"licence_shown", "name_shown", "code_valid", "sales_shown", "still_on_sale"}
_SHOPS_WITH = "shops_with/"
POINTS = "一二三四五六"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the checklist; `seen` of `of` is what was counted, both None where nothing can be."""

    id: str
    point: str
    title: str
    words: str
    basis: str
    ask: str
    measure: str
    unit: str = ""
    seen: int | None = None
    of: int | None = None

    @property
    def share(self) -> float | None:
        """`seen` as a share of `of`, None where nothing was counted."""
        return self.seen / self.of if self.of and self.seen is not None else None

    @property
    def found(self) -> str:
        """What was seen, in words."""
        if self.seen is None or self.of is None:
            return "（约谈时填写）"
        if not self.of:
            return f"未读到可据以判断的{self.unit}"
        return f"{self.seen}/{self.of} 个{self.unit}（{self.seen / self.of:.0%}）"


@dataclass(frozen=True, slots=True)
class Sheet:
    """The talk-sheet of one platform."""

    source: str
    title: str
    shops: int
    listings: int
    first_seen: datetime | None
    last_seen: datetime | None
    lines: list[Line] = field(default_factory=list)


def load_duties(folder: Path, violations: Sequence[str]) -> list[Line]:
    """The lines of `rules/platform-duties.yaml`; raises `RuleError` with every mistake, by line."""
    file = RuleFile(folder, "platform-duties.yaml")
    entries = file.entries(
        file.data, "lines", ["id", "point", "title", "words", "ask", "ground"], ["measure"]
    )
    file.unique(entries)
    found = []
    for entry in entries:
        measure = str(entry.get("measure", ""))
        if measure.startswith(_SHOPS_WITH):
            unknown = set(_accused_of(measure)) - set(violations)
            if unknown:
                file.wrong(f"measure: no such violation: {sorted(unknown)[0]!r}", entry, "measure")
        elif measure and measure not in MEASURES:
            file.wrong(f"measure: no such measure: {measure!r}", entry, "measure")
        if str(entry["point"]) not in POINTS:
            file.wrong(f"point: one of {POINTS}, not {entry['point']!r}", entry, "point")
        grounds: list[Ground] = file.grounds(entry)
        found.append(
            Line(
                id=str(entry["id"]),
                point=str(entry["point"]),
                title=str(entry["title"]),
                words=str(entry["words"]),
                basis=basis_of(grounds, ""),
                ask=str(entry["ask"]),
                measure=measure,
            )
        )
    file.done()
    return found


def _accused_of(measure: str) -> list[str]:
    return measure.removeprefix(_SHOPS_WITH).split(",")


def platforms(session: Session) -> list[str]:
    """Names of the marketplaces of which listings were seen."""
    shops = select(SourceRow.name).where(SourceRow.kind != "marketplace")
    seen = select(ListingRow.source).where(ListingRow.source.not_in(shops)).distinct()
    return sorted(name for name in session.scalars(seen) if name)


def sheet(session: Session, source: str, duties: Sequence[Line]) -> Sheet:
    """The checklist of one platform, counted now; times are UTC."""
    shops, listings, first, last = session.execute(
        select(
            func.count(ListingRow.shop_id.distinct()), func.count(), func.min(ListingRow.first_seen),
            func.max(ListingRow.last_seen),
        ).where(ListingRow.source == source)
    ).one()  # fmt: skip
    title = session.scalar(select(SourceRow.title).where(SourceRow.name == source)) or source
    counts = _shown(session, source) | {"still_on_sale": _still_on_sale(session, source)}
    lines = []
    for line in duties:
        if line.measure.startswith(_SHOPS_WITH):
            accused = _accused(session, source, _accused_of(line.measure))
            lines.append(_with(line, "网店", accused, shops))
        elif line.measure:
            lines.append(_with(line, *counts[line.measure]))
        else:
            lines.append(line)
    return Sheet(source, title, shops, listings, first, last, lines)


def _with(line: Line, unit: str, seen: int, of: int) -> Line:
    return replace(line, unit=unit, seen=seen, of=of)


def _shown(session: Session, source: str) -> dict[str, tuple[str, int, int]]:
    """Unit, seen and of, by measure: what the newest observation of each listing shows."""
    said = {
        key: Observation.content[key].as_string()
        for key in ("uscc", "licence_no", "operator_name", "sales")
    }
    rows = session.execute(
        select(ListingRow.shop_id, *said.values())
        .join(
            Observation,
            and_(
                Observation.listing_id == ListingRow.id,
                Observation.content_hash == ListingRow.content_hash,
            ),
        )
        .where(ListingRow.source == source)
        .execution_options(yield_per=2000)
    )
    shops: set[int] = set()
    licensed: set[int] = set()
    named: set[int] = set()
    codes: dict[int, bool] = {}
    pages = with_sales = 0
    for shop, uscc, licence, operator, sales in rows:
        shops.add(shop)
        pages += 1
        with_sales += sales is not None
        if uscc or licence:
            licensed.add(shop)
        if operator:
            named.add(shop)
        if uscc:
            # One wrong code is enough.
            codes[shop] = codes.get(shop, True) and is_uscc(uscc.strip().upper())
    return {
        "licence_shown": ("网店", len(licensed), len(shops)),
        "name_shown": ("网店", len(named), len(shops)),
        "code_valid": ("公示代码的网店", sum(codes.values()), len(codes)),
        "sales_shown": ("商品页", with_sales, pages),
    }


def _accused(session: Session, source: str, violations: Sequence[str]) -> int:
    """Shops of the platform with a clue of these violations that was not found wrong."""
    return session.scalar(
        select(func.count(Shop.id.distinct()))
        .join(ListingRow, ListingRow.shop_id == Shop.id)
        .join(Observation, Observation.listing_id == ListingRow.id)
        .join(SignalRow, SignalRow.observation_id == Observation.id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .join(Clue, Clue.id == ClueSignal.clue_id)
        .outerjoin(Verdict, Verdict.clue_id == Clue.id)
        .where(Shop.source == source, Clue.violation.in_(violations))
        .where(Verdict.right.is_(None) | Verdict.right.is_(True))
    ) or 0  # fmt: skip


def _still_on_sale(session: Session, source: str) -> tuple[str, int, int]:
    """Listings of clues found right, and those of them that were seen after the verdict."""
    rows = session.execute(
        select(ListingRow.id, ListingRow.last_seen, func.min(Verdict.at))
        .join(Observation, Observation.listing_id == ListingRow.id)
        .join(SignalRow, SignalRow.observation_id == Observation.id)
        .join(ClueSignal, ClueSignal.signal_id == SignalRow.id)
        .join(Verdict, Verdict.clue_id == ClueSignal.clue_id)
        .where(ListingRow.source == source, Verdict.right.is_(True))
        .group_by(ListingRow.id, ListingRow.last_seen)
    ).all()
    return "商品页", sum(last > at for _, last, at in rows), len(rows)


HEADINGS = (
    "要点",
    "事项",
    "行动方案",
    "巡检所见",
    "法定义务",
    "询问",
    "平台答复",
    "整改要求与时限",
)


def write_sheets(sheets: Sequence[Sheet], form: str, to: Path | None) -> None:
    """Write talk-sheets as json or xlsx (a page for each platform); raises `ExportError`."""
    try:
        if form == "json":
            rows = [
                asdict(one)
                | {
                    "lines": [
                        asdict(line) | {"share": line.share, "found": line.found}
                        for line in one.lines
                    ]
                }
                for one in sheets
            ]
            text = json.dumps(rows, ensure_ascii=False, default=str, indent=1)
            print(text) if to is None else to.write_text(text + "\n", encoding="utf-8")
            return
        if to is None:
            raise ExportError("xlsx needs a file: say --out FILE.xlsx")
        _workbook(sheets).save(to)
    except OSError as error:
        raise ExportError(f"{to}: {error.strerror or error}") from None


def _workbook(sheets: Sequence[Sheet]) -> Any:
    book = Workbook()
    book.remove(book.active)
    for one in sheets:
        page = book.create_sheet("".join(c for c in one.source if c not in "[]:*?/\\")[:31])
        page.append([harmless(f"网络交易平台行政约谈提纲：{one.title}（{one.source}）")])
        page.append([span_of(one)])
        page.append(list(HEADINGS))
        for line in one.lines:
            cells = (line.point, line.title, line.words, line.found, line.basis, line.ask, "", "")
            page.append([harmless(cell) for cell in cells])
        for letter, width in zip("ABCDEFGH", (6, 28, 34, 24, 34, 34, 26, 26), strict=True):
            page.column_dimensions[letter].width = width
        for row in page.iter_rows(min_row=3):
            for cell in row:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    return book


def span_of(one: Sheet) -> str:
    """What was seen of a platform, and when, in one line."""
    if one.first_seen is None or one.last_seen is None:
        return "没有巡检数据"
    return (
        f"巡检所见：{one.shops} 个网店、{one.listings} 个商品页，{one.first_seen:%Y-%m-%d} 至 "
        f"{one.last_seen:%Y-%m-%d}（UTC）；所读页面未见公示，不等于未公示"
    )
