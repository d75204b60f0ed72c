"""The search engine: ten results a page in #content_left, redirect links, marked advertisements.

The hooks are those of recorded 百度 result pages (2020).
"""

from __future__ import annotations

from practice.pages.html import Answer, Query, Town, document, e, link, not_found
from practice.pages.results import (
    PAGE_SIZE,
    Entry,
    ads,
    emphasised,
    found,
    redirect,
    token,
    where,
)

__all__ = ["answer"]

NAME = "百寻(虚构)搜索"


def answer(town: Town, path: str, query: Query) -> Answer:
    """A page of the engine."""
    if path == "/":
        form = '<form action="/s"><input name="wd" id="kw"><input type="submit" id="su"></form>'
        return Answer.page(document(NAME, form))
    if path == "/s":
        return _results(town, query)
    if path in ("/link", "/baidu.php"):
        return redirect(town, query.get("url", ""))
    return not_found()


def _results(town: Town, query: Query) -> Answer:
    words = query.get("wd", "")
    start = int(query["pn"]) if query.get("pn", "").isdigit() else 0
    every = found(town, words)
    shown = every[start : start + PAGE_SIZE]
    if not shown:
        body = f'<div id="container"><div class="nors"><p>很抱歉，没有找到与“{e(words)}”相关的网页。</p></div></div>'
        return Answer.page(document(f"{words}_{NAME}", body))
    paid = enumerate(ads(town, words), 4000)
    entries = "".join(_entry(entry, n, words, ad=True) for n, entry in paid)
    entries += "".join(_entry(entry, n, words) for n, entry in enumerate(shown, start + 1))
    pages = (len(every) + PAGE_SIZE - 1) // PAGE_SIZE
    here = start // PAGE_SIZE + 1
    numbers = "".join(
        f'<strong><span class="fk fk_cur"></span><span class="pc">{n}</span></strong>'
        if n == here
        else f'<a href="{e(link("/s", wd=words, pn=(n - 1) * PAGE_SIZE))}"><span class="pc">{n}</span></a>'
        for n in range(max(1, here - 5), min(pages, here + 5) + 1)
    )
    more = link("/s", wd=words, pn=start + PAGE_SIZE)
    following = f'<a href="{e(more)}" class="n">下一页 &gt;</a>' if here < pages else ""
    body = f"""<div id="wrapper" class="wrapper_l"><div id="head"><form action="/s"><input id="kw" name="wd" value="{e(words)}"></form></div>
<div id="container"><div class="nums"><span class="nums_text">{NAME}为您找到相关结果约{len(every):,}个</span></div>
<div id="content_left">{entries}</div>
<div id="rs"><div class="tt">相关搜索</div></div></div>
<div id="page"><div class="page-inner">{numbers}{following}</div></div></div>"""
    return Answer.page(document(f"{words}_{NAME}", body))


def _entry(entry: Entry, number: int, words: str, ad: bool = False) -> str:
    coded = token(entry.url)
    title = emphasised(entry.title, words)
    if ad:
        url = f"/baidu.php?url={coded}"
        mark = '<span class="m ec-tuiguang ecfc-tuiguang" data-tuiguang="1">广告</span>'
        kind, template = "result c-container ec_ad_results", "ec_ad"
    else:
        url = f"/link?url={coded}"
        mark, kind, template = "", "result c-container ", "se_com_default"
    return f"""<div class="{kind}" id="{number}" srcid="1599" tpl="{template}" data-click="{{'rsv_bdr':'0'}}">
<h3 class="t"><a data-click="{{}}" href="{url}" target="_blank">{title}</a></h3>
<div class="c-abstract">{e(entry.snippet)}</div>
<div class="f13 se_st_footer"><a target="_blank" href="{url}" class="c-showurl">{e(where(entry))}/</a> {mark}</div></div>"""
