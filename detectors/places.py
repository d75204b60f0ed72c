"""Which administrative division a text speaks of. Codes are those of GB/T 2260: 2 digits a
province, 4 a prefecture, 6 a county; two letters (ISO 3166-1) a country, «CN» being China."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property, lru_cache

import ahocorasick_rs
import rjieba

from detectors.variants import TABLES

__all__ = ["Places", "agree", "far"]

COUNTRIES = {
    "越南": "VN", "老挝": "LA", "缅甸": "MM", "泰国": "TH", "印度": "IN", "斯里兰卡": "LK", "肯尼亚": "KE", "日本": "JP",
    "韩国": "KR", "美国": "US", "加拿大": "CA", "德国": "DE", "法国": "FR", "意大利": "IT", "英国": "GB", "瑞士": "CH",
    "荷兰": "NL", "丹麦": "DK", "西班牙": "ES", "俄罗斯": "RU", "新西兰": "NZ", "澳大利亚": "AU", "澳洲": "AU",
    "马来西亚": "MY", "印度尼西亚": "ID", "巴西": "BR", "哥伦比亚": "CO", "埃塞俄比亚": "ET",
    "柬埔寨": "KH", "菲律宾": "PH", "印尼": "ID", "新加坡": "SG", "智利": "CL", "秘鲁": "PE", "阿根廷": "AR", "南非": "ZA",
    "土耳其": "TR", "伊朗": "IR", "乌克兰": "UA", "波兰": "PL", "瑞典": "SE", "挪威": "NO", "芬兰": "FI", "奥地利": "AT",
    "比利时": "BE", "爱尔兰": "IE", "希腊": "GR", "葡萄牙": "PT", "匈牙利": "HU", "尼泊尔": "NP", "墨西哥": "MX", "埃及": "EG",
    "朝鲜": "KP", "蒙古国": "MN", "厄瓜多尔": "EC", "危地马拉": "GT", "俄国": "RU",
}  # fmt: skip
"""Countries that goods are said to come from, by ISO 3166-1 code."""
ABROAD = {
    "东京": "JP", "大阪": "JP", "北海道": "JP", "首尔": "KR", "济州岛": "KR", "曼谷": "TH", "清迈": "TH", "清莱": "TH",
    "河内": "VN", "胡志明": "VN", "老街省": "VN", "河江": "VN", "丰沙里": "LA", "琅勃拉邦": "LA", "万象": "LA", "曼德勒": "MM",
    "仰光": "MM", "掸邦": "MM", "克钦": "MM", "果敢": "MM", "佤邦": "MM", "木姐": "MM", "大吉岭": "IN", "阿萨姆": "IN",
    "巴黎": "FR", "波尔多": "FR", "普罗旺斯": "FR", "米兰": "IT", "佛罗伦萨": "IT", "托斯卡纳": "IT", "科莫湖": "IT",
    "慕尼黑": "DE", "汉堡港": "DE", "不来梅": "DE", "柏林": "DE", "苏黎世": "CH", "伦敦": "GB", "纽约": "US", "加州": "US",
    "塔斯马尼亚": "AU", "塔州": "AU", "悉尼": "AU", "墨尔本": "AU", "奥克兰": "NZ", "东京都": "JP", "宇治": "JP", "静冈": "JP",
    "madeingermany": "DE", "madeinjapan": "JP", "madeinitaly": "IT", "madeinkorea": "KR", "madeinfrance": "FR",
    "madeinusa": "US", "madeinuk": "GB", "madeinaustralia": "AU", "madeinnewzealand": "NZ", "madeinthailand": "TH",
    "madeinvietnam": "VN", "madeinchina": "CN", "中国": "CN", "中国大陆": "CN", "国产": "CN", "国内": "CN", "大陆": "CN",
}  # fmt: skip
"""Places abroad by their country, and what stands for China as a whole (public knowledge)."""
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
_ORDINARY = frozenset(
    row
    for row in (TABLES / "no_places.txt").read_text(encoding="utf-8").splitlines()
    if row and not row.startswith("#")
)
"""Words that are also names of divisions, and mean something else in a listing."""
_STREETS = "镇乡路街村巷"
_NO_PLACE = (
    "大理石", "普洱茶", "普洱生", "普洱熟", "普洱咖啡", "普洱", "荷兰豆", "荷兰猪", "荷兰兔", "日本豆腐", "法国梧桐", "印度神油",
    "国内外", "国产化", "国内包邮", "国内首", "国内领", "国内知名", "国内顶", "国内最", "国内发货", "国内现货", "中国红", "中国风",
    "中国结", "中国药典", "中国人", "中国驰名", "中国工程", "中国科学院", "中国质量", "大陆性", "德国小蠊", "意大利面", "意大利炮",
    "台湾青枣", "台湾乌龙", "台湾饭团", "北京时间", "北京同仁堂", "云南白药", "贵州茅台", "青岛啤酒", "重庆小面", "重庆火锅", "兰州拉面",
    "武汉热干面", "韩国泡菜", "日本料理", "新疆棉", "扬州炒饭", "海南鸡饭", "澳洲坚果", "澳洲大龙虾", "巴西木", "美国红枫", "英国管",
    "印度飞饼", "土耳其烤肉", "墨西哥鸡肉卷", "泰国香米", "泰国菜", "西班牙火腿味", "法国菜", "意大利语", "景德镇", "云南省外", "偏远", "内地",
)  # fmt: skip
"""Words that have a place's name in them and speak of no place of production."""


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


