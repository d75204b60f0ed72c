"""Names of firms and institutes borrowed by an operator of another name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.marks import Mark, Marks, belongs, excused
from listing import Listing

__all__ = ["official_claim"]

_LOOKED_AT = ("title", "text", "image_text", "shop_name", "operator_name")
_PART = (
    r"(?:总|分|子)公司|运营公司|营销公司|销售公司|直销部|直供部|直供处|供应处|供应点|经销总部|经营部直属|办事处|联络处|代表处|营销中心|运营中心|销售中心|展销中心|直营中心|直营部|直营店|直营处|厂直营|厂家店|厂部|门市部|总店|总部|内部店|内部员工|事业[部处]|特许店|(?:特许|直供|直营)?工厂店|特供部|直供站|直供点|直供店|供货站|发货部|发货处|发货中心|批发部|销售处|销售科|经销处|代表部|联营厂|联营店|联络站|工作站|转运站|储备库|仓储中心|出口部|进出口部|外销部|采购部|后勤部|后勤处|服务社|实验室|研发中心|职工店|专供部|专供点|子公司|体验总店|直属店|员工店|员工内购|内购|职工|"
    r"集团直|集团下属|集团旗下|厂家自营|自营店|官方自营|直属|隶属|下属|旗下|分厂|第[一二三四五]分厂|试验站|实验基地|示范基地|服务站"
)
_CLAIM = re.compile(
    r"(?:我们就是|我们是|本店就是|本店系|本店为|我司系|我司为|我司是|我公司是|我公司系|我们公司是|本公司系|本公司是|隶属于?|直属于?)[^。！？，,；\n]{0,12}(?:厂|集团|公司|总部|官方)|厂家直营|官方直营|品牌直营|总部直营|公司直营|集团直营|"
    r"受(?:集团|公司|总部|总公司|厂家|品牌方)委托|(?:总部|集团|厂家|公司)(?:委派|委托|指派|派驻|设在)|(?:集团|总部)授权|官方(?:旗舰|专营|总店|直销|窗口|指定|合作店)|品牌方|厂方|对外窗口|对外供应|" + _PART
)  # fmt: skip
_SERVICE = re.compile(
    r"(?:官方|授权|特约|指定|厂家|原厂|总部)[^。！？，,；\n]{0,6}(?:服务中心|维修中心|售后中心|服务点|服务网点|维修点|维修站|服务站|服务窗口|售后服务|网点|客服中心|售后)"
)
_SHOP = re.compile(r"旗舰|官方|直营|总厂|集团|总公司|自营|" + _PART)
_PETTY = re.compile(
    r"个体|经营部|商行|店|铺|坊|行$|户|摊|工作室|批发部|维修部|经营户|农民|合作社|超市|档口|商贸|贸易|电子商务|网络科技|家庭农场|服务部|门市"
)
_PLATFORMS_OWN = re.compile("京东自营|天猫超市|天猫国际自营|苏宁自营|苏宁易购自营")
"""Shops that the platform runs itself; who may call itself so is the platform's to answer for."""
_UNAUTHORISED = re.compile(r"^(?:无|暂无|没有|未取得|未提供|办理中|否)")
_INSTITUTE = re.compile(
    r"(?:科学院|中科院|农科院|研究院|植物所|动物所|微生物所|药物所|热作所|农科所|林科院|林科所|药检所|三七局|茶叶局|烟草局|烟草专卖局|供销合作社|供销联社|粮油局|农业局|农业农村局|林业局|卫健委|农技站|农技推广中心|研究所|药研所|茶科所|研究中心|工程中心|检测中心|中医院|医学院|农业大学|供销总社|供销社|粮食局|药监局|管理局|茶叶协会|三七协会|行业协会)"
)
_MAY = re.compile(
    "研究|协会|检测中心|供销|[粮茶七草油业]局|工程中心|[茶农林]科所|[植动微药热]{1,2}[物作]所|农业大学|管理局|农技|卫健委|农业农村局|专卖局"
)
_INSTITUTE_ACTS = re.compile(
    r"自营|直营|直供|监制|出品|直销|(?<!附属)实验室|试验(?:茶|站|田产|基地|工厂|厂)|事业部|自己的店|工作站|服务站|特供|供应站|下属|所属|附属|直属|指定|专供|内部|本院|本所|院里|所里|科技店|服务部|门市|授权|研制|经营|官方"
)
_ANY = re.compile("研究院|研究所|科学院|农科院|中科院|研究中心|农业大学|协会")
_MAKERS = (
    "厂名",
    "生产商",
    "制造商",
    "生产企业",
    "企业名称",
    "生产厂家",
    "厂家",
    "监制单位",
    "出品单位",
    "研制单位",
    "监制",
    "出品",
    "制造企业",
    "委托方",
    "出品方",
)
_FIRM = re.compile(r"(?:厂|集团|公司|总社)$")
_BRANCH = re.compile(
    r"(?:集团|总公司|总厂|酒厂|茶厂|药厂|烟厂|药业|酒业|烟草公司|股份有限公司|股份公司|出口公司|进出口公司)[\u4e00-\u9fff]{0,6}(?:事业部|特供部|直供站|直供点|供货站|工厂店|特许店|职工店|子公司|直属店|直属粮店|分店|服务社|出口部|外销部|分公司|直销部|直供部|直供处|供应处|供应点|办事处|运营中心|营销中心|展销部|门市部|内部店|员工店|员工内购|内购|直营店|服务站|经销总部|批发站|分厂|直销处|供应站|驻昆办|驻村服务站|下属|直属)"
)
_LAWFUL_NAMING = re.compile(
    r"检测报告|检验报告|田间试验|试验数据|试验第|合作研|联合研|合作开发|合作协议|技术支持|技术指导|旧址|原址|仓库改|送检|论文|品种|技术合作|会员|旧址|推广|颁发|证书|由[^。]{0,12}出具|退休|参考|教材|合作选育|选育"
)
"""An institute named for what it bred, tested or published."""
_NATIONAL = re.compile(
    r"^(?:中国|中华|国家|全国)[\u4e00-\u9fff]{1,8}(?:集团|总公司|公司|出口部|供销部|总社|总局|总厂|总店|研究院|科学院|管理中心|供应中心)"
)
"""Names that only the state's own firms may bear."""
_LICENSED_TRADES = re.compile("移动|电信|联通|邮政|石化|石油|体育彩票|福利彩票|人寿|人保|平安")
_BEFORE = re.compile(r"[\u4e00-\u9fff]{1,10}$")
"""The name in front; looked for from its end, as from its beginning each place would be tried."""
_PUBLIC = re.compile(r"院|所|大学|学校|中心|协会|供销|局|集团")


