"""What a listing states as a fact about where its goods were made or grown.

The parameters (产地, 厂址, 原料产地 …), the labels in pictures, what the seller admits in the text
or in answers to reviews, and the numbers: «SC» + 3 digits of category + 6 digits of the division
that licensed the maker (食品生产许可管理办法); «粤G妆网备字» is a filing of domestic cosmetics,
«国械注准» a registration of a domestic device (the imported ones are 国妆…进字, 国械注进).
Where the seller sits or ships from says little: a trader in Guangdong may sell real tea of Yunnan.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from detectors.contexts import Context
from detectors.fields import FieldText
from detectors.places import Places
from listing import Listing

__all__ = ["ADMITTING", "SAID", "Made", "Production"]

SAID = (
    "产地",
    "原产地",
    "商品产地",
    "产地省份",
    "省份",
    "原产国",
    "原产国/地区",
    "原产国家",
    "产区",
)
"""Where the seller says it comes from: a claim, and where it contradicts the title a fact."""
_NOT_MADE = re.compile(
    "分装|包装|经销|销售|发货|发出|仓|代理|售后|进口商|总部|品牌|设计|研发|经营者|商家|退货|联系|寄|客服"
)
_MATERIAL_KEY = re.compile(
    "原料|毛料|毛茶|鲜叶|茶青|种植|养殖|捕捞|水域|茶园|果园|基地|奶源|水源|牧场|采收|采摘地|采摘|繁育|种源地|种苗来源|农场|石料|矿|发酵|货源|来料"
)
_MAKER_KEY = re.compile(
    "生产地|生产厂|生产商|生产企业|生产者|生产单位|制造|厂址|厂名|厂家|工厂|加工|灌装|酿造|压制|委托|受托|代工|组装|供应商|出品方|生产方"
)
_DOMESTIC = re.compile(r"国内(?:调和|灌装|组装|代工|生产|加工|贴牌|制造|工厂)|国产")
_FILED = re.compile(
    r"[\u4e00-\u9fff]g妆网备字|国妆特字g|国械注准|[\u4e00-\u9fff]械注准|[\u4e00-\u9fff]{1,3}械备"
)
_SC = re.compile(r"sc\d{3}(\d{6})\d{3,5}")
_LABEL = re.compile(
    r"(?:原产地|产地|原产国|厂址|地址|制造商|生产商|生产厂家|生产企业|生产地址|原料产地|灌装厂|委托生产|受托方|受委托方|生产者)[:：为是]{0,2}"
)
ADMITTING = frozenset(
    [
        "原料",
        "毛料",
        "毛茶",
        "鲜叶",
        "茶青",
        "料子",
        "料是",
        "的料",
        "茶料",
        "青叶",
        "用的是",
        "采用",
        "实为",
        "其实是",
        "其实用",
        "实际是",
        "实际上是",
        "实则",
        "说白了",
        "说实话",
        "真实产地",
        "实际产地",
        "其实产",
        "收自",
        "进自",
        "来料",
        "掺",
        "拼配",
        "拼了",
        "兑了",
        "混了",
        "工厂",
        "厂里",
        "厂子",
        "作坊",
        "发的是",
        "发的",
        "换成",
        "改发",
        "改用",
        "顶上",
        "顶替",
        "代替",
        "替代",
        "冒充",
        "充当",
        "当作",
        "收来",
        "收的",
        "拉来",
        "拉过来",
        "运来",
        "运过来",
        "运回",
        "调来",
        "调过来",
        "调货",
        "进的货",
        "进货",
        "过来的",
        "那边的",
        "那边种",
        "种在",
        "种的",
        "产在",
        "产于",
        "长在",
        "养在",
        "养的",
        "挖的",
        "采的",
        "摘的",
        "做的",
        "压的",
        "炒的",
        "腌的",
        "灌的",
        "贴牌",
        "代工",
        "加工",
        "换包装",
        "换袋",
        "换标",
        "印的是",
        "写的产地",
        "产地写",
        "标的产地",
        "背面写",
        "标签写",
        "标签上",
        "合格证",
        "印着",
        "的章是",
        "同源",
        "移栽",
        "引种",
        "来自",
        "出自",
        "取自",
        "买来",
        "批来",
        "批发来",
        "拿货",
        "产的",
        "货是",
        "茶是",
        "米是",
        "果是",
        "豆是",
        "蟹是",
        "腿是",
        "蜜是",
        "椒是",
        "枣是",
        "米是从",
        "茶青是",
        "货源",
    ]
)
"""Words around which the seller may name where the goods really come from."""
_ADMITS_BEFORE = re.compile(
    r"(?:货是|茶是|米是|果是|豆是|蟹是|腿是|蜜是|椒是|枣是|原料|毛料|毛茶|鲜叶|茶青|青叶|茶料|料子|的料|料|豆子|果子|种球|奶源|货|用的|用|发的|发|换成|改发|改用|实为|其实是|其实用|其实产|实际是|实际上是|实则|说白了[是就]{0,2}|收自|进自|来自|出自|取自|掺了?|拼了?|拼配|兑了?|混了?|种在|产在|产于|长在|养在|写的|写着|写|标签上?|印着|贴的|章是)(?:都|就|其实|主要|大部分|一半|多半|部分|全|也|还|了|着|的|是|在|用|从|来自|选用|产地|产自|[:：,，]){0,3}$"
)
_ADMITS_AFTER = re.compile(
    r"^[^。！!;；\n]{0,8}?(?:料|毛茶|茶青|鲜叶|货|豆|果|椒|枸杞|米|腿|蟹|工厂|厂里|厂子|作坊|基地|种的|收的|收来|拉来|拉过来|运来|运过来|运回|调来|调过来|进的|进货|过来|那边|养的|挖的|采的|摘的|做的|压的|炒的|腌的|灌装|代工|加工|产的|顶上|顶替|代替|冒充|掺|拼|混|产|的山上|的茶)"
)
_UNSAID = re.compile(
    r"(?:品牌|商标|设计|技术|灵感|创意|工艺|品种|种子|种苗|引自|引进|不是|并非|没有|没用|不用|不掺|不拼|不收|不卖|不含|绝不|从不|非|拒绝|区别于?|不同于|有别于|对比|相比|比|销往|卖到|卖给|发往|寄往|出口|除了|引自|引进|品种|种苗|的师傅|请|配方由?|设计由?)[^，,。]{0,5}$"
)
_UNMADE = re.compile(
    r"^[^，,。！!;；]{0,2}?(?:发货|发出|仓|直发|快递|分装|烘焙|包装|门店|边上|边境|口岸|港|海关|顾问|专家|团队|老师|设计|品牌|品种|引进|工艺|技术|设计|设备|师傅|客户|朋友|市场|也有卖|的冒|货冒|料冒|的假)"
)


_LABELLED = re.compile("产地|标签|背面|合格证|印着|印的|写着|写的|章是|厂址|溯源|扫码|包装上")
"""What a buyer read it from: his own belief says little."""


@dataclass(frozen=True, slots=True)
class Made:
    """A place of production that the listing states, and how far it is to be trusted (0 to 1).

    `kind`: ``said`` (the parameter 产地), ``maker``, ``material``, ``admitted``, ``licence``.
    """

    code: str
    said: str
    trust: float
    kind: str


class Production:
    """Reads what is said of production; remembers the listing it was last asked about."""

    def __init__(self, places: Places, negated: Context | None) -> None:
        self.places = places
        self._context = negated
        self._last: tuple[Sequence[FieldText], list[Made]] = ((), [])
        """Two rules ask of the same listing, one after the other."""

    def made_at(self, listing: Listing, texts: Sequence[FieldText]) -> list[Made]:
        """Every place of production that is stated as a fact, most trustworthy first."""
        asked, known = self._last
        if asked is texts:
            return known
        found = [
            *self._parameters(listing),
            *self._labels(texts),
            *self._admitted(texts),
            *self._numbers(listing),
        ]
        self._last = (texts, found)
        return found

    def _parameters(self, listing: Listing) -> list[Made]:
        found: list[Made] = []
        for key, value in listing.attributes.items():
            if key in SAID:
                kind, trust = "said", 0.85
            elif _NOT_MADE.search(key):
                continue
            elif _MATERIAL_KEY.search(key):
                kind, trust = "material", 0.8
            elif _MAKER_KEY.search(key):
                kind, trust = "maker", 0.75
            elif key == "配料" or not _DOMESTIC.search(value):
                continue
            else:
                kind, trust = "said", 0.75
            found += self._of(value, f"{key}“{value[:40]}”", trust, kind)
        if listing.origin:
            found += self._of(listing.origin, f"产地“{listing.origin}”", 0.8, "origin")
        return found

    def _of(self, value: str, said: str, trust: float, kind: str) -> list[Made]:
        text = value[:80].lower().replace(" ", "")
        return [
            Made(code, said, trust, kind) for _, _, code in self.places.named(text, address=True)
        ]

    def _labels(self, texts: Sequence[FieldText]) -> list[Made]:
        """«产地:浙江湖州 制造商:…» as it stands on a label in a picture."""
        found: list[Made] = []
        for text in texts:
            if text.scope != "image_text" and text.scope != "text":
                continue
            tight = text.folded.tight
            if "产地" not in tight and "址" not in tight and "产商" not in tight and "造商" not in tight:  # fmt: skip
                continue
            for match in list(_LABEL.finditer(tight))[:6]:
                value = re.split("[。；;，,\n]", tight[match.end() : match.end() + 24])[0]
                label = match.group().rstrip(":：为是")
                plain = text.scope == "text" and match.group() == label
                if plain or self._said_not(tight, match.start(), match.end()):
                    continue
                before = tight[max(0, match.start() - 4) : match.start()]
                if "地址" in label and _NOT_MADE.search(before):
                    continue
                kind = "said" if label in SAID else "material" if "原料" in label else "maker"
                near = [p for p in self.places.named(value) if p[0] <= 3]
                found += [Made(p[2], f"标签“{label}{value}”", 0.75, kind) for p in near[:2]]
        return found

    def _said_not(self, tight: str, start: int, end: int) -> bool:
        return self._context is not None and self._context.holds(tight, start, end)

    def _admitted(self, texts: Sequence[FieldText]) -> list[Made]:
        found: list[Made] = []
        for text in texts:
            if text.scope not in ("text", "image_text", "reviews", "reviews_by_seller"):
                continue
            tight, done = text.folded.tight, -1
            for start, end in text.places(ADMITTING)[:30]:
                if end <= done:
                    continue
                first = max(0, start - 14)
                window = tight[first : end + 16]
                done = end + 12
                for begin, stop, code in self.places.named(window):
                    begin, stop = begin + first, stop + first
                    before, after = tight[max(0, begin - 12) : begin], tight[stop : stop + 14]
                    if _UNSAID.search(before) or _UNMADE.search(after):
                        continue
                    if text.scope == "reviews" and not _LABELLED.search(
                        tight[max(0, begin - 14) : begin]
                    ):
                        continue
                    if not (_ADMITS_BEFORE.search(before) or _ADMITS_AFTER.search(after)):
                        continue
                    if self._said_not(tight, begin, stop):
                        continue
                    words = re.split("[。！!;；\n]", tight[max(0, begin - 6) : stop + 8])
                    shown = next((w for w in words if tight[begin:stop] in w), tight[begin:stop])
                    buyer = text.scope == "reviews"
                    who = "买家评价称" if buyer else "卖家自述"
                    found.append(Made(code, f"{who}“{shown}”", 0.55 if buyer else 0.7, "admitted"))
        return found[:12]

    def _numbers(self, listing: Listing) -> list[Made]:
        found: list[Made] = []
        numbers = f"{listing.licence_no} {' '.join(listing.attributes.values())}".lower()
        for number in _SC.finditer(numbers):
            code = number.group(1)
            code = next((c for c in (code, code[:4], code[:2]) if c in self.places.names), "")
            if code:
                said = f"生产许可证编号{number.group().upper()}（{self.places.path(code)}）"
                found.append(Made(code, said, 0.65, "licence"))
        if filed := _FILED.search(numbers):
            found.append(
                Made("CN", f"备案注册号“{filed.group()}”为国产商品的编号", 0.65, "licence")
            )
        return found
