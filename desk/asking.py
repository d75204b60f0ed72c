"""What an officer asks of the clues, from the address of a page: the filter, and what of it makes
no sense, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from clues.arrivals import WAYS
from clues.filters import SORTS, ClueFilter
from clues.lifecycle import STATES
from desk.visit import Visit

__all__ = ["PAGE", "Asked", "asked"]

T = TypeVar("T")
PAGE = 50
"""Rows of a page."""
LAST_PAGE = 2000
"""Nobody reads on; a filter finds what stands beyond."""
FEN = 2_000_000_000
"""The highest price that can be asked for; a price is kept in 32 bits."""
SINGLE = (
    "text", "goods", "source", "region", "department", "way", "min_score", "since", "until", "opened_since",
    "opened_until", "price_from", "price_to", "operator", "shop", "due_until", "sort",
)  # fmt: skip
SEVERAL = ("violation", "state")


@dataclass(slots=True)
class Asked:
    """A question as it was typed, and as the store understands it."""

    typed: dict[str, str]
    """To fill the form with again; "" for what was left out."""
    several: dict[str, list[str]]
    """The same of what may be chosen more than once."""
    page: int = 1
    wanted: ClueFilter = field(default_factory=ClueFilter)
    problems: list[str] = field(default_factory=list)
    """Why it can't be answered, in Chinese; empty if it can."""

    @property
    def query(self) -> str:
        """As an address after `?`, without the page."""
        pairs = [(name, value) for name, values in self.several.items() for value in values]
        return urlencode(pairs + [(name, value) for name, value in self.typed.items() if value])

    @property
    def narrowed(self) -> int:
        """How many things are asked that the first row of the form does not show."""
        plain = {"text", "region", "sort"}
        return sum(bool(value) for name, value in self.typed.items() if name not in plain)

    @property
    def by_deadline(self) -> bool:
        """Whether the answer rests on what is due."""
        return self.wanted.sort == "deadline" or self.wanted.due_until is not None


def asked(params: ImmutableMultiDict[str, str], visit: Visit) -> Asked:
    """The question in the parameters of an address, within what the officer sees; never raises."""
    office = visit.office
    told = Asked(
        {name: params.get(name, "").strip() for name in SINGLE},
        {name: sorted({v for v in params.getlist(name) if v})[:50] for name in SEVERAL},
    )
    typed, problems = told.typed, told.problems

    def read(name: str, title: str, by: Callable[[str], T]) -> T | None:
        if not typed[name]:
            return None
        try:
            return by(typed[name])
        except (ValueError, OverflowError, InvalidOperation) as error:
            problems.append(f"{title}：{_short(typed[name])} {error}")
            return None

    def one_of(name: str, title: str, known: Iterable[str]) -> str:
        return read(name, title, lambda value: _known(value, known)) or ""

    for name, title, known in (
        ("violation", "违法类型", office.violations),
        ("state", "状态", STATES),
    ):
        for value in told.several[name]:
            if value not in known:
                problems.append(f"{title}：{_short(value)} 不存在")
    told.wanted = ClueFilter(
        violations=tuple(told.several["violation"]),
        states=tuple(told.several["state"]),
        goods=one_of("goods", "商品", office.goods),
        source=read("source", "来源", lambda value: _plain(value, 255)) or "",
        region=read("region", "地区", lambda value: _region(value, visit)) or visit.region,
        department=one_of("department", "部门", office.departments.all),
        way=one_of("way", "来路", WAYS),
        min_score=read("min_score", "最低分", _score) or 0.0,
        text=read("text", "检索词", lambda value: _plain(value, 400)) or "",
        since=read("since", "更新起", _day_begins),
        until=read("until", "更新止", _day_ends),
        opened_since=read("opened_since", "立线索起", _day_begins),
        opened_until=read("opened_until", "立线索止", _day_ends),
        price_from=read("price_from", "最低价", _fen),
        price_to=read("price_to", "最高价", _fen),
        operator=read("operator", "经营主体", _number),
        shop=read("shop", "网店", _number),
        due_until=read("due_until", "到期", _day),
        sort=one_of("sort", "排序", SORTS) or "score",
    )
    page = params.get("page", "") or "1"
    if page.isascii() and page.isdigit() and 1 <= int(page[:6]) <= LAST_PAGE:
        told.page = int(page[:6])
    else:
        problems.append(f"页码：{_short(page)} 应为 1 至 {LAST_PAGE}")
    told.wanted = replace(told.wanted, limit=PAGE + 1, offset=(told.page - 1) * PAGE)
    return told


def _short(text: str) -> str:
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def _known(value: str, known: Iterable[str]) -> str:
    if value not in known:
        raise ValueError("不存在")
    return value


def _plain(value: str, most: int) -> str:
    if len(value) > most:
        raise ValueError(f"过长（至多 {most} 个字符）")
    if "\0" in value:
        raise ValueError("含有不可用的字符")
    return value


def _region(value: str, visit: Visit) -> str:
    if not (value.isascii() and value.isdigit() and len(value) in (2, 4, 6, 9, 12)):
        raise ValueError("应为区划代码，如 5301")
    if visit.region.startswith(value):
        return visit.region
    if not visit.within(value):
        raise ValueError("不在您的辖区内")
    return value


def _score(value: str) -> float:
    try:
        score = float(value)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise ValueError("应为 0 至 1 的数")
    return score


def _day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("应为日期，如 2026-11-01") from None
    if not 2000 <= day.year <= 2100:
        raise ValueError("应在 2000 年至 2100 年之间")
    return day


def _day_begins(value: str) -> datetime:
    """Midnight in China, which is eight hours ahead and knows no summer time."""
    day = _day(value)
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)


def _day_ends(value: str) -> datetime:
    return _day_begins(value) + timedelta(days=1)


def _fen(value: str) -> int:
    try:
        fen = Decimal(value.replace(",", "").removeprefix("¥")) * 100
    except InvalidOperation:
        raise ValueError("应为金额（元）") from None
    if not (fen.is_finite() and 0 <= fen <= FEN):
        raise ValueError(f"应为 0 至 {FEN // 100} 元")
    return int(fen)


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ValueError("应为编号")
    return int(value)
