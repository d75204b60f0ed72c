"""百度 through its official search API (百度智能云千帆, 百度搜索), where a key is set.

- POST /v2/ai_search/web_search with ``Authorization: Bearer KEY``; the documented answer is
  ``{"request_id", "references": [{"id", "title", "url", "content", "type", "date", …}]}``,
  an error ``{"code", "message", "request_id"}``
- up to 50 web pages in one answer, no further pages; 100 questions a day are free
- addresses are the targets themselves; there are no advertisements
Facts from the API's documentation (ai.baidu.com/ai-doc/AppBuilder/pmaxd1hvy); never asked here.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from crawler.extract import compact
from crawler.page import Page, ReadError, SearchPage
from listing import SearchResult
from spiders.base import Ask, Source
from spiders.engine import Engine

__all__ = ["BaiduApi"]

_MOST = 50
_LONGEST = 72
"""Characters of a question, as users of the API report it."""


class BaiduApi(Engine):
    """Asks by JSON, reads JSON."""

    source = Source(
        name="baidu_api",
        title="百度搜索 API",
        kind="search_engine",
        home="https://qianfan.baidubce.com",
        access="api",
        key="baidu_api_key",
        official_api="百度智能云千帆 百度搜索",
        unproven=True,
        proven="the practice town's answers of the documented shape",
        limits="50 results a question, no advertisements; 100 questions a day are free",
    )
    paths = ()

    def search_url(self, query: str, page: int) -> str:
        """One address for all questions; the question stands in the body."""
        return f"{self.base}/v2/ai_search/web_search"

    def ask(self, query: str, page: int) -> Ask:
        """Web pages only, as many as it gives."""
        question = {
            "messages": [{"role": "user", "content": query[:_LONGEST]}],
            "search_source": "baidu_search_v2",
            "resource_type_filter": [{"type": "web", "top_k": _MOST}],
        }
        body = json.dumps(question, ensure_ascii=False).encode()
        return Ask(self.search_url(query, page), body, "application/json")

    def read_search(self, page: Page) -> SearchPage:
        """The web pages among its references."""
        try:
            said = json.loads(page.text)
        except ValueError:
            raise ReadError(page, "no JSON from the API") from None
        if not isinstance(said, dict):
            raise ReadError(page, "no answer of the API: not an object")
        references = said.get("references")
        if references is None and (said.get("code") or said.get("message")):
            what = f"{said.get('code', '')} {said.get('message', '')}".strip()
            raise ReadError(page, f"no results: the API refused: {what[:300]}")
        if not isinstance(references, list):
            raise ReadError(page, "no results in the API's answer (references)")
        results: list[SearchResult] = []
        problems: list[str] = []
        for number, entry in enumerate(references, 1):
            if isinstance(entry, dict) and entry.get("type", "web") != "web":
                continue
            found = _result(entry, len(results) + 1)
            if found is None:
                problems.append(f"reference {number}: no title or no address")
            else:
                results.append(found)
        return SearchPage(results=tuple(results), problems=tuple(problems))


def _result(entry: Any, rank: int) -> SearchResult | None:
    if not isinstance(entry, dict):
        return None
    url, title = str(entry.get("url") or ""), compact(str(entry.get("title") or ""))
    try:
        good = urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname
    except ValueError:
        good = None
    if not title or not good:
        return None
    snippet = compact(str(entry.get("content") or entry.get("snippet") or ""))[:300]
    return SearchResult(title=title, url=url, snippet=snippet, rank=rank)
