"""Pictures of a clue: how prices went, with promotions and the lawful reference; who hangs
together with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.screen import clipped
from desk.visit import Visit
from listing import PricePoint
from schedule.calendar import Calendar, CalendarError, load_calendar
from schedule.timetable import Timetable
from storage.models import Clue, ListingRow, Operator, Shop
from storage.prices import price_points

__all__ = ["Graph", "Promotion", "graph_of", "price_option", "prices_of", "promotions_of"]

DAYS = 7
"""How far 明码标价和禁止价格欺诈规定 第十六条 looks back."""
MOST_LISTINGS = 5
MOST_NODES = 60
MOST_SHOPS = 20
MOST_LINKS = 8


@dataclass(frozen=True, slots=True)
class Promotion:
    """A promotion with what a price in it may be compared with."""

    title: str
    first: date
    last: date
    reference: float | None
    """Yuan: the lowest shown in the seven days before, else the last before; None if none is known."""
    basis: str


@lru_cache(maxsize=4)
def _calendar(folder: Path, _changed: int) -> Calendar | None:
    try:
        return load_calendar(folder)
    except CalendarError:
        # A calendar that can't be read takes no page with it.
        return None


def prices_of(session: Session, listing_ids: Sequence[int]) -> dict[int, list[PricePoint]]:
    """Known prices of the first few listings, in their order."""
    wanted = list(dict.fromkeys(listing_ids))[:MOST_LISTINGS]
    known = price_points(session, wanted)
    return {id_: known[id_] for id_ in wanted if id_ in known}


def promotions_of(rules_dir: Path, points: Sequence[PricePoint]) -> list[Promotion]:
    """The promotions within the days of these prices (of one listing), newest first."""
    try:
        changed = (rules_dir / "calendar.yaml").stat().st_mtime_ns
    except OSError:
        return []
    calendar = _calendar(rules_dir, changed)
    if not points or calendar is None:
        return []
    first, last = points[0].date, points[-1].date
    found = []
    for span in Timetable(calendar).spans(first, last):
        if span.occasion.kind != "promotion":
            continue
        price, basis = _reference(points, span.first)
        found.append(Promotion(span.occasion.title, span.first, span.last, price, basis))
    return found[::-1][:8]


def _reference(points: Sequence[PricePoint], begin: date) -> tuple[float | None, str]:
    before = [(one.date, one.price) for one in points if one.price is not None and one.date < begin]
    week = [price for day, price in before if day >= begin - timedelta(days=DAYS)]
    if week:
        return float(min(week)), "前七日内所见最低价"
    if before:
        return float(before[-1][1]), "前七日内未见价格，取此前最后一次所见价格"
    return None, "此前未见价格"


def price_option(
    points: dict[int, list[PricePoint]], titles: dict[int, str], promotions: Sequence[Promotion]
) -> dict[str, Any]:
    """The plot: a stair for each listing, promotions as bands, the references of the first."""
    series: list[dict[str, Any]] = []
    for id_, course in points.items():
        said = [[one.date.isoformat(), float(one.price)] for one in course if one.price is not None]
        name = clipped(titles.get(id_) or "", 24) or f"#{id_}"
        series.append(
            {"name": f"{name} #{id_}", "type": "line", "step": "end", "data": said, "symbolSize": 6}
        )
    if series and promotions:
        series[0]["markArea"] = {
            "itemStyle": {"opacity": 0.18},
            "data": [
                [
                    {"name": one.title, "xAxis": one.first.isoformat()},
                    {"xAxis": (one.last + timedelta(days=1)).isoformat()},
                ]
                for one in promotions
            ],
        }
        series[0]["markLine"] = {
            "symbol": "none",
            "lineStyle": {"color": "#c8862b", "width": 2, "type": "dashed"},
            "label": {"position": "start", "formatter": "{b}"},
            "data": [
                [
                    {"name": f"参考价 {one.reference:.2f}", "coord": [_early(one), one.reference]},
                    {"coord": [(one.last + timedelta(days=1)).isoformat(), one.reference]},
                ]
                for one in promotions
                if one.reference is not None
            ],
        }
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"type": "scroll", "top": 0},
        "grid": {"left": 60, "right": 30, "top": 60, "bottom": 40},
        "xAxis": {"type": "time"} | _bounds(points, promotions),
        "yAxis": {"type": "value", "scale": True, "name": "元"},
        "series": series,
    }


def _bounds(points: dict[int, list[PricePoint]], promotions: Sequence[Promotion]) -> dict[str, str]:
    """From when to when: a promotion that reaches over the edge would not be drawn."""
    days = [one.date for course in points.values() for one in course]
    if not days:
        return {}
    first = min([*days, *(one.first - timedelta(days=DAYS) for one in promotions)])
    last = max([*days, *(one.last for one in promotions)]) + timedelta(days=1)
    return {"min": first.isoformat(), "max": last.isoformat()}


def _early(one: Promotion) -> str:
    return (one.first - timedelta(days=DAYS)).isoformat()


@dataclass(frozen=True, slots=True)
class Graph:
    """The same twice: for the eye, and as lists."""

    option: dict[str, Any]
    shops: list[tuple[int, str, str, list[tuple[int, str, str]]]]
    """Shop id, name, source, its listings (id, title, address)."""
    linked: list[tuple[str, str, int]]
    """Path of the other's page, its name, pictures in common."""


