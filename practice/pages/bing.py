"""The search engine in the shape that 必应's pages are documented to have (none was seen).

Links go through /ck/a or /aclick, in which the target stands in base64.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import quote

from practice.pages.html import Answer, Query, Town, document, e, link, not_found
from practice.pages.results import (
    PAGE_SIZE,
    Entry,
    ads,
    emphasised,
    found,
    front,
    token,
    where,
)

__all__ = ["answer"]

NAME = "必寻(虚构)搜索"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the engine."""
    if path == "/":
        return front(NAME, "/search", "q")
    if path == "/search":
        return _results(town, query)
    return not_found()


def _coded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _results(town: Town, query: Query) -> Answer:
    words, first = query.get("q", ""), int(query.get("first", "1") or 1)
    every = found(town, words)
    shown = every[first - 1 : first - 1 + PAGE_SIZE]
    if shown:
        paid = "".join(_ad(entry, words) for entry in ads(town, words))
        answers = '<li class="b_ans"><h2><a href="/search?q=x">相关问题</a></h2></li>'
        entries = f'<li class="b_ad"><ul>{paid}</ul></li>{answers}' + "".join(
            _entry(entry, words) for entry in shown
        )
    else:
        entries = f'<li class="b_no"><h1>没有与此相关的结果: <strong>{e(words)}</strong></h1></li>'
    more = e(link("/search", q=words, first=first + PAGE_SIZE, FORM="PERE"))
    following = f'<li class="b_pag"><a class="sb_pagN" title="下一页" href="{more}">下一页</a></li>'
    further = first - 1 + PAGE_SIZE < len(every)
    body = f'<main><ol id="b_results">{entries}{following if further else ""}</ol></main>'
    return Answer.page(document(f"{words} - {NAME}", body))


def _ad(entry: Entry, words: str) -> str:
    url = f"/aclick?ld={token(entry.url)}&u={_coded(quote(entry.url, safe=''))}"
    return (
        f'<li><div class="sb_add sb_adTA"><h2><a href="{e(url)}">{emphasised(entry.title, words)}</a></h2>'
        f'<div class="b_caption"><div class="b_attribution"><cite>{where(entry)}</cite></div><p>{e(entry.snippet)}</p></div></div></li>'
    )


def _entry(entry: Entry, words: str) -> str:
    url = f"/ck/a?!&&p={token(entry.url)}&ptn=3&u=a1{_coded(entry.url)}&ntb=1"
    return (
        f'<li class="b_algo"><h2><a href="{e(url)}" h="ID=SERP,5">{emphasised(entry.title, words)}</a></h2>'
        f'<div class="b_caption"><div class="b_attribution"><cite>{where(entry)}</cite></div>'
        f'<p class="b_lineclamp2"><span class="algoSlug_icon">网页</span>{e(entry.snippet)}</p></div></li>'
    )
