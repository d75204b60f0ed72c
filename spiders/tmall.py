"""天猫: the search of 淘宝 narrowed to 天猫, item pages in GBK.

- search: s.taobao.com/search?q=QUERY&tab=mall&s=44×(page-1), the same `g_page_config`; its rows
  link to detail.tmall.com
- item: detail.tmall.com/item.htm?id=… (GBK): price as a range, detail pictures loaded late
- a visitor without a session is treated as on 淘宝; one session opened there serves both
"""

from __future__ import annotations

from urllib.parse import urlencode

from spiders.base import Source
from spiders.taobao import PAGE_SIZE, Taobao

__all__ = ["Tmall"]


class Tmall(Taobao):
    """淘宝's shapes; what is different is what is asked for."""

    source = Source(
        name="tmall",
        title="天猫",
        kind="marketplace",
        home="https://s.taobao.com",
        needs_session=True,
        official_api="天猫开放平台 (with a key); data hand-over by 电子商务法 25",
        proven="an item page (2020); its searches are those of 淘宝 (2016, 2018)",
        limits="the live search wants a login; the detail text is mostly pictures; no sales figure",
    )

    def search_url(self, query: str, page: int) -> str:
        """44 offers a page; `tab=mall` leaves out what is not of 天猫."""
        asked = {"q": query, "tab": "mall", "s": (page - 1) * PAGE_SIZE}
        return f"{self.base}/search?{urlencode(asked)}"
