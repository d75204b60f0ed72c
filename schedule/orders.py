"""From a planned run to the order of its sweep."""

from __future__ import annotations

from schedule.timetable import Planned
from settings import Settings
from spiders import READERS
from sweeps.order import SweepOrder
from sweeps.sources import default_sources

__all__ = ["order_of"]


def order_of(settings: Settings, run: Planned) -> SweepOrder | None:
    """The order; None where a run is for kinds of sources of which none is asked here."""
    sources = list(run.sources)
    if run.of:
        sources += [name for name in default_sources(settings) if _kind(settings, name) in run.of]
        sources += ["shop"] if "shop" in run.of else []
        if not sources:
            return None
    return SweepOrder(
        goods=run.goods,
        sources=tuple(dict.fromkeys(sources)),
        mode=run.kind,
        max_pages=run.max_pages,
        budget=run.budget,
        window=run.window,
    )


def _kind(settings: Settings, name: str) -> str:
    return "api" if name in settings.apis else READERS[name].source.kind
