"""AutoThrottle that does not forget a block: a slow site is asked slowly, a wary one more so."""

from __future__ import annotations

from scrapy.core.downloader import Slot
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response

from crawler.addresses import host_of

__all__ = ["Pace"]


class Pace(AutoThrottle):
    """Adjusts a host's delay to how long it takes to answer, never below the configured delay
    nor below what its last block asked for."""

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        super()._adjust_delay(slot, latency, response)
        floors: dict[str, float] = self.crawler.back_off.floors  # type: ignore[attr-defined]
        slot.delay = max(slot.delay, floors.get(host_of(response.url), 0.0))
