"""Numbers of licences that cannot be: each kind has its form, set by the authority that gives it.

医疗器械注册与备案管理办法 (2021) 第一百一十四条、体外诊断试剂同; 药品注册管理办法 (2020) 第一百二十三条;
保健食品注册与备案管理办法 第四十条、第四十六条; 化妆品注册备案资料管理规定; 食品生产许可管理办法 (2020)
第二十九条; 农药登记管理办法. Older forms are still seen on goods and count as well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["malformed", "without_licence"]

_DEVICE = re.compile(r"[\u4e00-\u9fff]{1,3}械(注|备)(?!册|案)([^\s，,。；;、）)]{1,20})")
_DEVICE_GOOD = {
    "注": re.compile(r"[准进许]\d{11}(?!\d)"),
    "备": re.compile(r"(?:进)?\d{8,9}(?!\d)"),
}
_FORMS = (
    ("药品批准文号", re.compile(r"国药准字[:：]?([A-Za-z]{0,2}\d{1,14})"), re.compile(r"[HZSBJTF][CJ]?\d{8}$")),
    ("保健食品批准文号", re.compile(r"国食健[注字]([A-Za-z]?\d{1,14})"), re.compile(r"[GJ]\d{8}(?:\d{4})?$")),
    ("保健食品备案号", re.compile(r"食健备([A-Za-z]?\d{1,16})"), re.compile(r"[GJ]\d{12}$")),
    ("化妆品备案号", re.compile(r"妆网备字(\d{1,16})"), re.compile(r"20\d{8}$")),
    ("特殊化妆品批准文号", re.compile(r"国妆特(?:进)?字([A-Za-z]?\d{1,14})"), re.compile(r"[GJ]?20\d{6}$")),
    ("农药登记证号", re.compile(r"(?<![A-Za-z])PD(\d{6,14})(?![\d-])"), re.compile(r"(?:19|20)\d{6}$|\d{6}$")),
)  # fmt: skip
"""What is named so, what stands for it, and how its number must look."""
_MISSING = re.compile(
    r"[无没冇](?:有|证)?|暂无|未办理?|没办|待办|办理中|申请中|审批中|还没办?|正在办理?|不需要"
)


_ABOLISHED = re.compile(r"卫食(?:证)?字[^\d\s。，,]{0,3}(?:19|20)\d\d[^\s。，,]{0,14}")
"""食品卫生许可证: none was given since 2009 (食品安全法), and none was good for more than four years."""


def malformed(text: str) -> Iterator[str]:
    """A Chinese sentence for every number in the text that no authority gives in this form."""
    for match in _DEVICE.finditer(text):
        if not _DEVICE_GOOD[match.group(1)].match(match.group(2)):
            yield f"医疗器械编号“{match.group()}”不合编号规则，编号不成立"
    for match in _ABOLISHED.finditer(text):
        yield f"“{match.group()}”是早已停发并过期的食品卫生许可证"
    for name, seen, good in _FORMS:
        for match in seen.finditer(text):
            number = match.group(1)
            if not good.match(number.upper()) or len(set(number[-8:])) == 1:
                yield f"{name}“{match.group()}”不合编号规则，编号不成立"


def without_licence(key: str, value: str) -> bool:
    """Whether an attribute says that a licence, whose name is its key, is not there."""
    named = any(word in key for word in ("许可", "执照", "备案", "批准文号", "登记证", "注册证"))
    return named and _MISSING.fullmatch(value.strip(" 。.!！")) is not None
