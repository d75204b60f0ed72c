"""Amounts in a listing's copy against those it states: contents, shares, sizes, users."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from detectors.fields import FieldText
from detectors.reasoning.stated import Opposed, denied

__all__ = ["amount", "counted", "shares", "sizes", "users"]

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "几": 2,
    "数": 2,
    "上": 1,
    "近": 1,
}
_TIMES = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "w": 10_000, "亿": 100_000_000}


def amount(shown: str) -> int:
    """三千, 10万, 1.2w, 上百万 as a number; 0 for none. 几 and 数 count as two."""
    number = re.match(r"\d{1,9}(?:\.\d{1,2})?", shown)
    total = float(number.group()) if number else 0.0
    rest = shown[number.end() :] if number else shown
    if number:
        for character in rest:
            total *= _TIMES.get(character, 1)
        return int(total)
    whole, section, digit = 0, 0, 0
    for character in rest:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in ("万", "w", "亿"):
            whole += max(section + digit, 1) * _TIMES[character]
            section = digit = 0
        elif character in _TIMES:
            section += max(digit, 1) * _TIMES[character]
            digit = 0
    return whole + section + digit


_USERS = re.compile(
    r"([\d一二三四五六七八九两几数上近十百千万亿w]{1,8})(?:多|余)?(?:名|位|个|所|家|户|对|座)?"
    r"(?:家庭|用户|学校|医院|茶友|宝妈|妈妈|顾客|客户|人|农户|门店|企业|单位|车主|业主|老板|餐厅|酒店|茶馆|幼儿园|代理|粉丝|会员|家长|孩子|姐妹)"
    r"[^。！？\n，,]{0,6}(?:在用|都在|正在用|使用|选择|信赖|见证|回购|复购|购买|下单|喝过|吃过|用过|亲测|认可|推荐|入手|拥有|好评)"
)
_USING = ("在用", "都在", "使用", "选择", "信赖", "见证", "购", "下单", "过", "亲测", "认可", "推荐", "入手", "拥有", "好评")  # fmt: skip
_ELSEWHERE = re.compile(
    r"各渠道|全渠道|线下|门店合计|历年|审计|数据来源|来源:|统计口径|截至|全品牌"
)


def users(sales: int, texts: Sequence[FieldText]) -> Iterator[Opposed]:
    """Crowds of users where the page shows hardly a sale."""
    for text in texts:
        tight = text.folded.tight
        if not any(word in tight for word in _USING):
            continue
        for match in _USERS.finditer(tight):
            claimed = amount(match.group(1))
            if claimed < 1_000 or claimed <= 20 * max(sales, 1):
                continue
            if _ELSEWHERE.search(tight[max(0, match.start() - 20) : match.end() + 30]):
                continue
            yield text, *match.span(), f"宣称“{match.group()}”，而页面显示销量仅{sales}，不相符"
            return


_PURE = re.compile(
    r"(?:100%|百分百|百分之百|纯|全|(?<!\d)9\d%)(?:新疆|澳洲|内蒙|小山|天然|进口)?(山?羊绒|羊毛|棉|亚麻|桑蚕丝|真丝|蚕丝|羊驼毛|兔毛|牛奶|银|铜|羽绒)"
)
_DOWN = re.compile(r"(?<!\d)([5-9]\d|100)%?(?:白|灰)?(?:鹅|鸭)绒")
_DOWN_KEYS = ("含绒量", "绒子含量", "充绒比例", "绒含量")
_MIXED = ("材质", "成分", "面料", "材料", "主料", "含量", "里料")


def shares(attributes: Mapping[str, str], texts: Sequence[FieldText]) -> Iterator[Opposed]:
    """Pure stuff that the contents give as a part; down of another share."""
    for key, value in attributes.items():
        if any(word in key for word in _DOWN_KEYS) and (stated := re.search(r"\d{1,3}", value)):
            for text in texts:
                down = _DOWN.search(text.folded.tight)
                if down and int(down.group(1)) > int(stated.group()) + 5:
                    yield (
                        text,
                        *down.span(),
                        f"宣称“{down.group()}”，而{key}为“{value[:20]}”，不相符",
                    )
                    return
        if not any(word in key for word in _MIXED) or "%" not in value:
            continue
        for text in texts:
            for pure in _PURE.finditer(text.folded.tight):
                share = _share(value, pure.group(1).removeprefix("山"))
                if share < 90 and not denied(text.folded.tight, *pure.span()):
                    yield (
                        text,
                        *pure.span(),
                        f"宣称“{pure.group()}”，而{key}为“{value[:30]}”，不相符",
                    )
                    return


def _share(value: str, stuff: str) -> int:
    """Per cent of a stuff in stated contents; 100 where it can't be told."""
    name = re.escape(stuff)
    after = re.search(name + r"[^\d%,，、;；]{0,6}(\d{1,3})(?:\.\d)?%", value)
    before = re.search(r"(\d{1,3})(?:\.\d)?%[^\d%,，、;； ]{0,4}" + name, value)
    found = after or before
    return int(found.group(1)) if found else 100