def official_claim(
    marks: Marks, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Claims to be the owner of a known name, its branch or its service point, and uses of an
    institute's name, by an operator of another name. Licensed shops and sellers are not accused,
    nor is who only says to sell the goods."""
    if marks.trusted(listing):
        return []
    for text in texts:
        if text.scope not in _LOOKED_AT:
            continue
        for hit in text.hits(marks.names)[:8]:
            mark = marks[hit.word]
            if text.folded.tight[hit.end : hit.end + 1] == "镇":  # 茅台镇 is a place
                continue
            if hit.disguise or mark.kind == "place" or excused(text, hit.start, hit.end):
                continue
            if belongs(mark, listing.operator_name) and text.scope != "operator_name":
                continue
            if found := _claimed(mark, listing, text, hit.start, hit.end):
                return [found]
    return (
        _imitated_firm(marks, listing, texts)
        or _group(listing, texts)
        or _institute(listing, texts)
        or _national(listing, texts)
    )


def _imitated_firm(marks: Marks, listing: Listing, texts: Sequence[FieldText]) -> list[Found]:
    """A maker's name that is almost a known firm's: 孟海荼厂 for 勐海茶厂."""
    for text in texts:
        key = text.name.removeprefix("attributes.")
        if key not in _MAKERS and text.scope not in ("brand", "operator_name"):
            continue
        value = text.folded.tight
        for name, _ in marks.alike(value):
            if _FIRM.search(name) and not belongs(marks[name], listing.operator_name):
                why = f"“{value}”与企业名称“{name}”近似"
                return [Found(text, 0, len(value), (), 0.6, why)]
    return []


def _group(listing: Listing, texts: Sequence[FieldText]) -> list[Found]:
    """A branch or office of some group, shown as the shop by a small trader of another name."""
    operator = listing.operator_name
    petty = _PETTY.search(operator) or "个体" in listing.attributes.get("经营者类型", "")
    if "集团" in operator or (operator and not petty):
        return []
    for text in texts:
        if text.scope not in ("title", "shop_name", "text", "image_text"):
            continue
        tight = text.folded.tight
        found = _BRANCH.search(tight)
        start = _name_before(tight, found.start(), 8) if found else 0
        if found and found.start() - start > 1 and tight[: found.start()][-2:] not in operator:
            strength = 0.6 if operator else 0.5
            why = f"以“{tight[start : found.end()]}”自称，而经营者" + (
                f"为“{operator[:30]}”" if operator else "未公示"
            )
            return [Found(text, start, found.end(), (), strength, why)]
    return []


def _name_before(tight: str, end: int, longest: int) -> int:
    """Where the name that ends here begins."""
    before = _BEFORE.search(tight[max(0, end - longest) : end])
    return end - len(before.group()) if before else end


def _claimed(mark: Mark, listing: Listing, text: FieldText, start: int, end: int) -> Found | None:
    tight = text.folded.tight
    operator = listing.operator_name
    around = tight[max(0, start - 14) : end + 16]
    service = _SERVICE.search(around)
    if text.scope == "operator_name":
        return None
    in_shop = text.scope == "shop_name"
    if in_shop and _PLATFORMS_OWN.search(tight):
        return None
    petty = bool(_PETTY.search(operator)) or "个体" in listing.attributes.get("经营者类型", "")
    claim = service or (_SHOP if in_shop else _CLAIM).search(around)
    if claim is None:
        return None
    if service and not petty and "联保" in around:
        return None
    unauthorised = any(
        "授权" in key and _UNAUTHORISED.match(value) for key, value in listing.attributes.items()
    )
    if operator:
        strength = 0.6 if petty or not in_shop else 0.45
        why = f"以“{mark.name}”的“{claim.group()}”自称，而经营者为“{operator[:30]}”"
    elif mark.kind == "firm" or unauthorised or (service and not in_shop):
        strength = 0.5
        why = f"以“{mark.name}”的“{claim.group()}”自称，而未公示经营者"
    else:
        return None
    return Found(text, start, end, (), min(0.9, strength + 0.15 * unauthorised), why)


def _national(listing: Listing, texts: Sequence[FieldText]) -> list[Found]:
    """A shop under a name of the state's firms, kept by somebody of another name."""
    operator = listing.operator_name
    for text in texts:
        if text.scope != "shop_name" or _LICENSED_TRADES.search(text.folded.tight):
            continue
        found = _NATIONAL.search(text.folded.tight)
        if found and found.group()[:4] not in operator:
            but = f"经营者为“{operator[:30]}”" if operator else "未公示经营者"
            why = f"店名“{found.group()}”为国家级企业、机构样式，而{but}"
            return [Found(text, *found.span(), (), 0.6 if operator else 0.5, why)]
    return []


def _institute(listing: Listing, texts: Sequence[FieldText]) -> list[Found]:
    """An institute, an association or a bureau in whose name somebody else sells."""
    operator = listing.operator_name
    if _PUBLIC.search(operator):
        return []
    petty = bool(_PETTY.search(operator)) or "个体" in listing.attributes.get("经营者类型", "")
    for text in texts:
        maker = petty and text.name.removeprefix("attributes.") in _MAKERS
        if not maker and text.scope not in ("title", "shop_name", "text", "image_text"):
            continue
        tight = text.folded.tight
        if "院" not in tight and not _MAY.search(tight):
            continue
        for found in _INSTITUTE.finditer(tight):
            start = _name_before(tight, found.start(), 10)
            if start == found.start():
                continue
            around = tight[max(0, start - 4) : found.end() + 8]
            act = _INSTITUTE_ACTS.search(around) or (maker and _ANY.search(found.group()))
            if not act or _LAWFUL_NAMING.search(around):
                continue
            shown = text.scope in ("title", "shop_name")
            strength = 0.6 if operator else 0.5 if shown else 0.4
            name = tight[start : found.end()]
            why = f"以“{name}”的“{act.group()}”名义销售，而经营者" + (
                f"为“{operator[:30]}”" if operator else "未公示"
            )
            return [Found(text, start, found.end(), (), strength, why)]
    return []
