"""必应 (cn.bing.com), by its documented page shape; no real page of it was read here.

- address: /search?q=QUERY, further pages &first=10×(page-1)+1&FORM=PERE…; #b_results li.b_algo
- results link directly or through /ck/a, whose parameter u is ``a1`` and the target in base64;
  advertisements (li.b_ad) through /aclick, whose u is the escaped target in base64
- a suspicious visitor is shown a captcha (/turing/captcha, #b_captcha)
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from parsel import Selector

from crawler.extract import compact
from crawler.page import Page, ReadError, SearchPage
from spiders.base import Blocked, Source
from spiders.engine import Engine, has_class

__all__ = ["Bing"]


class Bing(Engine):
    """Reads advertisements and results; boxes with answers (.b_ans) are no results."""

    source = Source(
        name="bing",
        title="必应",
        kind="search_engine",
        home="https://cn.bing.com",
        unproven=True,
        proven="the practice town's page of the documented shape",
        limits="the same results may come again on later pages",
    )
    paths = ("/ck/a", "/aclick", "/aclk")
    hosts = ("www.bing.com",)
    heading = ".//h2"
    snippets = (f".//*[{has_class('b_caption')}]//p", ".//p")

    def search_url(self, query: str, page: int) -> str:
        """`first` counts results from 1 and is left out on the first page."""
        asked: dict[str, str | int] = {"q": query}
        if page > 1:
            form = "PERE" if page == 2 else f"PERE{page - 2}"
            asked |= {"first": (page - 1) * 10 + 1, "FORM": form}
        return f"{self.base}/search?{urlencode(asked)}"

    def block_at(self, url: str) -> str:
        """The captcha has a place of its own."""
        return "/turing/captcha" if urlsplit(url).path.startswith("/turing/captcha") else ""

    def read_search(self, page: Page) -> SearchPage:
        """The entries of #b_results; ``li.b_no`` says that there are none."""
        shown = f'//*[@id="b_captcha" or @id="turnstile-widget" or {has_class("captcha_header")}]'
        if self.block_at(page.url) or page.selector.xpath(shown):
            raise Blocked("captcha", "必应 captcha")
        column = page.selector.xpath('//*[@id="b_results"]')
        if not column:
            raise ReadError(page, "no result column (#b_results)")
        if column[0].xpath(f"./li[{has_class('b_no')}]"):
            return SearchPage()
        # One li.b_ad holds several advertisements.
        entries = column[0].xpath(
            f"./li[{has_class('b_algo')}] | ./li[{has_class('b_ad')}]//li[.//h2]"
            f" | ./li[{has_class('b_ad')} and not(.//li[.//h2])]"
        )
        more = page.selector.xpath(f"//a[{has_class('sb_pagN')}]")
        return self.search_page(page, entries, more)

    def link_of(self, entry: Selector, heading: Selector) -> str:
        """The target that stands encoded in the redirect, else the redirect."""
        link = heading.xpath(".//a/@href").get("")
        return _target(link) or link

    def is_ad(self, entry: Selector) -> bool:
        """By its box: the mark is drawn by a style sheet."""
        boxed = entry.xpath(f"ancestor-or-self::li[{has_class('b_ad')}]")
        return bool(boxed) or super().is_ad(entry)

    def _snippet(self, entry: Selector) -> str:
        for path in self.snippets:
            if found := entry.xpath(path):
                words = ".//text()[not(ancestor::*[contains(@class, 'algoSlug_icon')])]"
                return compact("".join(found[0].xpath(words).getall()))
        return ""


def _target(link: str) -> str:
    parts = urlsplit(link)
    coded = parse_qs(parts.query).get("u", [""])[0]
    if parts.path == "/ck/a" and coded.startswith("a1"):
        coded = coded[2:]
    elif parts.path not in ("/aclick", "/aclk"):
        return ""
    try:
        target = unquote(urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode())
    except ValueError:
        return ""
    return target if target.startswith(("http://", "https://")) else ""
