"""Tells a page that is gone though its status says 200 (a «soft 404»)."""

from __future__ import annotations

import re

from crawler.page import Page

__all__ = ["Gone", "gone_of"]

_NOT_THERE = re.compile(
    r"(?:页面|网页|宝贝|商品|店铺|链接|内容|产品)[^，。!！]{0,8}"
    r"(?:不存在(?!任何|质量|问题|假|虚|色差|破损|瑕疵)|找不到了|已失效|走丢|已删除|已被删除|不见了)|"
    r"(?:找不到|没有找到)(?:该|此|您访问的|您要的)?(?:页面|网页)|^(?:404|错误404)\b|page not found|404 not found",
    re.IGNORECASE,
)
_TAKEN_DOWN = re.compile(
    r"(?:宝贝|商品|产品|页面|内容)[^，。!！]{0,8}(?:已下架|已经下架|下架了)|不存在或已下架"
)
_WORDS = re.compile(r"不存在|找不到|没有找到|失效|走丢|删除|不见了|下架|404")
"""Most pages are told by their raw text, without parsing."""
_SHORT = 300
"""Characters a visitor reads. A longer page that says 已下架 still shows an offer, or other ones."""


class Gone(Exception):
    """The page says that what was asked for is not there; `sign` is its words."""

    def __init__(self, sign: str) -> None:
        super().__init__(sign)
        self.sign = sign


def gone_of(page: Page) -> str:
    """The words that say so, or "" for a page that is there.

    They count in the title and the headings of any page, and anywhere in a short one.
    """
    if page.status != 200:
        return ""
    if not _WORDS.search(page.text) and "not found" not in page.text.lower():
        return ""
    html = page.selector
    heads = html.xpath("//head/title | //h1 | //h2").xpath("string()").getall()
    places = [head for head in heads if len(head) < 60]
    found = next((m for head in places if (m := _NOT_THERE.search(head.strip()))), None)
    if found is None and len(page.visible) <= _SHORT:
        found = _NOT_THERE.search(page.visible) or _TAKEN_DOWN.search(page.visible)
    return found.group(0).strip() if found else ""
