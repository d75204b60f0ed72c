"""When words do not accuse: negation, quotation of law, a question, one's own earlier goods.

Each context is a function of the folded text and a span in it.
"""

from __future__ import annotations

import re

from listing import Listing

__all__ = ["CONTEXTS", "ENDERS", "clause", "licensed", "sentence"]

ENDERS = "。！？!?；;\n"
_CLAUSE_ENDERS = ENDERS + "，,、：:"
_NEGATIONS = re.compile(
    r"(?:不能|不可|不得|不具有|不具备|不含|不涉及|不宣称|不代表|不作为|不承诺|不保证|不构成|不属于|不是|不用于|不适用|不替代|"
    r"不能够|不做|不卖|不售|不会|没有|没|无法|并非|绝非|而非|非|无|未|勿|请勿|切勿|严禁|禁止|杜绝|拒绝|拒|抵制|谨防|警惕|"
    r"假冒必究|打击|代替|替代|假一罚|别信|不要相信|不吹|不敢|不搞|从不|绝不|决不|并不|不$)"
)
_DOUBLE = re.compile(
    r"(?:不得不|无一不|没有不|无不|不仅|不但|不只|不光|无与伦比|非常|非同|非凡|无论|不可思议|除非|不可多得|不会不)"
)
_QUOTES = re.compile(
    r"广告法|食品安全法|消费者权益保护法|电子商务法|商标法|法律法规|相关法规|《[^》]{2,30}(?:法|条例|规定|办法)》|第[一二三四五六七八九十百]{1,4}条|平台规则|平台规定|谣言|涉嫌传销|防骗|反诈"
)
_DISCLAIMS = re.compile(
    r"不得|禁止|不使用|不再使用|失效|如有|若有|遗漏|违规|不作为|避免|排查|勿|仅为|敬告|声明|严禁|不支持以|规定"
)
_QUESTION = re.compile(r"[?？]|吗|呢|么$|是否|能不能|可不可以|会不会")
_OWN = re.compile(
    r"(?:本店|我店|自家|我家|本厂|店内|小店|本品牌|自有)(?:[^，。！？,!?]{0,6})$|(?:较|比|相比|对比)(?:去年|往年|以往|上一代|上一批|旧款|前一年|自家)"
)


def clause(tight: str, start: int, end: int, enders: str = _CLAUSE_ENDERS) -> tuple[int, int]:
    """The bounds of the clause around a span, looked for within 80 characters."""
    first = start
    while first > 0 and start - first < 80 and tight[first - 1] not in enders:
        first -= 1
    last = end
    while last < len(tight) and last - end < 80 and tight[last] not in enders:
        last += 1
    return first, last


def sentence(tight: str, start: int, end: int) -> tuple[int, int]:
    """The bounds of the sentence around a span, looked for within 80 characters."""
    return clause(tight, start, end, ENDERS)


def negated(tight: str, start: int, end: int) -> bool:
    """«不能代替药物治疗»: a negation before the words, in their clause, not doubled."""
    first, _ = clause(tight, start, end)
    before = _DOUBLE.sub("", tight[max(first, start - 14) : start])
    if _NEGATIONS.search(before):
        return True
    return bool(re.match(r"(?:之外|除外|与本品无关|必究|请绕道|勿扰|勿拍)", tight[end : end + 6]))


def quoted(tight: str, start: int, end: int) -> bool:
    """A notice that quotes a law or a platform's rules, and does not claim."""
    first, last = sentence(tight, start, end)
    around = tight[max(0, first - 40) : last + 40]
    return bool(_QUOTES.search(around) and _DISCLAIMS.search(around))


def question(tight: str, start: int, end: int) -> bool:
    """«能治疗高血压吗？»"""
    _, last = clause(tight, start, end)
    return bool(
        _QUESTION.search(tight[end : last + 1])
        or _QUESTION.search(tight[max(0, start - 4) : start])
    )


def own_earlier(tight: str, start: int, end: int) -> bool:
    """A comparison among the seller's own goods: «本店销量第一», «较往年最好»."""
    first, _ = clause(tight, start, end)
    return bool(_OWN.search(tight[max(first, start - 16) : start]))


CONTEXTS = {
    "negated": negated,
    "quoted": quoted,
    "question": question,
    "own_earlier": own_earlier,
}

_LICENCES = {
    # 药品注册管理办法; 保健食品注册与备案管理办法; 医疗器械注册与备案管理办法
    "drug": re.compile(r"国药准字[HZSJBF]\d{8}(?!\d)"),
    "health_food": re.compile(r"国食健[注字][GJ]\d{8}(?:\d{4})?(?!\d)|食健备[GJ]\d{12}(?!\d)"),
    "device": re.compile(
        r"[\u4e00-\u9fff]械注[准进许]\d{11}(?!\d)|[\u4e00-\u9fff]{1,2}械备\d{8}(?:号)?"
    ),
}


def licensed(listing: Listing, kind: str) -> bool:
    """Whether the listing states a well-formed number of the kind of licence its goods need."""
    stated = "\n".join(
        (listing.title, listing.licence_no, listing.text[:5000], *listing.attributes.values())
    )
    if not _LICENCES[kind].search(stated):
        return False
    # A drug's number under a tea does not make the tea a drug.
    return not (kind == "drug" and listing.goods in ("tea", "food"))
