"""Names of enterprises and shops as they are compared, and how names that are nearly the same are
found without comparing all pairs: by their core, by what is left when one character is taken out
(so two names that differ in one character have a key in common), and by their sound."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

__all__ = ["LEGAL_FORM", "core", "likeness", "name_keys", "plain"]

_DROPPED = str.maketrans("", "", " \t\r\n\u3000·.,，。、-—_“”\"'‘’《》")
_BRACKETS = str.maketrans("（）［］【】〔〕", "()()()()")
_OWNER = re.compile(r"\((?:个体工商户|个人独资|普通合伙|有限合伙|个体)\)$")
_REGION = re.compile(r"^(?:[\u4e00-\u9fff]{2,7}?(?:省|自治区|自治州|市|自治县|县|区|州|镇|乡))+(?=[\u4e00-\u9fff]{3})")  # fmt: skip
LEGAL_FORM = re.compile(
    r"(?:(?:股份|集团)?有限(?:责任)?公司|集团公司|公司|集团|专业合作社|合作社|家庭农场|经营部|经营户|服务部|批发部|门市部|营业部|"
    r"商行|商贸行|商店|商铺|旗舰店|专营店|专卖店|直营店|工厂店|超市|工作室|门市|店|厂|行|铺|坊|庄)$"
)
"""How registered names end."""
_DIGITS = re.compile(r"\d+")
_LEAST = 2
_LONGEST = 24
"""Characters of a core for which keys are made."""


def plain(name: str) -> str:
    """The name without spaces, marks and kind of ownership, half-width, in capitals."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name).translate(_BRACKETS)
    name = name.translate(_DROPPED).upper()
    return _OWNER.sub("", name)[:255] if name.endswith(")") else name[:255]


@lru_cache(20_000)
def core(name: str) -> str:
    """What tells a plain name from others: without its division in front and its form behind."""
    rest = _REGION.sub("", name)
    for _ in range(2):
        shorter = LEGAL_FORM.sub("", rest)
        if len(shorter) < _LEAST:
            break
        rest = shorter
    return rest


def name_keys(name: str) -> Iterator[str]:
    """The keys of a plain name; two names that are nearly the same have one in common."""
    kept = core(name)[:_LONGEST]
    if len(kept) < _LEAST:
        return
    yield kept
    if len(kept) >= 4:
        for place in range(len(kept)):
            yield kept[:place] + kept[place + 1 :]
    if len(kept) >= 3:
        yield f"~{sound(kept)}"[:64]


def likeness(one: str, other: str) -> float:
    """How much two plain names are the same name: 1 for equal ones, 0 for nothing in common.

    The cores count; of whole names that are not equal no pair reaches 1.
    """
    if one == other:
        return 1.0
    left, right = core(one), core(other)
    same = fuzz.ratio(left, right) / 100
    if same < 0.95 and len(left) == len(right) >= 3 and sound(left) == sound(right):
        same = 0.95
    # 第1号店 and 第2号店 are two, however much of their names is the same.
    return min(same, 0.99 if _DIGITS.findall(left) == _DIGITS.findall(right) else 0.8)


@lru_cache(20_000)
def sound(name: str) -> str:
    """How a name is spoken, by its pinyin without tones."""
    return "".join(lazy_pinyin(name))
