"""Where it is said to come from against where it is made.

The place of production is taken from the parameters (产地, 厂址 …) and from the food licence:
«SC» + 3 digits of category + 6 digits of the division that licensed the maker
(食品生产许可管理办法, the numbering of food production licences). Where the seller sits or ships
from says little: a trader in Guangdong may sell real tea of Yunnan.
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
from detectors.places import Places
from detectors.reasoning.weights import grams
from listing import Listing

__all__ = ["Origins"]

_SAID = ("产地", "原产地", "商品产地", "产地省份", "省份")
"""Where the seller says it comes from: a claim, and where it contradicts the title a fact."""
_MAKER = (
    "生产地", "生产地址", "厂址", "生产厂址", "厂家地址", "生产厂家地址", "加工地", "加工地址", "生产企业地址",
    "种植地", "种植基地", "原料产地", "原料来源", "原料",
)  # fmt: skip
_MATERIAL_WORDS = frozenset(
    ("原料", "毛料", "毛茶", "鲜叶", "用的是", "采用", "实为", "其实是", "其实用", "收自", "进自", "来料", "掺", "拼配", "工厂", "厂里")
)  # fmt: skip
_CLAIM_WORDS = frozenset(
    ("产自", "原产于", "原产", "采自", "源自", "源产", "产地", "出产于", "直采自", "正宗", "原装进口", "原瓶进口", "原装", "进口", "直邮")
)  # fmt: skip
_MATERIAL = re.compile(
    r"(?:原料|毛料|毛茶|鲜叶|用的是|采用|实为|其实是|其实用|收自|进自|来料|掺|拼配)[^。！!;；\n]{0,14}|"
    r"从[^。，,！!\n]{2,8}(?:工厂|厂里|厂)(?:发|出)"
)
_SC = re.compile(r"sc\d{3}(\d{6})\d{5}")
_IMPORTED = re.compile(r"([\u4e00-\u9fff]{2,5})(?:原装进口|原瓶进口|原装|进口|直邮|原产)")
_CLAIM = re.compile(
    r"(?:产自|原产于|原产|采自|源自|源产|产地[:：为是]{0,1}|出产于|直采自|正宗)([\u4e00-\u9fff]{2,12})"
)
_CLAIMING = ("title", "text", "image_text")


@dataclass(frozen=True, slots=True)
class Made:
    """A place of production that the listing states, and how far it is to be trusted.

    `kind`: ``said`` (the parameter 产地), ``maker``, ``material``, ``licence``.
    """

    code: str
    said: str
    trust: float
    kind: str


@dataclass(frozen=True, slots=True)
class Place:
    """A famous place of production."""

    name: str
    code: str
    implausible: Decimal | None
    """CNY per kilogram below which nobody can sell the real thing."""


class Origins:
    """GIs and famous places."""

    def __init__(
        self, gis: Iterable[Mapping[str, Any]], places: Places, negated: Context | None
    ) -> None:
        self.places = places
        self._context = negated
        self._last: tuple[Sequence[FieldText], list[Made]] = ((), [])
        """Two rules ask of the same listing, one after the other."""
        self._gis: dict[str, Mapping[str, Any]] = {}
        self._famous: dict[str, Place] = {}
        for gi in gis:
            for name in (gi["name"], *gi.get("aliases", ())):
                self._gis[fold(str(name)).tight] = gi
            for place in gi.get("famous_places", ()):
                below = place.get("implausible_below")
                self._famous[str(place["name"])] = Place(
                    str(place["name"]), str(place["county"]), Decimal(str(below)) if below else None
                )
        self.gi_names = frozenset(self._gis)
        self.famous_names = frozenset(self._famous)
        self.groups = (self.gi_names, self.famous_names, _MATERIAL_WORDS, _CLAIM_WORDS)

    def _negated(self, tight: str, start: int, end: int) -> bool:
        return self._context is not None and self._context.holds(tight, start, end)

    def made_at(self, listing: Listing, texts: Sequence[FieldText]) -> list[Made]:
        """Every place of production that is stated as a fact, most trustworthy first."""
        asked, known = self._last
        if asked is texts:
            return known
        found = self._made_at(listing, texts)
        self._last = (texts, found)
        return found

    def _made_at(self, listing: Listing, texts: Sequence[FieldText]) -> list[Made]:
        found = []
        said = [(k, v) for k, v in listing.attributes.items() if k in _SAID]
        if listing.origin:
            said.append(("产地", listing.origin))
        maker = [(k, v) for k, v in listing.attributes.items() if k in _MAKER]
        for stated, trust, kind in ((said, 0.85, "said"), (maker, 0.75, "maker")):
            for key, value in stated:
                if code := self.places.locate(value):
                    found.append(Made(code, f"{key}“{value}”", trust, kind))
        for text in texts:
            if text.scope != "text":
                continue
            for start, end in text.places(_MATERIAL_WORDS)[:20]:
                around = text.folded.tight[max(0, start - 12) : end + 16]
                if (match := _MATERIAL.search(around)) and (
                    code := self.places.locate(match.group())
                ):
                    found.append(Made(code, f"正文称“{match.group()}”", 0.7, "material"))
        numbers = f"{listing.licence_no} {' '.join(listing.attributes.values())}".lower()
        for number in _SC.finditer(numbers):
            code = number.group(1)
            code = next((c for c in (code, code[:4], code[:2]) if c in self.places.names), "")
            if code:
                said_ = f"生产许可证编号{number.group().upper()}（{self.places.path(code)}）"
                found.append(Made(code, said_, 0.65, "licence"))
        return found

    @staticmethod
    def _elsewhere(made: Sequence[Made], codes: Sequence[str]) -> Made | None:
        """The most trustworthy statement that puts the production outside all of `codes`.

        The number of a licence alone does not contradict an address that lies inside: a maker
        may be licensed by the authority of another division.
        """
        inside = [
            place
            for place in made
            if any(place.code.startswith(c) or c.startswith(place.code) for c in codes)
        ]
        for place in made:
            if place not in inside and not (place.kind == "licence" and inside):
                return place
        return None

    def fake_origin(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """Claims of a place that the place of production contradicts, or the price does."""
        made = self.made_at(listing, texts)
        found = self._said_against_maker(texts, made)
        for text in texts:
            if text.scope not in _CLAIMING:
                continue
            for start, end, code, place in self._claims(text):
                if self._negated(text.folded.tight, start, end):
                    continue
                said = text.folded.tight[start:end]
                if other := self._elsewhere(made, [code]):
                    far = other.code[:2] != code[:2]
                    strength = other.trust if far else other.trust - 0.1
                    why = f"宣称“{said}”，而{other.said}，涉嫌虚假标示产地"
                    found.append(Found(text, start, end, (), strength, why))
                elif place and (price := self._too_cheap(listing, place)):
                    why = f"宣称“{said}”，而每公斤仅{price:.0f}元，明显低于该产地可能的价格"
                    found.append(Found(text, start, end, (), 0.6, why))
        return found

    def _said_against_maker(self, texts: Sequence[FieldText], made: Sequence[Made]) -> list[Found]:
        """The parameter 产地 against the maker's address or the material's origin."""
        facts = [place for place in made if place.kind in ("maker", "material")]
        for text in texts:
            if text.name.removeprefix("attributes.") not in _SAID and text.scope != "origin":
                continue
            code = self.places.locate(text.folded.original)
            # Foreign material that is named and worked up here is no false statement.
            if code.isdigit() and (other := self._elsewhere(facts, [code[:4]])):
                why = f"产地标为“{text.folded.original}”，而{other.said}，涉嫌虚假标示产地"
                return [Found(text, 0, len(text.folded.tight), (), other.trust, why)]
        return []

    def _claims(self, text: FieldText) -> Iterator[tuple[int, int, str, Place | None]]:
        for hit in text.hits(self.famous_names)[:8]:
            if not hit.disguise:
                place = self._famous[hit.word]
                yield hit.start, hit.end, place.code, place
        for start, end in text.places(_CLAIM_WORDS)[:20]:
            for match in (
                _CLAIM.match(text.folded.tight, start),
                _IMPORTED.search(text.folded.tight, max(0, start - 5), end),
            ):
                if match and (code := self.places.locate(match.group(1))):
                    yield match.start(), match.end(), code, None

    @staticmethod
    def _too_cheap(listing: Listing, place: Place) -> Decimal | None:
        weight = grams(listing)
        if place.implausible is None or listing.price is None or not weight:
            return None
        per_kilogram = listing.price * 1000 / weight
        return per_kilogram if per_kilogram < place.implausible else None

    def gi_misuse(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """A GI's name on goods made outside its region."""
        made = self.made_at(listing, texts)
        if not made:
            return []
        found = []
        for text in texts:
            if text.scope not in (*_CLAIMING, "brand"):
                continue
            seen: set[str] = set()
            for hit in text.hits(self.gi_names):
                gi = self._gis[hit.word]
                if hit.disguise or hit.word in seen:
                    continue
                seen.add(hit.word)
                if listing.goods and listing.goods not in gi["goods"]:
                    continue
                other = self._elsewhere(made, [str(code) for code in gi["regions"]])
                if other is None or self._negated(text.folded.tight, hit.start, hit.end):
                    continue
                why = f"使用地理标志“{gi['name']}”，而{other.said}不在其保护地域内"
                found.append(Found(text, hit.start, hit.end, (), other.trust, why))
        return found
