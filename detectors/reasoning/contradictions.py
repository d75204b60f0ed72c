"""What a listing says twice, and differently: years, heads, materials, sales, founding, contents.

广告法 第二十八条 calls information on quality, composition, sales or honours that is not as it is,
and matters to the buyer, false advertising; here the listing itself is the witness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from detectors.evaluate import Found
from detectors.fields import FieldText
from listing import Listing, parse_sales

__all__ = ["contradictions"]

_CLAIMING = ("title", "text", "image_text")
_MADE_KEYS = ("生产日期", "出厂日期", "生产年份", "制造日期", "包装日期", "年份")
_YEAR = re.compile(r"(?<!\d)(19[4-9]\d|20[0-3]\d)")
_VINTAGE = re.compile(
    r"(?<!\d)(19[4-9]\d|20[0-2]\d)年?(?:的|产|头春|春茶|秋茶|老|陈|库存|生产|原料|压制|份|款|生茶|熟茶|古树|生饼|熟饼|野生|大树)"
)
_AGED = re.compile(
    r"(?<!\d)(\d{1,2}|[一二三四五六七八九十]{1,3})年(?:以上)?(?:陈化|陈年|老陈|陈|老茶|窖藏|仓储|存放|老料|老熟|老生)"
)
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
_HEADS = re.compile(r"(?<!\d)(\d{2,3})头")
_ROOT = re.compile(r"(?:单个|单粒|单头|单颗|每个|每粒|每头|每颗|个头|一个|一头)(?:重|约|大约|净重|重量|重约|平均|:|：){0,3}(\d{1,3})(?:克|g)")  # fmt: skip
_FOUNDED = re.compile(
    r"(?:成立|注册|创办|开业|开店|登记)(?:于|日期|时间|:|：){0,3}((?:19|20)\d\d)|((?:19|20)\d\d)年?(?:成立|注册|创办|开业|开店|登记)"
)
_ROOTS_OLD = re.compile(
    r"(?:始于|始创于|创始于|创于|创建于|起源于|建于|自)(1[5-9]\d\d|清朝|清代|明朝|明代|清|明|民国|光绪|乾隆|道光|同治|康熙|雍正)|(?:百年|[二三四五六七八九]百年)(?:老店|老字号|老号|老厂|品牌|传承|企业|茶号|老铺)"
)
_AWARD_YEAR = re.compile(
    r"(1[89]\d\d|20[0-2]\d)年?[^。！？；\n]{0,18}(?:金奖|银奖|大奖|特等奖|一等奖|名牌|奖章)"
)
_SOLD = re.compile(
    r"(?:累计|热销|已售|月销|销量|售出|卖出|总销|狂销|畅销|销售)[^。！？；，\n]{0,5}?(\d{1,6})(万|千|亿|w|百万|千万)?\+?(?=[件单饼盒瓶罐袋份提斤台套双个包余多+]|$|[，。！!\s])"
)
_SELLING = ("累计", "热销", "已售", "月销", "销量", "售出", "卖出", "总销", "狂销", "畅销", "销售")
_FOUNDING = ("成立", "注册", "创办", "开业", "开店", "登记")
_TIMES = {"": 1, "千": 1_000, "万": 10_000, "w": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}  # fmt: skip
_PERFECT = re.compile(r"(?:好评率|满意度|满意率)[^。，\n]{0,3}100%?|零差评|无差评|0差评|没有差评")
_FIBRES = {
    "鹅绒": ("聚酯", "涤纶", "腈纶", "鸭绒", "飞丝", "化纤"), "鸭绒": ("聚酯", "涤纶", "腈纶", "化纤"),
    "羊绒": ("聚酯", "涤纶", "腈纶", "粘纤", "化纤"), "羊毛": ("聚酯纤维100", "涤纶100", "腈纶100"),
    "真丝": ("聚酯", "涤纶", "化纤", "雪纺"), "桑蚕丝": ("聚酯", "涤纶", "化纤"), "蚕丝": ("聚酯", "涤纶", "化纤"),
    "纯棉": ("聚酯", "涤纶", "化纤", "腈纶"), "全棉": ("聚酯", "涤纶", "化纤", "腈纶"), "亚麻": ("聚酯纤维100", "涤纶100"),
    "真皮": ("pu", "人造革", "合成革", "超纤", "仿皮"), "牛皮": ("pu", "人造革", "合成革", "超纤", "二层革贴膜"),
    "实木": ("密度板", "颗粒板", "刨花板", "三聚氰胺板", "人造板"), "纯铜": ("锌合金", "铁", "塑料"), "全铜": ("锌合金", "铁", "塑料"),
    "304不锈钢": ("201", "铁", "塑料"), "足金": ("合金", "镀金", "铜"), "纯银": ("合金", "镀银", "铜", "锌"),
}  # fmt: skip
_FILLED = ("鹅绒", "鸭绒", "蚕丝", "羽绒")
_FILLING = ("填充物", "芯材", "填充", "填充材质", "充绒")
_MADE_OF = (
    "面料",
    "材质",
    "填充物",
    "成分",
    "里料",
    "鞋面材质",
    "主料",
    "基材",
    "材料",
    "面料成分",
    "材质成分",
    "芯材",
    "填充",
    "填充材质",
)
_FREE_OF = {
    r"(?:无糖|0糖|零糖|不含糖|无蔗糖|0蔗糖|零蔗糖)": ("白砂糖", "蔗糖", "果葡糖浆", "麦芽糖", "葡萄糖浆", "冰糖", "红糖", "绵白糖"),
    r"(?:无添加|零添加|0添加|不含防腐剂|无防腐剂|0防腐)": ("山梨酸", "苯甲酸", "脱氢乙酸", "丙酸钙", "亚硫酸", "安赛蜜", "甜蜜素", "香精", "色素", "柠檬黄", "日落黄"),
    r"(?:纯三七|100%三七|百分百三七|无掺杂|不掺|纯粉)": ("淀粉", "糊精", "面粉", "滑石粉"),
    r"(?:纯蜂蜜|纯正蜂蜜|百分百蜂蜜|天然蜂蜜)": ("白砂糖", "果葡糖浆", "麦芽糖", "糖浆"),
    r"(?:纯粮|纯粮酿造|固态|粮食酒)": ("食用酒精", "食用香精", "香精"),
    r"(?:纯牛奶|鲜奶|纯奶)": ("水、", "白砂糖", "奶粉"),
    r"(?:纯果汁|100%果汁|鲜榨)": ("水、", "白砂糖", "果葡糖浆", "香精"),
}  # fmt: skip
_CONTENTS = ("配料", "配料表", "成分", "原料", "配料信息", "主要成分")
_HALF = 0.45
"""How far heads times weight may lie from a pound (500 g) before they contradict."""


@dataclass(frozen=True, slots=True)
class _Claim:
    field: FieldText
    start: int
    end: int
    why: str
    strength: float

    def found(self) -> Found:
        """As the rules take it."""
        return Found(self.field, self.start, self.end, (), self.strength, self.why)


def contradictions(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Claims of a listing that its own parameters, dates, figures or reviews contradict."""
    claiming = [text for text in texts if text.scope in _CLAIMING]
    whole = texts[0].findings.folded.tight
    checks = [_materials, _contents, _ratings]
    # Each looks for a few words: where none stands, there is nothing to look at closely.
    for check, words in (
        (_years, "年"),
        (_heads, "头"),
        (_sales, _SELLING),
        (_founding, _FOUNDING),
    ):
        if any(word in whole for word in words):
            checks.append(check)
    return [claim.found() for check in checks for claim in check(listing, claiming)][:8]


