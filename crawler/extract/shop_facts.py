"""What a shop says of itself beside its goods: who runs it, licences, 备案 numbers, terms, notices.

ICP numbers: 非经营性互联网信息服务备案管理办法 (province, «ICP备» or «ICP证», number, «号», «-n» of the
site); public security: «公网安备» and 14 digits (11 in older ones).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from crawler.extract.seller import licence_numbers, seller_block
from crawler.extract.text import Element, compact, text_of
from crawler.page import Page
from listing import is_uscc

__all__ = ["ShopFacts", "facts_of", "licence_picture_facts", "record_numbers"]

_RECORDS = {
    "ICP备案": re.compile(r"[\u4e00-\u9fff]\s?ICP\s?[备证]\s?-?\s?(?:[A-Z]\d-)?\d{6,12}\s?号?(?:-\d{1,3}[A-Z]?)?", re.IGNORECASE),
    "公安备案": re.compile(r"[\u4e00-\u9fff]公网安备\s?\d{11,14}\s?号?"),
    "增值电信业务经营许可证": re.compile(r"[\u4e00-\u9fff]B2-\d{6,10}(?:-\d{1,3})?"),
}  # fmt: skip
_TERMS = re.compile(
    r"退换|退货|换货|售后|条款|协议|须知|公告|声明|通知|隐私|配送|保障|规则|return|refund|terms|policy|notice",
    re.IGNORECASE,
)
_LICENCE_PICTURE = re.compile(
    r"营业执照|许可证|执照|资质|licen[cs]e|zhizhao|yyzz|xukezheng", re.IGNORECASE
)
_MAIN = "//main|//article|//*[@id='content' or @id='main' or @role='main' or contains(@class, 'article-content') or contains(@class, 'page-content')]"
_LONGEST = 20_000
_USCC = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NP-RT-UW-Y]{18}(?![0-9A-Z])")
_NAME = re.compile(r"(?:名\s{0,4}称|字\s{0,4}号\s{0,2}名\s{0,2}称|经营者名称)[:：\s]{0,4}([\u4e00-\u9fff（）()·]{4,50}(?:公司|厂|店|行|社|部|户|坊|铺|中心|馆|庄))")  # fmt: skip


@dataclass(slots=True)
class ShopFacts:
    """Of one page. `said` has fields of a listing, `records` the 备案 numbers by kind."""

    said: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)
    terms: str = ""
    pictures: tuple[str, ...] = ()
    """Addresses of what look like pictures of licences."""


def record_numbers(text: str) -> dict[str, str]:
    """The 备案 and telecom licence numbers in `text`, the first of each kind."""
    found = ((kind, shape.search(text)) for kind, shape in _RECORDS.items())
    return {kind: compact(one.group()).replace(" ", "") for kind, one in found if one}


def facts_of(page: Page, frame: Iterable[str] = ()) -> ShopFacts:
    """What a page says of its shop; `frame` are lines that stand on every page of it.

    A copyright line names no operator: anybody's name may stand there.
    """
    lines = [line for line in page.visible.split("\n") if "版权所有" not in line]
    text = "\n".join(lines)
    said = {k: v for k, v in seller_block(text).items() if k != "ship_from"}
    if "licence_no" not in said and (numbers := licence_numbers(text)):
        said["licence_no"] = " ".join(numbers)
    return ShopFacts(
        said, record_numbers(page.visible), _terms(page, frozenset(frame)), _pictures(page)
    )


def _terms(page: Page, frame: frozenset[str]) -> str:
    html = page.selector
    heads = html.xpath("//title/text()|//h1//text()|//h2//text()").getall()
    if not frame or not _TERMS.search(compact(" ".join(heads[:6])) + page.url):
        return ""
    main = html.xpath(_MAIN)
    text = text_of(main[:1]) if main else page.visible
    return "\n".join(line for line in text.split("\n") if line not in frame)[:_LONGEST]


def _pictures(page: Page) -> tuple[str, ...]:
    found = []
    for image in page.selector.root.iter("img"):
        named = " ".join(image.get(a) or "" for a in ("alt", "title", "src", "class"))
        source = image.get("data-original") or image.get("data-src") or image.get("src") or ""
        if (
            source
            and source[:5] != "data:"
            and _LICENCE_PICTURE.search(f"{named} {_beside(image)}")
        ):
            found.append(page.absolute(source))
    return tuple(dict.fromkeys(found))[:4]


def _beside(image: Element) -> str:
    """The words right before a picture and right behind it."""
    before, parent = image.getprevious(), image.getparent()
    if before is not None:
        said = (before.text or "") + (before.tail or "")
    else:
        said = (parent.text or "") if parent is not None else ""
    return compact(f"{said[-40:]} {(image.tail or '')[:40]}")


def licence_picture_facts(text: str) -> dict[str, str]:
    """Fields of a listing that the words in a picture of a licence give: a code only where it
    is sound, for a misread one would name somebody else."""
    said: dict[str, str] = {}
    codes = [code for code in _USCC.findall(text.upper()) if is_uscc(code)]
    if codes:
        said["uscc"] = codes[0]
    if name := _NAME.search(text):
        said["operator_name"] = name[1]
    if numbers := licence_numbers(text):
        said["licence_no"] = " ".join(numbers)
    return said
