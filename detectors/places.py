"""Which administrative division a text speaks of. Codes are those of GB/T 2260: 2 digits a
province, 4 a prefecture, 6 a county."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

import ahocorasick_rs

__all__ = ["Places"]

COUNTRIES = {
    "越南": "VN", "老挝": "LA", "缅甸": "MM", "泰国": "TH", "印度": "IN", "斯里兰卡": "LK", "肯尼亚": "KE", "日本": "JP",
    "韩国": "KR", "美国": "US", "加拿大": "CA", "德国": "DE", "法国": "FR", "意大利": "IT", "英国": "GB", "瑞士": "CH",
    "荷兰": "NL", "丹麦": "DK", "西班牙": "ES", "俄罗斯": "RU", "新西兰": "NZ", "澳大利亚": "AU", "澳洲": "AU",
    "马来西亚": "MY", "印度尼西亚": "ID", "巴西": "BR", "哥伦比亚": "CO", "埃塞俄比亚": "ET",
}  # fmt: skip
"""Countries that goods are said to come from, by ISO 3166-1 code."""
_ENDINGS = (
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "地区",
    "省",
    "市",
    "区",
    "县",
    "州",
    "盟",
    "旗",
)
_PEOPLES = (
    "壮族", "回族", "维吾尔", "彝族", "白族", "哈尼族", "傣族", "苗族", "景颇族", "傈僳族", "藏族",
    "纳西族", "佤族", "拉祜族", "布朗族", "瑶族", "独龙族", "怒族", "普米族", "满族", "蒙古族", "土家族",
    "侗族", "布依族", "仡佬族", "各族",
)  # fmt: skip


def _short(name: str) -> str:
    """The name as people write it: 西双版纳傣族自治州 is 西双版纳. Never a single character."""
    short = name
    for ending in _ENDINGS:
        if short.endswith(ending):
            short = short.removesuffix(ending)
            break
    while found := next((p for p in _PEOPLES if short.endswith(p)), None):
        short = short.removesuffix(found)
    return short if len(short) >= 2 else name


class Places:
    """Finds divisions by their names; made from a table of code and name."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self._located: dict[str, str] = {}

    @cached_property
    def provinces(self) -> list[tuple[str, str]]:
        """Code and name of each province."""
        return [(code, name) for code, name in self.names.items() if len(code) == 2]

    @cached_property
    def _index(self) -> tuple[ahocorasick_rs.AhoCorasick, list[list[str]]]:
        codes: defaultdict[str, list[str]] = defaultdict(list)
        for code, name in self.names.items():
            if name in ("市辖区", "县") or len(name) < 2:
                continue
            codes[name].append(code)
            # A county's short name (朝阳, 鼓楼) is too common a word to stand for it.
            if len(code) < 6 and _short(name) != name:
                codes[_short(name)].append(code)
        for name, code in COUNTRIES.items():
            codes[name].append(code)
        matcher = ahocorasick_rs.AhoCorasick(
            list(codes), matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )
        return matcher, list(codes.values())

    def locate(self, *texts: str) -> str:
        """The narrowest division that the first telling text names, or "".

        A county whose name several prefectures share counts only with its parent named.
        """
        for text in texts:
            known = self._located.get(text[:300])
            if known is None:
                if len(self._located) > 50_000:
                    self._located.clear()
                known = self._located[text[:300]] = self._locate(text)
            if known:
                return known
        return ""

    def _locate(self, text: str) -> str:
        matcher, codes = self._index
        best = ""
        for index, _, _ in matcher.find_matches_as_indexes(text[:300]):
            options = codes[index]
            fitting = [code for code in options if best and code.startswith(best)]
            if fitting:
                best = fitting[0]
            elif not best and len(options) == 1:
                best = options[0]
        return best

    def path(self, code: str) -> str:
        """The names from the province down: 云南省文山壮族苗族自治州."""
        return "".join(self.names.get(code[:n], "") for n in (2, 4, 6) if len(code) >= n)