def _number(shown: str) -> int:
    """一到九十九 or digits."""
    if shown.isdigit():
        return int(shown)
    tens, _, ones = shown.rpartition("十") if "十" in shown else ("0", "", shown)
    left = (_DIGITS.get(tens, 1) if tens else 1) if "十" in shown else 0
    return left * 10 + (_DIGITS.get(ones, 0) if ones else 0)


def _years(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    made = [
        (key, int(shown.group(1)))
        for key in _MADE_KEYS
        if (shown := _YEAR.search(listing.attributes.get(key, "")))
    ]
    if not made or listing.goods not in ("tea", "food-drug", "sanqi", ""):
        return
    key, year = made[0]
    today = (listing.seen_at or datetime.now(UTC)).year
    for text in texts:
        tight = text.folded.tight
        place = tight.find("年")
        while place >= 0:
            window = (max(0, place - 5), place + 6)
            if match := _VINTAGE.search(tight, *window):
                claimed = int(match[1])
            elif match := _AGED.search(tight, *window):
                claimed = today - _number(match[1])
            else:
                claimed = year
            if match and claimed < year - 1:
                why = f"宣称“{match.group()}”，而{key}为{year}年，前后矛盾"
                yield _Claim(text, *match.span(), why, 0.7)
                return
            place = tight.find("年", place + 1)


def _heads(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    """三七 is graded by roots to the pound: 20头 is twenty roots in 500 g (GB/T 19086)."""
    if listing.goods not in ("sanqi", ""):
        return
    roots = [int(m.group(1)) for text in texts for m in _ROOT.finditer(text.folded.tight)]
    roots += [int(m.group(1)) for v in listing.attributes.values() for m in _ROOT.finditer(v)]
    for text in texts:
        for match in _HEADS.finditer(text.folded.tight):
            for weight in roots:
                pound = int(match.group(1)) * weight
                if abs(pound - 500) > 500 * _HALF:
                    why = f"标称“{match.group()}”（每500克个数），而单个约{weight}克，折合{pound}克，不相符"
                    yield _Claim(text, *match.span(), why, 0.65)
                    return


def _materials(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    for key in _MADE_OF:
        value = listing.attributes.get(key, "").lower()
        if not value:
            continue
        for claimed, others in _FIBRES.items():
            other = next((o for o in others if o in value.replace(" ", "")), "")
            if not other or claimed in value or (claimed in _FILLED) is not (key in _FILLING):
                continue
            for text in texts:
                place = text.folded.tight.find(claimed)
                if place >= 0 and text.folded.tight[max(0, place - 1) : place] not in ("仿", "非"):
                    why = f"宣称“{claimed}”，而{key}为“{listing.attributes[key][:30]}”，不相符"
                    yield _Claim(text, place, place + len(claimed), why, 0.75)
                    return


def _contents(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    stated = "、".join(listing.attributes.get(key, "") for key in _CONTENTS)
    if len(stated) <= len(_CONTENTS):
        return
    for pattern, others in _FREE_OF.items():
        other = next((o for o in others if re.search(re.escape(o) + "(?!醇)", stated)), "")
        if not other:
            continue
        for text in texts:
            if match := re.search(pattern, text.folded.tight):
                why = f"宣称“{match.group()}”，而配料含“{other.strip('、')}”，不相符"
                yield _Claim(text, *match.span(), why, 0.7)
                return


def _sales(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    shown = listing.sales
    if shown is None:
        shown = next((parse_sales(listing.attributes[k]) for k in ("销量", "月销量") if k in listing.attributes), None)  # fmt: skip
    if shown is None:
        return
    for text in texts:
        for match in _SOLD.finditer(text.folded.tight):
            claimed = int(match.group(1)) * _TIMES[match.group(2) or ""]
            if claimed >= 5_000 and claimed > 20 * max(shown, 1):
                why = f"宣称“{match.group()}”，而页面显示销量仅{shown}，不相符"
                yield _Claim(text, *match.span(), why, 0.65)
                return


def _founding(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    dated = [listing.attributes.get(k, "") for k in ("成立日期", "注册日期", "成立时间", "开店时间", "注册时间")]  # fmt: skip
    years = [int(y.group(1)) for value in dated if (y := _YEAR.search(value))]
    for text in texts:
        for match in _FOUNDED.finditer(text.folded.tight):
            years.append(int(match.group(1) or match.group(2)))
    if not years or (founded := max(years)) < 1990:
        return
    for text in texts:
        tight = text.folded.tight
        for match in _ROOTS_OLD.finditer(tight):
            why = f"宣称“{match.group()}”，而主体成立于{founded}年，前后矛盾"
            yield _Claim(text, *match.span(), why, 0.65)
            return
        for match in _AWARD_YEAR.finditer(tight):
            if int(match.group(1)) < founded:
                why = f"宣称{match.group(1)}年获奖，而主体成立于{founded}年，前后矛盾"
                yield _Claim(text, *match.span(), why, 0.75)
                return


def _ratings(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    poor = sum(1 for review in listing.reviews if review.rating is not None and review.rating <= 2)
    if not poor:
        return
    for text in texts:
        if match := _PERFECT.search(text.folded.tight):
            why = f"宣称“{match.group()}”，而本页有{poor}条差评，不相符"
            yield _Claim(text, *match.span(), why, 0.7)
            return
