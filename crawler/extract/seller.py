"""Who sells: the operator's name, codes, licences and contact, as a page states them.

Forms of numbers: USCC GB 32100-2015; food licence «SC» + 14 digits (食品生产许可管理办法);
国药准字 + letter + 8 digits (药品注册管理办法); 国食健注/国食健字 G|J, 食健备 G|J (保健食品注册与备案管理办法);
械注准/械备 (医疗器械注册与备案管理办法).
"""

from __future__ import annotations

import re

from crawler.extract.text import compact

__all__ = ["licence_numbers", "seller_block"]

_LABELS = {
    "operator_name": ("企业名称", "经营者名称", "经营者", "公司名称", "经营主体", "主体名称", "商家名称", "版权所有"),
    "uscc": ("统一社会信用代码", "社会信用代码", "信用代码"),
    "licence_no": ("食品经营许可证编号", "食品经营许可证", "食品生产许可证编号", "生产许可证编号", "生产许可证号", "许可证编号", "许可证号", "许可证"),
    "phone": ("联系电话", "客服电话", "客服热线", "联系方式", "服务热线", "咨询电话", "电话"),
    "address": ("经营地址", "注册地址", "公司地址", "联系地址", "住所", "地址"),
    "ship_from": ("发货地", "发货地址"),
}  # fmt: skip
_FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels}
_LABELLED = re.compile(
    "("
    + "|".join(sorted(map(re.escape, _FIELD_OF), key=len, reverse=True))
    + r")[ \t]{0,4}[:：][ \t]{0,4}([^\n|｜;；]{1,120})"
)
_NEXT_LABEL = re.compile(
    r"\s(?:"
    + "|".join(sorted(map(re.escape, _FIELD_OF), key=len, reverse=True))
    + r"|ICP备案|备案号|店铺|网店|邮箱|微信|QQ)[ \t]{0,4}[:：]"
)
_NUMBERS = re.compile(
    r"SC\d{14}|国药准字[HZSJBF]\d{8}|国食健[注字][GJ]\d{8,12}|食健备[GJ]\d{12}"
    r"|[\u4e00-\u9fff]{1,2}械(?:注准|注进|备)\d{8,14}|JY\d{14}|妆字[\u4e00-\u9fff]?G?\d{4,12}"
)


def seller_block(text: str) -> dict[str, str]:
    """Listing fields (operator_name, uscc, licence_no, phone, address, ship_from) from labels.

    The first statement of each counts.
    """
    found: dict[str, str] = {}
    for label, value in _LABELLED.findall(text):
        value = compact(_NEXT_LABEL.split(" " + value, maxsplit=1)[0])
        if label == "版权所有" and not value.endswith(("公司", "行", "店", "部", "厂", "社")):
            continue
        if value:
            found.setdefault(_FIELD_OF[label], value)
    if "uscc" in found:
        found["uscc"] = found["uscc"].split()[0].strip("。.,，").upper()
    return found


def licence_numbers(text: str) -> list[str]:
    """Each product or food licence number in `text`, once, in order."""
    return list(dict.fromkeys(_NUMBERS.findall(text)))