def graph_of(visit: Visit, session: Session, clue: Clue, links: Sequence[dict[str, Any]]) -> Graph:
    """Shops and listings of the clue's operator (or its shop's), and who shows the same pictures.

    At most `MOST_NODES` in all; of others only those that the officer may see.
    """
    by = Shop.operator_id == clue.operator_id if clue.operator_id else Shop.id == clue.shop_id
    shops = session.scalars(select(Shop).where(by).limit(MOST_SHOPS)).all()
    linked = _linked(visit, session, links)
    room = MOST_NODES - 1 - len(shops) - len(linked)
    listings = session.execute(
        select(ListingRow.id, ListingRow.shop_id, ListingRow.title, ListingRow.url)
        .where(ListingRow.shop_id.in_([shop.id for shop in shops]))
        .limit(max(0, room))
    ).all()
    operator = session.get(Operator, clue.operator_id) if clue.operator_id else None
    middle = clipped(operator.name, 24) if operator else "未知经营主体"
    nodes: list[dict[str, Any]] = [{"id": "o", "name": middle, "category": 0, "symbolSize": 44}]
    if operator:
        nodes[0]["href"] = f"/operators/{operator.id}"
    edges: list[dict[str, Any]] = []
    for shop in shops:
        nodes.append(_node(f"s{shop.id}", shop.name, 1, 30, f"/shops/{shop.id}"))
        edges.append({"source": "o", "target": f"s{shop.id}"})
    for id_, shop_id, title, _ in listings:
        nodes.append(_node(f"l{id_}", title, 2, 14, ""))
        edges.append({"source": f"s{shop_id}", "target": f"l{id_}"})
    for place, (path, name, shared) in enumerate(linked):
        nodes.append(_node(f"x{place}", name, 3, 26, path))
        edges.append({"source": "o", "target": f"x{place}", "value": shared})
    option: dict[str, Any] = {
        "tooltip": {},
        "legend": {"top": 0, "data": ["经营主体", "网店", "商品", "相同图片"]},
        "series": [
            {
                "type": "graph", "layout": "force", "roam": False, "data": nodes, "links": edges,
                "categories": [{"name": one} for one in ("经营主体", "网店", "商品", "相同图片")],
                "label": {"show": True, "position": "right", "width": 120, "overflow": "truncate"},
                "labelLayout": {"hideOverlap": True},
                "force": {"repulsion": 160, "edgeLength": 70, "layoutAnimation": False},
            }
        ],
    }  # fmt: skip
    told = [
        (shop.id, shop.name, shop.source, [(id_, title, url) for id_, of, title, url in listings if of == shop.id])
        for shop in shops
    ]  # fmt: skip
    return Graph(option, told, linked)


def _node(id_: str, name: str, category: int, size: int, href: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": id_,
        "name": clipped(name, 24),
        "category": category,
        "symbolSize": size,
    }
    return made | ({"href": href} if href else {})


def _linked(
    visit: Visit, session: Session, links: Sequence[dict[str, Any]]
) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    for link in links[: 3 * MOST_LINKS]:
        kind, _, number = link["subject"].partition(":")
        sees = visit.sees_operator if kind == "operator" else visit.sees_shop
        if len(found) < MOST_LINKS and sees(session, int(number)):
            name = link["operator"] or "、".join(link["shops"][:3])
            found.append((f"/{kind}s/{int(number)}", name, link["shared"]))
    return found
