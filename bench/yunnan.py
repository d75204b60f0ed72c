"""Draw `desk/static/yunnan.json` anew from one GeoJSON file per county (see `desk/static/yunnan.md`).

    python -m bench.yunnan FOLDER    # with <prefecture>/<county>.geojson below it

Borders that two counties share are simplified once, so that no gaps open between them.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import Any

Point = tuple[float, float]
HOUSE = Path(__file__).resolve().parent.parent
TOLERANCE = 0.006
"""Degrees by which a border may be moved: about 600 m, less than a pixel of the desk's map."""
RENUMBERED = {"530122": "530115", "530321": "530304", "530422": "530481", "530630": "530681", "532331": "532302"}  # fmt: skip
"""Counties that became districts or towns since with the same bounds: old code, new code."""


def _rings(geometry: dict[str, Any]) -> list[list[list[Point]]]:
    """Polygons of a feature, each its rings without the closing point, rounded to 3 decimals."""
    several = geometry["type"] == "MultiPolygon"
    polygons = geometry["coordinates"] if several else [geometry["coordinates"]]
    return [[_clean(ring) for ring in polygon] for polygon in polygons]


def _clean(ring: list[list[float]]) -> list[Point]:
    points: list[Point] = []
    for x, y, *_ in ring:
        point = (round(x, 3), round(y, 3))
        if not points or points[-1] != point:
            points.append(point)
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def _thin(points: list[Point]) -> list[Point]:
    """Douglas–Peucker; the ends stay."""
    keep, todo = {0, len(points) - 1}, [(0, len(points) - 1)]
    while todo:
        first, last = todo.pop()
        (x1, y1), (x2, y2) = points[first], points[last]
        length = hypot(x2 - x1, y2 - y1)
        worst, at = 0.0, 0
        for n in range(first + 1, last):
            x, y = points[n]
            off = abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length if length else hypot(x - x1, y - y1)  # fmt: skip
            if off > worst:
                worst, at = off, n
        if worst > TOLERANCE:
            keep.add(at)
            todo += [(first, at), (at, last)]
    return [points[n] for n in sorted(keep)]


def _simple(ring: list[Point], corners: set[Point]) -> list[Point]:
    """A ring, thinned between the corners where three borders meet."""
    starts = [n for n, point in enumerate(ring) if point in corners]
    if not starts:
        # An island has no corner: its least and its greatest point, the same from both sides.
        starts = sorted({ring.index(min(ring)), ring.index(max(ring))})
    ring = ring[starts[0] :] + ring[: starts[0]]
    cuts = [n - starts[0] for n in starts] + [len(ring)]
    closed = [*ring, ring[0]]
    made: list[Point] = []
    for first, last in pairwise(cuts):
        arc = closed[first : last + 1]
        # In one direction, whichever side asks.
        turned = arc[-1] < arc[0] or (arc[-1] == arc[0] and arc[-2] < arc[1])
        thin = _thin(arc[::-1])[::-1] if turned else _thin(arc)
        made += thin[:-1]
    return [*made, made[0]]


def draw(folder: Path, regions: dict[str, str]) -> dict[str, Any]:
    """The collection of all counties; raises `SystemExit` where a county lacks or is too many."""
    shapes: dict[str, list[list[list[Point]]]] = {}
    for path in sorted(folder.glob("*/*.geojson")):
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
            code = RENUMBERED.get(feature["id"], feature["id"])
            shapes.setdefault(code, []).extend(_rings(feature["geometry"]))
    wanted = {code for code in regions if code.startswith("53") and len(code) == 6}
    if wanted != set(shapes):
        raise SystemExit(f"codes differ: {sorted(wanted ^ set(shapes))}")
    beside: defaultdict[Point, set[Point]] = defaultdict(set)
    for polygons in shapes.values():
        for ring in (ring for polygon in polygons for ring in polygon):
            for n, point in enumerate(ring):
                beside[point] |= {ring[n - 1], ring[(n + 1) % len(ring)]}
    corners = {point for point, near in beside.items() if len(near) > 2}
    features = []
    for code in sorted(shapes):
        made = [
            [_simple(ring, corners) for ring in polygon if len(ring) > 2]
            for polygon in shapes[code]
        ]
        made = [[ring for ring in polygon if len(ring) > 3] for polygon in made]
        made = [polygon for polygon in made if polygon]
        one = len(made) == 1
        geometry = {
            "type": "Polygon" if one else "MultiPolygon",
            "coordinates": made[0] if one else made,
        }
        about = {"name": regions[code], "code": code}
        features.append({"type": "Feature", "id": code, "properties": about, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


def main(folder: str) -> None:
    """Write the file."""
    lines = (HOUSE / "rules" / "regions.csv").read_text(encoding="utf-8").splitlines()
    regions = dict(line.split(",", 1) for line in lines if "," in line)
    to = HOUSE / "desk" / "static" / "yunnan.json"
    text = json.dumps(draw(Path(folder), regions), ensure_ascii=False, separators=(",", ":"))  # type: ignore[arg-type]
    to.write_text(text + "\n", encoding="utf-8")
    print(f"{to.name}: {len(text.encode())} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
