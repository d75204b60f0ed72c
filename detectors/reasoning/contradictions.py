"""What a listing says twice, and differently: years, heads, materials, sales, founding, contents.

广告法 第二十八条 calls information on quality, composition, sales or honours that is not as it is,
and matters to the buyer, false advertising; here the listing itself is the witness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.amounts import amount, counted, shares, sizes, users
from detectors.reasoning.stated import Opposed, denied, opposed
from listing import Listing, parse_sales

__all__ = ["contradictions"]

_CLAIMING = ("title", "text", "image_text")
_MADE_KEYS = ("生产日期", "出厂日期", "生产年份", "制造日期", "包装日期", "年份")
_YEAR = re.compile(r"(?<!\d)(19[4-9]\d|20[0-3]\d)")
_VINTAGE = re.compile(
    r"(?<!\d)(19[4-9]\d|20[0-2]\d)年?(?:的|产|头春|春茶|秋茶|老|陈|库存|生产|原料|压制|份|生茶|熟茶|古树|生饼|熟饼|野生|大树)"
)
_NEW = re.compile(
    r"(?<!\d)(20[12]\d)年?(?:的)?(?:新茶|春茶|头春|明前|新货|新米|新花|新果|新蜜|新采)"
)
_AGED = re.compile(
    r"(?<!\d)(\d{1,2}|[一二三四五六七八九十]{1,3})年(?:以上)?(?:陈化|陈年|老陈|陈|老茶|窖藏|仓储|存放|老料|老熟|老生)"
)
_LEAF = re.compile(r"原料|用料|毛茶|毛料|料子|配方|拼配|的料|散料|晒青")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")}
_HEADS = re.compile(r"(?<!\d)(\d{2,3})头")
_ROOT = re.compile(r"(?:单个|单粒|单头|单颗|每个|每粒|每头|每颗|个头|一个|一头)(?:重|约|大约|净重|重量|重约|平均|:|：){0,3}(\d{1,3})(?:克|g)")  # fmt: skip
_FOUNDED = re.compile(
    r"(?:成立|注册|创办|创立|开业|开店|登记)(?:于|日期|时间|:|：){0,3}((?:19[89]|20)\d{1,2}(?<=\d{4}))|((?:19[89]|20)\d{1,2}(?<=\d{4}))年?(?:才|刚)?(?:成立|注册|创办|创立|开业|开店|登记)"
)
_ROOTS_OLD = re.compile(
    r"(?:始于|始创于?|创始于?|创于|创号于?|创建于|创立于|起源于|源自|建于|自|从)(1[5-9]\d\d|清朝|清代|明朝|明代|清|明|民国|光绪|乾隆|道光|同治|康熙|雍正|宣统|咸丰|嘉庆)|(?:光绪|乾隆|道光|同治|康熙|雍正|宣统|咸丰|嘉庆)年间(?:创|开|起|一路|传|就)|1[5-9]\d\d年?(?:创号|创立|始创|创办|创牌|老号)|(?:百年|[二三四五六七八九]百年)(?:老店|老字号|老号|老厂|品牌|传承|企业|茶号|老铺|茶庄|茶厂|老牌|世家|药号|酒坊|作坊|工坊|老坊|手艺|匠心|技艺|制茶)|[四五六七八九十]代(?:人)?(?:传承|守|制茶|做茶|相传|祖传|经营|传人)|传承[四五六七八九十]代|老号重开|(?:号级|老号|茶庄|老字号|祖号)[^。！？，\n]{0,8}(?:后裔|嫡系|嫡传|传人)|家传[四五六七八九十]代"
)
_AWARD_YEAR = re.compile(
    r"(1[89]\d\d|20[0-2]\d)年?[^。！？；\n]{0,18}(?:金奖|银奖|大奖|特等奖|一等奖|名牌|奖章)"
)
_SOLD = re.compile(
    r"(?:累计|热销|已售|月销|年销|销量|售出|卖出|总销|狂销|爆卖|畅销|销售|出货)[^。！？；，\n]{0,5}?(\d{1,6})(万|千|亿|w|百万|千万)?\+?(?=[件单饼盒瓶罐袋份提斤台套双个包余多+]|$|[，。！!\s])"
)
_SELLING = (
    "累计",
    "热销",
    "已售",
    "月销",
    "销量",
    "售出",
    "卖出",
    "总销",
    "狂销",
    "畅销",
    "销售",
    "卖得",
    "年销",
    "爆卖",
    "出货",
    "售罄",
)
_FOUNDING = ("成立", "注册", "创办", "创立", "开业", "开店", "登记")
_TIMES = {"": 1, "千": 1_000, "万": 10_000, "w": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}  # fmt: skip
_PERFECT = re.compile(r"(?:好评率|满意度|满意率)[^。，\n]{0,3}100%?|零差评|无差评|0差评|没有差评")
_FIBRES = {
    "鹅绒": ("聚酯", "涤纶", "腈纶", "鸭绒", "飞丝", "化纤"), "鸭绒": ("聚酯", "涤纶", "腈纶", "化纤"),
    "羊绒": ("聚酯", "涤纶", "腈纶", "粘纤", "化纤"), "羊毛": ("聚酯纤维100", "涤纶100", "腈纶100"),
    "真丝": ("聚酯", "涤纶", "化纤", "雪纺"), "桑蚕丝": ("聚酯", "涤纶", "化纤"), "蚕丝": ("聚酯", "涤纶", "化纤"),
    "纯棉": ("聚酯", "涤纶", "化纤", "腈纶"), "全棉": ("聚酯", "涤纶", "化纤", "腈纶"), "亚麻": ("聚酯纤维100", "涤纶100"),
    "真皮": ("pu", "人造革", "合成革", "超纤", "仿皮"), "牛皮": ("pu", "人造革", "合成革", "超纤", "二层革贴膜"),
    "实木": ("密度板", "颗粒板", "刨花板", "三聚氰胺板", "人造板", "桥洞力学板", "蜂窝纸"), "纯铜": ("锌合金", "铁", "塑料"), "全铜": ("锌合金", "铁", "塑料"),
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
_FREE_OF = tuple(
    (re.compile(claim), re.compile("|".join(contents)))
    for claim, contents in (
        (r"(?:无|0|零|不含|不加|不放|没加|未加)(?:任何)?蔗?糖(?!精)", ("(?:白砂|绵白|冰|红|黄|黑)糖", "蔗糖(?!素)", "果葡糖浆", "麦芽糖(?!醇)", "葡萄糖", "赤砂糖", "玉米糖浆")),
        (r"(?:无|0|零|不含|不加|不放)(?:任何)?(?:食品|人工)?(?:添加剂?|防腐剂?|色素|香精|糖精|甜味剂)|纯天然无添加", ("山梨酸", "苯甲酸", "脱氢乙酸", "丙酸钙", "亚硫酸", "安赛蜜", "甜蜜素", "香精", "色素", "柠檬黄", "日落黄", "胭脂红", "亮蓝", "糖精钠", "阿斯巴甜", "焦糖色", "双乙酸钠", "乳酸链球菌素", "苯氧乙醇", "羟苯甲酯", "谷氨酸钠")),
        (r"(?:纯|100%|百分百|百分之百)(?:正)?(?:文山)?(?:三七|天麻|葛根|藕|山药|黄芪|灵芝孢子|石斛|玛咖|人参|当归|茯苓|芡实|薏米|核桃|芝麻|黑芝麻|花生)(?:粉|酱|糊)?|无掺杂|不掺|纯粉|零掺", ("淀粉", "糊精", "面粉", "小麦粉", "滑石粉", "米粉", "白砂糖", "植脂末", "玉米粉")),
        (r"(?:纯|百分百|100%|天然|纯正|真)(?:土)?(?:野生)?蜂?蜜(?!饯|柚)", ("白砂糖", "果葡糖浆", "麦芽糖", "糖浆", "饴糖")),
        (r"纯粮|固态|粮食酒|粮食酿|坤沙|原浆酒", ("食用酒精", "食用香精", "香精", "香料")),
        (r"纯牛奶|鲜牛?奶|纯奶|生牛乳", ("^水|[、,，:]水", "白砂糖", "奶粉", "炼乳")),
        (r"纯果汁|100%果汁|鲜榨|纯榨", ("^水|[、,，:]水", "白砂糖", "果葡糖浆", "香精", "浓缩")),
        (r"(?:纯|百分百|100%)(?:正)?(?:牦牛|黄牛|牛|羊|猪)肉|纯肉", ("鸡肉", "鸭肉", "(?<!纯)猪肉", "大豆(?:组织)?蛋白", "淀粉", "鱼糜")),
        (r"(?:纯|百分百|100%)(?:正)?(?:花生|菜籽|茶籽|山茶|核桃|橄榄|芝麻|亚麻籽|香)油|小磨香油", ("大豆油", "棕榈", "调和", "葵花籽油", "香精", "玉米油")),
        (r"(?:纯|百分百|100%)(?:阿拉比卡|云南小粒)", ("罗布斯塔", "植脂末", "白砂糖")),
        (r"(?:不含|无|0|零)酒精", ("乙醇", "酒精", "变性")),
        (r"(?:不含|无|0|零)硅油?", ("聚二甲基硅氧烷", "硅油", "硅酮")),
        (r"(?:不含|无|0|零)(?:激素|荧光剂?)", ("倍他米松", "氯倍他索", "地塞米松", "荧光增白")),
        (r"(?:不含|无|0|零)(?:植脂末|奶精|反式脂肪酸?|氢化油)", ("植脂末", "氢化", "奶精", "人造奶油")),
        (r"(?:不含|无|0|零)明矾|无铝", ("明矾", "硫酸铝", "铵明矾")),
        (r"(?:不含|无)咖啡因|0咖啡因", ("茶叶|绿茶|红茶|咖啡|瓜拉纳",)),
        (r"(?:全麦|100%全麦|纯全麦)", ("^小麦粉|[:：]小麦粉",)),
    )
)  # fmt: skip
_CONTENTS = (
    "配料",
    "配料表",
    "成分",
    "原料",
    "配料信息",
    "主要成分",
    "全成分",
    "成分表",
    "主要原料",
    "原料配料",
)
_FOUNDED_KEYS = (
    "成立",
    "注册日期",
    "注册时间",
    "开店",
    "建厂",
    "创办",
    "开业",
    "创立",
    "创建",
    "投产",
    "入驻",
    "从业",
)
_LONG_KEPT = re.compile(
    r"(?<![\d一二三四五六七八九十])(\d{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?)(?:多|余|来)?年(?:的)?(?:老店|老厂|老牌|老字号|品牌|老茶厂|老茶庄|制茶厂|企业|厂史|办厂|建厂|开店|金牌店|皇冠店|店龄|大厂)"
    r"|连续([二三四五六七八九十]|\d{1,2})(?:多|余)?(?:年|届)(?:[^。！？，,\n]{0,4})(?:获|蝉联|荣|评|上榜|入选|销量|夺|斩|摘)"
)
_LEADS = re.compile(
    r"(?:全国|全网|全省|云南|行业|同类|类目|平台|天猫|京东|淘宝|抖音|全球|世界|亚洲)[^。！？，,\n]{0,8}(?:销量|销售|热销|畅销|销售额|卖得)[^。！？，,\n]{0,3}(?:第一|冠军|榜首|no1|top1|领先|首位|之冠|霸榜|最好)"
)
LEADS_FROM = 1_000
"""Sales below which nobody leads a whole market."""
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
    checks = [_materials, _contents, _ratings, _parameters]
    # Each looks for a few words: where none stands, there is nothing to look at closely.
    for check, words in (
        (_years, ("年", "新茶", "春茶", "头春", "明前", "新货")),
        (_heads, "头"),
        (_sales, _SELLING),
        (_founding, _FOUNDING),
    ):
        if any(word in whole for word in words) or (check is _founding and _dated(listing)):
            checks.append(check)
    found = (claim for check in checks for claim in check(listing, claiming))
    return [claim.found() for claim in islice(found, 8)]


def _parameters(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    """What the parameters deny, and the crowds that the sales deny."""
    found: list[Opposed] = []
    if listing.attributes:
        found += opposed(listing.attributes, texts)
        found += shares(listing.attributes, texts)
        found += counted(listing.attributes, texts)
        title = next((text for text in texts if text.scope == "title"), None)
        found += sizes(title, listing.attributes) if title else ()
    if listing.sales is not None:
        found += users(listing.sales, texts)
    for text, start, end, why in found:
        yield _Claim(text, start, end, why, 0.7)


def _dated(listing: Listing) -> bool:
    return any(word in key for key in listing.attributes for word in _FOUNDED_KEYS)


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
        for new in _NEW.finditer(tight):
            if int(new[1]) > year and not denied(tight, *new.span()):
                why = f"宣称“{new.group()}”，而{key}为{year}年，以陈充新"
                yield _Claim(text, *new.span(), why, 0.65)
                return
        place = tight.find("年")
        while place >= 0:
            window = (max(0, place - 5), place + 6)
            if match := _VINTAGE.search(tight, *window):
                claimed = int(match[1])
            elif match := _AGED.search(tight, *window):
                claimed = today - _number(match[1])
            else:
                claimed = year
            taken_back = match and (
                denied(tight, *match.span()) or _of_the_leaf(tight, match, year)
            )
            if match and claimed < year - 1 and not taken_back:
                why = f"宣称“{match.group()}”，而{key}为{year}年，前后矛盾"
                yield _Claim(text, *match.span(), why, 0.7)
                return
            place = tight.find("年", place + 1)


def _of_the_leaf(tight: str, match: re.Match[str], made: int) -> bool:
    """Whether the older year is that of the leaf, pressed in the year that is stated as well."""
    around = tight[max(0, match.start() - 14) : match.end() + 8]
    return str(made) in tight and bool(_LEAF.search(around))


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
                tight = text.folded.tight
                place = tight.find(claimed)
                if place >= 0 and not denied(tight, place, place + len(claimed)):
                    why = f"宣称“{claimed}”，而{key}为“{listing.attributes[key][:30]}”，不相符"
                    yield _Claim(text, place, place + len(claimed), why, 0.75)
                    return


def _contents(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    stated = [value for key, value in listing.attributes.items() if key in _CONTENTS and value]
    if not stated:
        return
    for claim, contents in _FREE_OF:
        found = next((hit for value in stated if (hit := contents.search(value))), None)
        if not found:
            continue
        for text in texts:
            match = claim.search(text.folded.tight)
            if match and not denied(text.folded.tight, *match.span()):
                other = found.group().strip("、,，:")
                why = f"宣称“{match.group()}”，而配料含“{other}”，不相符"
                yield _Claim(text, *match.span(), why, 0.7)
                return


def _sales(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    shown = listing.sales
    if shown is None:
        shown = next((parse_sales(listing.attributes[k]) for k in ("销量", "月销量") if k in listing.attributes), None)  # fmt: skip
    if shown is None:
        return
    for text in texts:
        tight = text.folded.tight
        for match in _SOLD.finditer(tight):
            claimed = int(match.group(1)) * _TIMES[match.group(2) or ""]
            if claimed >= 5_000 and claimed > 20 * max(shown, 1):
                why = f"宣称“{match.group()}”，而页面显示销量仅{shown}，不相符"
                yield _Claim(text, *match.span(), why, 0.65)
                return
        for match in _LEADS.finditer(tight):
            if shown < LEADS_FROM and not denied(tight, *match.span()):
                why = f"宣称“{match.group()}”，而页面显示销量仅{shown}，没有依据"
                yield _Claim(text, *match.span(), why, 0.6)
                return


def _founding(listing: Listing, texts: Sequence[FieldText]) -> Iterator[_Claim]:
    dated = [v for k, v in listing.attributes.items() if any(word in k for word in _FOUNDED_KEYS)]
    years = [int(y.group(1)) for value in dated if (y := _YEAR.search(value))]
    for text in texts:
        for match in _FOUNDED.finditer(text.folded.tight):
            years.append(int(match.group(1) or match.group(2)))
    if not years or (founded := max(years)) < 1990:
        return
    age = (listing.seen_at or datetime.now(UTC)).year - founded
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
        for match in _LONG_KEPT.finditer(tight):
            if amount(match.group(1) or match.group(2)) > age + 2:
                why = f"宣称“{match.group()}”，而主体成立于{founded}年，前后矛盾"
                yield _Claim(text, *match.span(), why, 0.65)
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
