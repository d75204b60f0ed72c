"""Consumers' data is unreadable, what an officer needs stays, and the length is the same."""

from __future__ import annotations

import pytest

from listing.masks import mask_address, mask_name, mask_number, mask_numbers, mask_text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("打13912345678找我", "打139****5678找我"),
        ("打 139 1234 5678 或 +86-13912345678", "打 139 **** 5678 或 +86-139****5678"),
        ("电话１３９１２３４５６７８", "电话１３９****５６７８"),
        ("座机0871-65123456转1", "座机0871-****3456转1"),
        ("微信幺三八一二三四五六七八", "微信幺三八****五六七八"),
        ("身份证530102199001011234", "身份证530102********1234"),
        ("身份证53010219900101123X。", "身份证530102********123X。"),
        ("卡号6222020200001234567", "卡号***************4567"),
        ("订单号：2026-1111-88", "订单号：****-**11-88"),
        ("快递单号SF1234567890", "快递单号********7890"),
        ("邮箱ab.c@mail.example", "邮箱a***@mail.example"),
        ("统一社会信用代码91532822MA1GK6YX58", "统一社会信用代码91532822MA1GK6YX58"),
        ("编号20261111，价格1299元，357g", "编号20261111，价格1299元，357g"),
        ("许可证JY15328229724433", "许可证JY15328229724433"),
    ],
)
def test_numbers(said: str, kept: str) -> None:
    assert mask_numbers(said) == kept
    assert len(kept) == len(said)
    assert mask_numbers(kept) == kept, "masking twice changes nothing"


def test_an_identity_card_that_has_a_codes_check_digit_is_masked() -> None:
    from listing import is_uscc

    cards = [f"53010219900101{n:04}" for n in range(1000)]
    lucky = [card for card in cards if is_uscc(card)]
    assert lucky, "one in 31"
    assert all("********" in mask_numbers(card) for card in lucky)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("本人张三丰在该店买茶", "本人张*丰在该店买茶"),
        ("王某某先生来电", "王**先生来电"),
        ("联系人：李四，要求退货", "联系人：李*，要求退货"),
        ("收货地址：昆明市官渡区虚构路1号2栋，快", "收货地址：昆明市官渡区*******，快"),
        ("本人于11月购买普洱茶", "本人于11月购买普洱茶"),
    ],
)
def test_texts(said: str, kept: str) -> None:
    assert mask_text(said, names=["张三丰"]) == kept


def test_columns() -> None:
    assert [mask_name(n) for n in ("李", "李四", "欧阳锋", "")] == ["*", "李*", "欧*锋", ""]
    assert mask_number("13912345678") == "*******5678"
    assert mask_number("123") == "***"
    assert mask_address("云南省昆明市官渡区虚构路1号") == "云南省昆明市官渡区*****"
    assert mask_address("不知道哪里") == "*****"
    for masked in (mask_number("13912345678"), mask_address("云南省昆明市官渡区虚构路1号")):
        assert masked in (mask_number(masked), mask_address(masked))
