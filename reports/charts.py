"""Bars as a picture (PNG) for documents, drawn by matplotlib in a Chinese font, if there is one."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

from reports.model import Chart
from reports.words import clean

__all__ = ["COLOURS", "font_name", "picture"]

COLOURS = ("#35608f", "#c08a3e")
_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "Source Han Sans CN", "Noto Sans SC", "Microsoft YaHei", "SimHei",
    "SimSun", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "PingFang SC", "Noto Sans CJK JP", "Noto Serif CJK SC",
)  # fmt: skip


@lru_cache(maxsize=1)
def font_name() -> str:
    """The first of the usual Chinese fonts that is installed, "" if none is."""
    from matplotlib import font_manager

    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _FONTS if name in known), "")


def picture(chart: Chart) -> bytes | None:
    """The chart as PNG (16 cm wide at 200 dots per inch); None where all is 0, or no font has the
    characters."""
    rows = chart.rows()
    if not rows or not font_name():
        return None
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with rc_context({"font.family": font_name(), "font.size": 9, "text.parse_math": False}):
        series = len(chart.columns)
        drawn = Figure(figsize=(6.3, 0.9 + 0.26 * len(rows) * (1 + 0.45 * (series - 1))))
        canvas = FigureCanvasAgg(drawn)
        axes = drawn.add_subplot()
        thick = 0.72 / series
        for number, column in enumerate(chart.columns):
            places = [row + (number - (series - 1) / 2) * thick for row in range(len(rows))]
            values = [chart.value(row, column) for row in rows]
            bars = axes.barh(
                places, values, thick * 0.92, color=COLOURS[number], label=chart.table.head[column + 1]
            )  # fmt: skip
            axes.bar_label(bars, fmt="{:,.0f}", padding=3, fontsize=8, color="#444444")
        axes.set_yticks(range(len(rows)), [clean(row.label, 24) for row in rows])
        axes.invert_yaxis()
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.margins(x=0.08)
        axes.grid(axis="x", color="#e3e6ea", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        axes.spines["left"].set_color("#9aa5b1")
        axes.set_title(chart.title, fontsize=10.5, loc="left")
        if series > 1:
            axes.legend(
                frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=series, fontsize=8.5
            )
        drawn.tight_layout()
        made = BytesIO()
        canvas.print_png(made, metadata={"Software": ""})  # type: ignore[no-untyped-call]
    return made.getvalue()
