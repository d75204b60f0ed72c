"""The search engine in the shape that 360 搜索's pages are documented to have (none was seen).

Results name their target beside the redirect; of the advertisements the first does.
"""

from __future__ import annotations

from practice.pages.html import Answer, Query, Town, document, e, link, not_found
from practice.pages.results import (
    PAGE_SIZE,
    Entry,
    ads,
    emphasised,
    found,
    front,
    redirect,
    token,
    where,
)

__all__ = ["answer"]

NAME = "圆搜(虚构)搜索"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the engine."""
    if path == "/":
        return front(NAME, "/s", "q")
    if path == "/s":
        return _results(town, query)
    if path in ("/link", "/search/eclk"):
        return redirect(town, query.get("m", "") or query.get("p", ""))
    return not_found()


def _results(town: Town, query: Query) -> Answer:
    words, page = query.get("q", ""), int(query.get("pn", "1") or 1)
    every = found(town, words)
    shown = every[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    if not shown:
        said = (
            f'<div id="main"><div id="no-result">抱歉，没有找到与“{e(words)}”相关的网页</div></div>'
        )
        return Answer.page(document(f"{words}_{NAME}", said))
    paid = "".join(_ad(entry, n, words) for n, entry in enumerate(ads(town, words)))
    entries = "".join(_entry(entry, words) for entry in shown)
    more = e(link("/s", q=words, pn=page + 1))
    following = f'<a id="snext" href="{more}">下一页</a>' if page * PAGE_SIZE < len(every) else ""
    body = (
        f'<div id="container"><div id="main"><div id="m-spread-left"><ul id="e_idea_pp">{paid}</ul></div>'
        f'<ul class="result">{entries}</ul><div id="page"><strong>{page}</strong>{following}</div></div></div>'
    )
    return Answer.page(document(f"{words}_{NAME}", body))


def _ad(entry: Entry, number: int, words: str) -> str:
    landing = f' e-landurl="{e(entry.url)}"' if number == 0 else ""
    return (
        f'<li><h3><a href="/search/eclk?p={token(entry.url)}"{landing} target="_blank">{emphasised(entry.title, words)}</a></h3>'
        f'<p class="res-desc">{e(entry.snippet)}</p><cite>{where(entry)}</cite> <span>广告</span></li>'
    )


def _entry(entry: Entry, words: str) -> str:
    return (
        f'<li class="res-list" data-lazyload="1"><h3 class="res-title "><a href="/link?m={token(entry.url)}" data-mdurl="{e(entry.url)}" rel="noopener" target="_blank">'
        f'{emphasised(entry.title, words)}</a></h3><p class="res-desc">{e(entry.snippet)}</p><p class="res-linkinfo"><cite>{where(entry)}</cite></p></li>'
    )