_COUNTED = (
    # what is counted in the copy, the parameters that count it
    (re.compile(r"专利[^。！？，,；\n]{0,4}?([\d一二三四五六七八九十百]{1,4})(?:多|余)?(?:项|件|个)|([\d一二三四五六七八九十百]{1,4})(?:多|余)?(?:项|件|个)(?:国家|发明|国际|核心|技术)?专利"), re.compile("专利"), re.compile(r"(\d{1,3}|[一二三四五六七八九十]{1,3})(?:项|件|个)")),
    (re.compile(r"([\d一二三四五六七八九十百千万]{1,6})(?:多|余)?亩()(?:自有|自建|生态|有机|高山)?(?:茶园|基地|果园|茶山|种植|古茶)"), re.compile("面积|基地|茶园"), re.compile(r"(\d{1,6}|[一二三四五六七八九十百千万]{1,5})亩")),
    (re.compile(r"([\d一二三四五六七八九十百]{1,4})(?:道|遍|次)()(?:工序|工艺|手工|质检|检测|过滤)"), re.compile("工序|检测|质检|过滤"), re.compile(r"(\d{1,3}|[一二三四五六七八九十百]{1,3})(?:道|遍|次)")),
    (re.compile(r"([\d一二三四五六七八九十百千万]{1,6})(?:多|余)?(?:名|位|个|人)()(?:工人|员工|技师|工匠|研发人员|师傅|工程师|专家)"), re.compile("员工|人数|参保|规模"), re.compile(r"(\d{1,6})人?")),
)  # fmt: skip


def counted(attributes: Mapping[str, str], texts: Sequence[FieldText]) -> Iterator[Opposed]:
    """Patents, acres, steps, people: three times as many in the copy as in the parameters."""
    for said, keys, given in _COUNTED:
        for key, value in attributes.items():
            stated = given.search(value) if keys.search(key) else None
            if not stated:
                continue
            for text in texts:
                found = said.search(text.folded.tight)
                if not found:
                    continue
                claimed = amount(found.group(1) or found.group(2))
                if claimed >= 3 * max(amount(stated.group(1)), 1):
                    why = f"宣称“{found.group()}”，而{key}为“{value[:20]}”，不相符"
                    yield text, *found.span(), why
                    return


_SIZES = (
    # unit in the copy, keys, unit in the parameters
    (re.compile(r"(?<![\d.])(\d{4,6})(?:mah|毫安)"), re.compile("电池容量|电芯|实际容量"), re.compile(r"(?<!\d)(\d{3,6})(?:mah|毫安)"), 0.55),
    (re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d)?)(?:l|升)(?![a-z\d])"), re.compile("容量|容积|有效容积|净容量"), re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,2})?)(?:l|升)"), 0.85),
    (re.compile(r"(?<![\d.])(\d{3,4})(?:w|瓦)(?![a-z\d])"), re.compile("功率"), re.compile(r"(?<![\d.])(\d{1,4})(?:w|瓦)"), 0.7),
    (re.compile(r"(?<![\d.])(\d{2,3})(?:寸|英寸)"), re.compile("屏幕尺寸|尺寸"), re.compile(r"(?<![\d.])(\d{2,3})(?:寸|英寸)"), 0.93),
)  # fmt: skip
_SEVERAL = re.compile(r"可选|多规格|任选|[/、]\d|[*x×]\d|\d[*x×]|各|共|组合|\+")


def sizes(title: FieldText, attributes: Mapping[str, str]) -> Iterator[Opposed]:
    """One size in the title, a smaller one in the parameters."""
    # As written: folding takes the points out of 1.7L.
    shown = title.original.lower().replace(" ", "")
    for said, keys, given, least in _SIZES:
        claims = list(said.finditer(shown))
        if len(claims) != 1 or _SEVERAL.search(shown):
            continue
        for key, value in attributes.items():
            if not keys.search(key) or _SEVERAL.search(value):
                continue
            found = list(given.finditer(value.lower().replace(" ", "")))
            if len(found) != 1:
                continue
            claimed, stated = float(claims[0].group(1)), float(found[0].group(1))
            if stated < claimed * least:
                why = f"标称“{claims[0].group()}”，而{key}为“{value[:20]}”，不相符"
                yield title, 0, len(title.folded.tight), why
                return
