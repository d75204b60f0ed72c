"""What a listing says of its price, against the price and what else it says.

明码标价和禁止价格欺诈规定 第十八条: a gift's price is that at which the shop sells it now;
第十九条: no low price to lure and a high one to pay, no false reduction; 第二十条: no price shown
in front below that of the detail page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

from detectors.evaluate import Found
from detectors.fields import FieldText
from detectors.reasoning.weights import PIECES, grams, pieces
from listing import Listing

__all__ = ["front_price"]

_N = r"(\d{1,6}(?:\.\d{1,2})?)"
_FRONT = re.compile(
    rf"(?:仅售|仅需|只要|只需|特价|秒杀价|秒杀|抢购价|到手价|到手|现价|活动价|一口价)[:：]?[¥￥]?{_N}(?:元|块|包邮)(?!起|/|[一每]?[{PIECES}斤克对套米平件])"
    rf"|(?<![满减省返送赠立额过值超加])[¥￥]{_N}(?:元)?(?:包邮|抢|秒杀)"
    rf"|(?<![满减省返送赠立额过值超加\d.]){_N}(?:元|块)(?:包邮|秒杀|抢购|疯抢|抢|封顶)"
)
_COUPON = re.compile(
    r"券|满\d{2,4}减|红包|补贴|会员|首单|新人|新客|定金|预售|满减|凑单|拼团|团购|起[拍售]|多规格|规格可选"
)
_FLOOR = re.compile(r"\d(?:元|块)?(?:起|左右)|低至")
_PER_WEIGHT = re.compile(
    rf"(?:(?:合|折合|相当于|平均|每斤仅|每斤只要|每斤|一斤仅|一斤只要|约合|才|只要|算下来)[^\d。，]{{0,4}})?{_N}(?:元|块)?(?:钱)?(?:/|每|一|1)(斤|市斤|公斤|kg|千克|克|g)(?![\d装])"
    rf"|(?:每|一|1)(斤|公斤|千克|克)(?:(?:仅|只要|才|卖|合|仅需|只)[^\d。，]{{0,2}}{_N}(?:元|块)?|{_N}(?:元|块))"
)
_PER_PIECE = re.compile(
    rf"(?:合|折合|相当于|平均|算下来|才|只要|仅|不到)[^\d。，]{{0,4}}{_N}(?:元|块)(?:钱)?(?:/|每|一|1)([{PIECES}])"
    rf"|(?:每|一)([{PIECES}])(?:仅|只要|才|合|仅需|只|不到)?[^\d。，]{{0,2}}{_N}(?:元|块)"
)
_NOT_OWN = re.compile(
    r"(?:运费|邮费|快递|续重|首重|加工|打粉|切片|研磨|成本|收购|仓储|代存|批发|市场|别家|别人|超市|商场|产地|去年|往年|原来|曾经|涨到|原价|差价|补)[^。；\n]{0,10}$"
)
"""What stands before a price per measure that is not that of the goods."""
_SIZES = {"斤": 500, "市斤": 500, "克": 1, "g": 1}
_LABEL = re.compile(
    rf"{_N}(?:元|块)?(?:/|一|每|1)(斤|公斤|对|双|套|平方|平米|平|米|箱|件|盒|提|副|组|整套|张|瓶|盆|桶|袋|条)"
)
_OTHERWISE = (
    r"(?:元|块)?(?:钱)?(?:为|是|指|系|仅为|只是|对应|其实是|实为|仅是|仅指|只是指|仅限|的是)[^。！？!?；;\n\d]{0,4}?"
    r"(?:\d{1,4}(?:克|g|ml|毫升|片|粒|颗|泡)|单[支只片条个颗张块粒边侧面]|[一1半每][支只片条个颗张块粒边克泡两]|品尝|试[吃饮用]|体验|小样|样品|配件|定金|订金|首付|押金|空盒|空瓶|包装|运费|起步|最小)"
)
_PIECE_PRICE = re.compile(
    r"(?:价格|标价|页面价|单价|报价|价钱|售价|此价)(?:均)?(?:为|是|按|系|指)(?:每|单|一|1)([片支只条个颗张块粒边克泡米])(?:的)?(?:价|计|算|标)?"
)
_VALUED = re.compile(rf"价值(?:高达|约)?[¥￥]?{_N}(?:元|块)?|[¥￥]?{_N}元?的?(?:赠品|礼包|大礼)")
_SOLD_AT = re.compile(
    rf"(?:单拍|单独购买|单独拍|单买|单售|单卖|另售|零售|本店售价|本店单卖|本店卖|店内售价|链接售价|另有链接|单拍链接)[^。；\n\d]{{0,8}}[¥￥]?{_N}元?"
)
_FOLD = re.compile(
    r"(?<![第\d.至到满件券低起享])(?:全场|全店|通通|一律|统统|直接)?([一二三四五六七八九1-9])(?:\.?([1-9五]))?折(?!起|扇|叠|后|页|线|射|纸|合|现|返|优惠券|券|叠加|旧|算|成|腰|断|自动|雨|伞|屏|梯|门|床|椅|凳|沙|柜|桌|边|刀|尺)"
)
_HAN = {c: n for n, c in enumerate("零一二三四五六七八九")}
_CUT = re.compile(rf"(?:直降|立省|直减|降价|现降|狂降|省下){_N}(?:元|块)?(?![天年月日号%折])")

_BESIDE = re.compile(
    rf"(专柜价|专柜卖|商场价|商场卖|市场价|市面价|市面上卖|门店价|实体店卖|实体店价|官网价|吊牌价|原价|零售价)[:：为是要约]{{0,2}}[¥￥]?{_N}(?!\d*[克g片饼年月日%折万])"
)
_ADVISED = re.compile(r"建议零售价|指导价")
_STATED = re.compile(
    rf"(建议零售价|指导零售价|指导价|吊牌价|专柜价)[^\d，,。；\n]{{0,12}}[¥￥]?{_N}(?![\d年/月])"
)
_BEFORE = re.compile(rf"原1?价[:：为是]?{_N}(?!\d{{0,3}}[克g片饼年月日%折万])")
"""The same where it is written in disguised figures: of the folded text."""
FAR = 5
"""So many times its price a thing is not worth: a compared price so far off wants its basis."""

_OF_PRICES = re.compile(
    r"[0-9][元块折/]|[¥￥]|折|价值|[0-9]一|直降|直减|立省|零售价|吊牌价|[①-⑳❶-❿]|[价合仅卖需要][:：为是约]?[0-9]"
)
"""A listing that says nothing of prices is not looked at further."""

Check = Callable[[Listing, Sequence[FieldText]], Iterator[Found]]


def front_price(
    listing: Listing, texts: Sequence[FieldText], options: Mapping[str, object]
) -> list[Found]:
    """Prices, reductions and values that the listing shows and does not keep, one of each kind."""
    if not listing.price:
        return []
    if not _OF_PRICES.search(_joined(texts)):
        return []
    return [found for check in _CHECKS for found in check(listing, texts)]


def _of(texts: Sequence[FieldText], *scopes: str) -> Iterator[tuple[FieldText, str]]:
    return ((text, text.original) for text in texts if text.scope in scopes)


def _joined(texts: Sequence[FieldText]) -> str:
    return "\n".join(shown for _, shown in _of(texts, "title", "text", "image_text", "terms", "attributes"))  # fmt: skip


def _fronts(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A price in title or picture well below the listing's own."""
    assert listing.price is not None
    for text, shown in _of(texts, "title", "image_text"):
        for match in _FRONT.finditer(shown):
            said = Decimal(next(group for group in match.groups() if group))
            if not 0 < said * Decimal("1.3") < listing.price or _FLOOR.search(shown):
                continue
            if _COUPON.search(_joined(texts)) or re.search(r"第[二三2-5]件|换购", shown):
                continue
            why = f"“{match.group()}”低于实际标价{listing.price}元，涉嫌以低价诱骗"
            yield _span(text, match.span(), why)
            return


