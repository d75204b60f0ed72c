from decimal import Decimal

import pytest

from listing import MoneyError, parse_price, parse_sales


@pytest.mark.parametrize(
    ("written", "price"),
    [
        ("128.00", "128.00"),
        ("¥128", "128"),
        ("￥１２８．５０", "128.50"),
        ("1,299元", "1299"),
        ("149.00 - 159.00", "149.00"),
        ("¥ 256.00-128.00", "128.00"),
        ("1.2万元", "12000"),
        (99, "99"),
        (Decimal("0.5"), "0.5"),
    ],
)
def test_a_price_is_read_as_shops_write_it(written: object, price: str) -> None:
    assert parse_price(written) == Decimal(price)


@pytest.mark.parametrize("written", ["面议", "价格面议", "电议", "", None, "暂无报价"])
def test_no_price_is_none_and_not_zero(written: object) -> None:
    assert parse_price(written) is None


@pytest.mark.parametrize("written", ["免费的", "-5", -5, float("nan"), True, ["1"]])
def test_what_is_no_price_is_an_error_that_shows_the_text(written: object) -> None:
    with pytest.raises(MoneyError, match="price"):
        parse_price(written)


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("1.2万+人付款", 12000),
        ("8人付款", 8),
        ("50万+条评价", 500_000),
        (77, 77),
        ("已售 3,850", 3850),
    ],
)
def test_sales_are_counted_as_the_page_says(written: object, count: int) -> None:
    assert parse_sales(written) == count


def test_sales_without_a_figure_are_an_error() -> None:
    with pytest.raises(MoneyError):
        parse_sales("很多人付款")