@lru_cache(maxsize=20_000)
def _astride(window: str, start: int, end: int) -> bool:
    """Whether a short name lies across the words of the text: 合肥 in 复合肥."""
    edges, place = {0}, 0
    for token in rjieba.cut(window, False):
        place += len(token)
        edges.add(place)
    return start not in edges or end not in edges


def agree(one: str, other: str) -> bool:
    """Whether two codes may speak of the same place: one lies in the other."""
    if "CN" in (one, other):
        return one == other or (one + other).removeprefix("CN").removesuffix("CN").isdigit()
    return one.startswith(other) or other.startswith(one)


def far(one: str, other: str) -> bool:
    """Whether two codes lie in different provinces or countries."""
    return not agree(one[:2], other[:2])


class Places:
    """Finds divisions by their names; made from a table of code and name.

    `localities` are villages, mountains and waters, by the code of the division they lie in.
    """

    def __init__(
        self, names: Mapping[str, str], localities: Mapping[str, str] | None = None
    ) -> None:
        self.names = names
        self._localities = dict(localities or {})
        # The same addresses and titles are asked for again and again.
        self._known = lru_cache(20_000)(self._named)
        self._located: dict[str, str] = {}

    @cached_property
    def provinces(self) -> list[tuple[str, str]]:
        """Code and name of each province."""
        return [(code, name) for code, name in self.names.items() if len(code) == 2]

    @cached_property
    def _index(self) -> tuple[ahocorasick_rs.AhoCorasick, list[list[str]]]:
        return self._build(shorts=False)

    @cached_property
    def _wide(self) -> tuple[ahocorasick_rs.AhoCorasick, list[list[str]]]:
        return self._build(shorts=True)

    def _build(self, shorts: bool) -> tuple[ahocorasick_rs.AhoCorasick, list[list[str]]]:
        codes: defaultdict[str, list[str]] = defaultdict(list)
        for code, name in self.names.items():
            if name in ("市辖区", "县") or len(name) < 2:
                continue
            codes[name].append(code)
            # A county's short name (朝阳, 鼓楼) is too common a word to stand for it alone.
            short = _short(name)
            if short != name and (shorts or len(code) < 6):
                codes[short].append(code)
        for name, code in COUNTRIES.items():
            codes[name].append(code)
        if shorts:
            for name, code in {**ABROAD, **self._localities}.items():
                codes[name] = [code]
            for name in _NO_PLACE:
                codes[name] = []
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

    def named(self, text: str, address: bool = False) -> list[tuple[int, int, str]]:
        """Every place in a short text, by start, end and code; 云南易门 is one, 临沧、普洱 two.

        Short names of counties and the localities count too, where they are no other word; in an
        address those of districts as well.
        """
        return list(self._known(text, address))

    def _named(self, text: str, address: bool) -> tuple[tuple[int, int, str], ...]:
        matcher, codes = self._wide
        found: list[tuple[int, int, str]] = []
        for index, start, end in matcher.find_matches_as_indexes(text):
            options = codes[index]
            left = max(0, start - 3)
            named_full = text[end : end + 1] in tuple("州市县区省盟旗")
            if (
                end - start == 2
                and not named_full
                and _astride(text[left : end + 3], start - left, end - left)
            ):
                continue
            last = found[-1] if found and start - found[-1][1] <= 4 else None
            inside = [c for c in options if last and c.startswith(last[2]) and c != last[2]]
            widest = min(options, key=len, default="")
            # 凤山镇, 北京路: a township or a street of that name.
            if text[end : end + 1] in _STREETS and text[end : end + 1] and not inside:
                continue
            # 新疆巴州: a short form that is not that province's county of the name elsewhere.
            if last and start == last[1] and not inside and len(widest) > len(last[2]) == 2:
                continue
            if last and inside:
                found[-1] = (last[0], end, inside[0])
            elif widest and not (last and start == last[1] and last[2].startswith(widest)):
                alone = all(code.startswith(widest) for code in options)
                if alone and not self._vague(text[start:end], widest, address):
                    found.append((start, end, widest))
        return tuple(found)

    def _vague(self, word: str, code: str, address: bool) -> bool:
        """Whether a word alone is no place: an ordinary word, a district's short name."""
        full = self.names.get(code, word)
        district = len(code) == 6 and full != word and full.endswith("区")
        return word in _ORDINARY or (district and not address and word not in self._localities)

    def path(self, code: str) -> str:
        """The names from the province down: 云南省文山壮族苗族自治州."""
        return "".join(self.names.get(code[:n], "") for n in (2, 4, 6) if len(code) >= n)
