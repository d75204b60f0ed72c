"""Pictures of the desk as options of ECharts; beside each stands a table of the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from clues.counts import COUNTY
from desk.office import Office

__all__ = ["county_map", "has_shapes", "heat_map", "price_line", "trend_line"]

SHAPES = Path(__file__).resolve().parent / "static" / "yunnan.json"
DAY = timedelta(days=1)


def has_shapes() -> bool:
    """Whether the shapes of the counties are here; without them the table stands alone."""
    return SHAPES.is_file()


def _clues(**asked: str) -> str:
    return "/clues?" + urlencode({k: v for k, v in asked.items() if v})


def trend_line(days: Sequence[tuple[date, int]], region: str) -> dict[str, Any]:
    """New clues of each day."""
    return {
        "grid": {"left": 44, "right": 16, "top": 16, "bottom": 32},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "category", "data": [f"{day:%m-%d}" for day, _ in days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [{
            "type": "line", "areaStyle": {"opacity": 0.15}, "symbolSize": 7,
            "data": [
                {"value": n, "href": _clues(opened_since=f"{day}", opened_until=f"{day + DAY}", region=region)}
                for day, n in days
            ],
        }],
    }  # fmt: skip


def county_map(
    names: Mapping[str, str], counties: Sequence[tuple[str, int]], region: str
) -> dict[str, Any] | None:
    """Counties shaded by clues; None where there are no shapes."""
    if not has_shapes():
        return None
    counted = dict(counties)
    most = max((n for code, n in counties if code in names), default=0)
    data = [
        {"name": name, "value": counted.get(code, 0), "href": _clues(region=code)}
        for code, name in names.items()
        if len(code) == COUNTY and code.startswith(region)
    ]
    return {
        "tooltip": {"trigger": "item", "formatter": "{b}：{c}"},
        "visualMap": {"min": 0, "max": max(1, most), "left": 8, "bottom": 8, "itemHeight": 90},
        "series": [{
            "type": "map", "map": "yunnan", "nameProperty": "name", "data": data, "selectedMode": False,
            "label": {"show": False}, "emphasis": {"label": {"show": True}}, "aspectScale": 0.9,
                "top": 8, "bottom": 8, "left": 48, "right": 8,
        }],
    }  # fmt: skip


def heat_map(heat: Mapping[tuple[str, str], int], office: Office, region: str) -> dict[str, Any]:
    """Goods against violations, only those that some clue has."""
    goods = [one for one in office.goods if any(g == one for g, _ in heat)]
    violations = [one for one in office.violations if any(v == one for _, v in heat)]
    data = [
        {
            "value": [violations.index(v), goods.index(g), n],
            "href": _clues(goods=g, violation=v, region=region),
        }
        for (g, v), n in sorted(heat.items())
        if g in goods and v in violations
    ]
    return {
        "grid": {"left": 8, "right": 16, "top": 8, "bottom": 64, "containLabel": True},
        "tooltip": {},
        "xAxis": {
            "type": "category", "data": [office.violations[v] for v in violations],
            "axisLabel": {"rotate": 35, "interval": 0, "width": 110, "overflow": "truncate"},
        },
        "yAxis": {
            "type": "category", "data": [office.goods[g] for g in goods], "inverse": True,
            "axisLabel": {"interval": 0, "width": 110, "overflow": "truncate"},
        },
        "visualMap": {
            "min": 0, "max": max([1, *heat.values()]), "orient": "horizontal", "left": "center", "bottom": 0,
        },
        "series": [{"type": "heatmap", "data": data, "label": {"show": True}}],
    }  # fmt: skip


def price_line(points: Sequence[tuple[date, float]]) -> dict[str, Any]:
    """Prices in yuan by day."""
    return {
        "grid": {"left": 56, "right": 16, "top": 16, "bottom": 32},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "scale": True, "axisLabel": {"formatter": "¥{value}"}},
        "series": [{"type": "line", "step": "end", "data": [[day.isoformat(), price] for day, price in points]}],
    }  # fmt: skip
