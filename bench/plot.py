"""A small line plot as a PNG: both axes logarithmic, one colour a line, a legend below."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

__all__ = ["Line", "plot"]

WIDTH, HEIGHT = 900, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 40, 40
ROW = 18
COLOURS = (
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A name and its points; all numbers are above 0."""

    name: str
    points: Mapping[int, float]


def plot(path: Path, title: str, lines: Sequence[Line]) -> None:
    """Write the plot."""
    rows = (len(lines) + 1) // 2
    image = Image.new("RGB", (WIDTH, HEIGHT + rows * ROW + 10), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(13)
    xs = [math.log10(x) for line in lines for x in line.points]
    ys = [math.log10(max(y, 0.01)) for line in lines for y in line.points.values()]
    left, right = min(xs), max(xs) + 1e-9
    low, high = math.floor(min(ys)), math.ceil(max(ys) + 1e-9)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - left) / (right - left)
        up = (y - low) / (high - low)
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
        )

    draw.text((LEFT, 12), title, fill="black", font=font)
    for power in range(low, high + 1):
        start, end = place(left, power), place(right, power)
        draw.line((start, end), fill="#dddddd")
        draw.text((8, start[1] - 8), f"{10.0**power:,g}", fill="black", font=font)
    for x in sorted({x for line in lines for x in line.points}):
        across, down = place(math.log10(x), low)
        draw.line(((across, down), (across, TOP)), fill="#dddddd")
        draw.text((across - 30, down + 8), f"{x:,}", fill="black", font=font)
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        points = [place(math.log10(x), math.log10(max(y, 0.01))) for x, y in line.points.items()]
        draw.line(points, fill=colour, width=2)
        for across, down in points:
            draw.ellipse((across - 3, down - 3, across + 3, down + 3), fill=colour)
        at = (LEFT + number % 2 * 400, HEIGHT + number // 2 * ROW)
        draw.line((at[0], at[1] + 8, at[0] + 20, at[1] + 8), fill=colour, width=3)
        draw.text((at[0] + 26, at[1]), line.name, fill="black", font=font)
    image.save(path)
