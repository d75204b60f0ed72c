"""What stands in a cell, made what it means: days, sums, addresses, codes, lists.

Excel's serial days: ECMA-376 part 1, 18.17.4.1 (1900 and 1904 date systems). Days without a zone
are of China (UTC+8).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900, from_excel

from clues.intake.fields import Field
from listing import MoneyError, is_uscc, parse_price
from listing.addresses import canonical, host_of

__all__ = ["CellError", "Formula", "Value", "cell_value", "words"]

CHINA = timezone(timedelta(hours=8))
Value = str | datetime | list[str] | None
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s]+(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2})(?:\.\d+)?)?秒?分?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_PACKED = re.compile(r"(20\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_ERRORS = ("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!")
_LOST = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d{2}")
_PARTS = re.compile(r"[、，,；;\n|]+")
_EMPTY = ("", "-", "--", "/", "无", "空", "null", "none", "nan", "n/a")
LONGEST = 20_000


class CellError(ValueError):
    """A cell that can't be what its column is; says why, in Chinese, as it goes back to whoever
    sent the file."""


class Formula(str):
    """A formula of which the file keeps no result."""

    __slots__ = ()


def words(value: object) -> str:
    """The text of a cell, trimmed, without control characters; an apostrophe before what a
    spreadsheet would run (as our own files have it) is taken off."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    text = str(value).strip()
    if not text.isprintable():
        text = "".join(
            one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf")
        ).strip()
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@"):
        text = text[1:]
    return text


def cell_value(
    field: Field, value: object, latest: datetime, epoch: datetime = CALENDAR_WINDOWS_1900
) -> Value:
    """What the cell says; None where it is empty.

    `latest` is the latest day that can have been, `epoch` the date system of the workbook.
    Raises `CellError`.
    """
    if isinstance(value, Formula):
        raise CellError("公式没有结果，请粘贴为数值")
    text = words(value)
    if text.lower() in _EMPTY:
        return None
    if not text.isprintable() and any("\ud800" <= one <= "\udfff" for one in text):
        raise CellError("文字编码有误，有无法识别的字节")
    if text in _ERRORS:
        raise CellError(f"电子表格错误值 {text}")
    if text[0] == "=" and len(text) > 1:
        # ="00123" keeps the zeros of a number; nothing else that begins so is text.
        if not (plain := re.fullmatch(r'="([^"]*)"', text)):
            raise CellError("公式没有结果，请粘贴为数值")
        text = plain[1]
    if len(text) > LONGEST:
        raise CellError(f"超过 {LONGEST} 字")
    return _KINDS[field.kind](text, value, latest, epoch)


def _text(text: str, value: object, latest: datetime, epoch: datetime) -> Value:
    if _lost(text, value):
        raise CellError("长数字已丢失位数，请将该列设为文本格式")
    return text


def _lost(text: str, value: object) -> bool:
    """Excel keeps 15 digits of a number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return abs(value) >= 1e15
    return bool(_LOST.fullmatch(text))


def _day(text: str, value: object, latest: datetime, epoch: datetime) -> Value:
    found = _moment(text, value, epoch)
    if not found.year >= 2000:
        raise CellError(f"日期早于 2000 年：{text}")
    if found > latest:
        raise CellError(f"日期在未来：{text}")
    return found


def _due(text: str, value: object, latest: datetime, epoch: datetime) -> Value:
    return _moment(text, value, epoch)


def _moment(text: str, value: object, epoch: datetime) -> datetime:
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, date):
            moment = datetime.combine(value, time())
        elif isinstance(value, int | float) and not isinstance(value, bool) and value < 100_000:
            moment = _serial(float(value), epoch)
        elif _SERIAL.fullmatch(text):
            moment = _serial(float(text), epoch)
        elif said := _PACKED.fullmatch(text):
            moment = datetime(*(int(part or 0) for part in said.groups()))  # type: ignore[arg-type]
        elif said := _DAY.fullmatch(unicodedata.normalize("NFKC", text)):
            *parts, zone = said.groups()
            moment = datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type]
            if zone:
                moment = moment.replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00:00{zone}").tzinfo)  # fmt: skip
        else:
            raise CellError(f"不是日期：{text[:40]}（应如 2026-11-11）")
    except (ValueError, OverflowError) as error:
        if isinstance(error, CellError):
            raise
        raise CellError(f"没有这一天：{text[:40]}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(UTC)


def _serial(days: float, epoch: datetime) -> datetime:
    found = from_excel(days, epoch)
    if not isinstance(found, datetime):
        raise CellError("只有时间，没有日期")
    return found


def _url(text: str, value: object, latest: datetime, epoch: datetime) -> Value:
    found = re.search(r"https?://[^\s\"'<>，。；、）)】]+", text)
    address = found[0] if found else text if re.match(r"[\w-]+(\.[\w-]+)+(/|$)", text, re.ASCII) else ""  # fmt: skip
    if address and not found:
        address = f"http://{address}"
    if not address or "." not in host_of(address):
        raise CellError(f"不是网址：{text[:60]}")
    try:
        return canonical(address)
    except ValueError:
        raise CellError(f"不是网址：{text[:60]}") from None


def _uscc(text: str, value: object, latest: datetime, epoch: datetime) -> Value:
    if _lost(text, value):
        raise CellError("长数字已丢失位数，请将该列设为文本格式")
    code = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(code) != 18:
        raise CellError(f"统一社会信用代码应为 18 位，现为 {len(code)} 位")
    if not is_uscc(code):
        raise CellError("统一社会信用代码校验位不符")
    return code


def _money(text: str, value: object, latest: datetime, epoch: datetime) -> Value:
    try:
        price = parse_price(re.sub(r"(?:元|人民币|RMB)$", "", text))
    except MoneyError as error:
        raise CellError(f"不是金额：{text[:40]}（{error}）") from None
    if price is None:
        raise CellError(f"不是金额：{text[:40]}")
    return str(price.quantize(Decimal("0.01")))


def _many(text: str, value: object, latest: datetime, epoch: datetime) -> Value:
    return [part.strip() for part in _PARTS.split(text) if part.strip()][:500]


_KINDS: dict[str, Callable[[str, object, datetime, datetime], Value]] = {
    "text": _text,
    "day": _day,
    "due": _due,
    "url": _url,
    "uscc": _uscc,
    "money": _money,
    "many": _many,
}
