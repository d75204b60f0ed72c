"""What a listing's parameters own up to, against what its copy claims.

A row says: parameters whose names hold `keys` and whose value holds `contrary` give the lie to a
`claim` in the copy. Standards named: GB/T 20821 and 20822 are liquors made with bought alcohol
(液态法、固液法白酒), so no 纯粮固态.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from detectors.fields import FieldText

__all__ = ["Opposed", "opposed"]

Opposed = tuple[FieldText, int, int, str]
"""A claim's field and span there, and why it can't be."""

_NONE = r"(?:无|没有|暂无|未\S{1,4}|否|不适用|/|-|申请中|申请已受理|办理中|(?:已|均已)?(?:过期|失效|注销|撤销|驳回)|未做|无此项|常规\S{0,12}|无[,，;；。 ]\S{0,20})$"
_ROWS: tuple[tuple[str, str, str], ...] = (
    # claim, keys, contrary
    (r"明前|雨前|头春|早春|社前|清明前|头采|春茶|春尖", "采摘|采制|采收|采茶|季节|茶季|鲜叶|原料", r"(?!\S{0,20}春)\S{0,12}(?:秋|夏|谷花|雨水茶|暑|(?<!\d)0?(?:[6-9]|1[0-2])月)"),
    (r"明前|社前|清明前|头春", "采摘|采制|采收|采茶|鲜叶", r"\S{0,10}(?<!\d)0?(?:5月|4月(?:中|下|1\d|2\d|30))"),
    (r"古树|古茶树|千年|[二三四五六七八九]百年|(?<!\d)[2-9]\d\d年|树龄\d{3}|百年老树|野放|野生大树", "树龄|茶园|种植|树种|茶树|原料|茶青|树型|栽培|基地|种植方式", r"(?!\S{0,10}古树)\S{0,14}(?:台地|扦插|新植|小树|密植|速生|生态茶园新|(?:19[89]|20\d)\d年?\S{0,4}(?:种|栽|定植|建园|扦插|移栽))"),
    (r"古树|古茶树|千年|百年|(?<!\d)[2-9]\d\d年|树龄\d{3}", "树龄", r"\D{0,3}(?<!\d)[1-6]?\d(?:[-~至到]\d{1,2})?年"),
    (r"手工|手作|石磨压|大师亲|大师手|匠人|老师傅|非遗大师|传承人", "工艺|生产方式|制作|加工|制茶|生产线|织造|成型", r"(?!\S{0,12}手工)\S{0,10}(?:全自动|自动化|流水线|机器|机械|机制|机压|机织|机绣|机制|液压|电脑绣|数码印|批量模压|注塑)"),
    (r"刺绣|手绣|手绘|手织|扎染|蜡染", "工艺|图案|印花|织造", r"\S{0,10}(?:数码印|印花|热转印|烫画|机印|滚筒印|仿\S印)"),
    (r"大师|传承人|老师傅亲", "制茶师|制作人|作者|大师|传承人|匠人", _NONE),
    (r"认证|有机|绿色食品|iso|haccp|欧盟", "认证|有机码|证书", _NONE),
    (r"检测|检验|质检|sgs|cma|零农残", "检测|检验|质检", _NONE),
    (r"专利", "专利", _NONE),
    (r"金奖|银奖|获奖|冠军|大奖|茶王|一等奖|特等奖|名牌", "奖项|荣誉|获奖|所获", _NONE),
    (r"一级能效|1级能效|能效一级|节能认证|超一级", "能效", _NONE),
    (r"一级能效|1级能效|能效一级|新一级|超一级", "能效", r"\D{0,4}(?:[2-5]级|[二三四五]级)"),
    (r"有机|零农残|无农药|不打农?药|不施化肥|零化肥|自然农法|绿色食品|零农药|不用农药", "种植|栽培|用药|施肥|农药|管理", r"(?!\S{0,6}(?:不|无|未|零|禁))\S{0,10}(?:常规|化肥|农药|除草剂|大棚反季)"),
    (r"(?<!仿)(?<!非)野生(?!动物|菌干|动植)|纯野|深山采挖", "种植|来源|生长|栽培|养殖|采集|方式|类别|生长环境", r"(?!\S{0,8}(?<!仿)(?<!非)野生)\S{0,8}(?:人工|种植|栽培|大棚|养殖|家种|家养|仿野生|菌棚|基地)"),
    (r"压榨|冷榨|物理榨", "工艺|加工|榨", r"\S{0,6}浸出"),
    (r"鲜榨|现榨|nfc|非浓缩|原榨|纯果汁", "配料|原料|工艺|加工", r"\S{0,30}(?:浓缩|复原|还原汁)"),
    (r"纯粮|固态|粮食酒|坤沙|原浆|古法酿", "标准|工艺|香型|酿造", r"\S{0,10}(?:20821|20822|固液|液态法|配制|串香|勾调酒精)"),
    (r"(?<!非)特级|(?<![\d一])一级(?!能效|供|保护|水源|代理)|顶级|优级|特等", "等级|级别", r"(?!\S{0,10}(?:特级|特等|一级|1级|能效))\D{0,6}(?:[二三四五六]级|[2-6]级|等外|统货|普通|末级|合格品|碎茶|片末)"),
    (r"天然(?:石|大理石|玉|水晶|玛瑙|翡翠|材|纹理|木|乳胶|皮|宝石|松石)|原石|大理石(?!纹|色|花|图)|翡翠(?!色|绿|白)|和田玉(?!色)|玛瑙(?!色|红)|蜜蜡(?!色)|琥珀(?!色|黄)|黄花梨(?!色)|紫檀(?!色)|从\S{1,4}采出来", "材质|材料|石材|质地|主料|鉴定|处理|工艺", r"(?!\S{0,6}天然)\S{0,8}(?:人造|合成|岩板|仿|树脂|玻璃|亚克力|注胶|b货|c货|充填|塑料|压制|再造|烤色|石塑|粉压)"),
    (r"4k", "分辨率|清晰度", r"\D{0,6}(?:720|480|1080|800\D480|1280)"),
    (r"5g(?:手机|全网|网络|智能)", "网络|制式", r"(?!\S{0,8}5g)\S{0,6}4g"),
    (r"全新(?!一代|升级|改版|设计|包装|系列|款)|未拆封|原封", "成色|新旧|货况|商品状态", r"(?!全新)\S{0,6}(?:翻新|二手|[789]\d?成?新|官翻|拆机|库存机|展示机)"),
    (r"固态硬盘|ssd", "硬盘", r"(?!\S{0,8}(?:固态|ssd))\S{0,6}机械"),
    (r"变频", "变频|定频|频率类型", r"\S{0,4}(?:否|定频|非变频|不变频)"),
    (r"(?<!非)干仓", "仓|存储|储存|存放", r"\S{0,6}(?:湿仓|做仓|技术仓|入过水|高湿)"),
    (r"纯料|单株|单一山头|一山一料|不拼配|零拼配|一口料", "原料|拼配|茶青|配方|产地|用料", r"(?!\S{0,4}(?:非拼|不拼|无拼))\S{0,12}(?:拼配|混采|混料|多地|多山头|多产区|外购)"),
    (r"自产|自家种|自家茶园|自有茶园|自有工厂|自建工厂|源头工厂|自己家?地里|自家地", "货源|生产方式|厂家类型|来源|生产类型|加工方式", r"\S{0,6}(?:代工|贴牌|oem|委托|外购|批发|采购|分装)"),
    (r"0脂|零脂|无脂|脱脂", "脂肪", r"\D{0,3}(?:[1-9]|0\.[6-9])"),
    (r"0糖|零糖|无糖", "^糖$|含糖|碳水化合物|添加糖", r"\D{0,3}(?:[1-9]\d|[6-9])(?:\.\d)?(?:g|克|%)"),
    (r"现做|现烤|现熬|当天做|手工现|现磨现发|现炒", "生产日期|加工方式|贮存|生产方式", r"\S{0,6}(?:冷冻|批量生产|工厂预制|预制|中央厨房)"),
    (r"鲜(?:切|肉|活|虾|果|花|菌)|活杀|冰鲜", "储存|状态|保存状态|处理", r"(?!\S{0,6}鲜)\S{0,6}(?:解冻|冷冻隔年|冻品|干制)"),
    (r"(?:一天|每天|一晚|24小时)[^。！\n]{0,6}不到?[一二两三1-3](?:毛|角|度)", "功率", r"\D{0,4}[1-9]\d{3}(?:w|瓦)"),
    (r"汽车级|原厂(?:件|配套|正品)", "类型|类别|品质", r"\S{0,6}(?:副厂|拆车|翻新|再制造|品牌件)"),
    (r"无线充|快充", "快充|充电功率", r"\S{0,4}(?:不支持|否|无$|5w)"),
)  # fmt: skip
_TABLE = tuple(
    (re.compile(claim), re.compile(keys), re.compile(contrary)) for claim, keys, contrary in _ROWS
)
_DENIED = re.compile(
    r"(?:不是|并非|绝非|非|仿|没有|不含|不属|未|勿|无|不等于|不叫|不称|类似|媲美|不写|不说|不编|不讲|不称|不吹|不标|不卖|不做|不敢称|别当|别信)$"
)
_ONLY_LIKE = re.compile(r"^(?:感|纹|色|风|般|质感|触感|手感|味|样|款式|同款|之外|吗|么|级别的口感)")


def denied(tight: str, start: int, end: int) -> bool:
    """Whether the words before or after a claim take it back (仿羊绒, 羊绒感)."""
    before = re.split(r"[，。！？,;；\n]", tight[max(0, start - 6) : start])[-1]
    return bool(_DENIED.search(before) or _ONLY_LIKE.match(tight[end : end + 6]))


@lru_cache(maxsize=4_000)
def _rows(key: str) -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    """The rows that a parameter of this name may decide; shops name them alike."""
    return tuple((claim, contrary) for claim, keys, contrary in _TABLE if keys.search(key))


def opposed(attributes: Mapping[str, str], texts: Sequence[FieldText]) -> Iterator[Opposed]:
    """Claims that a parameter denies, one for each parameter at most."""
    for key, value in attributes.items():
        stated = value.lower().replace(" ", "")[:60]
        if not stated:
            continue
        for claim, contrary in _rows(key):
            if contrary.match(stated) and (found := _claimed(claim, texts)):
                text, start, end = found
                said = text.folded.tight[start:end]
                yield text, start, end, f"宣称“{said}”，而{key}为“{value[:30]}”，不相符"
                break


def _claimed(claim: re.Pattern[str], texts: Sequence[FieldText]) -> tuple[FieldText, int, int] | None:  # fmt: skip
    for text in texts:
        tight = text.folded.tight
        for match in claim.finditer(tight):
            if not denied(tight, *match.span()):
                return text, *match.span()
    return None
