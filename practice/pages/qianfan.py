"""The search engine's API, with questions and answers as 百度's search API documents them."""

from __future__ import annotations

import json

from practice.pages.html import Answer, Query, Town, not_found
from practice.pages.results import found

__all__ = ["BODY", "KEY", "TOWN_KEY", "answer"]

BODY, KEY = "(body)", "(authorization)"
"""Under which names the server hands over what a POST says beside its address."""
TOWN_KEY = "town-key-0000-not-a-secret"


def answer(town: Town, path: str, query: Query) -> Answer:
    """The references for a question; 401 without the town's key."""
    if path != "/v2/ai_search/web_search":
        return not_found()
    if query.get(KEY) != f"Bearer {TOWN_KEY}":
        said = Answer.json({"code": "invalid_api_key", "message": "no such key", "request_id": "t"})
        return Answer(said.body, 401, said.headers)
    asked = json.loads(query.get(BODY, "") or "{}")
    most = next((f["top_k"] for f in asked["resource_type_filter"] if f["type"] == "web"), 20)
    references = [
        {"id": n, "title": one.title, "url": one.url, "content": one.snippet, "type": "web", "web_anchor": one.title, "date": ""}
        for n, one in enumerate(found(town, asked["messages"][-1]["content"])[:most], 1)
    ]  # fmt: skip
    return Answer.json({"request_id": "t", "references": references})
