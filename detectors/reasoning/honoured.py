"""Claims to be a 老字号, or the heir of one, that nothing bears out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.marks import Marks, belongs, excused
from listing import Listing

__all__ = ["time_honoured"]

_SAID = ("title", "text", "image_text", "shop_name", "brand")
_HONOURED = re.compile(
    r"(?:中华|国家级|中国|百年|千年|[二三四五六]百年|省级|云南|京城|滇中|本地)?老字号|百年(?:金字招牌|招牌|老店|老号|老铺|老牌|字号|名店|老厂|传承老店|老作坊)|[二三四五六]百年(?:金字招牌|招牌|老店|老号|字号|传承)|御用老号|宫廷老号|前清老号|(?:清朝|清代|明代|民国|前清)老号|佬字号|老字号牌匾"
)
_SINCE = re.compile(
    r"(?:始于|创于|始创于|创自|创始于|起于|源于|开创于|since)(?:公元)?(?:明朝?|清朝?|明代|清代|明末|清末|清朝末年|民国|康熙|雍正|乾隆|嘉庆|道光|咸丰|同治|光绪|宣统|万历|嘉靖|1[4-8]\d\d|19[0-4]\d)|(?:咸丰|同治|光绪|乾隆|道光|嘉庆|康熙|万历)[元一二三四五六七八九十]{1,3}年|(?:咸丰|光绪|同治|乾隆|道光|康熙|嘉庆|明朝|清朝|前清|民国)年间的?(?:老铺|老店|老号|铺子|商号|作坊)|第[二三四五六七八九十]{1,2}代(?:传人|掌门|掌柜|嫡孙|继承人)|祖传[三四五六七八九十]{1,2}代|传承[三四五六七八九]代"
)
_HEIRS = re.compile(
    r"分号|分店|分铺|老铺|传人|嫡传|嫡系|后代|正宗传承|传承人|工艺店|授权挂牌|挂牌店|挂[\u4e00-\u9fff]{0,4}标|师傅|徒弟|学徒|老店|(?<!药食)同源|同宗|祖传|后人|后裔|衣钵|后代|嫡孙|世孙|一脉|家传|到我们这一代|到我这一代|原班人马|班底|(?:授权|指定|联营|代工)(?:工厂|厂)|分厂|联营|子孙|旁支|支系|分支|老瓶|老标|老牌子|加盟分店|同门|秘方|配方|老方|方子|手艺|监制|出身|师承|学的|退下来|退休|老药工|自立门户|(?:老店|店里|号里|厂里)出来"
)
_MANNER = re.compile(
    r"工艺|样式|样子|模样|款式|仿(?![冒品])|照着|做法|风味|味道|老味|复刻|同款|出来的|传授"
)
_SELLS = re.compile(r"经销|代购|代理|专卖|批发|旗舰|专柜|加盟|正品|小票|发票|授权(?!挂牌)")
_HOUSE = re.compile(
    r"大药房|药铺|药店|茶庄|茶行|老铺|分铺|分号|总店|本店|酱园|饭庄|布庄|鞋店|银楼|铺"
)
"""What a shop calls itself that poses as the house."""
_CRAFT = re.compile(r"老字号的?(?:手艺|方子|工艺|师傅|做法|配方|秘方|味道)")
_DISOWNED = re.compile(
    r"不是|并非|别误会|非老字号|老字号(?:的?故事)?(?:巷|街|路|胡同|一条街|古镇|集市|旁|商城|市场|美食街|美食城|专区|专柜街|的故事)|不敢|没有|未获|未取得|不算|谨防|冒充|致敬|致意|向.{0,4}学习|附近|旁边|对面|隔壁|街区|一条街|步行街|聚集|云集|林立|商号|账本|讲述|文化|论坛|协会|会刊|查询|展|博物馆|名录|评选|申报|征集|书|科普|介绍|口感接近|打造新|新字号|未来|早餐店|记忆"
)
_YOUNG = re.compile(
    r"(?:成立|注册|创办|开业|执照|新起|建厂|设立|核准|转内销)[^。！？\n]{0,6}((?:19[89]|20\d)\d)|((?:19[89]|20\d)\d)年?[^。！？，\n]{0,4}(?:成立|注册|创办|开业|创立|新起|建厂|设立|核准|起转|才开|才起|起用|开始用)|新注册|刚注册|新开张|才开张|执照(?:是)?(?:去年|前年|今年|新)|(?:去年|前年|今年)(?:才|新|刚)?(?:成立|注册|开张|办)|去年才|前年才|新开的厂|新建的厂|其实在[\u4e00-\u9fff]{2,6}新"
)
_MADE_UP = re.compile(
    r"故事是编|编了一段|讲了一段|编了个|请人写的|历史是编|牌匾是(?:做|定|订)|匾额?是(?:做|定|订)|牌子是(?:做|定|订|买)|(?:没有?|无|毫无)(?:任何|啥|什么|半点|一点|半毛钱)?(?:关系|关联|瓜葛)|啥关系|不是一家|帮编|编的(?:故事|历史|来历)|(?:故事|历史|来历|年份|族谱)[^。！？，,\n]{0,6}(?:是编|编的|编出来|杜撰|虚构|现编|买来|找人写)|包装设计公司|策划公司|名号响亮|图个名|蹭|借(?:个|这个)?名|(?:匾|匾额|招牌|牌匾)[^。]{0,6}(?:自己|订|定|买)[^。]{0,2}(?:做|的)|自己做的匾|自己封|自封|挂个名|好卖|好听|没有?认定|没评|无认定|还没拿到|证书(?:正在)?补办|没评上|花钱买的|请人写|自封|不用认定"
)
_DENIED = re.compile(
    r"(?:我[家们店]{0,2}|本店|本厂|本品|小店|咱家?|都)(?:可?不是|并非|算不上|不敢称|不敢说是?)(?:什么|啥)?(?:中华)?老字号(?![^。！？]{0,6}(?:但|可|照样|也能))"
)
"""Says plainly that it is none."""
_FOUNDED = re.compile(r"(?:198|199|20\d)\d?")
_OLD = (
    "字号",
    "百年",
    "千年",
    "老号",
    "老铺",
    "老店",
    "老厂",
    "老牌",
    "始",
    "创",
    "起于",
    "源于",
    "since",
    "年间",
    "传人",
    "掌门",
    "祖传",
    "传承",
    "嫡孙",
)
"""Without one of these nobody calls himself old: the patterns need not be tried."""
_DATES = ("成立日期", "注册日期", "成立时间", "注册时间", "创立时间", "核准日期")


def time_honoured(
    marks: Marks, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """The words that make the claim.

    Using a known 老字号's name as its heir, branch or pupil without belonging to it; calling
    oneself a 老字号 under a name that is none, the more so where the firm is young or the story
    is said to be made up. Whose own firm bears its own brand, and states no young date, is only
    hinted at: not every 老字号 is in our list.
    """
    if marks.trusted(listing):
        return []
    said = [text for text in texts if text.scope in _SAID]
    named = [
        (text, hit.start, hit.end, marks[hit.word])
        for text in said
        for hit in text.hits(marks.names)
        if marks[hit.word].kind == "time_honoured"
        and not set(hit.disguise) - {"traditional", "width"}
    ]
    whole = texts[0].findings.folded.tight
    if not named and not any(word in whole for word in _OLD):
        return []
    if any(_DENIED.search(text.folded.tight) for text in said):
        return []
    made_up = any(_MADE_UP.search(text.folded.tight) for text in said)
    young = _young(listing, said)
    owned = any(
        belongs(mark, listing.operator_name)
        or (listing.brand.strip() == mark.name and not listing.operator_name and not made_up)
        for _, _, _, mark in named
    )
    if owned:
        return []
    for text, start, end, mark in named:
        if excused(text, start, end):
            continue
        around = text.folded.tight[max(0, start - 20) : end + 24]
        heir = _HEIRS.search(around)
        if not heir and not _SELLS.search(around):
            heir = _MANNER.search(around) if listing.brand.strip() != mark.name else None
        if not heir and text.scope == "shop_name" and listing.operator_name:
            heir = _HOUSE.search(around)
        if heir and (listing.operator_name or listing.brand.strip() != mark.name):
            why = f"以老字号“{mark.name}”的“{heir.group()}”自称，而经营者与其无关联"
            return [Found(text, start, end, (), 0.65, why)]
        if young or made_up:
            why = f"用老字号“{mark.name}”之名，而其成立不久或自认无关联"
            return [Found(text, start, end, (), 0.65, why)]
    if named:
        crafts = ((text, _CRAFT.search(text.folded.tight)) for text in said)
        why = f"借老字号“{named[0][3].name}”之名自称其手艺"
        return [Found(text, *craft.span(), (), 0.55, why) for text, craft in crafts if craft][:1]
    known = any(
        text.hits(marks.names) for text in said if text.scope in ("title", "shop_name", "brand")
    )
    return _own_claim(listing, said, young, made_up, known)


def _own_claim(
    listing: Listing, said: Sequence[FieldText], young: bool, made_up: bool, known: bool
) -> list[Found]:
    """A claim to be a 老字号 oneself, under a name that is not known as one. A `known` brand may
    well be one though our list does not say so."""
    brand = listing.brand.strip()
    bears = bool(brand) and brand in listing.operator_name and "个体" not in str(listing.attributes)
    for text in said:
        tight = text.folded.tight
        if match := _HONOURED.search(tight):
            strength = 0.6 if "中华" in match.group() or "国家级" in match.group() else 0.5
        elif match := _SINCE.search(tight):
            strength = 0.3
        else:
            continue
        if _DISOWNED.search(tight[max(0, match.start() - 10) : match.end() + 8]):
            continue
        if young or made_up:
            strength = 0.8 if strength >= 0.5 else 0.7
        elif bears or known:
            strength = 0.3
        but = "其成立、注册不久" if young else "自认并非" if made_up else "品牌不在已知之列"
        why = f"自称“{match.group()}”，而{but}"
        return [Found(text, *match.span(), (), strength, why)]
    return []


def _young(listing: Listing, said: Sequence[FieldText]) -> bool:
    stated = next((listing.attributes[key] for key in _DATES if key in listing.attributes), "")
    return bool(_FOUNDED.match(stated)) or any(_YOUNG.search(text.folded.tight) for text in said)
