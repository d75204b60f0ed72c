"""Where it is said to come from against where it is made.

A claim is a place in the title, the parameter 产地, or words as «产自…», «…原装进口»; a fact is what
`detectors.reasoning.production` reads. Raw goods of one place are lawfully worked up in another,
so an address of a maker says less than a place of growing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from detectors.contexts import Context
from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.normalise import fold
from detectors.places import Places, agree, far
from detectors.reasoning.production import ADMITTING, SAID, Made, Production
from detectors.reasoning.weights import grams
from listing import Listing

__all__ = ["Origins"]

_CLAIM_WORDS = frozenset(
    [
        "产自",
        "原产于",
        "原产",
        "采自",
        "源自",
        "源产",
        "源于",
        "来自",
        "出自",
        "产地",
        "出产于",
        "出产",
        "直采",
        "正宗",
        "地道",
        "道地",
        "原装进口",
        "原瓶进口",
        "原罐进口",
        "原桶进口",
        "原装",
        "进口",
        "直邮",
        "直供",
        "制造",
        "生产",
        "灌装",
        "本地",
        "产区",
        "出品",
        "核心产区",
        "种在",
        "长在",
        "扎根",
        "madein",
        "山头",
        "老寨",
        "古茶园",
    ]
)
_BEFORE = re.compile(
    r"(?:产自|原产于?|采自|源自|源产|源于|来自|出自|产地[是为:：]?|出产于|直采自?|正宗|地道|道地|纯正|种在|长在|扎根)[^，,。！!；;\n]{0,3}$"
)
_AFTER = re.compile(
    r"^(?:[^，,。！!；;\n]{0,3}?(?:原装|原瓶|原罐|原桶|原产|进口|直邮|直采|直供|制造|核心产区|产区|出品|产(?![品后业能量妇地检])|古茶园|老寨|山头)|(?:本地|本土|当地|农场|工厂|整机)?(?:生产|灌装|酿造|种植|产出|种的))|^本地"
)
_SOURCED = re.compile(r"(?:原料|奶源|面料|芯|配方|设计|技术|品种|种源|苗|菌种|设备|木材|皮料|专利|品牌|灵感|工艺|布料|羊毛|滤芯|版权|审美|风格|团队)[^，,。！!；;\n]{0,6}$")  # fmt: skip
_NO_CLAIM_AFTER = re.compile(
    r"^[^，,。！!；;\n]{0,2}?(?:五寨|发货|发出|仓|直发|发顺丰|快递|顺丰|门店|分公司|办事处|风格|风味|风情|风(?![味])|款|式|味|系|引进|品种|种源|工艺|技术|设计|配方|品牌|专利|版|标准|同款|口感|客户|朋友|师傅|老师|话|菜|烤|火锅|小面|米线|分装|包装|烘焙|加工|与|和|跟|对比|相比|以外|之外|包邮|除外|附近|周边|山下|脚下|方向|韵|甜|型|对面|隔壁|邻|面料|机芯|芯片|压缩机|电机|轴承|原料|布料|皮|木|丝线|棉|羊毛|腔|本色|印象|故事|之味|有什么|的区别|平替|移民|语|国旗|队|代购|小镇|庄园风)"
)
_NO_CLAIM_BEFORE = re.compile(
    r"(?:真假|辨别|鉴别|柑皮产自|陈皮产自|果皮产自|柑果产自|辅料|不是|并非|非|不属于?|不算|没有|老|风味|仿|类|类似|似|近|像|胜|赛|媲美|比肩|堪比|对标|代替|平替|区别于|不同于|有别于|靠近|毗邻|对比|和|跟|与|比|不输|发往|寄往|偏远|除|引自|销往|出口|标的不是|适用|适配|去|到)$"
)
_IMPORTED = re.compile(
    r"(?:原装|原瓶|原罐|原桶|整机|整车|纯)进口(?!(?:的|纯|顶级|高端|天然)?(?:机芯|芯片|发动机|压缩机|面料|原料|轴承|电机|滤芯|膜|布料|头层|牛皮|皮|木|电芯|配件|零件|泵|阀|灯珠|海绵|乳胶|板))"
)
_DISCLAIMED = "(?:(?<!是)不是|并非|(?<!是)非|不属于?|不算|不叫|没有?写|不用|不当|不冒充|区别于|不同于|有别于|不敢称|不标|不作|没标|不能叫|不得称|不是正宗)(?:这个|所谓的|什么|正宗|传统)?"
_COMPARED = re.compile(
    r"^(?:有什么|有啥|的)?(?:区别|不同|差别|不一样)|^(?:比|比起来|相比|哪个)|^[^，,。！!;；\n]{0,4}(?:不是一|两码事|不同|专卖|批发市场|博物馆|文化|节|产业园|杯|锅|刀|切|泡法|冲泡)"
)
_CLAIMING = ("title", "text", "image_text")
_GROWN = frozenset(("tea", "sanqi", "food-drug", "farm-supply"))
_PIECES = re.compile(
    r"(\d{1,4}(?:\.\d{1,2})?)(kg|千克|公斤|斤|g|克)(?:左右|装)?(?:/|每)?[饼颗片袋罐盒包沱砖个粒泡]?[*x×乘](\d{1,3})"
)
_WORKED_UP = re.compile("分装|委托|代加工|饮片|加工地|药业|制药|炮制")
_SAMPLE = re.compile("试喝|品鉴|小样|样品|体验装|试饮|茶样|链接|补差|邮费|定金")


@dataclass(frozen=True, slots=True)
class Place:
    """A famous place of production."""

    name: str
    code: str
    implausible: Decimal | None
    """CNY per kilogram below which nobody can sell the real thing."""


def _worked_up(listing: Listing) -> bool:
    """Whether the listing says openly that raw goods are worked up by somebody else."""
    stated = (listing.title, listing.text[:2000], *listing.attributes, *listing.attributes.values())
    return any(_WORKED_UP.search(text) for text in stated)


class Origins:
    """GIs and famous places."""

    def __init__(
        self, gis: Iterable[Mapping[str, Any]], places: Places, negated: Context | None
    ) -> None:
        self._context = negated
        self._gis: dict[str, Mapping[str, Any]] = {}
        self._famous: dict[str, Place] = {}
        localities: dict[str, str] = {}
        for gi in gis:
            for name in (gi["name"], *gi.get("aliases", ())):
                self._gis[fold(str(name)).tight] = gi
            localities.update({str(k): str(v) for k, v in gi.get("localities", {}).items()})
            for place in gi.get("famous_places", ()):
                name, below = str(place["name"]), place.get("implausible_below")
                localities[name] = str(place["county"])
                self._famous[name] = Place(
                    name, str(place["county"]), Decimal(str(below)) if below else None
                )
        self.places = Places(places.names, localities)
        self.production = Production(self.places, negated)
        self.gi_names = frozenset(self._gis)
        self.famous_names = frozenset(self._famous)
        self.groups = (self.gi_names, self.famous_names, ADMITTING, _CLAIM_WORDS)
        names = "|".join(sorted(map(re.escape, self.gi_names), key=len, reverse=True))
        self._gi_name = re.compile(names)
        self._disclaimed = re.compile(f"{_DISCLAIMED}({names})")

    def _negated(self, tight: str, start: int, end: int) -> bool:
        return self._context is not None and self._context.holds(tight, start, end)

    @staticmethod
    def _elsewhere(
        made: Sequence[Made], codes: Sequence[str], worked_up: bool, gi: bool = False
    ) -> tuple[Made, float] | None:
        """The most trustworthy statement that puts the production outside, and its strength."""
        inside = [m for m in made if any(agree(m.code, code) for code in codes)]
        stated = {m.kind for m in inside}
        grown_inside = bool(stated & {"said", "material"})
        for place in sorted(made, key=lambda m: -m.trust):
            if place in inside:
                continue
            distant = all(far(place.code, code) for code in codes)
            trust = place.trust
            # A blend: the same statement names a place inside too.
            blended = not distant or place.kind == "material"
            if blended and any(m.said == place.said for m in inside):
                continue
            if place.kind == "licence" and (inside or not (distant or gi)):
                continue
            if place.kind == "maker":
                if not distant and (not gi or stated):
                    continue
                if grown_inside and (worked_up):
                    continue
                if grown_inside:
                    trust -= 0.1
            if place.kind in ("material", "admitted") and not distant:
                if "maker" in stated and len(codes[0]) < 6 and not gi:
                    continue
                if place.kind == "admitted" and (grown_inside or place.code == "5301"):
                    continue
            return place, trust if distant else trust - 0.1
        return None

    def fake_origin(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """Claims of a place that the place of production contradicts, or the price does."""
        made, worked_up = self.production.made_at(listing, texts), _worked_up(listing)
        found = self._said_against_maker(listing, texts, made)
        for text in texts:
            if text.scope not in _CLAIMING:
                continue
            for start, end, code, place in self._claims(listing, text, made):
                if self._negated(text.folded.tight, start, end):
                    continue
                said = text.folded.tight[start:end]
                if other := self._elsewhere(made, [code], worked_up):
                    why = f"宣称“{said}”，而{other[0].said}，涉嫌虚假标示产地"
                    found.append(Found(text, start, end, (), other[1], why))
                elif place and (price := self._too_cheap(listing, place)):
                    why = f"宣称“{said}”，而每公斤仅{price:.0f}元，明显低于该产地可能的价格"
                    found.append(Found(text, start, end, (), 0.6, why))
            found += self._imported(text, made)
        return found

    def _said_against_maker(
        self, listing: Listing, texts: Sequence[FieldText], made: Sequence[Made]
    ) -> list[Found]:
        """The parameter 产地 against the maker's address or the material's origin."""
        title = self.places.named(fold(listing.title).tight)
        for text in texts:
            is_origin = text.scope == "origin"
            if not is_origin and text.name.removeprefix("attributes.") not in SAID:
                continue
            named = self.places.named(text.folded.tight)
            if not named:
                continue
            kinds = ("maker", "material", *(("said",) if is_origin else ()))
            facts = [m for m in made if m.kind in kinds]
            own = [m for m in made if m.kind in ("said", "origin") and m.said.endswith(f"“{text.folded.original}”")]  # fmt: skip
            codes = [code for _, _, code in named]
            if any(len(code) > 2 and any(agree(code, c) for c in codes) for _, _, code in title):
                facts += [m for m in made if m.kind == "admitted"]
            other = self._elsewhere([*facts, *own], codes, _worked_up(listing))
            if other is None:
                continue
            if not all(far(other[0].code, code) for code in codes):
                narrow = all(len(code) > 3 and code != "5301" for code in (*codes, other[0].code))
                worked_up = any(m.kind == "maker" and agree(m.code, codes[0]) for m in facts)
                if other[0].kind != "material" or not narrow or worked_up:
                    continue
            # Foreign material that is named and worked up here is no false statement.
            if other[0].kind == "material" and codes[0].isdigit() and not other[0].code.isdigit():
                continue
            why = f"产地标为“{text.folded.original}”，而{other[0].said}，涉嫌虚假标示产地"
            return [Found(text, 0, len(text.folded.tight), (), other[1], why)]
        return []

    def _claims(
        self, listing: Listing, text: FieldText, made: Sequence[Made]
    ) -> Iterator[tuple[int, int, str, Place | None]]:
        tight, title = text.folded.tight, text.scope == "title"
        brand = fold(listing.brand).tight
        for hit in text.hits(self.famous_names)[:8]:
            place = self._famous[hit.word]
            if listing.goods not in ("", "tea") or {"homophone", "shape"} & set(hit.disguise):
                continue
            if self._no_claim(tight, hit.start, hit.end) or hit.word in brand:
                continue
            # A second place in the title that is the true one: a comparison or a blend.
            if not self._true_beside(tight, place.code, made):
                yield hit.start, hit.end, place.code, place
        for start, end, code in self._near_claims(text):
            word = tight[start:end]
            if word in self._famous or word in brand or self._no_claim(tight, start, end):
                continue
            if text.folded.torn(start, end):
                continue
            # The name of a GI is the other violation's.
            around = self._gi_name.finditer(tight, max(0, start - 8), end + 8)
            if any(gi.start() <= start and end <= gi.end() for gi in around):
                continue
            before, after = tight[max(0, start - 8) : start], tight[end : end + 12]
            strong = bool(_BEFORE.search(before) or _AFTER.search(after))
            if strong and _SOURCED.search(before):
                continue
            if not strong and (not title or listing.goods not in _GROWN or code == "5301"):
                continue
            if code != "CN" and not self._true_beside(tight[:120], code, made):
                yield start, end, code, None

    def _near_claims(self, text: FieldText) -> list[tuple[int, int, str]]:
        """Places in a title or a picture; in the text only around words that claim."""
        if text.scope == "title":
            return self.places.named(text.folded.tight)
        found: dict[int, tuple[int, int, str]] = {}
        for start, end in text.places(_CLAIM_WORDS)[:20]:
            first = max(0, start - 8)
            for begin, stop, code in self.places.named(text.folded.tight[first : end + 8]):
                found[begin + first] = (begin + first, stop + first, code)
        return list(found.values())

    def _true_beside(self, tight: str, code: str, made: Sequence[Made]) -> bool:
        """Whether another place is named here that is the true one, as narrow as the claim."""
        facts = [m.code for m in made if m.kind in ("said", "material", "origin") and not agree(m.code, code)]  # fmt: skip
        if not facts:
            return False
        return any(
            not agree(other, code) and any(fact.startswith(other) for fact in facts)
            for _, _, other in self.places.named(tight)
        )

    @staticmethod
    def _no_claim(tight: str, start: int, end: int) -> bool:
        before, after = tight[max(0, start - 8) : start], tight[end : end + 10]
        return bool(_NO_CLAIM_BEFORE.search(before) or _NO_CLAIM_AFTER.search(after))

    def _imported(self, text: FieldText, made: Sequence[Made]) -> list[Found]:
        """«原装进口» without a country on goods that are made in China."""
        facts = [m for m in made if m.kind in ("said", "maker", "licence")]
        home = next((m for m in facts if m.code == "CN" or m.code.isdigit()), None)
        if home is None or any(m.code.isalpha() and m.code != "CN" for m in facts):
            return []
        found = []
        for match in list(_IMPORTED.finditer(text.folded.tight))[:3]:
            if not self._negated(text.folded.tight, *match.span()):
                why = f"宣称“{match.group()}”，而{home.said}，涉嫌虚假标示产地"
                found.append(Found(text, *match.span(), (), home.trust, why))
        return found

    @staticmethod
    def _too_cheap(listing: Listing, place: Place) -> Decimal | None:
        if place.implausible is None or listing.price is None or _SAMPLE.search(listing.title):
            return None
        weight = grams(listing)
        for stated in (listing.title, *listing.attributes.values(), listing.text[:400]):
            if many := _PIECES.search(stated.lower().replace(" ", "")):
                unit = {"kg": 1000, "千克": 1000, "公斤": 1000, "斤": 500}.get(many.group(2), 1)
                weight = Decimal(many.group(1)) * unit * int(many.group(3))
                break
        if not weight or weight < 20:
            return None
        per_kilogram = listing.price * 1000 / weight
        return per_kilogram if per_kilogram < place.implausible else None

    def gi_misuse(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """A GI's name on goods made outside its region."""
        made = self.production.made_at(listing, texts)
        if not made:
            return []
        found, worked_up = [], _worked_up(listing)
        disclaimed = self._disclaimers(texts)
        for text in texts:
            name = text.name.removeprefix("attributes.")
            if text.scope not in (*_CLAIMING, "brand") and name not in ("品名", "茶名", "产品名称", "商品名称", "名称"):  # fmt: skip
                continue
            seen: set[str] = set()
            for hit in text.hits(self.gi_names):
                gi = self._gis[hit.word]
                if {"homophone"} & set(hit.disguise) or hit.word in seen:
                    continue
                if listing.goods and listing.goods not in gi["goods"]:
                    continue
                tight = text.folded.tight
                if str(gi["name"]) in disclaimed or _COMPARED.search(tight[hit.end : hit.end + 12]):
                    continue
                seen.add(hit.word)
                codes = [str(code) for code in gi["regions"]]
                other = self._elsewhere(made, codes, worked_up, gi=True)
                if other is None or self._negated(tight, hit.start, hit.end):
                    continue
                why = f"使用地理标志“{gi['name']}”，而{other[0].said}不在其保护地域内"
                found.append(Found(text, hit.start, hit.end, (), other[1], why))
        return found

    def _disclaimers(self, texts: Sequence[FieldText]) -> set[str]:
        """The GIs that the seller says these goods are not."""
        found = set()
        for text in texts:
            if text.scope in _CLAIMING and text.places(self.gi_names):
                for match in self._disclaimed.finditer(text.folded.tight):
                    found.add(str(self._gis[match.group(1)]["name"]))
        return found
