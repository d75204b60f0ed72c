"""Consumers' personal data made unreadable: what is stored outside the evidence vault passes here.

个人信息保护法 第六条 asks to collect no more than the purpose needs. Masks keep the length, so that
spans in a text stay right, and masking twice changes nothing more. The numbers of an operator
(统一社会信用代码) are no personal data and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from listing.uscc import is_uscc

__all__ = ["mask_address", "mask_name", "mask_number", "mask_numbers", "mask_text"]

_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_DIGIT = re.compile(r"\d")
_MOBILE = re.compile(r"(?<![\dA-Za-z])(?:\+?86[- ]?)?1[3-9](?:[ -]?\d){9}(?!\d)")
_SPOKEN = re.compile(r"[零〇一二三四五六七八九幺]{11}")
_LANDLINE = re.compile(r"(?<![\dA-Za-z])0\d{2,3}[- ]?\d{7,8}(?!\d)")
_LONG = re.compile(r"(?<![\dA-Za-z])\d{14,29}[\dXx](?![\dA-Za-z])")
"""Identity cards, bank cards, order numbers; 15 digits or more are nothing else in a complaint."""
_ORDER = re.compile(
    r"(?:订单|运单|快递|物流|交易|退款|单)(?:编)?(?:单)?号(?:码)?(?:是|为)?[:：\s]{0,3}([A-Za-z0-9-]{6,40})"
)
_MAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,4}[A-Za-z]{2,10}", re.ASCII)
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜"
    "崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤普岩刀和木"
)
_STYLED = re.compile(rf"(?<=[{_SURNAMES}])[一-龥]{{0,2}}(?=先生|女士|小姐)")
_NAMED = re.compile(
    r"(?:姓名|联系人|收货人|收件人|投诉人|举报人|消费者|我叫|本人姓名)(?:是|为)?[:： ]{0,2}"
    rf"([{_SURNAMES}][一-龥]{{1,3}})(?=[，,。；;、\s（(]|$|联系|电话|身份|手机|于|在)"
)
_LIVING = re.compile(
    r"(?:收货地址|收件地址|家庭地址|家庭住址|住址|我住在|家住)(?:是|为)?[:： ]{0,2}([^，,。；;\s]{4,60})"
)
_DIVISION = re.compile(
    r"(?:[一-龥]{2,8}?(?:省|自治区|特别行政区))?(?:[一-龥]{2,8}?(?:自治州|州|盟|地区|市))?(?:[一-龥]{1,8}?(?:县|区|市|旗))?"
)


def mask_name(name: str) -> str:
    """A name with its first and, of three or more characters, last one left."""
    if len(name) <= 1:
        return "*" * len(name)
    return name[0] + "*" * (len(name) - 2) + (name[-1] if len(name) > 2 else "*")


def mask_number(value: str, head: int = 0, tail: int = 4) -> str:
    """A number with its first `head` and last `tail` letters and digits left, where it is longer."""
    places = [place for place, one in enumerate(value) if one.isalnum() or one == "*"]
    tail = tail if len(places) > head + tail else 0
    head = head if tail else 0
    hidden = set(places[head : len(places) - tail])
    return "".join("*" if place in hidden else one for place, one in enumerate(value))


def mask_address(address: str) -> str:
    """An address down to its county."""
    known = _DIVISION.match(address)
    end = known.end() if known else 0
    return address[:end] + "".join(one if one.isspace() else "*" for one in address[end:])


def _phone(value: str) -> str:
    places = [place for place, one in enumerate(value) if one.isdigit()]
    hidden = set(places[-8:-4])
    return "".join("*" if place in hidden else one for place, one in enumerate(value))


def _long(value: str) -> str:
    # One identity card in 31 has the check digit of a code; those of enterprises begin with 9.
    if value[0] == "9" and is_uscc(value):
        return value
    return mask_number(value, 6) if len(value) == 18 else mask_number(value)


def mask_numbers(text: str) -> str:
    """A text without the numbers of phones, identity and bank cards, orders, and e-mail addresses."""
    plain = text.translate(_DIGITS)
    if "@" in plain:
        text = _hide(text, _MAIL, plain, lambda one: one[0] + "*" * (one.index("@") - 1) + one[one.index("@") :])  # fmt: skip
    if _SPOKEN.search(plain):
        text = _hide(text, _SPOKEN, plain, lambda one: one[:3] + "****" + one[7:])
    if not _DIGIT.search(plain):
        return text
    for pattern, mask in ((_ORDER, mask_number), (_MOBILE, _phone), (_LANDLINE, _phone), (_LONG, _long)):  # fmt: skip
        text = _hide(text, pattern, text.translate(_DIGITS), mask)
    return text


def mask_text(text: str, names: Iterable[str] = (), addresses: Iterable[str] = ()) -> str:
    """A complaint without what tells who made it: `mask_numbers`, the `names` and `addresses` that
    are known to be the consumer's, and what is introduced as a name or a home."""
    text = mask_numbers(text)
    for name in names:
        if len(name) > 1:
            text = text.replace(name, mask_name(name))
    for address in addresses:
        if len(address) > 3:
            text = text.replace(address, mask_address(address))
    text = _hide(text, _NAMED, text, mask_name)
    text = _STYLED.sub(lambda found: "*" * len(found[0]), text)
    return _hide(text, _LIVING, text, mask_address)


def _hide(text: str, pattern: re.Pattern[str], plain: str, mask: object) -> str:
    """`text` with what `pattern` finds in `plain` (as long as `text`) masked: the group, if any."""
    parts, end = [], 0
    for found in pattern.finditer(plain):
        start, stop = found.span(1 if pattern.groups else 0)
        parts += [text[end:start], mask(text[start:stop])]  # type: ignore[operator]
        end = stop
    return "".join(parts) + text[end:] if parts else text