def _per_weight(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A price per weight that price and net weight do not bear out."""
    assert listing.price is not None
    weight = grams(listing)
    if weight is None:
        return
    for text, shown in _of(texts, "title", "image_text", "text"):
        for match in _PER_WEIGHT.finditer(shown):
            first, unit, other, *rest = match.groups()
            second = next((one for one in rest if one), None)
            per, size = Decimal(first or second or 0), _SIZES.get(unit or other, 1000)
            real = listing.price * size / weight
            if (size == 1 and per > 20) or _NOT_OWN.search(shown[: match.start()]):
                continue
            if per > 0 and real > per * Decimal("1.2"):
                why = f"称“{match.group()}”，按标价与净含量折合{real:.2f}元，单价不实"
                yield _span(text, match.span(), why)
                return


def _per_piece(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A price per piece that price and number do not bear out."""
    assert listing.price is not None
    for text, shown in _of(texts, "title", "image_text", "text"):
        for match in _PER_PIECE.finditer(shown):
            first, unit, other, second = match.groups()
            number = pieces(listing, unit or other)
            per = Decimal(first or second)
            if number and number > 1 and per > 0 and not _NOT_OWN.search(shown[: match.start()]):
                real = listing.price / number
                if real > per * Decimal("1.2"):
                    why = f"称“{match.group()}”，按标价与数量折合{real:.2f}元，单价不实"
                    yield _span(text, match.span(), why)
                    return


def _other_unit(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A price for one measure in front that the page says is for less."""
    said = "\n".join(shown for _, shown in _of(texts, "text", "terms", "attributes"))
    for text, shown in _of(texts, "title", "image_text"):
        for match in _LABEL.finditer(shown):
            number, unit = match.groups()
            other = re.search(rf"(?<![\d.]){re.escape(number)}(?:\.0{{1,2}})?{_OTHERWISE}", said)
            piece = _PIECE_PRICE.search(said)
            if other is None and (piece is None or piece.group(1) == unit):
                continue
            told = other or piece
            assert told is not None
            why = f"显著位置标“{match.group()}”，详情却称“{told.group()}”，涉嫌以低价诱骗"
            yield _span(text, match.span(), why)
            return


def _gift(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A gift valued above what the shop sells it at (第十八条)."""
    sold = _SOLD_AT.search(_joined(texts))
    if sold is None:
        return
    price = Decimal(sold.group(1))
    for text, shown in _of(texts, "title", "text", "image_text"):
        if (match := _VALUED.search(shown)) and re.search(r"[赠送附礼]", shown[max(0, match.start() - 10) : match.end() + 10]):  # fmt: skip
            valued = Decimal(match.group(1) or match.group(2))
            if price * Decimal("1.2") < valued and price != listing.price:
                why = f"赠品称“{match.group()}”，同店售价{price}元，赠品价值不实"
                yield _span(text, match.span(), why)
                return


def _discount(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A discount or a cut that price and compared price do not make."""
    assert listing.price is not None
    before = listing.original_price
    if before is None or before <= listing.price or _COUPON.search(_joined(texts)):
        return
    real = listing.price / before
    for text, shown in _of(texts, "title", "image_text"):
        if (match := _FOLD.search(shown)) and not re.search(r"第[二2]件|[两二三2-9]件[^\d]{0,2}$|满[^\d]{0,2}$", shown[: match.start()]):  # fmt: skip
            tens = _HAN.get(match.group(1)) or int(match.group(1))
            ones = match.group(2)
            said = Decimal(tens * 10 + ((_HAN.get(ones) or int(ones)) if ones else 0)) / 100
            if real > said + Decimal("0.08"):
                why = f"称“{match.group()}”，现价{listing.price}元为划线价{before}元的{real * 10:.1f}折，折扣不实"
                yield _span(text, match.span(), why)
                return
        if match := _CUT.search(shown):
            cut = Decimal(match.group(1))
            if cut > (before - listing.price) * Decimal("1.2"):
                why = f"称“{match.group()}”，划线价{before}元与现价{listing.price}元之差不足，降价不实"
                yield _span(text, match.span(), why)
                return


def _far_off(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A compared price many times the own, where no history bears it out (第十七条第二款)."""
    assert listing.price is not None
    joined = _joined(texts)
    if listing.price_history or listing.price < 5 or _ADVISED.search(joined) or _COUPON.search(joined):  # fmt: skip
        return
    for text, shown in _of(texts, "title", "text", "image_text"):
        for match in _BESIDE.finditer(shown):
            if Decimal(match.group(2)) >= listing.price * FAR:
                why = f"“{match.group()}”是现价{listing.price}元的{FAR}倍以上而无依据，涉嫌虚假价格比较"
                yield _span(text, match.span(), why)
                return
        tight = text.folded.tight
        folded = _BEFORE.search(tight) if tight != shown else None
        if folded and Decimal(folded.group(1)) >= listing.price * FAR:
            why = (
                f"“{folded.group()}”是现价{listing.price}元的{FAR}倍以上而无依据，涉嫌虚假价格比较"
            )
            yield Found(text, *folded.span(), (), 0.6, why)
            return


def _two_advised(listing: Listing, texts: Sequence[FieldText]) -> Iterator[Found]:
    """A maker's advised or labelled price that the listing states twice and otherwise."""
    said = [
        (text, match.span(), match.group(), match.group(1), Decimal(match.group(2)))
        for text, shown in _of(texts, "title", "text", "terms", "image_text", "attributes")
        for match in _STATED.finditer(
            f"{text.name.rpartition('.')[2]}{shown}" if text.scope == "attributes" else shown
        )
    ]
    for text, span, words, kind, value in said:
        lower = [one[4] for one in said if one[3][-3:] == kind[-3:] and one[4] * 2 < value]
        if lower and text.scope != "attributes":
            why = f"“{words}”与页面另处所标{min(lower)}元不符，被比较价格不实"
            yield _span(text, span, why)
            return


_CHECKS: tuple[Check, ...] = (
    _fronts,
    _per_weight,
    _per_piece,
    _other_unit,
    _gift,
    _discount,
    _far_off,
    _two_advised,
)


def _span(text: FieldText, span: tuple[int, int], why: str) -> Found:
    """A span of the original as one of the folded text."""
    kept = text.folded.kept
    if kept is None:
        return Found(text, *span, (), 0.6, why)
    start, end = (int(place) for place in kept.searchsorted(span))
    return Found(text, start, max(end, start + 1), (), 0.6, why)
