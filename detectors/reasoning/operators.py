"""Who the operator says to be, and by which licence: codes and numbers that can't be.

GB 32100-2015 (USCC); 电子商务法 第十五条 asks for licences to be shown; 食品生产许可管理办法 (2020)
第二十九条: «SC» and 14 digits (3 of category, 2 province, 2 city, 2 county, 4 serial, 1 check);
食品经营许可和备案管理办法 (2023): «JY» and 14 digits, the first of them the kind of operator; the
older «QS» may not be used on food made since 2018-10-01.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.places import Places
from detectors.reasoning.licences import malformed, without_licence
from listing import Listing, is_uscc

__all__ = ["Operators"]

_SC = re.compile(r"(?<![a-z])sc[:：]?(\d{1,20})(?!\d)")
_STATED_SC = re.compile(r"(?:许可证?号?|许可证?编号|编号)[:：为是]{0,2}sc(\d{4,20})(?!\d)")
_JY = re.compile(r"(?<![a-z])jy[:：]?(\d{1,20})(?!\d)")
_QS = re.compile(r"(?<![a-z])qs[:：]?\d{4}\d{0,8}(?!\d)")
_UNTIL = re.compile(
    r"(?:许可证|执照|备案|资质|证书|许可)[^。！？\n]{0,20}?(?:有效期|效期|截止|期限)[^\d。]{0,6}(?:20\d\d[年/.\-]\d{1,2}[月/.\-]\d{1,2}日?[至到~—\-]{1,2})?(20\d\d)[年/.\-](\d{1,2})[月/.\-](\d{1,2})"
)
_STATED_USCC = re.compile(r"(?:统一社会信用代码|信用代码|社会信用代码)[:：为是]{0,2}\s{0,3}([0-9A-Za-z]{8,20})")  # fmt: skip


_EXEMPT = re.compile(r"自产自销|农户|自家种|零星小额|个人闲置|二手闲置|电子商务法第十条")
"""Who needs no registration: 电子商务法 第十条."""
_PRODUCE = re.compile(r"食用农产品|初级农产品|自产自销|农户|种植户|自家种")
"""What needs no food licence: 食品安全法 第三十五条."""
_FOOD_SCOPE = re.compile(
    r"食品|食用|茶|农产品|农副|农特|土特产|副食|预包装|酒|药|三七|种植|养殖|粮油|餐饮|超市|咖啡|蜂|菌"
)
_OTHER_TRADE = re.compile(
    r"服饰|服装|童装|女装|男装|鞋业|箱包|家具|建材|五金|汽配|汽车|数码|电子(?!商务)|家电|装饰|装修|美容|美发|美甲|文具|玩具|窗帘|手机|通讯"
)
_EDIBLE = re.compile(
    r"零食|糕点|火腿|腊肉|香肠|蜂蜜|牛轧糖|饼干|卤|辣椒酱|酱菜|熟食|凤爪|鲜花饼|月饼|糖果|散酒|白酒|果酒|红糖|米线|奶茶粉|咸菜"
)
"""Food by its name, where a listing names no group of goods."""


@dataclass(frozen=True, slots=True)
class Operators:
    """Decides with the table of administrative divisions."""

    places: Places

    def identity(
        self, listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
    ) -> list[Found]:
        """Codes and licences that can't exist or have run out; the span is the operator's name
        or the title, or the words where the text states them."""
        by_scope = {text.scope: text for text in reversed(texts)}
        shown = by_scope.get("operator_name") or by_scope.get("title")
        if shown is None:
            return []
        whole = (0, len(shown.folded.tight))
        found = [Found(shown, *whole, (), strength, why) for strength, why in self._wrong(listing)]
        for text in texts:
            if text.scope in ("title", "text", "terms", "image_text", "attributes"):
                found += self._stated(listing, text)
        for key, value in listing.attributes.items():
            if without_licence(key, value) and not _EXEMPT.search(f"{listing.title}{listing.text}"):
                found.append(Found(shown, *whole, (), 0.65, f"自认{key}“{value[:20]}”"))
        return found

    def _wrong(self, listing: Listing) -> Iterator[tuple[float, str]]:
        code = listing.uscc.strip().upper()
        if code and not is_uscc(code):
            yield 0.8, f"公示的统一社会信用代码“{listing.uscc[:30]}”校验不成立"
        elif code and (form := self._form(listing.operator_name, code)):
            yield 0.55, form
        elif code and (division := self._division(code)) == "":
            yield 0.55, f"统一社会信用代码中的登记机关区划“{code[2:8]}”不存在"
        elif code and division and (named := self._named(listing.operator_name, division)):
            yield 0.55, named
        number = listing.licence_no.strip()
        if listing.phone and not (code or number) and not _EXEMPT.search(f"{listing.title}{listing.text}{listing.terms}"):  # fmt: skip
            yield 0.55, "页面有联系电话而未公示营业执照、许可信息"
        stated = f"{number} {' '.join(listing.attributes.values())}".lower().replace(" ", " ")
        for why in malformed(number):
            yield 0.65, why
        food = listing.goods in ("tea", "food-drug", "sanqi", "")
        for name, pattern in (("食品生产许可证", _SC), ("食品经营许可证", _JY)):
            for match in pattern.finditer(stated):
                digits = match.group(1)
                if food and len(digits) != 14:
                    yield 0.65, f"{name}编号“{match.group().upper()}”位数不对，编号不成立"
                elif food and (len(set(digits)) == 1 or digits in "12345678901234567"):
                    yield 0.65, f"{name}编号“{match.group().upper()}”是凑成的数字，编号不成立"
                elif (
                    food and name == "食品生产许可证" and self._province(match.group(1)[3:5]) == ""
                ):
                    yield 0.6, f"{name}编号“{match.group().upper()}”的省份代码不存在"
        if food:
            yield from self._trade(listing, number)
        for match in _QS.finditer(stated):
            made = re.search(r"20(?:19|[2-9]\d)", listing.attributes.get("生产日期", ""))
            if food and made:
                yield 0.6, f"仍使用已停用的QS编号“{match.group().upper()}”"

    def _trade(self, listing: Listing, number: str) -> Iterator[tuple[float, str]]:
        """Food sold without a licence for food, by what the listing itself shows."""
        said = (
            f"{listing.title}{listing.text}{listing.terms}{' '.join(listing.attributes.values())}"
        )
        if _PRODUCE.search(said) or _EXEMPT.search(said):
            return
        edible = listing.goods or _EDIBLE.search(listing.title)
        for key, value in listing.attributes.items():
            if "经营范围" in key and edible and value and not _FOOD_SCOPE.search(value):
                yield 0.65, f"经营范围“{value[:40]}”不含食品而经营食品"
        shown = number or any(
            word in f"{listing.attributes}" for word in ("SC", "JY", "许可", "备案")
        )
        trade = _OTHER_TRADE.search(listing.operator_name)
        if trade and not shown and listing.goods in ("tea", "food-drug") and not _FOOD_SCOPE.search(listing.operator_name):  # fmt: skip
            yield 0.55, f"名称“{listing.operator_name[:30]}”属其他行业，未公示食品许可而经营食品"

    def _stated(self, listing: Listing, text: FieldText) -> Iterator[Found]:
        tight = text.folded.tight
        today = (listing.seen_at or datetime.now(UTC)).date()
        original = text.folded.original
        if "有效" in original or "截止" in original or "期限" in original:
            for match in _UNTIL.finditer(original):
                try:
                    until = date(*(int(part) for part in match.groups()))
                except ValueError:
                    continue
                if until < today:
                    why = f"公示的许可或执照已于{until}到期：“{match.group()}”"
                    yield Found(text, 0, len(tight), (), 0.7, why)
                    break
        if any(word in original for word in ("准字", "械", "食健", "妆", "PD", "卫食")):
            for why in malformed(original):
                yield Found(text, 0, len(tight), (), 0.65, why)
        if "信用代码" in tight:
            for match in _STATED_USCC.finditer(original):
                if not is_uscc(match.group(1).upper()):
                    why = f"公示的统一社会信用代码“{match.group(1)}”校验不成立"
                    yield Found(text, 0, len(tight), (), 0.75, why)
                    break
        if listing.goods in ("tea", "food-drug", "sanqi", ""):
            for match in _STATED_SC.finditer(tight):
                if len(match.group(1)) != 14:
                    why = f"食品生产许可证编号“SC{match.group(1)}”位数不对，编号不成立"
                    yield Found(text, *match.span(), (), 0.65, why)
        if text.name == "attributes.统一社会信用代码" and not is_uscc(original.strip().upper()):
            why = f"公示的统一社会信用代码“{original[:30]}”校验不成立"
            yield Found(text, 0, len(tight), (), 0.75, why)

    def _form(self, operator: str, code: str) -> str:
        """Why a code of this kind (91 企业, 92 个体工商户, 93 农民专业合作社) is not the operator's."""
        kind = code[:2]
        if operator.endswith("公司") and kind in ("92", "93"):
            return f"名称“{operator[:30]}”与信用代码的主体类别“{kind}”不符，主体存疑"
        return ""

    def _division(self, code: str) -> str | None:
        """The division that registered it; "" where none has its code, None where not asked."""
        if code[0] != "9" or not self.places.names:
            return None
        return self._province(code[2:4]) and code[2:8]

    def _province(self, digits: str) -> str:
        return self.places.names.get(digits, "") if self.places.names else digits

    def _named(self, operator: str, division: str) -> str:
        """Why the operator's name does not fit the authority of its code, or ""."""
        begins = operator[:3]
        for code, name in self.places.provinces:
            if begins.startswith(name[:2]) and not name.startswith("中"):
                if code != division[:2] and not division.startswith("10"):
                    there = self.places.names.get(division[:2], division[:2])
                    return f"名称“{operator[:30]}”冠以{name}，而信用代码由{there}登记，主体存疑"
                return ""
        return ""
