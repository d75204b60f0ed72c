"""Look-alike marks: names that sound, look or are spelt almost like a known one.

In running text the matcher finds variants of known names by sound, shape and parts. A field
that holds nothing but a name (品牌) is compared as a whole, by RapidFuzz on characters and on
sound. Who sells the real mark, compares with it or fits it, is not accused.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.normalise import fold
from detectors.variants import alike, frequency, sound
from listing import Listing

__all__ = ["Marks"]

STRENGTH = {"brand": 0.85, "attributes": 0.85, "title": 0.7, "shop_name": 0.55, "text": 0.4}
_TELLING = {"homophone", "shape", "split", "digit"}
_FIT = re.compile(r"(?:适用于?|兼容|配套|适配|通用|非|不是|并非|区别于|不同于|媲美|对比)$")
_LATIN = re.compile(r"[a-z0-9]{4,20}")
_LEET = str.maketrans("015", "ols")
_NAME_KEYS = ("品牌", "商标", "品牌名称")
_HONOURED = re.compile(
    r"中华老字号|百年老字号|老字号|国家级老字号|[二三四五六]百年老字号|百年老店|百年老号|百年老铺|百年传承老店"
)
_HEIRS = re.compile(
    r"分号|老铺|传人|嫡传|嫡系|正宗传承|工艺店|授权挂牌|挂牌店|挂[\u4e00-\u9fff]{0,4}标|师傅|老店|同源|祖传|后人|旁支|支系|老瓶|老标|加盟分店|同门|秘方|配方|工艺|风味|味道|复刻|同款"
)
_YOUNG = re.compile(
    r"(?:成立|注册|创办|开业|执照)[^。！？\n]{0,6}((?:19[89]|20\d)\d)|((?:19[89]|20\d)\d)年?(?:成立|注册|创办|开业|创立)"
)
_OFFICIAL = re.compile(
    r"(?:我们就是|本店就是|本店系|我司系|我们是|隶属|直属|系)[^。！？，,；\n]{0,12}(?:厂|集团|公司|总部|官方)|厂家直营|官方直营|品牌直营|总部直营|公司直营|集团直营|厂家自营|员工内购|员工店|内部员工|内购|分公司|总公司|受集团委托|受公司委托|集团授权|官方授权|官方旗舰|官方专营|官方店|品牌方"
)
_MERE_SHOP = re.compile(r"旗舰店|官方|直营|专卖|总厂|集团|总公司")


@dataclass(frozen=True, slots=True)
class Mark:
    """A known name."""

    name: str
    owner: str
    goods: frozenset[str]
    kind: str
    common: frozenset[str]
    """Words that look like it and are no look-alikes."""
    official: frozenset[str]
    """Names of shops that the owner or a licensee runs."""


class Marks:
    """All known names, with an index for look-alikes."""

    def __init__(self, brands: Iterable[Mapping[str, Any]]) -> None:
        self._marks: dict[str, Mark] = {}
        for brand in brands:
            for name in (brand["name"], *brand.get("aliases", ()), *brand.get("latin", ())):
                folded = fold(str(name)).tight
                self._marks[folded] = Mark(
                    name=str(brand["name"]),
                    owner=str(brand.get("owner", "")),
                    goods=frozenset(brand.get("goods", ())),
                    kind=str(brand.get("kind", "brand")),
                    common=frozenset(brand.get("common_words", ())),
                    official=frozenset(brand.get("official_shops", ())),
                )
        self.names = frozenset(self._marks)
        self._latin_names = sorted(name for name in self._marks if name.isascii())
        self._by_sound: defaultdict[str, list[str]] = defaultdict(list)
        for name in self._marks:
            for heard in set(map(sound, name)):
                self._by_sound[heard].append(name)
        self._tried: dict[str, tuple[str, ...]] = {}

    def lookalikes(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """Spans that imitate a mark for the goods of this listing. `kind` narrows the marks."""
        kind = options.get("kind")
        found: list[Found] = []
        if any(shop and shop == listing.shop_name for mark in self._marks.values() for shop in mark.official):  # fmt: skip
            return found
        for text in texts:
            if text.scope not in STRENGTH:
                continue
            for hit in text.hits(self.names):
                mark = self._marks[hit.word]
                if kind is not None and mark.kind != kind:
                    continue
                if not _TELLING & set(hit.disguise) or not self._applies(mark, listing):
                    continue
                shown = text.folded.tight[hit.start : hit.end]
                if shown in mark.common or self._excused(text, hit.start):
                    continue
                found.append(self._found(text, hit.start, hit.end, shown, mark, hit.disguise))
            if text.scope != "text":
                found += self._whole(listing, text, kind)
                found += self._latin(listing, text, kind)
        return found

    @staticmethod
    def _applies(mark: Mark, listing: Listing) -> bool:
        return not mark.goods or not listing.goods or listing.goods in mark.goods

    @staticmethod
    def _excused(text: FieldText, start: int) -> bool:
        return bool(_FIT.search(text.folded.tight[max(0, start - 6) : start]))

    def time_honoured(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """Claims to be a 老字号, or the heir of one, that nothing bears out."""
        said = [text for text in texts if text.scope in ("title", "text", "image_text", "shop_name", "brand")]  # fmt: skip
        named = [
            (text, hit, self._marks[hit.word])
            for text in said
            for hit in text.hits(self.names)
            if self._marks[hit.word].kind == "time_honoured" and not hit.disguise
        ]
        for text, hit, mark in named:
            if _belongs(mark, listing.operator_name) or self._excused(text, hit.start):
                continue
            around = text.folded.tight[max(0, hit.start - 20) : hit.end + 24]
            if (heir := _HEIRS.search(around)) and (
                listing.operator_name or listing.brand.strip() != mark.name
            ):
                why = f"以老字号“{mark.name}”的“{heir.group()}”自称，而经营者与其无关联"
                return [Found(text, hit.start, hit.end, (), 0.65, why)]
        if any(_belongs(mark, listing.operator_name) or listing.brand == mark.name for _, _, mark in named):  # fmt: skip
            return []
        for text in said:
            if "老" not in text.folded.tight or not (match := _HONOURED.search(text.folded.tight)):
                continue
            stated = listing.attributes.get("成立日期", "") or listing.attributes.get(
                "注册日期", ""
            )
            new = bool(re.match(r"(?:199|20)\d", stated)) or any(
                _YOUNG.search(other.folded.tight) for other in said
            )
            why = f"自称“{match.group()}”" + ("，而其成立、注册不久" if new else "，品牌不在已知老字号之列")  # fmt: skip
            strength = 0.8 if new else 0.6 if "中华" in match.group() else 0.5
            return [Found(text, *match.span(), (), strength, why)]
        return []

    def official_claim(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """Claims to be the owner of a known mark, or its branch, by an operator of another name."""
        if not listing.operator_name:
            return []
        for text in texts:
            if text.scope not in ("title", "text", "image_text", "shop_name"):
                continue
            for hit in text.hits(self.names)[:8]:
                mark = self._marks[hit.word]
                if hit.disguise or _belongs(mark, listing.operator_name):
                    continue
                around = text.folded.tight[max(0, hit.start - 14) : hit.end + 14]
                pattern = _MERE_SHOP if text.scope == "shop_name" else _OFFICIAL
                if claim := pattern.search(around):
                    why = f"以“{mark.name}”的“{claim.group()}”自称，而经营者为“{listing.operator_name[:30]}”"
                    strength = 0.45 if text.scope == "shop_name" else 0.6
                    return [Found(text, hit.start, hit.end, (), strength, why)]
        return []

    def _whole(self, listing: Listing, text: FieldText, kind: object) -> list[Found]:
        """A field that is a name by itself, against all names."""
        if not (text.scope == "brand" or text.name.removeprefix("attributes.") in _NAME_KEYS):
            return []
        value = text.folded.tight
        for name in self._imitated(value):
            mark = self._marks[name]
            if kind is not None and mark.kind != kind:
                continue
            if value not in mark.common and self._applies(mark, listing):
                return [self._found(text, 0, len(value), value, mark, ("homophone",))]
        return []

    def _imitated(self, value: str) -> tuple[str, ...]:
        """The names that a name by itself imitates; those that share half its sounds are tried."""
        if not 2 <= len(value) <= 12 or value in self._marks or frequency(value):
            return ()
        if value not in self._tried:
            if len(self._tried) > 50_000:
                self._tried.clear()
            shared = Counter(n for heard in set(map(sound, value)) for n in self._by_sound[heard])
            if value.isascii():
                shared = Counter(dict.fromkeys(self._latin_names, len(value)))
            near = [n for n, count in shared.items() if 2 * count >= min(len(value), len(n))]
            self._tried[value] = tuple(name for name in sorted(near) if imitates(value, name))
        return self._tried[value]

    def _latin(self, listing: Listing, text: FieldText, kind: object) -> list[Found]:
        """Words in Latin letters that are almost a known name: HUAVVEI, TAETAE."""
        found = []
        for word in _LATIN.finditer(text.folded.tight):
            for name in self._latin_near(word.group()):
                mark = self._marks[name]
                if (kind is None or mark.kind == kind) and self._applies(mark, listing):
                    found.append(self._found(text, *word.span(), word.group(), mark, ("shape",)))
                    break
        return found

    def _latin_near(self, word: str) -> tuple[str, ...]:
        if word in self._marks or word.rstrip("0123456789") in self._marks:
            return ()
        if word not in self._tried:
            if len(self._tried) > 50_000:
                self._tried.clear()
            shown = word.translate(_LEET).replace("vv", "w")
            near = process.extract(shown, self._latin_names, scorer=fuzz.ratio, score_cutoff=80)
            self._tried[word] = tuple(n for n, _, _ in near if n == shown or len(n) >= 5)
        return self._tried[word]

    @staticmethod
    def _found(
        text: FieldText, start: int, end: int, shown: str, mark: Mark, disguise: tuple[str, ...]
    ) -> Found:
        how = {
            "homophone": "读音相近",
            "shape": "字形相近",
            "split": "拆字仿写",
            "digit": "以数字替代",
        }
        manner = "、".join(how[d] for d in disguise if d in how) or "近似"
        return Found(
            text,
            start,
            end,
            (),
            STRENGTH[text.scope],
            f"“{shown}”与“{mark.name}”{manner}，涉嫌仿冒近似商标或名称",
        )


def _belongs(mark: Mark, operator: str) -> bool:
    """Whether the operator is the owner, or bears the mark in its own name."""
    return bool(operator) and (mark.name in operator or bool(mark.owner and mark.owner in operator))


def imitates(shown: str, name: str) -> bool:
    """Whether a name may be taken for another: all that differs sounds or looks alike, or one
    character is put in, or two change places; in Latin letters, one in five may differ."""
    if shown == name or shown.startswith(name) or shown.endswith(name):
        return False
    if name.isascii():
        return shown.isascii() and len(name) >= 5 and fuzz.ratio(shown, name) >= 80
    if len(shown) == len(name):
        differing = [(a, b) for a, b in zip(name, shown, strict=True) if a != b]
        if sorted(shown) == sorted(name) and len(name) >= 3:
            return True
        return len(differing) < len(name) and all(alike(a, b) for a, b in differing)
    if len(shown) == len(name) + 1 and len(name) >= 3:
        return any(shown[:i] + shown[i + 1 :] == name for i in range(1, len(shown) - 1))
    return False
