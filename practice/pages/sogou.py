"""The search engine in the shape that 搜狗's result pages are documented to have (none was seen).

Results link through a small page whose script leads on, advertisements through a 302.
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
    stub,
    token,
    where,
)

__all__ = ["answer"]

NAME = "搜寻(虚构)搜索"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the engine."""
    if path == "/":
        return front(NAME, "/web", "query")
    if path == "/web":
        return _results(town, query)
    if path == "/link":
        return stub(town, query.get("url", ""))
    if path == "/bill_cpc":
        return redirect(town, query.get("p", ""))
    return not_found()


def _results(town: Town, query: Query) -> Answer:
    words, page = query.get("query", ""), int(query.get("page", "1") or 1)
    every = found(town, words)
    shown = every[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    if not shown:
        said = f'<div class="no-result"><p>抱歉，没有找到与“{e(words)}”相关的网页。</p></div>'
        return Answer.page(document(f"{words} - {NAME}", said))
    paid = "".join(_ad(entry, words) for entry in ads(town, words))
    entries = "".join(_entry(entry, n, words) for n, entry in enumerate(shown))
    more = e(link("/web", query=words, page=page + 1))
    following = f'<a id="sogou_next" href="{more}" class="np">下一页</a>'
    pages = f'<div class="p" id="pagebar_container"><span>{page}</span>{following if page * PAGE_SIZE < len(every) else ""}</div>'
    hints = '<div class="vrwrap"><div class="special-wrap"><h3 class="vr-title"><a href="/web?query=x">大家还在搜</a></h3></div></div>'
    body = f'<div id="main" class="main"><div class="sponsored"><div class="biz_sponsor">{paid}</div></div><div class="results">{entries}{hints}</div>{pages}</div>'
    return Answer.page(document(f"{words} - {NAME}", body))


def _ad(entry: Entry, words: str) -> str:
    return (
        f'<div class="biz_rb"><h3 class="biz_title"><a href="/bill_cpc?v=1&amp;p={token(entry.url)}" target="_blank">{emphasised(entry.title, words)}</a></h3>'
        f'<div class="biz_ft">{e(entry.snippet)}</div><div class="biz_fb"><cite>{where(entry)}</cite> <i>广告</i></div></div>'
    )


def _entry(entry: Entry, number: int, words: str) -> str:
    """The newer and the older shape in turn, as they stand side by side."""
    anchor = f'<a href="/link?url={token(entry.url)}" target="_blank">{emphasised(entry.title, words)}</a>'
    if number % 3 == 2:
        return f'<div class="rb"><h3 class="pt">{anchor}</h3><div class="ft">{e(entry.snippet)}</div><div class="fb"><cite>{where(entry)}</cite></div></div>'
    return (
        f'<div class="vrwrap" id="sogou_vr_30000000_{number}"><h3 class="vr-title">{anchor}</h3>'
        f'<div class="fz-mid space-txt">{e(entry.snippet)}</div><div class="citeurl"><span>{where(entry)}</span></div></div>'
    )
