"""A cell means what its column is, or says why it can't."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from clues.intake.cells import CellError, Formula, cell_value
from clues.intake.fields import FIELDS

LATEST = datetime(2026, 12, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 11, 4, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 10, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-11", MIDNIGHT),
        ("2026/11/11", MIDNIGHT),
        ("2026.11.11", MIDNIGHT),
        ("２０２６年１１月１１日", MIDNIGHT),
        ("20261111", MIDNIGHT),
        ("2026年11月11日 12时00分", NOON),
        ("2026-11-11 12:00:00", NOON),
        ("2026-11-11T04:00:00Z", NOON),
        (datetime(2026, 11, 11, 12), NOON),
        # 2026-11-11 is day 46337 of Excel's 1900 system: 46022 is 2026-01-01.
        (46337, MIDNIGHT),
        (46337.5, NOON),
        ("46337", MIDNIGHT),
    ],
)
def test_days_in_every_writing_are_days_of_china(written: object, meant: datetime) -> None:
    assert cell_value(FIELDS["received_at"], written, LATEST) == meant


def test_a_workbook_of_the_1904_system_counts_from_there() -> None:
    # The 1904 system is 1,462 days behind.
    assert cell_value(FIELDS["received_at"], 46337 - 1462, LATEST, CALENDAR_MAC_1904) == MIDNIGHT


@pytest.mark.parametrize(
    ("field", "written", "why"),
    [
        ("received_at", "11/11/2026", "不是日期"),
        ("received_at", "2026-02-30", "没有这一天"),
        ("received_at", "2027-01-01", "在未来"),
        ("received_at", "1999-01-01", "早于"),
        ("received_at", "昨天", "不是日期"),
        ("uscc", "91532822MA1GK6YX59", "校验位不符"),
        ("uscc", "91532822MA1GK6YX5", "17 位"),
        ("uscc", 9.1532822e17, "丢失位数"),
        ("number", "1.23457E+17", "丢失位数"),
        ("amount", "很多钱", "不是金额"),
        ("url", "没有链接", "不是网址"),
        ("text", "=cmd|'/C calc'!A1", "公式"),
        ("text", Formula("=A1"), "公式没有结果"),
        ("text", "#REF!", "错误值"),
        ("text", "茶\udc80叶", "编码"),
        ("text", "长" * 20_001, "超过"),
    ],
)
def test_what_can_not_be_is_told(field: str, written: object, why: str) -> None:
    with pytest.raises(CellError, match=why):
        cell_value(FIELDS[field], written, LATEST)


@pytest.mark.parametrize(
    ("field", "written", "meant"),
    [
        ("uscc", " 91532822ｍａ1gk6yx58 ", "91532822MA1GK6YX58"),
        ("amount", "￥1,299.5元", "1299.50"),
        ("number", '="00123"', "00123"),
        ("number", 123.0, "123"),
        ("text", "'-5度保存", "-5度保存"),
        ("text", "—", "—"),
        ("text", " 无 ", None),
        ("declared_goods", "茶叶、三七；核桃", ["茶叶", "三七", "核桃"]),
        (
            "url",
            "【店】http://shop.example/i?id=7&spm=a.b 复制",
            "http://shop.example/i?id=7",
        ),
        ("url", "shop.example/i/7", "http://shop.example/i/7"),
    ],
)
def test_what_is_meant(field: str, written: object, meant: object) -> None:
    assert cell_value(FIELDS[field], written, LATEST) == meant
